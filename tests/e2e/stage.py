"""One embedded Azure with the law monitor on, a run store, and the public verbs as a script would call them."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

import cmk_remediate as cmk
from cmk_remediate.engine.journal_lines import digest_of
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.embedded import EmbeddedAzure
from cmk_remediate.simulator.faults import Fault, Killed
from cmk_remediate.simulator.monitor import Monitor, check, watch
from cmk_remediate.simulator.providers.keyvault.rotation import new_version
from tests.e2e.estates import Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.model.result import Event, Progress, RunResult, Verification
    from cmk_remediate.model.review import Review
    from cmk_remediate.simulator.embedded import Exchange

DAY = 86400.0


@dataclass
class Stage:
    """What a test has before it.

    Attributes:
        azure: the Azure.
        scene: what was put into it.
        folder: the run store.
        monitor: judges every request of the operator's.
        caller: the object id that signs in; the estate's operator where empty.
        known: the monitor of the Azure this one is a copy of, or what it knew: it goes on from there.
    """

    azure: EmbeddedAzure
    scene: Scene
    folder: Path
    caller: str = ""
    known: Any = None
    monitor: Monitor = field(init=False)

    def __post_init__(self) -> None:
        """Attach the monitor."""
        self.monitor = watch(self.azure, self.caller, after=self.known)

    @property
    def connection(self) -> Connection:
        """A new process's connection."""
        return self.azure.connection(self.caller or None)

    # -- the verbs ---------------------------------------------------------------------------------------------------------

    def dry_run(self, plan: dict[str, Any] | None = None) -> Review:
        """Return the review of the scene's plan."""
        return cmk.dry_run(plan or self.scene.plan, connection=self.connection, runs=self.folder)

    def apply(self, review: Review, **options: Any) -> RunResult:
        """Apply *review* with everything it asks for accepted."""
        options.setdefault("accept", review.acknowledgements_required)
        return cmk.apply(review, connection=self.connection, **options)

    def moved(self, end: str = "done") -> tuple[Review, RunResult]:
        """Dry-run and apply the scene's plan; it must end well, each target with *end*."""
        review = self.dry_run()
        result = self.apply(review)
        assert result.exit_code == 0, told(result)
        assert {one.end for one in result.targets} == {end}, told(result)
        return review, result

    def resume(self, run: str) -> RunResult:
        """Go on with a run, as a new process."""
        return cmk.resume(run, connection=self.connection, runs=self.folder)

    def review_rollback(self, run: str) -> Review:
        """Return the review of what undoes *run*."""
        return cmk.review_rollback(run, connection=self.connection, runs=self.folder)

    def rollback(self, run: str, review: Review, **options: Any) -> RunResult:
        """Undo *run* as *review* says, with everything it asks for accepted."""
        accept = review.acknowledgements_required
        return cmk.rollback(run, connection=self.connection, runs=self.folder, review=review, accept=accept, **options)

    def rolled_back(self, run: str) -> tuple[Review, RunResult]:
        """Undo *run*; it must end well."""
        review = self.review_rollback(run)
        result = self.rollback(run, review)
        assert result.exit_code == 0, told(result)
        return review, result

    def verify(self, subject: Any = None) -> Verification:
        """Verify the scene's plan, or *subject*."""
        return cmk.verify(subject or self.scene.plan, connection=self.connection, runs=self.folder)

    def journal(self, run: str) -> list[bytes]:
        """Return the lines of a run's journal."""
        return (self.folder / run / "journal.ndjson").read_bytes().splitlines()

    # -- what Azure saw ----------------------------------------------------------------------------------------------------

    def since(self, number: int) -> list[Exchange]:
        """Return the requests after the first *number* of them."""
        return self.azure.requests[number:]

    def seen(self) -> int:
        """Return how many requests there were."""
        return len(self.azure.requests)

    def bodies(self) -> dict[str, dict[str, Any]]:
        """Return every resource as a GET shows it, by lower-case id; less what only the embedded Azure knows."""
        return bodies(self.azure)

    def at_rest(self) -> None:
        """Let a minute pass, and then as long as Azure is still at work: what ends ``in progress`` has ended."""
        self.azure.advance(60)
        operations = self.azure.world.store.tables["operations"]
        waited = 0.0
        while any(one["status"] == "running" for one in operations.values()):
            assert waited < 30 * DAY, "an operation never ends"
            self.azure.advance(DAY / 24)
            waited += DAY / 24

    def rotate(self, *keys: str) -> None:
        """Let the owner make a new version of each key."""
        for key in keys:
            self.azure.world.apply(new_version(self.azure.world, ResourceId(key)))

    def protector(self, server: str) -> dict[str, Any]:
        """Return the properties of a server's protector."""
        body = self.azure.world.get(f"{server}/encryptionProtector/current")
        assert body is not None
        found: dict[str, Any] = body["properties"]
        return found

    def lawful(self) -> None:
        """Assert that no law was broken, now and once all has been quiet for a day."""
        assert [str(one) for one in self.monitor.violations] == []
        assert [str(one) for one in check(self.azure, self.monitor)] == []


def bodies(azure: EmbeddedAzure) -> dict[str, dict[str, Any]]:
    """Return every resource of *azure* as `Stage.bodies` does: its own records, which nobody changes in place."""
    world = azure.world
    found = {}
    for resource, body in world.resources():
        kind = world.registry.types.get(resource.type.lower())
        shown = kind.on_read(resource, body, world) if kind is not None and kind.on_read is not None else body
        found[resource.key] = shown
    return found


def writes(log: list[Exchange]) -> list[Exchange]:
    """Return the requests that could change anything."""
    return [one for one in log if not one.reads]


def rows(log: list[Exchange]) -> list[dict[str, Any]]:
    """Return the log as `tests.laws` takes it: taken requests with their bodies."""
    return [one.to_json() | ({"body": json.loads(one.body)} if one.body else {}) for one in log]


def path(one: Exchange) -> str:
    """Return a request's path in lower case."""
    return urlsplit(one.url).path.lower()


def told(result: RunResult) -> str:
    """Return how a run ended, for a failed assertion."""
    return "\n".join(
        [result.text, *result.alarms, *(f"{one.id}: {one.end} {one.code} {one.text}" for one in result.targets)]
    )


def died(stage: Stage, review: Review, when: Callable[[Event], bool], fault: Fault | None = None) -> None:
    """Apply *review* in a process that dies of *fault* after the first event of which *when* says so; another one may begin."""
    died_in(stage, lambda progress: stage.apply(review, progress=progress), when, fault)


def died_in(
    stage: Stage, verb: Callable[[Progress], object], when: Callable[[Event], bool], fault: Fault | None = None
) -> None:
    """Do the same in *verb*, which tells the progress it is given."""

    def kill(event: Event) -> None:
        if when(event):
            stage.azure.faults.add(fault or Fault("kill-before"))

    with pytest.raises(Killed):
        verb(kill)
    like_a_dead_process(stage.folder)
    stage.azure.faults.clear()


def rewritten(stage: Stage, run: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change each record of a journal and mend its chain, as somebody would who knows how it is made."""
    prev, lines = run, []
    for line in stage.journal(run):
        record = json.loads(line)
        change(record)
        lines.append(json.dumps({**record, "prev": prev}, separators=(",", ":")).encode())
        prev = digest_of(lines[-1])
    (stage.folder / run / "journal.ndjson").write_bytes(b"".join(line + b"\n" for line in lines))


def like_a_dead_process(folder: Path) -> None:
    """Put copies in the place of the folder's files: what the killed process holds open and locked is not what is there."""
    if folder.exists():
        copy = folder.with_name(f"{folder.name}-copy")
        shutil.copytree(folder, copy)
        shutil.rmtree(folder)
        copy.rename(folder)
