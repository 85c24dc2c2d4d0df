"""The journal as a file: a reserve for a full disk, atomic neighbours, no writer but one. Everything here blocks.

How its lines are chained stands in `journal_lines`.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from cmk_remediate import codes
from cmk_remediate.engine.journal_lines import JOURNAL, REVIEW, chained, parse
from cmk_remediate.errors import LeaseLost, RunStoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cmk_remediate.model.records import Record

__all__ = ["JOURNAL", "RESERVE", "REVIEW", "JournalFile", "read", "sync_folder", "unwritable", "write_atomically"]

RESERVE = "reserve"
RESERVED_BYTES = 1 << 20
LOCK = "journal.lock"
PATIENCE = 30.0
"""Seconds for which another process's write of a few lines may keep us waiting (our choice)."""


def read(path: Path) -> tuple[tuple[Record, ...], bool]:
    """Return the records of the journal file *path*, and whether its last line is torn (and left out).

    The run is taken from the folder's name. A missing file is an empty journal.

    Raises:
        RunStoreError: CMK511 when a line does not fit the chain or is no record; CMK512 when it cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return (), False
    except OSError as error:
        raise unwritable(path, error) from error
    found = parse((data,), path.parent.name, str(path))
    return found.records, found.torn


def unwritable(path: Path, error: OSError) -> RunStoreError:
    """Return the error for a run store that cannot be read or written."""
    return RunStoreError(codes.engine.JOURNAL_UNWRITABLE, error.strerror or str(error), resource=str(path))


def write_atomically(path: Path, data: bytes) -> None:
    """Make *path* hold *data* durably: the old contents or the new, never a part.

    Raises:
        OSError: when that fails; *path* is as it was.
    """
    temporary = path.with_name(path.name + ".new")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable, where the system has a way to say so."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class JournalFile:
    """The files of one run, open for writing; one caller at a time.

    A process that has lost its lease without knowing must not write into what its successor goes on with: an append
    counts only where the file ends as we left it. Looking and writing are one under a lock held no longer than that.
    """

    def __init__(self, folder: Path) -> None:
        """Name the run's own folder; nothing is touched before `open`."""
        self.folder = folder
        self._path = folder / JOURNAL
        self._handle = -1
        self._size = 0
        self._prev = folder.name
        self._left = b""
        # Not bound to a thread: the journal's own thread opens and writes, whoever closes may be another.
        self._lock = FileLock(folder / LOCK, timeout=PATIENCE, thread_local=False)

    def open(self, review: bytes | None) -> tuple[tuple[Record, ...], bool]:
        """Make the folder ready to write to; with *review* make what is missing of it.

        Returns the records that are there, and whether a torn last line was cut off.

        Raises:
            RunStoreError: CMK511 when the journal is damaged, CMK512 when it cannot be written.
        """
        try:
            if review is not None:
                self.folder.mkdir(parents=True, exist_ok=True)
                write_atomically(self.folder / REVIEW, review)
                sync_folder(self.folder.parent)
            flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0) | (os.O_CREAT if review is not None else 0)
            self._handle = os.open(self._path, flags, 0o644)
            with self._lock:
                found = parse((self._path.read_bytes(),), self.folder.name, str(self._path))
                self._prev, self._size = found.prev, found.kept
                if found.torn:
                    os.ftruncate(self._handle, self._size)
                    os.fsync(self._handle)
            self._make_reserve()
            sync_folder(self.folder)
        except Timeout:
            raise self._in_use() from None
        except OSError as error:
            raise unwritable(self.folder, error) from error
        return found.records, found.torn

    def write(self, records: Sequence[Record]) -> None:
        """Append *records* in one write and make them durable; either all of them are, or none.

        Raises:
            OSError: when they are not; also as long as what a failed write has left cannot be cleaned up.
            LeaseLost: CMK530: another process has written to it since we did.
            RunStoreError: CMK512: another process keeps it locked.
        """
        lines, prev = chained(records, self._prev)
        data = b"".join(lines)
        try:
            with self._lock:
                self._clean_up()
                self._append(data)
        except Timeout:
            raise self._in_use() from None
        self._prev, self._size = prev, self._size + len(data)

    def _append(self, data: bytes) -> None:
        if os.fstat(self._handle).st_size != self._size:
            raise LeaseLost(
                codes.engine.LEASE_LOST, "another process goes on with its journal", resource=self.folder.name
            )
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._handle, rest) :]
            os.fsync(self._handle)
        except OSError:
            self._left = data
            with contextlib.suppress(OSError):
                self._clean_up()
            raise

    def _in_use(self) -> RunStoreError:
        return RunStoreError(
            codes.engine.JOURNAL_UNWRITABLE, "another process keeps its journal locked", resource=str(self.folder)
        )

    def untouched(self) -> bool:
        """Say whether it is the file we opened, and ends where we left it.

        Raises:
            OSError: when it cannot be read.
            RunStoreError: CMK512: another process keeps it locked.
        """
        try:
            with self._lock:
                there, ours = self._path.stat(), os.fstat(self._handle)
                untouched = ours.st_size == self._size or (bool(self._left) and self._left.startswith(self._rest()))
        except FileNotFoundError:
            return False
        except Timeout:
            raise self._in_use() from None
        return os.path.samestat(there, ours) and untouched

    def spend_reserve(self) -> None:
        """Give the reserved room to the journal."""
        with contextlib.suppress(OSError):
            (self.folder / RESERVE).unlink()

    def close(self) -> None:
        """Close the file; who held its lock is nobody's business any more."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _rest(self) -> bytes:
        """Return what stands after our last whole append."""
        return self._path.read_bytes()[self._size :]

    def _clean_up(self) -> None:
        """Remove what a failed write may have left: it would break the chain for what comes after.

        Only that: whoever came since has cut it off, and what stands there is another's.
        """
        if self._left and self._left.startswith(self._rest()):
            os.ftruncate(self._handle, self._size)
        self._left = b""

    def _make_reserve(self) -> None:
        path = self.folder / RESERVE
        if not path.exists() or path.stat().st_size != RESERVED_BYTES:
            # Random bytes: a file system that compresses must not reserve nothing.
            write_atomically(path, os.urandom(RESERVED_BYTES))
