"""Who may write: one run at a time in a run store.

So far that is one lock file a store, which the operating system lets go of when the process dies. Leases of single
resources (60 s, renewed) will fit the same protocol.
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Protocol

from filelock import FileLock, Timeout

from cmk_remediate import codes
from cmk_remediate.engine.journal_file import unwritable, write_atomically
from cmk_remediate.errors import RunStoreBusy

if TYPE_CHECKING:
    from pathlib import Path

LOCK = ".lock"
HOLDER = ".lock.run"


class Lease(Protocol):
    """The right to write."""

    async def acquire(self) -> None:
        """Take it.

        Raises:
            RunStoreError: CMK510 when another process has it.
        """

    async def release(self) -> None:
        """Give it back; harmless when it is not held."""

    def remaining(self) -> float:
        """Return for how many seconds it is ours for certain: 0 when it is not, infinity when it does not run out."""


class RunStoreLock:
    """The lock file of one run store, for one run; a `Lease` that does not run out."""

    def __init__(self, runs: Path, run: str) -> None:
        """Name the run store and the digest of the run that will hold it; nothing is touched."""
        self._runs = runs
        self._run = run
        # Not bound to a thread: the plain verbs may run their loop in a helper thread.
        self._lock = FileLock(runs / LOCK, timeout=0, thread_local=False)

    async def acquire(self) -> None:
        """Take the lock, and write beside it whose it is.

        Raises:
            RunStoreError: CMK510 when another process has it, naming its run; CMK512 when the store cannot be written.
        """
        try:
            self._runs.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            run = _holder(self._runs)
            cause = f"run {run[:8]} holds it" if run else "another process holds it"
            raise RunStoreBusy(codes.engine.RUN_STORE_BUSY, cause, resource=str(self._runs), holder=run) from None
        except OSError as error:
            raise unwritable(self._runs, error) from error
        try:
            # A file of its own: whoever tries to take the lock truncates the lock file.
            write_atomically(self._runs / HOLDER, self._run.encode())
        except OSError as error:
            await self.release()
            raise unwritable(self._runs, error) from error

    async def release(self) -> None:
        """Let go of the lock; harmless when it is not held."""
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                (self._runs / HOLDER).unlink()
            self._lock.release()

    def remaining(self) -> float:
        """Return infinity while the lock is held, else 0."""
        return math.inf if self._lock.is_locked else 0.0


def alive(runs: Path, run: str) -> bool:
    """Say whether a living process holds the lock of the run store *runs* for *run*."""
    if not (runs / LOCK).exists():
        return False
    probe = FileLock(runs / LOCK, timeout=0, thread_local=False)
    try:
        with probe:
            return False
    except Timeout:
        return _holder(runs) == run
    except OSError:
        return False


def _holder(runs: Path) -> str:
    """Return the run that says it holds the lock; empty when none says so (yet)."""
    try:
        return (runs / HOLDER).read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
