"""The journal of a run: what is about to be sent, and what came of it, durable before anything depends on it.

A run's folder is ``<runs>/<run digest>/`` with ``review.json``, ``journal.ndjson`` and, until the run is over,
``reserve``.
How the lines are chained stands in `journal_file`, what they add up to in `journal_state`.
"""

from __future__ import annotations

import asyncio
import errno
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from cmk_remediate import codes
from cmk_remediate.engine.journal_file import JournalFile, unwritable
from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.errors import BugError, CmkError
from cmk_remediate.model.records import Intent, Record, RolledBack, RunEnded, RunStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cmk_remediate.model.review import Review

T = TypeVar("T")

_NO_ROOM = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


@dataclass(eq=False)
class _Entry:
    """One record on its way to the disk."""

    record: Record
    written: bool = False
    error: CmkError | None = None

    @property
    def gates_a_write(self) -> bool:
        """Whether a request waits for it that must not leave without it."""
        return isinstance(self.record, (Intent, RunStarted))


class Journal:
    """One run's journal, open for appending.

    `append` returns when the record is durable. Records handed over while a write is under way go out together in the
    next one: one write, one fsync. Files are written on a thread of the journal's own, so a busy request pool never
    holds up an intent.

    Attributes:
        run: the run's digest.
        folder: the run's own folder.
        torn: the last line had been cut short by a crash and was removed when the journal was opened; say so.
    """

    def __init__(self, folder: Path, run: str) -> None:
        """Use `create` or `open`."""
        self.run = run
        self.folder = folder
        self.torn = False
        self._records: list[Record] = []
        self._pending: list[_Entry] = []
        self._lock = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._file = JournalFile(folder)
        self._full: OSError | None = None

    @classmethod
    async def create(cls, runs: Path, review: Review, started: RunStarted) -> Journal:
        """Make the folder of a new run in the run store *runs*: the review, the reserve, then the first record.

        A folder in which a crash left no whole record is taken over: nothing was sent from it.

        Raises:
            RunStoreError: CMK511 when there is a damaged journal; CMK512 when the folder is read-only or full. Nothing
                was sent.
            BugError: when the run has a journal already.
        """
        journal = cls(runs / started.run, started.run)
        try:
            await journal._open(review.to_bytes())
            journal._refuse_second_start()
            await journal.append(started)
        except BaseException:
            journal.close()
            raise
        return journal

    @classmethod
    async def open(cls, runs: Path, run: str) -> Journal:
        """Open the journal of *run* in the run store *runs*; a torn last line is cut off first.

        Raises:
            RunStoreError: CMK511 when it is damaged, CMK512 when it cannot be written.
        """
        journal = cls(runs / run, run)
        try:
            await journal._open(None)
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

        On a full disk intents are refused, and all that says what came of one is written into the reserved room.

        Raises:
            RunStoreError: CMK512 when it is not durable; after an intent that failed so, send nothing.
        """
        entry = _Entry(record)
        self._pending.append(entry)
        try:
            async with self._lock:
                if not entry.written and entry.error is None:
                    # Whoever gets here first writes for everybody who has queued meanwhile.
                    batch, self._pending = self._pending, []
                    await self._on_thread(lambda: self._write(batch))
        finally:
            if entry in self._pending:
                self._pending.remove(entry)  # cancelled in the queue: nobody will act on it
        if not entry.written:
            raise entry.error or BugError(codes.engine.BUG, "a journal record was not written", resource=self.run)

    def close(self) -> None:
        """Close the file, and give the reserved room back if the run is over."""
        self._thread.shutdown(wait=True)
        self._file.close()
        last = self._records[-1] if self._records else None
        if isinstance(last, RolledBack) or (isinstance(last, RunEnded) and last.finished):
            self._file.spend_reserve()

    def _refuse_second_start(self) -> None:
        if self._records:
            raise BugError(codes.engine.BUG, "the run has a journal already", resource=self.run)

    async def _open(self, review: bytes | None) -> None:
        records, self.torn = await self._on_thread(lambda: self._file.open(review))
        self._records = list(records)

    async def _on_thread(self, job: Callable[[], T]) -> T:
        """Run *job* on the journal's thread, to its end even when the caller is cancelled: no other may overtake it."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, job)
        cancelled: asyncio.CancelledError | None = None
        while not future.done():
            try:
                await asyncio.wait((future,))
            except asyncio.CancelledError as error:  # noqa: PERF203 - each cancellation is waited out
                cancelled = error
        result = future.result()
        if cancelled is not None:
            raise cancelled
        return result

    def _write(self, batch: Sequence[_Entry]) -> None:
        """Write *batch*; on a full disk what came of writes takes the reserved room, and intents are refused."""
        if self._full is None:
            try:
                self._commit(batch)
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    self._refuse(batch, error)
                    return
                self._full = error
                self._file.spend_reserve()
            else:
                return
        self._refuse([entry for entry in batch if entry.gates_a_write], self._full)
        rest = [entry for entry in batch if not entry.gates_a_write]
        try:
            self._commit(rest)
        except OSError as error:
            self._refuse(rest, error)

    def _commit(self, batch: Sequence[_Entry]) -> None:
        if batch:
            self._file.write([entry.record for entry in batch])
        for entry in batch:
            entry.written = True
            self._records.append(entry.record)

    def _refuse(self, batch: Sequence[_Entry], error: OSError) -> None:
        for entry in batch:
            entry.error = unwritable(self.folder, error)
