"""The process dies at every request of an apply; another one resumes.

Fails: a runbook stopped at the wrong moment leaves a server half moved for good, or repeats what must happen once.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from cmk_remediate.simulator.faults import Fault, Killed
from tests.e2e.equality import Bodies, differences
from tests.e2e.estates import IDENTITY, KEY, SERVER, one_server
from tests.e2e.stage import Stage, path, rows, told, writes
from tests.laws import check_laws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cmk_remediate.model.review import Review
    from cmk_remediate.simulator.embedded import EmbeddedAzure, Exchange
    from cmk_remediate.simulator.faults import Kind
    from tests.e2e.conftest import Azure

KINDS: tuple[Kind, ...] = ("kill-before", "kill-after")


class Rehearsal:
    """One apply undisturbed, and as many copies of its beginning as there are moments to die at."""

    def __init__(self, stage: Stage) -> None:
        """Dry-run *stage* and carry a copy of it through to its end."""
        self.stage = stage
        self.review: Review = stage.dry_run()
        calm = self._copy()
        result = calm.apply(self.review)
        assert result.exit_code == 0, told(result)
        self.log: list[Exchange] = calm.since(0)
        self.taken = _taken(self.log, calm.azure)
        calm.azure.advance(60)
        self.end = _renamed(calm)
        calm.lawful()

    def _copy(self, azure: EmbeddedAzure | None = None) -> Stage:
        shutil.rmtree(self.stage.folder, ignore_errors=True)
        return Stage((azure or self.stage.azure).clone(), self.stage.scene, self.stage.folder)

    def die_and_resume(self, number: int, kind: Kind) -> None:
        """Kill the process at its *number*-th request and let a new one go on with what it left behind."""
        dying = self._copy()
        dying.azure.faults.add(Fault(kind, number=number))
        with pytest.raises(Killed):
            dying.apply(self.review)
        left = dying.azure.clone()
        _like_a_dead_process(self.stage.folder)
        heir = Stage(left, self.stage.scene, self.stage.folder)
        begun = (self.stage.folder / self.review.digest / "journal.ndjson").exists()
        result = heir.resume(self.review.digest) if begun else heir.apply(self.review)
        where = f"{kind} {number}: {self.log[number - 1].method} {path(self.log[number - 1])}"
        assert result.exit_code == 0, f"{where}\n{told(result)}"
        log = [*dying.since(0), *heir.since(0)]
        assert check_laws(self.review, heir.journal(self.review.digest), rows(log)) == [], where
        taken = _taken(log, heir.azure)
        assert [one for one, count in taken.items() if count > 1] == [], f"{where}: sent again though it was taken"
        assert set(taken) == set(self.taken), where
        left.advance(60)
        assert differences(self.end, _renamed(heir)) == [], where
        assert [str(one) for one in (*dying.monitor.violations, *heir.monitor.violations)] == [], where
        heir.lawful()


def _like_a_dead_process(folder: Path) -> None:
    """Put copies in the place of the folder's files: what the killed process holds open and locked is not what is there."""
    if folder.exists():
        copy = folder.with_name(f"{folder.name}-copy")
        shutil.copytree(folder, copy)
        shutil.rmtree(folder)
        copy.rename(folder)


def _made_up(azure: EmbeddedAzure) -> dict[str, str]:
    """Return what Azure makes up, and what follows from it, by a name for it: another order of writes gives other ids."""
    world = azure.world
    found = {}
    for word, resource in (("identity", IDENTITY), ("key", KEY)):
        properties = (world.get(resource) or {})["properties"]
        for name in ("principalId", "clientId", "keyUriWithVersion"):
            if name in properties:
                found[str(properties[name]).rsplit("/", 1)[-1]] = f"{word}-{name}"
    principal = (world.get(IDENTITY) or {})["properties"]["principalId"]
    for grant, body in world.by_type("Microsoft.Authorization/roleAssignments"):
        if body["properties"]["principalId"] == principal:
            found[grant.name] = "grant"
    for key, body in world.children(SERVER, "keys"):
        found[str(body["properties"].get("thumbprint", key.name))] = "thumbprint"
    return found


def _renamed(stage: Stage) -> Bodies:
    """Return the bodies with what Azure makes up replaced."""
    text = json.dumps(stage.bodies())
    for value, name in _made_up(stage.azure).items():
        text = text.replace(value, name)
    found: Bodies = json.loads(text)
    return found


def _taken(log: list[Exchange], azure: EmbeddedAzure) -> Counter[tuple[str, str]]:
    """Count the writes that had an effect: those done when they were answered, and the operations that succeeded."""
    done = [(one.method, path(one)) for one in writes(log) if one.status in (200, 201, 204)]
    operations = azure.world.store.tables["operations"].values()
    done += [(one["method"], one["resource"].lower()) for one in operations if one["status"] == "Succeeded"]
    found: Counter[tuple[str, str]] = Counter()
    names = _made_up(azure)
    for method, where in done:
        parts = [part for word in where.split("/") for part in word.split("_")]
        found[method, "/".join(names.get(part, part) for part in parts)] += 1
    return found


def _moments(log: list[Exchange]) -> Iterator[tuple[int, Kind]]:
    for number in range(1, len(log) + 1):
        for kind in KINDS:
            yield number, kind


def test_death_at_every_request_of_an_apply(azure: Azure, figures: Callable[[str], None]) -> None:
    rehearsal = Rehearsal(azure(one_server()))
    moments = list(_moments(rehearsal.log))
    for number, kind in moments:
        rehearsal.die_and_resume(number, kind)
    polls = sum(one.poll for one in rehearsal.log)
    figures(f"{len(moments)} crash points, {2 * polls} of them while an operation ran")
    assert polls >= 3, "each of the three writes is an operation that is polled"


def test_death_around_every_write_where_nothing_is_there(azure: Azure, figures: Callable[[str], None]) -> None:
    rehearsal = Rehearsal(azure(one_server(present=False)))
    at = [number for number, one in enumerate(rehearsal.log, 1) if not one.reads or one.poll]
    moments = [(number, kind) for number in at for kind in KINDS]
    for number, kind in moments:
        rehearsal.die_and_resume(number, kind)
    figures(f"{len(moments)} crash points around writes and their operations")
    assert len(rehearsal.taken) >= 7
