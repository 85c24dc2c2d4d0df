"""The moments of a run at which its process may die, each with all that is left then: Azure, and what the disk kept.

One run gives them all: at each moment the state is copied, and the process lives on to the next.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal
from unittest import mock

from cmk_remediate.engine.journal_file import JOURNAL, JournalFile
from cmk_remediate.errors import CmkError
from cmk_remediate.model.records import OperationBegan
from cmk_remediate.model.result import RunResult
from cmk_remediate.simulator.embedded import EmbeddedAzure, Exchange
from cmk_remediate.simulator.faults import Fault, Faults
from cmk_remediate.simulator.monitor.machines import Machines
from cmk_remediate.simulator.monitor.settings import Owned
from cmk_remediate.simulator.store import Store
from cmk_remediate.simulator.virtual_time import VirtualClock
from cmk_remediate.simulator.world import World
from tests.e2e.estates import Scene
from tests.e2e.stage import Stage
from tests.faults.disk import Disk, Survivors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cmk_remediate.model.records import Record
    from cmk_remediate.simulator.monitor import Monitor

Kind = Literal["before", "after", "pending", "end"]
"""Before the request leaves; after its effect, before its answer; while its operation is pending; not at all."""


@dataclass(frozen=True)
class Moment:
    """One moment, and what is left then.

    Attributes:
        kind: where in the life of a request.
        request: the request, in words.
        log: every request so far, earlier processes' too.
        left: what the disk kept.
    """

    kind: Kind
    request: str
    log: tuple[Exchange, ...]
    left: Survivors
    scene: Scene
    store: Store
    stamp: float
    known: Any
    like: EmbeddedAzure

    @property
    def number(self) -> int:
        """Which request it is at, from 1."""
        return len(self.log) + (self.kind == "before")

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.kind} request {self.number} {self.request}"

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for moments at which the same is left, times and traffic aside."""
        tables = self.store.tables
        parts = [tables[name] for name in ("resources", "hidden", "operations")]
        state = tuple(tuple(sorted((key, id(record)) for key, record in part.items())) for part in parts)
        return (hash(state), *self.left.key)

    @property
    def instant(self) -> tuple[object, ...]:
        """Equal for moments from which the same heirs go on: an answer's, and the next request's before any time has passed."""
        return (self.key, self.stamp, self.kind == "pending")

    @property
    def journal(self) -> list[dict[str, Any]]:
        """The records of the run's journal, newest run's last."""
        found: list[dict[str, Any]] = []
        for inode, size in self.left.journals.values():
            found += [json.loads(line) for line in self.left.disk.journal(inode)[:size].splitlines()]
        return found

    def reborn(self, folder: Path, *, caller: str = "") -> Stage:
        """Return a stage with nothing but what is left: a new process's, maybe of another caller."""
        self.left.restore(folder)
        world = World(self.store.clone(), self.like.world.settings, self.like.world.registry)
        world.stamp = self.stamp
        azure = EmbeddedAzure(world)
        azure.clock = VirtualClock(self.stamp, world.settings.clock_skew)
        azure.threads = False
        return Stage(azure, self.scene, folder, caller, self.known)


@dataclass
class Recording:
    """One process's life from its first request to its end.

    Attributes:
        moments: every moment at which it might have died.
        end: what is left when it ends by itself.
        result: how it ended; None when an error of ours ended it.
    """

    moments: list[Moment] = field(default_factory=list)
    end: Moment | None = None
    result: RunResult | None = None
    error: CmkError | None = None


class _Eye(Faults):
    """Sees each request before it leaves."""

    def __init__(self, seen: Callable[[str], None]) -> None:
        super().__init__()
        self.planned.append(Fault("slow", number=-1))
        self._seen = seen

    def strike(self, number: int, method: str, url: str) -> Fault | None:
        self._seen(_words(method, url))
        return None


def record(stage: Stage, verb: Callable[[Stage], RunResult], earlier: Sequence[Exchange] = ()) -> Recording:
    """Run *verb* on *stage* to its end and keep every moment; *earlier*: the requests of the processes before."""
    disk = Disk(stage.folder)
    found = Recording()
    azure = stage.azure
    azure.threads = False
    start = stage.seen()
    last = ""

    def keep(kind: Kind, request: str) -> Moment:
        log = (*earlier, *azure.requests[start:])
        left = disk.survivors()
        moment = Moment(
            kind, request, log, left, stage.scene, azure.world.store.clone(), azure.clock.stamp(), _known(stage), azure
        )
        found.moments.append(moment)
        return moment

    def answered(_azure: EmbeddedAzure, exchange: Exchange) -> None:
        nonlocal last
        last = _words(exchange.method, exchange.url)
        keep("after", last)

    write = JournalFile.write

    def written(self: JournalFile, records: Sequence[Record]) -> None:
        write(self, records)
        for one in records:
            if isinstance(one, OperationBegan):
                keep("pending", f"{one.method} {one.resource_id}")

    azure.faults = _Eye(lambda request: (keep("before", request), None)[1])
    azure.observers.append(answered)
    try:
        with disk.mounted(), mock.patch.object(JournalFile, "write", written):
            try:
                found.result = verb(stage)
            except CmkError as error:
                found.error = error
    finally:
        azure.observers.remove(answered)
        azure.faults = Faults()
    keep("end", "")
    found.end = found.moments.pop()
    return found


def life(stage: Stage, verb: Callable[[Stage], Any]) -> Any:
    """Run *verb* on *stage* without keeping moments; journals cost no fsync."""
    stage.azure.threads = False
    with Disk(stage.folder).mounted():
        return verb(stage)


def journaled(folder: Path, run: str) -> bool:
    """Say whether *run* has a journal with a record in it."""
    path = folder / run / JOURNAL
    return path.exists() and b"\n" in path.read_bytes()


def _known(stage: Stage) -> Any:
    """Return what the monitor knows now; it goes on learning."""
    monitor: Monitor = stage.monitor
    owned = Owned()
    owned.remember(monitor._owned)
    uses = {vault: dict(known) for vault, known in monitor.bystanders.uses.items()}
    bystanders = SimpleNamespace(_ours=dict(monitor.bystanders._ours), uses=uses)
    machines = Machines()
    machines.remember(monitor.machines)
    return SimpleNamespace(
        operators=set(monitor.operators),
        accepted=set(monitor.accepted),
        _owned=owned,
        _excused=dict(monitor._excused),
        _changed_by_others=dict(monitor._changed_by_others),
        bystanders=bystanders,
        machines=machines,
    )


def _words(method: str, url: str) -> str:
    return f"{method} {url.split('?', maxsplit=1)[0].rsplit('/providers/', maxsplit=1)[-1]}"
