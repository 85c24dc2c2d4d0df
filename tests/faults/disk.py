"""A disk that forgets what was not fsynced: what of a run store a crash leaves behind."""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from cmk_remediate.engine import journal_file
from cmk_remediate.engine.claims import CLAIMS
from cmk_remediate.engine.journal_file import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

SMALL_RESERVE = 64
"""Bytes kept for a full disk here: the real reserve would be most of what is copied."""


@dataclass
class Survivors:
    """The files a crash leaves: their contents by path within the store; a journal's as far as it was fsynced."""

    files: dict[str, bytes]
    journals: dict[str, tuple[int, int]]
    disk: Disk

    def restore(self, store: Path) -> None:
        """Make *store* hold these files and nothing else."""
        empty(store)
        contents = dict(self.files)
        contents |= {name: self.disk.journal(inode)[:size] for name, (inode, size) in self.journals.items()}
        for name, data in contents.items():
            path = store / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for equal survivors of one disk."""
        return (*sorted(self.journals.items()), *sorted((name, hash(data)) for name, data in self.files.items()))


@dataclass
class Disk:
    """Remembers how much of each file was fsynced, and which names.

    Journals only grow, and all else is replaced whole, so the length is enough.
    """

    store: Path
    synced: dict[int, int] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    _kept: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take what is there for durable: another life left it so."""
        for path in self.store.rglob("*") if self.store.exists() else ():
            self.named.add(str(path))
            if path.is_file():
                self.synced[path.stat().st_ino] = path.stat().st_size

    def fsync(self, handle: int) -> None:
        """Stand in for `os.fsync`: note, and be quick."""
        found = os.fstat(handle)
        self.synced[found.st_ino] = found.st_size

    def sync_folder(self, folder: Path) -> None:
        """Stand in for the fsync of a folder."""
        self.named |= {str(one) for one in folder.iterdir()}

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """Have the journal write to this disk meanwhile; afterwards its journals are kept."""
        with (
            mock.patch.object(os, "fsync", self.fsync),
            mock.patch.object(journal_file, "sync_folder", self.sync_folder),
            mock.patch.object(journal_file, "RESERVED_BYTES", SMALL_RESERVE),
            mock.patch.object(journal_file, "FileLock", _alone),
        ):
            yield
        for path in self.store.rglob(JOURNAL):
            self._kept[path.stat().st_ino] = path.read_bytes()

    def journal(self, inode: int) -> bytes:
        """Return the journal's bytes as they were at the end."""
        return self._kept[inode]

    def survivors(self) -> Survivors:
        """Return what a crash now would leave."""
        files: dict[str, bytes] = {}
        journals: dict[str, tuple[int, int]] = {}
        for path in sorted(self.store.rglob("*")) if self.store.exists() else ():
            inside = [one for one in (path, *path.parents) if one != self.store and self.store in one.parents]
            if path.is_file() and path.parent.name == CLAIMS:
                # Of no account after a power cut; after a mere kill they are still there, and whoever comes has to wait them out.
                files[str(path.relative_to(self.store))] = path.read_bytes()
                continue
            if not path.is_file() or any(str(one) not in self.named for one in inside):
                continue
            inode = path.stat().st_ino
            size = self.synced.get(inode, 0)
            name = str(path.relative_to(self.store))
            if path.name == JOURNAL:
                journals[name] = (inode, size)
            else:
                files[name] = path.read_bytes()[:size]
        return Survivors(files, journals, self)


def _alone(*_: object, **__: object) -> AbstractContextManager[None]:
    """Stand in for the lock that keeps two writers of a journal apart: here one process lives at a time."""
    return nullcontext()


def empty(store: Path) -> None:
    """Remove *store*."""
    if not store.exists():
        return
    for path in sorted(store.rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
    store.rmdir()
