"""The state file: a snapshot, what changed since, the request log, and a lock between processes.

``az.json`` is the snapshot; ``az.json.changes.ndjson`` has a line a request that changed something since, and is folded into
the snapshot when it has grown or the connection closes; ``az.json.requests.ndjson`` has a line a request. Both are
written before an answer leaves. A change is fsynced; a log line of a read is not, so only a power cut can lose it.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from cmk_remediate import codes
from cmk_remediate.errors import InputError
from cmk_remediate.simulator.store import TABLES, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT = 1
_GROWN = 4 << 20
PATIENCE = 60.0
"""Seconds to wait for other processes, each of which stays in for one request (our choice)."""


class StateFile:
    """One state file, shared by processes.

    Attributes:
        path: the snapshot.
        changes: what changed since.
        log: the request log.
        lock: what keeps other processes out.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        """Look at *path*; nothing is read yet. *patience*: seconds to wait for other processes."""
        self.path = path
        self.changes = path.with_name(path.name + ".changes.ndjson")
        self.log = path.with_name(path.name + ".requests.ndjson")
        self.lock = path.with_name(path.name + ".lock")
        self._lock = FileLock(self.lock, timeout=patience)
        self._known: tuple[int, int] | None = None
        self._generation = 0
        self._read = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes out.

        Raises:
            InputError: CMK106 when one of them stays in, or there can be no lock.
        """
        try:
            self._lock.acquire()
        except Timeout as error:
            text = f"its lock {self.lock.name} cannot be had: another process keeps it"
            raise InputError(codes.input_.ESTATE_INVALID, text, resource=str(self.path)) from error
        try:
            yield
        finally:
            self._lock.release()

    def load(self, store: Store) -> bool:
        """Bring *store* up to what the files say; returns whether it changed. Call it while `held`."""
        status = self.path.stat()
        identity = (status.st_ino, status.st_mtime_ns)
        changed = False
        if identity != self._known:
            self._snapshot(store)
            self._known, self._read, changed = identity, 0, True
        return self._replay(store) or changed

    def _snapshot(self, store: Store) -> None:
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            tables, self._generation = data["tables"], data["generation"]
            known = data["format"] == FORMAT
            found = {name: dict(tables.get(name, {})) for name in TABLES}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            text = f"it is not a state file of the embedded Azure ({error})"
            raise InputError(codes.input_.ESTATE_INVALID, text, resource=str(self.path)) from error
        if not known:
            text = f"its format is {data['format']}, this version reads {FORMAT}"
            raise InputError(codes.input_.ESTATE_INVALID, text, resource=str(self.path))
        store.tables = found
        store.touched = {}

    def _replay(self, store: Store) -> bool:
        if not self.changes.exists() or self.changes.stat().st_size <= self._read:
            return False
        with self.changes.open("rb") as file:
            file.seek(self._read)
            whole, _, torn = file.read().rpartition(b"\n")
        del torn
        replayed = False
        for line in whole.splitlines():
            entry = json.loads(line)
            if entry["generation"] == self._generation:
                store.replay(entry["changes"])
                store.tables["meta"]["now"] = max(entry["now"], store.tables["meta"].get("now", 0.0))
                replayed = True
        self._read += len(whole) + 1 if whole else 0
        return replayed

    def last_request(self) -> dict[str, Any] | None:
        """Return the newest line of the request log."""
        if not self.log.exists():
            return None
        with self.log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 65536))
            lines = [line for line in file.read().splitlines() if line.endswith(b"}")]
        found: dict[str, Any] | None = json.loads(lines[-1]) if lines else None
        return found

    def commit(self, store: Store, now: float, entry: dict[str, Any] | None) -> None:
        """Write down what changed, then the request. Call it while `held`."""
        changes = store.drain()
        if changes:
            line = {"generation": self._generation, "now": now, "changes": changes}
            self._read += _append(self.changes, line, durable=True, at=self._read)
        if entry is not None:
            _append(self.log, entry, durable=False)
        if self._read > _GROWN:
            self.fold(store, now)

    def fold(self, store: Store, now: float) -> None:
        """Write a new snapshot and start with no changes. Call it while `held`."""
        store.tables["meta"]["now"] = now
        store.drain()
        self._generation += 1
        data = {"format": FORMAT, "generation": self._generation, "tables": store.tables}
        temporary = self.path.with_name(self.path.name + ".new")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(data, file, ensure_ascii=False, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)
        self.changes.unlink(missing_ok=True)
        status = self.path.stat()
        self._known, self._read = (status.st_ino, status.st_mtime_ns), 0


def _append(path: Path, entry: dict[str, Any], *, durable: bool, at: int | None = None) -> int:
    """Append a line with one write; a torn line that a killed process left behind *at* is cut off first."""
    line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    with path.open("ab") as file:
        if at is not None and file.tell() > at:
            file.truncate(at)
        file.write(line)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    return len(line)
