"""What the review of a rollback leaves on the customer-managed key, and how the rollback's result says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cmk_remediate.model.codec import Registry
    from cmk_remediate.model.result import RunResult, TargetResult
    from cmk_remediate.model.review import Review, ReviewedStep, ReviewedTarget


@dataclass(frozen=True)
class Stay:
    """Why a target stays on its key.

    Attributes:
        steps: the ids of the steps of the undone run that have put it there, and that its rollback keeps.
        text: what stays and why, as part of a sentence.
        code: for `explain`; may be empty.
    """

    steps: tuple[str, ...]
    text: str
    code: str


def on_key(review: Review, registry: Registry) -> dict[str, Stay]:
    """Return the targets that *review*, if it is of a rollback, leaves on their customer-managed key, wholly or in part.

    Raises:
        ReviewError: CMK112 when this version does not know one of its steps.
    """
    if review.undoes is None:
        return {}
    on_it = {step.id: step for step in review.steps if registry.step_class(step.kind).sets_key}
    found = {}
    for target in review.targets:
        mine = [on_it[key] for key in target.steps if key in on_it]
        kept = [step for step in mine if step.action == "keep"]
        if kept:
            found[target.id] = _stay(kept, partly=len(kept) < len(mine))
    return found


def _stay(kept: list[ReviewedStep], *, partly: bool) -> Stay:
    whole = "in part on its customer-managed key" if partly else "on its customer-managed key"
    ways = [step.lines[0].reversibility for step in kept if step.lines]
    code = next((way.code for way in ways if way is not None and way.code), "")
    why = "; ".join(dict.fromkeys(step.reason for step in kept))
    return Stay(tuple(step.id for step in kept), f"{whole}: {why}", code)


def kept_by(review: Review) -> frozenset[str]:
    """Return the ids of the steps that *review*, of a rollback, keeps."""
    return frozenset(step.id for step in review.steps if step.action == "keep")


def things_kept(target: ReviewedTarget, kept: Collection[str]) -> str:
    """Return in words how many steps of *target* are among those *kept*: empty where none is."""
    count = sum(key in kept for key in target.steps)
    return "" if not count else "1 thing stays" if count == 1 else f"{count} things stay"


def with_what_stays(result: RunResult, review: Review, registry: Registry) -> RunResult:
    """Return *result* of carrying out *review*; of a rollback it says of each target that came to its end what stays of it."""
    if review.undoes is None:
        return result
    stays = on_key(review, registry)
    reviewed = {target.id: target for target in review.targets}
    kept = kept_by(review)
    targets = tuple(_said(one, reviewed[one.id], kept, stays) for one in result.targets)
    left = sum(one.id in stays for one in targets)
    noun = "1 target stays on its customer-managed key" if left == 1 else f"{left} targets stay on their keys"
    return replace(result, targets=targets, text=f"{result.text}; {noun}" if left else result.text)


def _said(one: TargetResult, target: ReviewedTarget, kept: Collection[str], stays: Mapping[str, Stay]) -> TargetResult:
    if one.end != "done":
        return one
    if stay := stays.get(one.id):
        done = "" if one.text == "nothing to do" else f"{one.text}; "
        return replace(one, code=stay.code, text=f"{done}stays {stay.text}")
    things = things_kept(target, kept)
    return replace(one, text=f"{one.text}; {things}") if things else one
