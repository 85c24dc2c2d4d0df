"""The locks of steps: of those that write one resource, or one pair, one is at work at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


class StepLocks:
    """Who holds which lock; a lock is made when it is first asked for."""

    def __init__(self) -> None:
        """Start with nothing held."""
        self._locks: dict[str, asyncio.Lock] = {}
        self._held: dict[str, list[asyncio.Lock]] = {}

    @property
    def holders(self) -> int:
        """How many steps hold locks, or wait for them."""
        return len(self._held)

    async def take(self, holder: str, names: Collection[str]) -> bool:
        """Take the locks *names* for *holder*, in sorted order; True when another had one meanwhile.

        Who holds them already takes none.
        """
        if holder in self._held:
            return False
        waited = False
        held = self._held.setdefault(holder, [])
        for name in sorted(names):
            lock = self._locks.setdefault(name, asyncio.Lock())
            waited = waited or lock.locked()
            await lock.acquire()
            held.append(lock)
        return waited

    def let_go(self, holder: str) -> None:
        """Let go of all that *holder* has."""
        for lock in self._held.pop(holder, []):
            lock.release()
