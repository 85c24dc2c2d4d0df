"""Readers over a reader: each GET once in a dry run; a moment's memory in a run."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmk_remediate.clock import Clock
    from cmk_remediate.model.decisions import Read
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.outcomes import Answer, Reader


class EachOnce:
    """Reads each thing once, however often and at once it is asked for; what a dry run and a pre-check look through."""

    def __init__(self, reader: Reader) -> None:
        """Read through *reader*."""
        self._reader = reader
        self._answers: dict[Read, asyncio.Future[Answer]] = {}

    async def read(self, read: Read) -> Answer:
        """Return the answer to *read*, the first one for ever."""
        waiting = self._answers.get(read)
        if waiting is None:
            waiting = asyncio.get_running_loop().create_future()
            self._answers[read] = waiting
            try:
                waiting.set_result(await self._reader.read(read))
            except BaseException as error:
                if isinstance(error, Exception):
                    waiting.set_exception(error)
                else:
                    waiting.cancel()
                    del self._answers[read]
                    raise
        return await asyncio.shield(waiting)

    def now(self) -> datetime:
        """Return Azure's clock."""
        return self._reader.now()

    @property
    def skew(self) -> timedelta:
        """How far Azure's clock is ahead of ours, as the reader behind says; zero if it does not."""
        found: timedelta = getattr(self._reader, "skew", timedelta(0))
        return found

    def seen(self) -> dict[Read, Answer]:
        """Return every answer so far."""
        return {
            read: waiting.result()
            for read, waiting in self._answers.items()
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None
        }


class Recent:
    """Answers again what was read a moment ago, unless we wrote to it since.

    One read then serves the look after a write and the look before the next one. Vaults and SQL have no ETag, so a re-read a few
    seconds later would see no more than this does.
    """

    FRESH = 10.0
    """Seconds, by a clock that nobody sets back."""

    def __init__(self, reader: Reader, clock: Clock) -> None:
        """Read through *reader*; age is judged by *clock*."""
        self._reader = reader
        self._clock = clock
        self._answers: dict[str, dict[Read, tuple[float, Answer]]] = {}

    def remember(self, seen: dict[Read, Answer]) -> None:
        """Take over the answers of another reader, each as old as Azure's clock says."""
        for read, answer in seen.items():
            at = self._clock.monotonic() - max(0.0, (self._reader.now() - answer.at).total_seconds())
            self._answers.setdefault(read.resource.top_level.key, {})[read] = (at, answer)

    async def read(self, read: Read) -> Answer:
        """Return the answer to *read*: the one of a moment ago, or a new one."""
        shelf = self._answers.setdefault(read.resource.top_level.key, {})
        if read in shelf:
            at, answer = shelf[read]
            if self._clock.monotonic() - at <= self.FRESH:
                return answer
        answer = await self._reader.read(read)
        shelf[read] = (self._clock.monotonic(), answer)
        return answer

    def forget(self, resource: ResourceId) -> None:
        """Drop what is remembered of *resource*, of what it is part of (and the lists it stands in) and of its parts."""
        shelf = self._answers.get(resource.top_level.key, {})
        for read in [read for read in shelf if read.resource.within(resource) or resource.within(read.resource)]:
            del shelf[read]

    def now(self) -> datetime:
        """Return Azure's clock."""
        return self._reader.now()
