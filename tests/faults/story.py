"""One seed's story: run with its mishaps, judged, healed, gone on with, rolled back, judged again."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.errors import CmkError
from cmk_remediate.simulator.faults import Killed
from tests.e2e.equality import differences, kept
from tests.e2e.stage import Stage, rows, told
from tests.faults import owner
from tests.faults.disk import Disk, empty
from tests.faults.moments import journaled
from tests.faults.scenario import HEALED_FOR, SETTINGS, Scenario, rehearsed, scenario
from tests.faults.striking import Mishaps
from tests.hostile.planted import artefacts, leaked
from tests.laws import check_laws

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cmk_remediate.model.result import RunResult
    from cmk_remediate.model.review import Review
    from cmk_remediate.simulator.embedded import Exchange

UNAUTHORIZED = 401
KEY_TAKEN = frozenset({"vault closed", "key disabled"})
"""What the owner does that databases may not survive."""
PROCESSES = 8
"""More kills than a story has."""
EXPLAINS_NOTHING = frozenset({codes.engine.BUG, ""})
INACCESSIBLE = re.compile(
    r"properties\.status: 'Online' -> 'Inaccessible'|is inaccessible when all is quiet"
    r"|law 8: .* it lacks (the network path to the vault|the key version, which is disabled)"
)
"""What follows when the owner takes a key away: databases become inaccessible within 30 minutes, and after more than 30 minutes
without the key they do not heal by themselves (learn.microsoft.com, "TDE with customer-managed key": inaccessible protector). And
where a service shows a new key while the operation runs that will fail for it, the key shown is one it cannot use."""


@dataclass(frozen=True)
class Shown:
    """One request of a story; *status* 0: it never arrived."""

    process: str
    at: str
    method: str
    url: str
    status: int
    code: str
    plain: bool
    poll: bool
    struck: str


@dataclass
class Story:
    """What happened.

    Attributes:
        scenario: what was drawn.
        log: each request, with the process it came from and the mishap that struck it.
        ends: how each process ended, in words.
        faults: broken promises, in words.
        struck: the names of the mishaps that struck.
        disturbed: how the struck part ended: ``done``, or the codes that say why not.
        after: how what came after the healing ended, by its name: likewise.
    """

    scenario: Scenario
    log: list[Shown] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    struck: tuple[str, ...] = ()
    disturbed: str = ""
    after: dict[str, str] = field(default_factory=dict)

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(end.endswith(": killed") for end in self.ends)


class Teller:
    """Tells one story in a folder of its own."""

    def __init__(self, chosen: Scenario, folder: Path) -> None:
        """Set the scene."""
        self.story = Story(chosen)
        self.folder = folder
        self.known = rehearsed(chosen.scene, chosen.readings, chosen.world, folder)
        self.run = self.known.review.digest
        self.rest = SETTINGS[chosen.scene].rest
        self.in_progress = False
        azure = self.known.azure.clone().with_settings(**chosen.settings)
        azure.threads = False
        self.stage = Stage(azure, self.known.case.scene, folder)
        self.mishaps = Mishaps(azure, chosen.mishaps, self.known.places, self.known.requests)
        self._logs: dict[str, list[Exchange]] = {"apply": [], "rollback": []}

    def tell(self) -> Story:
        """Run it all."""
        empty(self.folder)
        if self.story.scenario.course == "back":
            self._applied_calmly()
            self.stage.azure.advance(self.rest)
            self.stage.azure.faults = self.mishaps
            self.story.disturbed = self._to_its_end("rollback", self._rollback)
        else:
            self.stage.azure.faults = self.mishaps
            self.story.disturbed = self._to_its_end("apply", self._apply)
        self.mishaps.heal()
        self.stage.azure.advance(HEALED_FOR)
        if self.story.scenario.course == "resume":
            self._reach_end()
        self._check_laws(self.known.review, "apply")
        self.stage.azure.advance(self.rest)
        self._reach_before()
        self.stage.azure.advance(86400)
        self.stage.monitor.judge_all()
        self.story.faults += map(str, self.stage.monitor.violations)
        self.story.faults += [f"{one} is written down" for one in leaked(artefacts(self.folder))]
        self.story.struck = tuple(sorted(self.mishaps.struck))
        if self.mishaps.struck & KEY_TAKEN:
            self.story.faults = [one for one in self.story.faults if not INACCESSIBLE.search(one)]
        return self.story

    # -- acts ------------------------------------------------------------------------------------------------------------------

    def _applied_calmly(self) -> None:
        """Apply with nothing going wrong but what Azure's moods bring, such as a grant later than we wait for it.

        A third time where a cluster waits for its partner, which only the second brought back.
        """
        said = self._until_done("apply", self._apply, 3, lambda: self.stage.azure.advance(HEALED_FOR))
        if said != "done":
            self.story.faults.append(f"with nothing struck the apply ended {said}")

    def _to_its_end(self, name: str, verb: Callable[[Stage], RunResult]) -> str:
        """Run *verb*; a process that is killed is followed by another. Return how the last one ended."""
        said = "killed"
        for number in range(1, PROCESSES + 1):
            said = self._process(name if number == 1 else f"{name} {number}", verb)
            if said != "killed":
                break
        return said

    def _until_done(self, name: str, verb: Callable[[Stage], RunResult], most: int, wait: Callable[[], object]) -> str:
        """Run *verb* until it is done, *most* times, with *wait* between. Return how the last process ended."""
        said = self._process(name, verb)
        for number in range(2, most + 1):
            if said == "done":
                break
            wait()
            said = self._process(f"{name} {number}", verb)
        return said

    def _rest(self) -> None:
        """Let Azure's own work end, on the stage there is by then."""
        self.stage.at_rest()

    def _reach_end(self) -> None:
        """Resume; again where a grant made only now came later than we wait for it, and while Azure goes on by itself."""
        said = self._until_done("resume", self._apply, 2, lambda: self.stage.azure.advance(HEALED_FOR))
        for number in (3, 4, 5):
            if (said == "done" and not self.in_progress) or (said != "done" and self.mishaps.struck & KEY_TAKEN):
                break
            # What Azure goes on with for hours may fail in the end: a resume says so, the next one sends it once more.
            self.stage.at_rest()
            said = self._process(f"resume {number}", self._apply)
        self.story.after["resume"] = said
        if said == "done":
            self.stage.at_rest()
            self.story.faults += [f"resume: {one}" for one in self.known.end.differences(self.stage)]
        elif not self.mishaps.struck & KEY_TAKEN:
            self.story.faults.append(f"with all healed the resume ended {said}")

    def _reach_before(self) -> None:
        """Roll back what was begun; that has to end well, and in what was there before."""
        if journaled(self.folder, self.run) and not self._undone():
            # One that was begun goes on as it was reviewed; what stood in the way then is left to another one: Azure's own
            # work on a resource, for which nothing waits that is to be gone on with by a later start.
            said = self._until_done("last rollback", self._rollback, 3, self._rest)
            self.story.after["rollback"] = said
            if said == codes.sql.DATABASE_INACCESSIBLE and self.mishaps.struck & KEY_TAKEN:
                return  # what the owner took the key of cannot go back until somebody revalidates it by hand
            if said != "done":
                self.story.faults.append(f"with all healed the rollback ended {said}")
                return
        undoing = self._undoing()
        if len(undoing) == 1:
            self._check_laws(undoing[0], "rollback")
        self.stage.at_rest()
        stays = [one for review in undoing for one in kept(self.stage, self.known.review, review)]
        found = differences(self.known.before, self.stage.bodies(), stays)
        self.story.faults += [f"rollback: {one}" for one in found]

    # -- verbs -----------------------------------------------------------------------------------------------------------------

    def _apply(self, stage: Stage) -> RunResult:
        return stage.resume(self.run) if journaled(self.folder, self.run) else stage.apply(self.known.review)

    def _rollback(self, stage: Stage) -> RunResult:
        review = stage.review_rollback(self.run)
        accept = review.acknowledgements_required
        return cmk.rollback(self.run, connection=stage.connection, runs=self.folder, review=review, accept=accept)

    def _undone(self) -> bool:
        return any(one.run == self.run and one.state == "rolled back" for one in cmk.runs(self.folder))

    def _undoing(self) -> list[Review]:
        found = [one for one in cmk.runs(self.folder) if one.undoes == self.run]
        return [cmk.load_review(self.folder / one.run / "review.json") for one in found]

    # -- processes -------------------------------------------------------------------------------------------------------------

    def _process(self, name: str, verb: Callable[[Stage], RunResult]) -> str:
        """Run *verb* in a process of its own and return how that ended: ``done``, ``killed``, or the codes that say why not."""
        stage, start, disk = self.stage, self.stage.seen(), Disk(self.folder)
        said, faults = "", self.story.faults
        left = None
        self.mishaps.process_begins()
        with disk.mounted():
            try:
                result = verb(stage)
                said = self._ended(name, result)
                self.in_progress = any(one.end == "in progress" for one in result.targets)
                self.story.ends.append(f"{name}: exit {result.exit_code}: {told(result)}")
            except CmkError as error:
                said = str(error.code)
                self.story.ends.append(f"{name}: {type(error).__name__} {error.code}: {error}")
                if error.code in EXPLAINS_NOTHING:
                    faults.append(f"{name}: {error}")
            except Killed:
                said = "killed"
                self.story.ends.append(f"{name}: killed")
                left = disk.survivors()
            except Exception as error:  # noqa: BLE001 - nothing but our own errors may come out
                said = type(error).__name__
                self.story.ends.append(f"{name}: {said}: {error}")
                faults.append(f"{name}: {said}: {error}")
        self._note(name, stage, start)
        if left is not None:
            left.restore(self.folder)
            self._reborn()
        return said

    def _reborn(self) -> None:
        """Start a new process, with Azure and the disk's files only."""
        before, azure = self.stage, self.stage.azure.clone()
        self.stage = Stage(azure, before.scene, self.folder, known=before.monitor)
        self.stage.monitor.violations.extend(before.monitor.violations)
        self.mishaps.moved_to(azure)

    def _ended(self, name: str, result: RunResult) -> str:
        """Return how a process ended; a stop without a reason is a fault."""
        if not result.exit_code:
            return "done"
        bad = [one for one in result.targets if one.end not in ("done", "in progress")]
        if not bad or any(one.code in EXPLAINS_NOTHING or not one.text for one in bad):
            self.story.faults.append(f"{name}: exit {result.exit_code} without a reason: {told(result)}")
        return "+".join(sorted({str(one.code) for one in bad})) or f"exit {result.exit_code}"

    def _note(self, name: str, stage: Stage, start: int) -> None:
        mine, life = stage.since(start), self.mishaps.life
        for number, one in enumerate([*mine, None], start):
            for lost in self.mishaps.unsent.pop((life, number), []):
                at = datetime.fromtimestamp(lost.at, timezone.utc).isoformat()
                self.story.log.append(
                    Shown(name, at, lost.method, lost.url, 0, "", plain=False, poll=False, struck=lost.struck)
                )
            if one is not None and not one.url.endswith(owner.QUIET):
                struck = self.mishaps.notes.pop((life, number), "")
                plain = one.reads and not struck and not one.poll
                self.story.log.append(
                    Shown(name, one.at, one.method, one.url, one.status, one.code, plain, one.poll, struck)
                )
        self._logs["rollback" if "rollback" in name else "apply"] += mine

    def _check_laws(self, review: Review, log: str) -> None:
        if not journaled(self.folder, review.digest):
            return
        # A 401 means that nothing was done: the same request with a new token is the first one.
        sent = [one for one in self._logs[log] if one.status != UNAUTHORIZED and one.caller != owner.CALLER]
        found = check_laws(review, self.stage.journal(review.digest), rows(sent))
        self.story.faults += [f"{log}: {one}" for one in found]


def told_story(seed: int, folder: Path, only: str = "") -> Story:
    """Return the story of *seed*, told in *folder*; *only*: in that setting."""
    return Teller(scenario(seed, only), folder).tell()


@dataclass
class Sum:
    """What came of many stories.

    Attributes:
        seeds: how many.
        struck: in how many a mishap struck.
        kills: processes killed.
        requests: requests answered or lost.
        scenes: how many of each scene.
        mishaps: in how many each mishap struck, by its name.
        disturbed: how the struck parts ended, by word or codes.
        after: how what came after the healing ended, by its name and word or codes.
        broken: (seed, first fault) of each story with a broken promise.
    """

    seeds: int = 0
    struck: int = 0
    kills: int = 0
    requests: int = 0
    scenes: Counter[str] = field(default_factory=Counter)
    mishaps: Counter[str] = field(default_factory=Counter)
    disturbed: Counter[str] = field(default_factory=Counter)
    after: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: list[tuple[int, str]] = field(default_factory=list)

    def add(self, story: Story) -> None:
        """Count one story in."""
        self.seeds += 1
        self.struck += bool(story.struck)
        self.kills += story.kills
        self.requests += len(story.log)
        self.scenes[story.scenario.scene] += 1
        self.mishaps.update(story.struck)
        self.disturbed[story.disturbed] += 1
        self.after.update(story.after.items())
        if story.faults:
            self.broken.append((story.scenario.seed, story.faults[0]))

    def merge(self, other: Sum) -> None:
        """Count in what another process counted."""
        self.seeds, self.struck = self.seeds + other.seeds, self.struck + other.struck
        self.kills, self.requests = self.kills + other.kills, self.requests + other.requests
        self.scenes += other.scenes
        self.mishaps += other.mishaps
        self.disturbed += other.disturbed
        self.after += other.after
        self.broken += other.broken
