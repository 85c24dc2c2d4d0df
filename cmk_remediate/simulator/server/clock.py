"""Azure's clock, driven by the machine's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.clock import SystemClock
from cmk_remediate.simulator.virtual_time import VirtualClock

if TYPE_CHECKING:
    import asyncio

    from cmk_remediate.clock import Clock


class ScaledClock(VirtualClock):
    """A clock that runs *scale* times as fast as the machine's, on any loop and in any thread.

    Attributes:
        scale: seconds of this clock in one second of the machine's.
    """

    def __init__(self, stamp: float, scale: float = 1.0, skew: float = 0.0, machine: Clock | None = None) -> None:
        """Start at *stamp*, in seconds since 1970.

        Raises:
            ValueError: *scale* is not above 0.
        """
        if scale <= 0:
            raise ValueError(f"a time scale is above 0, not {scale}")
        super().__init__(stamp, skew)
        self.scale = scale
        self._machine = machine or SystemClock()
        # One value, replaced as a whole: a program and the server may read this clock from two threads.
        self._mark = (stamp, self._machine.monotonic())

    def stamp(self) -> float:
        """Return Azure's time in seconds since 1970."""
        base, origin = self._mark
        return base + (self._machine.monotonic() - origin) * self.scale

    def catch_up(self, stamp: float) -> None:
        """Move on to *stamp* if that is later: another process let time pass."""
        if stamp > self.stamp():
            self._mark = (stamp, self._machine.monotonic())

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Do nothing: no loop drives this clock."""

    def fold(self, loop: asyncio.AbstractEventLoop) -> None:
        """Do nothing: no loop drives this clock."""

    async def sleep(self, seconds: float) -> None:
        """Let *seconds* of this clock pass."""
        await self._machine.sleep(seconds / self.scale)
