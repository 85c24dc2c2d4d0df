"""The only deletion there is, of a grant that nothing ever used, under everything that may strike it.

Fails: a rollback leaves a grant that nobody knows of, or cannot be finished once its cause is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.simulator.faults import Fault
from tests.e2e.stage import Stage, died, told, writes
from tests.faults.mishaps import WIRE, WRITES
from tests.faults.owner import Owner, Places
from tests.faults.plans import smallest

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.model.result import Event, RunResult
    from cmk_remediate.model.review import Review


def protecting(event: Event) -> bool:
    return event.kind == "sending" and event.step.startswith("protect_vault")


class Granted:
    """A run that died when it had made a grant, and nothing that uses it."""

    def __init__(self, folder: Path) -> None:
        case = smallest(present=False)
        self.stage = Stage(case.azure(), case.scene, folder.resolve())
        self.before = self.stage.bodies()
        self.review: Review = self.stage.dry_run()
        died(self.stage, self.review, protecting)
        self.undoing = self.stage.review_rollback(self.review.digest)
        self.mark = self.stage.seen()

    def rolled_back(self) -> RunResult:
        connection = self.stage.connection
        return cmk.rollback(self.review.digest, connection=connection, runs=self.stage.folder, review=self.undoing)

    def deletions(self) -> int:
        """Return how many DELETEs had their effect."""
        sent = [one for one in writes(self.stage.since(self.mark)) if one.method == "DELETE"]
        return sum(one.status in (200, 204) for one in sent)

    def grants(self) -> int:
        """Return how many grants there are that were not there before."""
        return sum("/roleassignments/" in one for one in self.stage.bodies().keys() - self.before.keys())


@pytest.mark.parametrize("name", [*WIRE, *WRITES])
@pytest.mark.parametrize("lasts", [1, 0], ids=["once", "as long as it lasts"])
def test_whatever_strikes_a_deletion_it_happens_once_and_the_rollback_ends(
    name: str, lasts: int, tmp_path: Path
) -> None:
    it = Granted(tmp_path / "runs")
    assert it.grants() == 1
    it.stage.azure.faults.add(Fault(**{"method": "DELETE", "nth": lasts, **{**WIRE, **WRITES}[name]}))
    result = it.rolled_back()
    assert result.exit_code in (0, 5, 6), told(result)
    badly = [one for one in result.targets if one.end not in ("done", "in progress")]
    assert all(one.code != codes.engine.BUG and one.text for one in badly), told(result)
    assert (result.exit_code == 0) == (not badly)
    it.stage.azure.faults.clear()
    if badly:
        it.stage.rolled_back(it.review.digest)
    assert it.grants() == 0
    assert it.deletions() == 1
    assert it.stage.monitor.violations == []


def test_a_lock_against_deletion_is_named_and_the_grant_goes_once_it_is_gone(tmp_path: Path) -> None:
    it = Granted(tmp_path / "runs")
    owner = Owner(it.stage.azure, Places.of(it.review, it.stage.azure.world))
    owner.does("lock against deletion")
    result = it.rolled_back()
    assert result.exit_code == 6, told(result)
    assert {one.code for one in result.targets} == {codes.access.LOCKED}, told(result)
    assert it.deletions() == 0
    owner.heal()
    it.stage.rolled_back(it.review.digest)
    assert it.grants() == 0
    assert it.deletions() == 1
