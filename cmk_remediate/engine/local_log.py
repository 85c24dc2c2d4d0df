"""A run's journal on a disk: written on a thread of its own, and to the end on a full disk."""

from __future__ import annotations

import asyncio
import errno
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from cmk_remediate.engine.journal_file import JournalFile, unwritable
from cmk_remediate.errors import CmkError, LeaseLost
from cmk_remediate.model.records import Intent, Record, RunStarted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cmk_remediate.engine.run_store import Again

_NO_ROOM = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


class LocalLog:
    """A `Log` in a folder of its own.

    Files are written on one thread, so a busy request pool never holds up an intent.
    """

    def __init__(self, folder: Path) -> None:
        """Name the run's own folder; nothing is touched before `open`."""
        self._folder = folder
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._file = JournalFile(folder)
        self._full: OSError | None = None

    async def open(self, review: bytes | None) -> tuple[tuple[Record, ...], bool]:
        """See `run_store.Log`; with *review* the folder is made, and the reserve."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._file.open, review)

    async def append(self, records: Sequence[Record], again: Again) -> Sequence[CmkError | None]:
        """See `run_store.Log`.

        On a full disk, which is not waited for, intents are refused, and all that says what came of one, or ends an outage, is
        written into the reserved room.
        """
        while True:
            errors = await asyncio.get_running_loop().run_in_executor(self._thread, self._write, tuple(records))
            failed = next((error for error in errors if error is not None), None)
            if failed is None or isinstance(failed, LeaseLost) or self._full is not None or not await again(failed):
                return errors

    async def untouched(self) -> bool:
        """See `run_store.Log`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._untouched)

    def close(self, *, over: bool) -> None:
        """Close the file, and give the reserved room back if the run is *over*."""
        self._thread.shutdown(wait=True)
        self._file.close()
        if over:
            self._file.spend_reserve()

    def _write(self, records: Sequence[Record]) -> list[CmkError | None]:
        if self._full is None:
            try:
                self._file.write(records)
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    return [unwritable(self._folder, error)] * len(records)
                self._full = error
                self._file.spend_reserve()
            except CmkError as error:
                return [error] * len(records)
            else:
                return [None] * len(records)
        refused = unwritable(self._folder, self._full)
        failed = self._rest([one for one in records if not gates_a_write(one)])
        return [refused if gates_a_write(one) else failed for one in records]

    def _untouched(self) -> bool:
        try:
            return self._file.untouched()
        except OSError as error:
            raise unwritable(self._folder, error) from error

    def _rest(self, records: Sequence[Record]) -> CmkError | None:
        if not records:
            return None
        try:
            self._file.write(records)
        except OSError as error:
            return unwritable(self._folder, error)
        except CmkError as error:
            return error
        return None


def gates_a_write(record: Record) -> bool:
    """Say whether a request waits for *record* that must not leave without it; what starts a stopped machine again has to leave."""
    return isinstance(record, RunStarted) or (isinstance(record, Intent) and not record.closes)
