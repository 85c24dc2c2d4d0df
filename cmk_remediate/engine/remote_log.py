"""A run's journal in objects that are appended to, each append only where the last one of ours ended.

Limits of append blobs (learn.microsoft.com, "Append Block"): 50,000 blocks a blob, 4 MiB a block before version 2022-11-02. So a
journal is kept in segments; the chain of digests goes on from one to the next.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.engine.journal_lines import JOURNAL, REVIEW, chained, parse
from cmk_remediate.errors import CmkError, LeaseLost, RunStoreError
from cmk_remediate.model.objects import Tail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmk_remediate.engine.run_store import Again
    from cmk_remediate.model.objects import ObjectStore
    from cmk_remediate.model.records import Record

SEGMENT = 40_000
"""Appends after which a new segment is begun."""
BLOCK = 4 * 10**6
"""Bytes of an append; more go in several."""

_SEGMENT = re.compile(r"/journal(?:\.(?P<number>\d{6}))?\.ndjson$")


def segment_name(run: str, number: int) -> str:
    """Return the name of a journal's segment, counted from 0; the first is called as in a folder."""
    return f"{run}/journal.{number:06d}.ndjson" if number else f"{run}/{JOURNAL}"


def segment_number(name: str) -> int | None:
    """Return which segment *name* is; None when it is none."""
    found = _SEGMENT.search(name)
    return None if found is None else int(found["number"] or 0)


async def segments_of(objects: ObjectStore, run: str) -> tuple[str, ...]:
    """Return the names of the segments of *run*'s journal, oldest first."""
    found = [(segment_number(item.name), item.name) for item in await objects.items(f"{run}/journal")]
    return tuple(name for number, name in sorted((number, name) for number, name in found if number is not None))


async def bytes_of(objects: ObjectStore, run: str) -> tuple[bytes, ...]:
    """Return the journal of *run*, segment by segment."""
    return tuple([await objects.read(name) or b"" for name in await segments_of(objects, run)])


class RemoteLog:
    """A `run_store.Log` in an `ObjectStore`.

    Each line has an id of this process's append, so that after a lost answer our own line is told from another's.
    """

    def __init__(self, objects: ObjectStore, run: str) -> None:
        """Name the run; nothing is asked before `open`."""
        self._objects = objects
        self._run = run
        self._number = 0
        self._tail = Tail()
        self._prev = run
        self._sent = b""
        self._failed: CmkError | None = None

    async def open(self, review: bytes | None) -> tuple[tuple[Record, ...], bool]:
        """See `run_store.Log`; what is torn is left where it is, and a new segment begun."""
        if review is not None:
            await self._objects.write(f"{self._run}/{REVIEW}", review)
        names = await segments_of(self._objects, self._run)
        if not names and review is None:
            raise RunStoreError(codes.engine.JOURNAL_UNWRITABLE, "the run has no journal", resource=self._where)
        data = await bytes_of(self._objects, self._run)
        found = parse(data, self._run, self._where)
        self._prev = found.prev
        self._number = segment_number(names[-1]) or 0 if names else 0
        self._tail = await self._objects.begin(segment_name(self._run, self._number))
        if self._tail.size != (len(data[-1]) if data else 0):
            raise self._lost()
        if found.torn:
            await self._roll()
        return found.records, found.torn

    async def append(self, records: Sequence[Record], again: Again) -> Sequence[CmkError | None]:
        """See `run_store.Log`; once it was given up nothing more is appended, since nobody knows where the journal ends."""
        lines, last = chained(records, self._prev, uuid.uuid4().hex)
        done = 0
        for block in _blocks(lines):
            self._failed = self._failed or await self._landed(b"".join(block), again)
            if self._failed is not None:
                return [None] * done + [self._failed] * (len(lines) - done)
            done += len(block)
        self._prev = last
        return [None] * done

    async def untouched(self) -> bool:
        """See `run_store.Log`; our own append whose answer was lost may stand there."""
        while True:
            tail, ours = self._tail, (b"", self._sent)
            name = segment_name(self._run, self._number)
            untouched = await self._objects.read(name, tail.size) in ours
            for later in await segments_of(self._objects, self._run):
                # An empty one may be ours: begun, and the answer lost.
                untouched = untouched and (
                    (segment_number(later) or 0) <= self._number or not await self._objects.read(later)
                )
            if tail is self._tail:
                return untouched  # else an append of ours has landed meanwhile

    def close(self, *, over: bool) -> None:
        """See `run_store.Log`; nothing is held."""

    async def _landed(self, data: bytes, again: Again) -> CmkError | None:
        """Append *data*, as often as *again* says; return why it is not there."""
        while True:
            failed = await self._tried(data)
            # It may have landed all the same: the next try finds that out before anything else is written.
            if failed is None or isinstance(failed, LeaseLost) or not await again(failed):
                return failed

    async def _tried(self, data: bytes) -> CmkError | None:
        try:
            await self._append(data)
        except CmkError as error:
            return error
        return None

    async def _append(self, data: bytes) -> None:
        if self._tail.blocks >= SEGMENT:
            await self._roll()
        name, at = segment_name(self._run, self._number), self._tail.size
        self._sent = data
        tail = await self._objects.append(name, data, at)
        if tail is None:
            # It does not end there: because our own append has landed, its answer lost, or because another has written.
            if await self._objects.read(name, at) != data:
                raise self._lost()
            tail = await self._objects.begin(name)
        self._tail, self._sent = tail, b""

    async def _roll(self) -> None:
        tail = await self._objects.begin(segment_name(self._run, self._number + 1))
        if tail.size:
            raise self._lost()
        self._number, self._tail = self._number + 1, tail

    @property
    def _where(self) -> str:
        return f"{self._objects.address}/{self._run}/{JOURNAL}"

    def _lost(self) -> LeaseLost:
        return LeaseLost(codes.engine.LEASE_LOST, "another process goes on with its journal", resource=self._run)


def _blocks(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Yield *lines* in groups small enough for one append each."""
    block: list[bytes] = []
    size = 0
    for line in lines:
        if block and size + len(line) > BLOCK:
            yield block
            block, size = [], 0
        block.append(line)
        size += len(line)
    if block:
        yield block
