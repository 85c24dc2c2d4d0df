"""Whether the result of a run stands: its steps judge anew what Azure shows, or what was kept of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.api.registry import registry
from cmk_remediate.api.staying import kept_by, on_key, things_kept
from cmk_remediate.engine.drift import drift
from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.engine.project import Projected, project
from cmk_remediate.engine.reviewing import graph_of
from cmk_remediate.model.decisions import Blocked, Change, Manual, Pending
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.result import TargetCheck, Verification
from cmk_remediate.model.review import Review

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cmk_remediate.api.staying import Stay
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.model.review import ReviewedStep, ReviewedTarget

BEFORE = "as it was before the run"


@dataclass(frozen=True)
class CarriedOut:
    """A review, and what the journal of its run adds up to."""

    review: Review
    state: JournalState

    async def projected(self, reader: Reader, targets: Collection[str] | None = None) -> Mapping[str, Projected]:
        """Return its steps as they find what *reader* shows; only those of *targets*, where these are given."""
        graph = graph_of(self.review, registry())
        if targets is not None:
            graph = graph.without(target.id for target in self.review.targets if target.id not in targets)
        sent = {key for key, step in self.state.steps.items() if step.sent}
        return await project(graph, reader, opened=sent, blocks="nothing")

    @property
    def unfinished(self) -> str:
        """That it is not finished, and what goes on with it; empty where it is."""
        if self.state.started is None or self.state.over:
            return ""
        run, undoes = self.review.short_digest, (self.review.undoes or "")[:8]
        if undoes:
            return f"the rollback {run} is unfinished: `rollback {undoes}` goes on with it"
        return f"the run is unfinished: `resume {run}` goes on with it, `rollback {run}` undoes it"

    def leaves_to_do(self, item: Projected) -> bool:
        """Say whether *item* is a step that it has not come to yet, or whose end nobody has seen: as it was reviewed."""
        if not self.unfinished or not isinstance(item.decision, Change):
            return False
        return self.state.step(item.node.id).unclear or self.as_reviewed(item)

    def ended(self, item: Projected) -> str:
        """Return how the step of *item* ended, in brackets; empty where the journal has no end of it."""
        settled = self.state.step(item.node.id).settled
        return f" ({settled.result}: {settled.text})" if settled is not None else ""

    def as_reviewed(self, item: Projected) -> bool:
        """Say whether *item* finds what its review says was there before it."""
        return not drift(self._reviewed[item.node.id], item.decision, item.node.step)

    @cached_property
    def _reviewed(self) -> Mapping[str, ReviewedStep]:
        return {step.id: step for step in self.review.steps}


async def judge_run(run: str, last: CarriedOut, reader: Reader, *, undone: CarriedOut | None = None) -> Verification:
    """Say whether the result of *run* stands in what *reader* shows.

    Args:
        run: a run's digest.
        last: what was carried out last: of a run that was rolled back, its rollback.
        reader: should read each thing once.
        undone: where *last* is a rollback, the run it undid, if that is at hand: what stays on its key is looked at by it.
    """
    review = last.review
    projected = await last.projected(reader)
    stays = on_key(review, registry())
    then = await undone.projected(reader, stays) if undone is not None and stays else {}
    kept = kept_by(review)
    checks = []
    for target in review.targets:
        found = _judged(target, projected, last) or _right(review, target, kept)
        if found.verdict == "right" and target.id in stays:
            found = _stays(target, stays[target.id], then, undone)
        checks.append(replace(found, service=target.service))
    unfinished = last.unfinished
    return Verification(run, tuple(checks), (), 2 if unfinished else exit_code(checks), unfinished)


def exit_code(checks: Collection[TargetCheck]) -> int:
    """Return 0 where all that can be moved is right, or stays as a rollback's review said; else 2."""
    return 2 if any(check.verdict in ("wrong", "unfinished", "in progress") for check in checks) else 0


def _judged(target: ReviewedTarget, projected: Mapping[str, Projected], last: CarriedOut) -> TargetCheck | None:
    """Return what is not right of *target*; None where all is."""
    if target.blocked is not None:
        return TargetCheck(target.id, "blocked", target.blocked.code, target.blocked.why)
    mine = [projected[step] for step in target.steps if step in projected]
    left = [item for item in mine if last.leaves_to_do(item)]
    for item in mine:
        if item in left:
            continue
        if isinstance(item.decision, (Change, Blocked)):
            return _wrong(target, item)
    if left:
        text = f"{len(left)} of its {len(mine)} steps are left to do, first {left[0].step.kind}{last.ended(left[0])}"
        return TargetCheck(target.id, "unfinished", codes.engine.RUN_UNFINISHED, text)
    for item in mine:
        if isinstance(item.decision, Manual):
            return TargetCheck(target.id, "manual", item.decision.code or "", item.decision.instructions)
        if isinstance(item.decision, Pending):
            return TargetCheck(target.id, "in progress", "", item.decision.why)
    return None


def _wrong(target: ReviewedTarget, item: Projected) -> TargetCheck:
    code = item.decision.code if isinstance(item.decision, Blocked) else codes.engine.DRIFT
    why = item.decision.why if isinstance(item.decision, (Blocked, Change)) else ""
    return TargetCheck(target.id, "wrong", code, f"{_address(item)}: {why}")


def _right(review: Review, target: ReviewedTarget, kept: Collection[str]) -> TargetCheck:
    if review.undoes is None:
        return TargetCheck(target.id, "right", "", "as the run left it")
    return TargetCheck(target.id, "right", "", _as_before(target, kept))


def _as_before(target: ReviewedTarget, kept: Collection[str]) -> str:
    """Return how far a target whose key setting was restored is as it was."""
    things = things_kept(target, kept)
    return f"its key setting is {BEFORE}; {things}, as the rollback's review says" if things else BEFORE


def _stays(target: ReviewedTarget, stay: Stay, then: Mapping[str, Projected], undone: CarriedOut | None) -> TargetCheck:
    """Return what is found of a target that a rollback has left on its key, looked at by the steps of *then*."""
    looked_at = [then[key] for key in stay.steps if key in then]
    before = 0
    for item in looked_at:
        if isinstance(item.decision, Change) and undone is not None and undone.as_reviewed(item):
            before += 1  # what was sent never came to anything: it is as it was before
        elif isinstance(item.decision, (Change, Blocked)):
            return _wrong(target, item)
        elif isinstance(item.decision, Pending) and not item.decision.background:
            return TargetCheck(target.id, "in progress", "", item.decision.why)
    if looked_at and before == len(looked_at):
        return TargetCheck(target.id, "right", "", f"its key setting is {BEFORE}")
    text = stay.text if looked_at else f"{stay.text}; it was not looked at again"
    return TargetCheck(target.id, "stays", stay.code, text)


def _address(item: Projected) -> str:
    address = item.step.address()
    return address.text if isinstance(address, ResourceId) else item.step.kind
