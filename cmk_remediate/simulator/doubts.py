"""Open questions about Azure that the engine itself meets; the providers declare theirs."""

from __future__ import annotations

from collections.abc import Iterable

from cmk_remediate.simulator.declare import Doubt, Provider

CORE_DOUBTS: tuple[Doubt, ...] = ()


def all_doubts(providers: Iterable[Provider] | None = None) -> dict[str, Doubt]:
    """Return every doubt by name, sorted; those of all providers where none are given."""
    from cmk_remediate.simulator.embedded import registry_of  # noqa: PLC0415 - the registry imports this module's tuple

    return dict(sorted(registry_of(providers).doubts.items()))
