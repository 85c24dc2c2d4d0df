"""What a new process makes of what a dead one left, judged: resume, rollback, in its own name or another's."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.errors import CmkError
from tests.e2e.equality import differences, kept
from tests.e2e.stage import Stage, path, rows, told, writes
from tests.faults.disk import empty
from tests.faults.ends import End
from tests.faults.moments import Recording, journaled, life, record
from tests.hostile.planted import artefacts, leaked
from tests.laws import READ_ONLY_POSTS, check_laws, law_1

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from cmk_remediate.model.result import RunResult
    from cmk_remediate.model.review import Review
    from cmk_remediate.simulator.embedded import EmbeddedAzure, Exchange
    from tests.e2e.equality import Stays
    from tests.faults.moments import Moment
    from tests.faults.plans import Case

Sent = tuple[str, str, str]
"""A write: method, path, body."""

TOO_EARLY = frozenset({codes.engine.UNDO_TOO_EARLY, codes.cosmosdb.ACCOUNT_BUSY})
"""Why a rollback refuses a target that the ended process's write may still move: whoever comes later is not refused."""
EXIT_NOT_ALL = 6
"""How a run ends that has left out a target (docs/command-line.md)."""
LATEST = 3600.0
"""Seconds after which nothing arrives any more: the longest worst case of a step."""

ONCE_ONLY = frozenset(
    {"create_key", "deallocate_machine", "enable_tde", "rebuild_cluster", "set_account_key", "set_rotation_policy"}
)
"""Steps that would make a second key version, start a data scan twice, or stop a machine twice."""


@dataclass
class Verdict:
    """What one heir did wrong, and what it sent again.

    Attributes:
        faults: in words; empty when all is well.
        again: the step kinds whose byte-equal request went out a second time though the first had taken effect.
    """

    faults: list[str] = field(default_factory=list)
    again: Counter[str] = field(default_factory=Counter)


class Play:
    """One plan's undisturbed run: the moments at which its process may die, and what all heirs are measured by."""

    def __init__(self, case: Case, folder: Path) -> None:
        """Rehearse *case* with a run store in *folder*."""
        self.case = case
        self.folder = folder
        empty(folder)
        stage = Stage(case.azure(), case.scene, folder)
        self.review: Review = life(stage, Stage.dry_run)
        self.before = stage.bodies()
        self.recording: Recording = record(stage, lambda one: one.apply(self.review))
        if self.recording.result is None or self.recording.result.exit_code:
            raise AssertionError(self.recording.error or self.recording.result)
        stage.at_rest()
        self.end = End.of(stage)
        self.kinds = {step.id: step.kind for step in self.review.steps}

    @property
    def moments(self) -> list[Moment]:
        """Every moment at which the apply might have died."""
        return self.recording.moments

    # -- what a new process does -------------------------------------------------------------------------------------------

    def resume(self, stage: Stage) -> RunResult:
        """Go on, or start where no journal was begun."""
        if journaled(stage.folder, self.review.digest):
            return stage.resume(self.review.digest)
        return stage.apply(self.review)

    def rollback(self, stage: Stage) -> RunResult:
        """Undo what was done, or go on with undoing it."""
        mark = stage.seen()
        review = stage.review_rollback(self.review.digest)
        assert law_1(rows(stage.since(mark))) == []
        accept = review.acknowledgements_required
        return cmk.rollback(
            self.review.digest, connection=stage.connection, runs=stage.folder, review=review, accept=accept
        )

    def go_on_undoing(self, stage: Stage) -> RunResult:
        """Resume the rollback by its own digest where one was begun, else roll back."""
        begun = [
            one.run for one in cmk.runs(stage.folder) if one.undoes == self.review.digest and one.state == "unfinished"
        ]
        return stage.resume(begun[-1]) if begun else self.rollback(stage)

    # -- how that is judged ------------------------------------------------------------------------------------------------

    def resumed(self, moment: Moment, *, caller: str = "", after: float = 0) -> Verdict:
        """Die at *moment*, resume, and compare with the undisturbed run."""
        stage = self._born(moment, caller, after)
        verdict = Verdict()
        result = self._tried(stage, self.resume, verdict, f"{moment}: resume")
        if result is None:
            return verdict
        log = [*moment.log, *stage.since(0)]
        found = check_laws(self.review, stage.journal(self.review.digest), rows(log))
        stage.at_rest()
        found_end = self.end.differences(stage)
        self._again(moment, stage, verdict)
        if moment.kind == "pending":
            mark = stage.seen()
            life(stage, lambda one: one.apply(self.review))
            found_end += [f"a finished run applied again sent {path(one)}" for one in writes(stage.since(mark))]
        self._note(verdict, f"{moment}: resume", stage, [*map(str, found), *found_end])
        return verdict

    def undone(self, moment: Moment, *, caller: str = "", after: float = 0) -> Verdict:
        """Die at *moment*, roll back once the way back is open, and compare with what was there before."""
        stage = self._born(moment, caller, after or self.case.rest)
        verdict = Verdict()
        where = f"{moment}: rollback"
        faults: list[str] = []
        stays: list[Stays] = []
        if journaled(stage.folder, self.review.digest):
            verb = self.rollback if moment.kind == "before" else self.go_on_undoing
            early = self._undone_once(stage, verb, verdict, where, faults, stays)
            if early:
                # What was still on its way is awaited: then the way back is open, and goes all the way.
                stage.at_rest()
                stage.azure.advance(LATEST)
                early = self._undone_once(stage, self.go_on_undoing, verdict, where, faults, stays)
                faults += [f"{early} again"] if early else []
            if verdict.faults:
                return verdict
        stage.at_rest()
        faults += differences(self.before, stage.bodies(), stays)
        self._note(verdict, where, stage, faults)
        return verdict

    def _undone_once(
        self,
        stage: Stage,
        verb: Callable[[Stage], RunResult],
        verdict: Verdict,
        where: str,
        faults: list[str],
        stays: list[Stays],
    ) -> str:
        """Roll back; return the code of a target that it was too early for. Adds what is wrong, and what stays."""
        mark = stage.seen()
        result = self._tried(stage, verb, verdict, where, refused=TOO_EARLY)
        undoing = _undoing(stage.folder, self.review.digest)
        if undoing is not None:
            log = rows(stage.since(mark))
            faults += map(str, check_laws(undoing, stage.journal(undoing.digest), log))
            stays += kept(stage, self.review, undoing)
        ends = result.targets if result is not None else ()
        return next((one.code for one in ends if one.end == "blocked" and one.code in TOO_EARLY), "")

    def _born(self, moment: Moment, caller: str, after: float) -> Stage:
        stage = moment.reborn(self.folder, caller=caller)
        if after:
            stage.azure.advance(after)
        return stage

    def _tried(
        self,
        stage: Stage,
        verb: Callable[[Stage], RunResult],
        verdict: Verdict,
        where: str,
        refused: Collection[str] = (),
    ) -> RunResult | None:
        """Let *verb* go on; only targets it refuses with a code of *refused* may not end well."""
        try:
            result: RunResult = life(stage, verb)
        except CmkError as error:
            verdict.faults.append(f"{where}: {error.code}: {error}")
            return None
        well = all(one.end in ("done", "in progress", "manual") or one.code in refused for one in result.targets)
        if result.exit_code and not (refused and well and result.exit_code == EXIT_NOT_ALL):
            verdict.faults.append(f"{where}: exit {result.exit_code}\n{told(result)}")
        return result

    def _note(self, verdict: Verdict, where: str, stage: Stage, faults: Iterable[str]) -> None:
        stage.azure.advance(86400)
        stage.monitor.judge_all()
        broken = [str(one) for one in stage.monitor.violations]
        written = [f"{one} is written down" for one in leaked(artefacts(stage.folder))]
        verdict.faults += [f"{where}: {one}" for one in (*faults, *broken, *written)]

    def _places(self, intent: dict[str, Any]) -> tuple[str, str]:
        """Return the path an intent's write goes to, and that of an action of the resource: steps are called after theirs."""
        place = intent["resource_id"].lower()
        return place, f"{place}/{self.kinds[intent['step']].partition('_')[0]}"

    def _again(self, moment: Moment, stage: Stage, verdict: Verdict) -> None:
        """Note the writes that took effect twice: forbidden where the journal knew of the first, or with another body."""
        intents = _records(stage, self.review)
        steps = {(one["method"], place): one["step"] for one in intents for place in self._places(one)}
        for step in dict.fromkeys(one["step"] for one in intents):
            bodies = {_canonical(one["body"]) for one in intents if one["step"] == step}
            if len(bodies) > 1:
                verdict.faults.append(
                    f"{moment}: {self.kinds[step]} went out again with another body: {sorted(bodies)}"
                )
        journal = moment.journal
        for (method, where, body), count in taken((*moment.log, *stage.since(0)), stage.azure).items():
            if count < 2:
                continue
            step = steps.get((method, where), "")
            kind = self.kinds.get(step, f"{method} {where}")
            verdict.again[kind] += 1
            mine = [one for one in journal if one.get("step") == step]
            sent = [number for number, one in enumerate(mine) if one["type"] == "intent"]
            known = [one for one in mine[sent[-1] :] if _tells(one)] if sent else []
            if known or kind in ONCE_ONLY:
                why = "the journal knew" if known else "it must happen once"
                verdict.faults.append(f"{moment}: {kind} took effect {count} times, {why}: {body[:80]}")


def _records(stage: Stage, review: Review) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in stage.journal(review.digest)]
    return [one for one in records if one["type"] == "intent"]


def _tells(one: dict[str, Any]) -> bool:
    return bool(one["type"] == "operation" or (one["type"] == "outcome" and one["result"] == "accepted"))


def _undoing(folder: Path, run: str) -> Review | None:
    """Return the review of the rollback of *run*, if one was begun."""
    found = [one for one in cmk.runs(folder) if one.undoes == run]
    return cmk.load_review(folder / found[-1].run / "review.json") if found else None


def taken(log: Sequence[Exchange], azure: EmbeddedAzure) -> Counter[Sent]:
    """Count the writes that had an effect: those done when they were answered, and the operations that succeeded."""
    found: Counter[Sent] = Counter()
    operations = [one for one in azure.world.store.tables["operations"].values() if one["method"]]
    # Some services answer 200 and begin an operation: it is that which counts.
    begun = {(one["method"], _place(one), _canonical(one["sent"])) for one in operations}
    for one in writes(list(log)):
        sent = (one.method, path(one), _canonical(json.loads(one.body) if one.body else None))
        if one.status in (200, 201, 204) and sent not in begun:
            found[sent] += 1
    for operation in operations:
        asked = any(re.search(one, _place(operation)) for one in READ_ONLY_POSTS)
        if operation["status"] == "Succeeded" and operation["method"] and not asked:
            found[operation["method"], _place(operation), _canonical(operation["sent"])] += 1
    return found


def _place(operation: dict[str, Any]) -> str:
    """Return the path the write went to: an action is none of the resource's other ones."""
    action = f"/{operation['action']}" if operation["action"] else ""
    return f"{operation['resource']}{action}".lower()


def _canonical(body: Any) -> str:
    return json.dumps(body, sort_keys=True)
