"""The time a run may take: `--stop-after`.

A step whose worst case does not fit is not started. When the time is up nothing is waited for any longer, also no read and no turn
that Azure throttles: what it is still working on is in the journal, and the next start goes on with it. Inside an open bracket none
of this counts: it is closed first.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from cmk_remediate import codes
from cmk_remediate.clock import Clock, format_utc, span
from cmk_remediate.engine.schedule import unless, unless_begun
from cmk_remediate.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from cmk_remediate.engine.schedule import Stop

T = TypeVar("T")


async def in_time(clock: Clock, deadline: datetime | None, looking: Coroutine[Any, Any, T]) -> T:
    """Return what *looking* returns, which may only read and wait: at *deadline* it is cancelled.

    Raises:
        StoppedError: CMK513 at *deadline*, by *clock*; never for None.
    """
    if deadline is None:
        return await looking

    async def up() -> None:
        await clock.sleep((deadline - clock.now()).total_seconds())

    return await _before(up(), looking, deadline)


async def _before(over: Coroutine[Any, Any, None], looking: Coroutine[Any, Any, T], deadline: datetime | None) -> T:
    async def boxed() -> tuple[T]:
        return (await looking,)

    found = await unless(over, boxed())
    if found is None:
        looking.close()
        raise time_is_up(deadline)
    return found[0]


def time_is_up(deadline: datetime | None) -> StoppedError:
    """Return the error that says so."""
    return StoppedError(
        codes.engine.STOPPED, f"its time was up at {format_utc(deadline)}" if deadline else "it was stopped"
    )


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
        text = f"its time ends at {format_utc(self._deadline)}, and this takes {span(worst_seconds)} at worst"
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

    async def look(self, looking: Coroutine[Any, Any, T]) -> T:
        """Return what *looking* returns, which may only read: when the time is up it is cancelled.

        Raises:
            StoppedError: CMK513 when the time is up.
        """
        return await (looking if self.endless else _before(self.wait(), looking, self._deadline))

    async def send(self, sending: Coroutine[Any, Any, T], left: Callable[[], bool]) -> T:
        """Return what *sending* returns; it leaves before the time is up, as *left* says, or not at all.

        Raises:
            StoppedError: CMK513 when the time is up while it waits its turn: nothing was sent.
        """
        if self.endless:
            return await sending
        found = await unless_begun(self.wait(), sending, left)
        if found is None:
            raise time_is_up(self._deadline)
        return found
