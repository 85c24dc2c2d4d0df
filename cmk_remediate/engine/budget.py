"""The time a run may take: `--stop-after`.

A step whose worst case does not fit is not started. When the time is up nothing waits any longer: what Azure is still working on
is in the journal, and the next start goes on with it. Inside an open bracket none of this counts: it is closed first.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cmk_remediate.clock import Clock, format_utc

if TYPE_CHECKING:
    from cmk_remediate.engine.schedule import Stop


class Budget:
    """The time of one run.

    Args:
        clock: ours.
        deadline: when it is up, aware; None for never.
        stop: the wish to end, expressed when the time is up.
    """

    def __init__(self, clock: Clock, deadline: datetime | None, stop: Stop) -> None:
        """Start the run's time now."""
        self._clock = clock
        self._deadline = deadline
        self._stop = stop
        self._whole = (deadline - clock.now()).total_seconds() if deadline else 0.0
        self._up = asyncio.Event()

    @property
    def endless(self) -> bool:
        """Whether there is no end to it."""
        return self._deadline is None

    @property
    def spent(self) -> bool:
        """Whether the time is up."""
        return self._up.is_set()

    def too_short(self, worst_seconds: int) -> str:
        """Return why work that takes *worst_seconds* at worst must not start now; empty if it may."""
        if self._deadline is None or self._clock.now() + timedelta(seconds=worst_seconds) <= self._deadline:
            return ""
        text = f"its time ends at {format_utc(self._deadline)}, and this takes {worst_seconds} s at worst"
        return text if worst_seconds <= self._whole else f"{text}: more than the whole time given"

    async def run_out(self) -> None:
        """Wait until the time is up, then say so and ask the run to end; for ever where there is no deadline."""
        if self._deadline is None:
            return
        await self._clock.sleep((self._deadline - self._clock.now()).total_seconds())
        self._up.set()
        self._stop.ask(f"its time was up at {format_utc(self._deadline)}")

    async def wait(self) -> None:
        """Return once the time is up."""
        await self._up.wait()
