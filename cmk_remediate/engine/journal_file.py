"""The journal as a file: chained lines, a reserve for a full disk, atomic neighbours. Everything here blocks.

A line is a record as one JSON object in ASCII whose first member, ``prev``, is the SHA-256 (hex) of the line before
without its newline; on the first line it is the run's digest, so a journal moved to another run's folder is noticed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING

from pydantic import ValidationError

from cmk_remediate import codes
from cmk_remediate.errors import RunStoreError
from cmk_remediate.model.records import RECORDS, Record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

JOURNAL = "journal.ndjson"
REVIEW = "review.json"
RESERVE = "reserve"
RESERVED_BYTES = 1 << 20


def line_of(prev: str, record: Record) -> bytes:
    """Return the line, without its newline, that *record* makes after the line with the digest *prev*."""
    document = {"prev": prev, **record.model_dump()}
    # Not RFC 8785: a before-image may hold floats. The chain is over bytes, so no second spelling is ever needed.
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def digest_of(line: bytes) -> str:
    """Return the digest that the line after *line*, given without its newline, carries as its ``prev``."""
    return hashlib.sha256(line).hexdigest()


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
    records, _, kept = parse(data, path)
    return records, kept < len(data)


def parse(data: bytes, path: Path) -> tuple[tuple[Record, ...], str, int]:
    """Return the records in *data*, the ``prev`` of the next line, and how many bytes are whole lines.

    A line counts only with its newline: without it nobody was told that it is durable.

    Raises:
        RunStoreError: CMK511 when a whole line does not fit.
    """
    prev = path.parent.name
    records: list[Record] = []
    *lines, torn = data.split(b"\n")
    for number, line in enumerate(lines, start=1):
        records.append(_record(line, prev, f"{path}:{number}"))
        prev = digest_of(line)
    return tuple(records), prev, len(data) - len(torn)


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


def _record(line: bytes, prev: str, where: str) -> Record:
    try:
        document = json.loads(line)
        found = document.pop("prev")
        # Not strict: tuples come back as lists. Not pydantic's own JSON: it refuses a body with half a surrogate pair.
        record = RECORDS.validate_python(document, strict=False)
    except (ValueError, AttributeError, KeyError, TypeError, ValidationError) as error:
        raise RunStoreError(codes.engine.JOURNAL_DAMAGED, "the line is not a journal record", resource=where) from error
    if found != prev:
        raise RunStoreError(codes.engine.JOURNAL_DAMAGED, "the line does not follow the one before it", resource=where)
    return record


class JournalFile:
    """The files of one run, open for writing; one caller at a time."""

    def __init__(self, folder: Path) -> None:
        """Name the run's own folder; nothing is touched before `open`."""
        self.folder = folder
        self._path = folder / JOURNAL
        self._handle = -1
        self._size = 0
        self._prev = folder.name
        self._broken: OSError | None = None

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
            data = self._path.read_bytes()
            records, self._prev, self._size = parse(data, self._path)
            torn = self._size < len(data)
            if torn:
                os.ftruncate(self._handle, self._size)
                os.fsync(self._handle)
            self._make_reserve()
            sync_folder(self.folder)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        return records, torn

    def write(self, records: Sequence[Record]) -> None:
        """Append *records* in one write and make them durable; either all of them are, or none.

        Raises:
            OSError: when they are not; also each time after a failure that could not be cleaned up.
        """
        if self._broken is not None:
            raise self._broken
        lines, prev = [], self._prev
        for record in records:
            lines.append(line_of(prev, record))
            prev = digest_of(lines[-1])
        data = b"".join(line + b"\n" for line in lines)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._handle, rest) :]
            os.fsync(self._handle)
        except OSError:
            self._cut_back()
            raise
        self._prev, self._size = prev, self._size + len(data)

    def spend_reserve(self) -> None:
        """Give the reserved room to the journal."""
        with contextlib.suppress(OSError):
            (self.folder / RESERVE).unlink()

    def close(self) -> None:
        """Close the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _cut_back(self) -> None:
        """Remove what a failed write may have left: it would break the chain for what comes after."""
        try:
            os.ftruncate(self._handle, self._size)
        except OSError as error:
            self._broken = error

    def _make_reserve(self) -> None:
        path = self.folder / RESERVE
        if not path.exists() or path.stat().st_size != RESERVED_BYTES:
            # Random bytes: a file system that compresses must not reserve nothing.
            write_atomically(path, os.urandom(RESERVED_BYTES))
