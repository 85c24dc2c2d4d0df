"""One seed, one story: an estate, a plan, a mix of mishaps at their moments; run, judged, healed, resumed, rolled back."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import cmk_remediate as cmk
from cmk_remediate import codes, simulator
from cmk_remediate.errors import CmkError
from cmk_remediate.simulator.embedded import Exchange
from cmk_remediate.simulator.faults import Killed
from cmk_remediate.simulator.monitor import watch
from tests.e2e import estates
from tests.e2e.equality import differences, kept
from tests.e2e.stage import Stage, rows, told
from tests.faults.disk import Disk, empty
from tests.faults.heirs import renamed
from tests.faults.mishaps import OWNERS, Mishap, Mishaps, Places, drawn
from tests.faults.moments import journaled, life
from tests.faults.plans import Case
from tests.laws import check_laws

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.model.result import RunResult
    from cmk_remediate.simulator.embedded import EmbeddedAzure

SCENES: Mapping[str, Callable[[], estates.Scene]] = {
    "one server": estates.one_server,
    "nothing there": lambda: estates.one_server(present=False),
    "two servers, nothing there": lambda: estates.bare(2),
    "a geo pair": estates.geo,
    "on a previous key": estates.previous_cmk,
    "a geo pair on a previous key": estates.geo_on_previous_cmk,
}
DOUBTS: tuple[Mapping[str, str], ...] = (
    {},
    {"sql-protector-meanwhile": "before"},
    {"sql-server-key-meanwhile": "before"},
    {"sql-protector-meanwhile": "before", "sql-server-key-meanwhile": "before"},
)
RBAC = ((0.0, 0.0), (5.0, 60.0), (60.0, 300.0), (300.0, 900.0), (1500.0, 2400.0))
"""How late a grant takes effect: from at once to beyond the timeout of 20 min."""
HEALED_FOR = 3600.0
"""Seconds between the end of the mishaps and the resume: what was late has arrived."""
UNAUTHORIZED = 401
EXPLAINED = frozenset({codes.engine.BUG, ""})
"""Codes that explain nothing."""
_OWNERS_DOING = re.compile(r"properties\.status: 'Online' -> 'Inaccessible'|is inaccessible when all is quiet")


@dataclass(frozen=True)
class Scenario:
    """What a seed decides."""

    seed: int
    scene: str
    doubts: int
    world: int
    settings: Mapping[str, Any]
    mishaps: tuple[Mishap, ...]

    def __str__(self) -> str:
        """Return it in words."""
        what = "; ".join(map(str, self.mishaps))
        return f"seed {self.seed}: {self.scene}, doubts {dict(DOUBTS[self.doubts])}, {dict(self.settings)}: {what}"


@dataclass
class Story:
    """What happened.

    Attributes:
        scenario: what was drawn.
        log: each request, with the process it came from and the mishap that struck it.
        ends: how each process ended, in words.
        faults: broken promises, in words.
        outcome: a word for the tally.
    """

    scenario: Scenario
    log: list[tuple[str, Exchange, str]] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    outcome: str = ""


def scenario(seed: int) -> Scenario:
    """Return what *seed* decides."""
    dice = random.Random(seed)
    scene = dice.choice(list(SCENES))
    settings: dict[str, Any] = {"rbac_delay": dice.choice(RBAC)}
    if dice.random() < 0.15:
        settings["operation_seconds"] = dice.choice((1.0, 45.0, 200.0))
    if dice.random() < 0.1:
        settings["directory_delay"] = (60.0, 900.0)
    settings["vault_delay"] = (0.0, 0.0)  # the owner's hand is seen when it moves, not during a request of ours
    length = 130 if "two" in scene or "geo" in scene else 60
    paired = "geo" in scene
    return Scenario(
        seed, scene, dice.randrange(len(DOUBTS)), dice.randrange(3), settings, drawn(dice, length, paired=paired)
    )


@cache
def rehearsed(scene: str, doubts: int, world: int, folder: Path) -> Rehearsed:
    """Return the undisturbed course of a scene."""
    return Rehearsed(Case(scene, SCENES[scene]()), DOUBTS[doubts], world, folder)


class Rehearsed:
    """A scene's review, its state before, and the undisturbed end."""

    def __init__(self, case: Case, doubts: Mapping[str, str], seed: int, folder: Path) -> None:
        """Dry-run it, and carry a copy of it through."""
        empty(folder)
        self.case = case
        self.azure: EmbeddedAzure = simulator.azure(estate=case.scene.estate, seed=seed, doubts=doubts)
        stage = Stage(self.azure, case.scene, folder)
        self.review = life(stage, Stage.dry_run)
        self.before = stage.bodies()
        calm = Stage(self.azure.clone(), case.scene, folder)
        result = life(calm, lambda one: one.apply(self.review))
        assert result.exit_code == 0, told(result)
        calm.azure.advance(HEALED_FOR)
        self.end = renamed(calm.bodies(), calm.azure)
        empty(folder)


class Teller:
    """Tells one story in a folder of its own."""

    def __init__(self, chosen: Scenario, folder: Path) -> None:
        """Set the scene."""
        self.story = Story(chosen)
        self.folder = folder
        self.known = rehearsed(chosen.scene, chosen.doubts, chosen.world, folder)
        self.run = self.known.review.digest
        azure = self.known.azure.clone().with_settings(**chosen.settings)
        self.stage = Stage(azure, self.known.case.scene, folder)
        servers = self.known.case.scene.servers
        places = Places(
            f"/subscriptions/{estates.SUB}",
            servers[0],
            estates.VAULT,
            estates.KEY,
            f"{servers[0]}/failoverGroups/fg",
        )
        self.mishaps = Mishaps(azure, chosen.mishaps, places)
        azure.faults = self.mishaps
        azure.threads = False
        self._apply_log: list[Exchange] = []

    def tell(self) -> Story:
        """Run it all."""
        empty(self.folder)
        self._disturbed()
        self.mishaps.heal()
        self.stage.azure.advance(HEALED_FOR)
        result = self._process("resume", self._resume)
        self._laws()
        if result is not None and result.exit_code == 0:
            self.story.outcome = "reached"
            self._compare_end()
        elif result is not None:
            self.story.outcome = "explained"
            self._explained("resume", result)
        self._undo()
        self.stage.azure.advance(86400)
        self.stage.monitor.judge_all()
        self.story.faults += [str(one) for one in self.stage.monitor.violations]
        if any(one.name in ("vault closed", "key disabled") for one in self.story.scenario.mishaps):
            # Databases whose key the owner takes away for long become inaccessible, and that heals late or not at all.
            self.story.faults = [one for one in self.story.faults if not _OWNERS_DOING.search(one)]
        return self.story

    # -- processes -------------------------------------------------------------------------------------------------------------

    def _disturbed(self) -> None:
        """Apply with mishaps; a process that is killed is followed by another."""
        for number in range(8):
            name = "apply" if number == 0 else f"apply {number + 1}"
            result = self._process(name, self._resume if number else self._apply)
            if result is None and self.story.ends[-1].endswith("killed"):
                continue
            if result is not None and result.exit_code:
                self._explained(name, result)
            return

    def _process(self, name: str, verb: Callable[[Stage], RunResult]) -> RunResult | None:
        stage = self.stage
        disk = Disk(self.folder)
        start = stage.seen()
        result: RunResult | None = None
        try:
            with disk.mounted():
                try:
                    result = verb(stage)
                    self.story.ends.append(f"{name}: exit {result.exit_code}: {told(result)}")
                except CmkError as error:
                    self.story.ends.append(f"{name}: {type(error).__name__} {error.code}: {error}")
                    if error.code in EXPLAINED:
                        self.story.faults.append(f"{name}: {error}")
                except Killed:
                    self.story.ends.append(f"{name}: killed")
                    left = disk.survivors()
                except AssertionError as error:
                    self.story.ends.append(f"{name}: {error}")
                    self.story.faults.append(f"{name}: {error}")
        except Exception as error:  # noqa: BLE001 - nothing but our own errors may come out
            self.story.ends.append(f"{name}: {type(error).__name__}: {error}")
            self.story.faults.append(f"{name}: {type(error).__name__}: {error}")
        self._note(name, stage, start)
        if self.story.ends[-1].endswith(": killed"):
            azure = stage.azure.clone()
            left.restore(self.folder)
            again = Stage(azure, stage.scene, self.folder)
            azure.observers.clear()
            again.monitor = watch(azure, after=stage.monitor)
            again.monitor.violations.extend(stage.monitor.violations)
            self.mishaps.moved_to(azure)
            self.stage = again
        return result

    def _note(self, name: str, stage: Stage, start: int) -> None:
        log = stage.since(start)
        for number, one in enumerate(log, start):
            self.story.log.append((name, one, self.mishaps.notes.get((id(stage.azure), number), "")))
        if not name.startswith("rollback"):
            self._apply_log += log

    def _apply(self, stage: Stage) -> RunResult:
        return stage.apply(self.known.review)

    def _resume(self, stage: Stage) -> RunResult:
        return stage.resume(self.run) if journaled(self.folder, self.run) else self._apply(stage)

    def _undo(self) -> None:
        faults = self.story.faults
        if not journaled(self.folder, self.run):
            return
        review = None
        try:
            review = life(self.stage, lambda one: one.review_rollback(self.run))
        except CmkError as error:
            faults.append(f"rollback review: {error.code}: {error}")
            return

        def verb(stage: Stage) -> RunResult:
            accept = review.acknowledgements_required
            return cmk.rollback(self.run, connection=stage.connection, runs=self.folder, review=review, accept=accept)

        result = self._process("rollback", verb)
        if result is None:
            faults.append(f"{self.story.ends[-1]}")
        elif result.exit_code:
            faults.append(f"rollback: exit {result.exit_code}: {told(result)}")
        else:
            self.stage.azure.advance(60)
            stays = kept(self.stage, self.known.review, review)
            faults += [f"rollback: {one}" for one in differences(self.known.before, self.stage.bodies(), stays)]

    # -- judging ---------------------------------------------------------------------------------------------------------------

    def _laws(self) -> None:
        if not journaled(self.folder, self.run):
            return
        journal = self.stage.journal(self.run)
        # A 401 means that nothing was done: the same request with a new token is the first one.
        log = rows([one for one in self._apply_log if one.status != UNAUTHORIZED and one.caller != OWNERS])
        self.story.faults += [str(one) for one in check_laws(self.known.review, journal, log)]

    def _compare_end(self) -> None:
        self.stage.azure.advance(60)
        now = renamed(self.stage.bodies(), self.stage.azure)
        self.story.faults += [f"resume: {one}" for one in differences(self.known.end, now)]

    def _explained(self, name: str, result: RunResult) -> None:
        bad = [one for one in result.targets if one.end not in ("done", "in progress")]
        if not bad or any(one.code in EXPLAINED or not one.text for one in bad):
            self.story.faults.append(f"{name}: exit {result.exit_code} without a reason: {told(result)}")


def told_story(seed: int, folder: Path) -> Story:
    """Return the story of *seed*, told in *folder*."""
    return Teller(scenario(seed), folder).tell()
