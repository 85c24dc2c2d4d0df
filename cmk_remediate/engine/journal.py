"""The journal of a run: what is about to be sent, and what came of it, durable before anything depends on it.

How the lines are chained stands in `journal_lines`, what they add up to in `journal_state`, where they are kept in `local_log`
and `remote_log`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.engine.lease import Unlimited
from cmk_remediate.engine.schedule import to_its_end
from cmk_remediate.errors import BugError, CmkError, LeaseLost
from cmk_remediate.model.records import Record, RolledBack, RunEnded, RunStarted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.engine.lease import Pen
    from cmk_remediate.engine.run_store import Log, RunStore
    from cmk_remediate.model.review import Review


@dataclass(eq=False)
class _Entry:
    """One record on its way to the store."""

    record: Record
    written: bool = False
    error: CmkError | None = None


class Journal:
    """One run's journal, open for appending.

    `append` returns when the record is durable. Records handed over while a write is under way go out together in the next one:
    one write, however many.

    Attributes:
        run: the run's digest.
        torn: the last line had been cut short by a crash and was left out when the journal was opened; say so.
    """

    def __init__(self, log: Log, run: str, pen: Pen | None = None) -> None:
        """Use `create` or `open`."""
        self.run = run
        self._pen: Pen = pen or Unlimited()
        self.torn = False
        self._records: list[Record] = []
        self._pending: list[_Entry] = []
        self._lock = asyncio.Lock()
        self._log = log

    @classmethod
    async def create(cls, store: RunStore, review: Review, started: RunStarted, pen: Pen | None = None) -> Journal:
        """Make a new run in *store*: the review, then the first record.

        What a crash left without one whole record is taken over: nothing was sent from it.

        Args:
            store: where it is kept.
            review: what is carried out.
            started: the first record.
            pen: asked before each append; None where nobody else can come.

        Raises:
            RunStoreError: CMK511 when there is a damaged journal; CMK512 when it cannot be written. Nothing was sent.
            LeaseLost: CMK530 when the run has a journal already: somebody else has begun it.
        """
        journal = cls(store.log(started.run), started.run, pen)
        try:
            await journal._open(review.to_bytes(), known=0)
            await journal.append(started)
        except BaseException:
            journal.close()
            raise
        return journal

    @classmethod
    async def open(cls, store: RunStore, run: str, pen: Pen | None = None, *, known: int | None = None) -> Journal:
        """Open the journal of *run* in *store*; a torn last line is left out.

        Args:
            store: where it is kept.
            run: the run's digest.
            pen: asked before each append, and once it is open; None where nobody else can come.
            known: the number of records that what is done next rests on; None for however many there are.

        Raises:
            RunStoreError: CMK511 when it is damaged, CMK512 when it cannot be written.
            LeaseLost: CMK530 when somebody else has written to it since they were read, or may do so now.
        """
        journal = cls(store.log(run), run, pen)
        try:
            await journal._open(None, known=known)
        except BaseException:
            journal.close()
            raise
        return journal

    @property
    def records(self) -> tuple[Record, ...]:
        """Every durable record, oldest first."""
        return tuple(self._records)

    @property
    def state(self) -> JournalState:
        """What the records add up to."""
        return JournalState.of(self._records)

    async def append(self, record: Record) -> None:
        """Make *record* durable.

        Raises:
            RunStoreError: CMK512 when it is not durable; after an intent that failed so, send nothing.
            LeaseLost: CMK530 when somebody else goes on with this journal, or may.
        """
        entry = _Entry(record)
        self._pending.append(entry)
        try:
            async with self._lock:
                if not entry.written and entry.error is None:
                    # Whoever gets here first writes for everybody who has queued meanwhile.
                    batch, self._pending = self._pending, []
                    await to_its_end(self._write(batch))
        finally:
            if entry in self._pending:
                self._pending.remove(entry)  # cancelled in the queue: nobody will act on it
        if not entry.written:
            raise entry.error or BugError(codes.engine.BUG, "a journal record was not written", resource=self.run)

    def close(self) -> None:
        """Let go of the store; what it kept in reserve for the run is given back if the run is over."""
        last = self._records[-1] if self._records else None
        over = isinstance(last, RolledBack) or (isinstance(last, RunEnded) and last.finished)
        self._log.close(over=over)

    async def untouched(self) -> bool:
        """Say whether it ends exactly where we left it: nobody else has written to it.

        Raises:
            RunStoreError: CMK512 when it cannot be read.
        """
        return await self._log.untouched()

    async def _open(self, review: bytes | None, *, known: int | None) -> None:
        records, self.torn = await self._log.open(review)
        # Whoever stood still before this takes another's journal for its own, and its first append would shut that one out.
        await self._pen.may_append()
        if known is not None and len(records) != known:
            raise LeaseLost(codes.engine.LEASE_LOST, "another process goes on with its journal", resource=self.run)
        self._records = list(records)

    async def _write(self, batch: list[_Entry]) -> None:
        errors = await self._appended([entry.record for entry in batch])
        for entry, error in zip(batch, errors, strict=True):
            entry.written, entry.error = error is None, error
            if entry.written:
                self._records.append(entry.record)

    async def _appended(self, records: Sequence[Record]) -> Sequence[CmkError | None]:
        try:
            await self._pen.may_append()
        except CmkError as error:
            return [error] * len(records)
        return await self._log.append(records, self._pen.again)
