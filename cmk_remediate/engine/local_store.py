"""A run store in a folder.

A claim is a file whose modification time is moved with each renewal: others see that it moves, whatever their clock says.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from cmk_remediate.engine.claims import CLAIMS, Claim, from_bytes, id_of, name_of, to_bytes
from cmk_remediate.engine.journal_file import JOURNAL, unwritable, write_atomically
from cmk_remediate.engine.journal_lines import DIGEST
from cmk_remediate.engine.local_log import LocalLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")


class LocalStore:
    """The `run_store.RunStore` in one folder, which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        """Name the folder by its absolute path; nothing is touched."""
        self.folder = folder
        # Of its own: renewing a lease must not queue behind requests that hang.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="leases")

    fresh = 0.0
    """To look at a file costs no request to Azure: it is done before each write."""

    @property
    def address(self) -> str:
        """Return the folder's path."""
        return str(self.folder)

    async def runs(self) -> tuple[str, ...]:
        """See `run_store.RunStore`."""
        try:
            names = sorted(path.name for path in self.folder.iterdir() if DIGEST.fullmatch(path.name))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise unwritable(self.folder, error) from error
        return tuple(name for name in names if (self.folder / name / JOURNAL).exists())

    async def journal(self, run: str) -> tuple[bytes, ...]:
        """See `run_store.RunStore`; there is one segment."""
        data = await self.load(f"{run}/{JOURNAL}")
        return () if data is None else (data,)

    async def load(self, name: str) -> bytes | None:
        """See `run_store.RunStore`."""
        path = self.folder / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unwritable(path, error) from error

    async def save(self, name: str, data: bytes) -> str:
        """See `run_store.RunStore`."""
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, data)
        except OSError as error:
            raise unwritable(path, error) from error
        return str(path)

    def log(self, run: str) -> LocalLog:
        """See `run_store.RunStore`."""
        return LocalLog(self.folder / run)

    async def claims(self) -> tuple[Claim, ...]:
        """See `run_store.RunStore`."""
        return await self._on_thread(self._claims)

    async def claim(self, claim: Claim) -> None:
        """See `run_store.RunStore`; not fsynced: after a power cut its process is gone too."""
        await self._on_thread(lambda: self._claim(claim))

    async def renew(self, claim: Claim) -> bool:
        """See `run_store.RunStore`."""
        return await self._on_thread(lambda: self._renew(claim))

    async def withdraw(self, claim: Claim) -> None:
        """See `run_store.RunStore`."""
        await self._on_thread(lambda: self._remove(claim))

    async def clear(self, claim: Claim, *, force: bool = False) -> None:
        """See `run_store.RunStore`; a folder does not know who is alive, but it shows renewals."""
        await self._on_thread(lambda: self._clear(claim, force=force))

    async def _on_thread(self, job: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, job)
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def _path(self, claim: Claim) -> Path:
        return self.folder / name_of(claim.id)

    def _claims(self) -> tuple[Claim, ...]:
        found = []
        for path in sorted((self.folder / CLAIMS).glob("*")):
            id_ = id_of(f"{CLAIMS}/{path.name}")
            if id_ is None:
                continue
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                # Opened anew each time, since a network folder shows old times of a file that is not.
                mark = str(os.fstat(file.fileno()).st_mtime_ns)
                found.append(from_bytes(id_, file.read(), mark=mark))
        return tuple(found)

    def _claim(self, claim: Claim) -> None:
        path = self._path(claim)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".new")
        half.write_bytes(to_bytes(claim))
        half.replace(path)

    def _renew(self, claim: Claim) -> bool:
        path = self._path(claim)
        try:
            found = path.stat().st_mtime_ns
            # At least a second on, for file systems that keep no fractions; else two renewals might look like none.
            os.utime(path, ns=(found + _SECOND, found + _SECOND))
        except FileNotFoundError:
            return False
        return True

    def _clear(self, claim: Claim, *, force: bool) -> None:
        with contextlib.suppress(FileNotFoundError):
            if force or str(self._path(claim).stat().st_mtime_ns) == claim.mark:
                self._remove(claim)

    def _remove(self, claim: Claim) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._path(claim).unlink()


_SECOND = 2 * 10**9
"""Nanoseconds by which a renewal moves a claim's time; FAT counts in two seconds."""
