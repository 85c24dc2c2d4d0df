"""A pytest fixture for the tests of one's own plans. Register it in a `conftest.py`; nothing loads it by itself.

``pytest_plugins = ["cmk_remediate.simulator.pytest_plugin"]``
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from cmk_remediate import simulator
from cmk_remediate.simulator.monitor import Monitor, check, watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cmk_remediate.simulator import Estate, Settings
    from cmk_remediate.simulator.embedded import EmbeddedAzure


class OpenAzure(Protocol):
    """What the fixture `cmk_azure` gives."""

    def __call__(
        self,
        estate: Estate | None = None,
        *,
        seed: int = 0,
        doubts: Iterable[str] | Mapping[str, str] = (),
        settings: Settings | None = None,
        accepted: Iterable[tuple[int, str]] = (),
    ) -> EmbeddedAzure:
        """Return an embedded Azure in memory that the law monitor watches.

        Args:
            estate: what is there: a mapping, or the path of an estate file; the demo estate where none is given.
            seed: what chance goes by; another one is another run of bad luck.
            doubts: readings of open questions, as ``NAME=READING``.
            settings: how it behaves; ``Settings.immediate()`` makes everything take effect at once.
            accepted: (law, resource id) pairs that the plan breaks on purpose and somebody accepted by name.

        Raises:
            InputError: CMK106: estate or doubt is not valid.
        """


@pytest.fixture
def cmk_azure() -> Iterator[OpenAzure]:
    """Open embedded Azures; the test fails if a safety law was broken in one, or is within a day after."""
    opened: list[tuple[EmbeddedAzure, Monitor]] = []

    def open_azure(
        estate: Estate | None = None,
        *,
        seed: int = 0,
        doubts: Iterable[str] | Mapping[str, str] = (),
        settings: Settings | None = None,
        accepted: Iterable[tuple[int, str]] = (),
    ) -> EmbeddedAzure:
        azure = simulator.azure(estate=estate, seed=seed, doubts=doubts, settings=settings)
        monitor = watch(azure)
        monitor.accepted.update((law, resource.lower()) for law, resource in accepted)
        opened.append((azure, monitor))
        return azure

    yield open_azure
    broken = [str(one) for azure, monitor in opened for one in check(azure, monitor)]
    if broken:
        pytest.fail("a safety law was broken (docs/safety.md):\n" + "\n".join(broken), pytrace=False)
