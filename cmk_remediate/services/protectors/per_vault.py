"""How many databases one vault should serve at most (learn.microsoft.com, "TDE with customer-managed key", guidance). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cmk_remediate.model.ids import ResourceId

GENERAL_PURPOSE, BUSINESS_CRITICAL = 500, 200
"""Databases per vault."""


def crowded(uses: Iterable[tuple[ResourceId, str]]) -> Iterator[tuple[ResourceId, str]]:
    """Yield each vault that would serve more databases than Azure advises, and that in words; *uses*: (vault, ``sku.tier``)."""
    counts: dict[ResourceId, list[int]] = {}
    for vault, tier in uses:
        counts.setdefault(vault, [0, 0])[1 if tier.lower() in ("businesscritical", "premium") else 0] += 1
    for vault, (general, critical) in counts.items():
        if general > GENERAL_PURPOSE or critical > BUSINESS_CRITICAL:
            yield vault, f"{vault.name} would serve {general} General Purpose, {critical} Business Critical databases"
