"""How many targets are disrupted at the same time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Slots:
    """At most *most* outages at a time, each named by the step that causes it; inherited ones may exceed the limit: they exist.

    Args:
        most: how many at once.
        inherited: what an earlier process began and nobody has seen end.
    """

    def __init__(self, most: int, inherited: Iterable[str] = ()) -> None:
        """Start with what is *inherited*."""
        self._most = most
        self._held = set(inherited)
        self._changed = asyncio.Event()

    async def take(self, key: str) -> bool:
        """Wait until there is room for *key*, and take it; True when that took time."""
        waited = False
        while key not in self._held and len(self._held) >= self._most:
            self._changed.clear()
            await self._changed.wait()
            waited = True
        self._held.add(key)
        return waited

    def inherit(self, keys: Iterable[str]) -> None:
        """Count *keys*, whether there is room or not."""
        self._held.update(keys)

    def free(self, key: str) -> None:
        """Let another have the room of *key*."""
        self._held.discard(key)
        self._changed.set()
