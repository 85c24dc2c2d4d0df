"""A reviewed plan, and the same moment of it over and over again."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from cmk_remediate.model.review import Review
from cmk_remediate.simulator.embedded import EmbeddedAzure
from tests.e2e.estates import IDENTITY
from tests.e2e.stage import Stage, told
from tests.faults.moments import life
from tests.faults.plans import Case, own_key, shipped, smallest


def cases() -> list[Case]:
    """Return every plan that is shipped, databases that none of them has, and a server to whose identity the grant is missing."""
    lonely = smallest()
    grants = [one for one in lonely.scene.estate["role_assignments"] if one["principal"] != IDENTITY]
    scene = replace(lonely.scene, estate={**lonely.scene.estate, "role_assignments": grants})
    # The lines of an estate are those of its plans, and are tried there.
    single = [case for case in shipped() if "plans" not in case.scene.plan]
    return [*single, *own_key(), replace(lonely, name="one server, no grant", scene=scene)]


@dataclass
class Moment:
    """What there is at one moment: an Azure and a run store; each test gets copies."""

    case: Case
    azure: EmbeddedAzure
    store: Path
    folder: Path

    def again(self) -> Stage:
        """Return that moment once more."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        if self.store.exists():
            shutil.copytree(self.store, self.folder)
        return Stage(self.azure.clone(), self.case.scene, self.folder)


@dataclass
class World:
    """A plan that was reviewed, and applied."""

    case: Case
    folder: Path
    review: Review = field(init=False)
    back: Review = field(init=False)
    reviewed: Moment = field(init=False)
    applied: Moment = field(init=False)

    def __post_init__(self) -> None:
        """Review and apply, undisturbed."""
        runs = self.folder / "runs"
        stage = Stage(self.case.azure(), self.case.scene, runs)
        self.review = life(stage, Stage.dry_run)
        self.reviewed = self._kept(stage, "reviewed")
        result = life(stage, lambda one: one.apply(self.review))
        assert result.exit_code == 0, told(result)
        stage.at_rest()
        stage.azure.advance(self.case.rest or 600)
        self.applied = self._kept(stage, "applied")
        self.back = life(self.applied.again(), lambda one: one.review_rollback(self.review.digest))

    def _kept(self, stage: Stage, name: str) -> Moment:
        kept = self.folder / name
        if stage.folder.exists():
            shutil.copytree(stage.folder, kept)
        return Moment(self.case, stage.azure.clone(), kept, stage.folder)
