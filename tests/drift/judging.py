"""What must come of another's change: before an apply, before a rollback, before the first write of a reviewed rollback."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.errors import ReviewError
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.simulator.monitor.needs import CONSUMERS
from tests.drift.hands import same_property, touched
from tests.e2e.equality import differences
from tests.e2e.stage import path, told, writes
from tests.faults.moments import life

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from cmk_remediate.model.result import RunResult
    from cmk_remediate.model.review import Review
    from cmk_remediate.simulator.embedded import Exchange
    from tests.drift.hands import Hand
    from tests.drift.worlds import World
    from tests.e2e.stage import Stage

NOWHERE = "kv-else"
"""A vault of another's that nobody finds: Azure takes no request that names a key in it."""
VAULT = "Microsoft.KeyVault/vaults"
THEIRS = (codes.engine.OTHER_VALUE_NOW, codes.managed_disks.MACHINE_IN_BETWEEN)
"""With these a way back leaves what another has made of it: a value, or the power of a machine."""
BOTH_VALUES = re.compile(
    r"\S+ was (to become )?.+ in the review and (is|would become) .+ now"
    r"|was in the review and is not to be changed any more"
    r"|\S+ is .+; in the review it was .+"
)
"""A sentence that names the property, what it was in the review and what it is now."""


def before_apply_strictly(world: World, hand: Hand) -> list[str]:
    """Change what *hand* says between review and a strict apply; return what is wrong with what came of it."""
    stage = world.reviewed.again()
    hand.strike(stage)
    mark = stage.seen()
    concerned = touched(world.review, hand)
    try:
        result = life(stage, lambda one: one.apply(world.review, strict=True))
    except ReviewError as error:
        faults = [] if error.code == codes.engine.DRIFT else [f"{hand}: {error}"]
        faults += [f"{hand}: wrote {one.url}" for one in writes(stage.since(mark))]
        return faults + (
            [] if BOTH_VALUES.search(error.cause) else [f"{hand}: does not show both values: {error.cause}"]
        )
    if concerned:
        return [f"{hand}: not refused: {told(result)}"]
    return [f"{hand}: {where}" for where in _written(stage.since(mark), world.review, _owners(world.review, hand))]


def before_apply(world: World, hand: Hand) -> list[str]:
    """Change what *hand* says between review and apply; return what is wrong with what came of it."""
    stage = world.reviewed.again()
    hand.strike(stage)
    mark = stage.seen()
    result: RunResult = life(stage, lambda one: one.apply(world.review))
    return [f"{hand}: {text}" for text in _judged(world.review, hand, result, stage.since(mark))]


def before_rollback(world: World, hand: Hand, *, whole: bool) -> list[str]:
    """Change what *hand* says between apply and rollback; return what is wrong with what came of it.

    Without *whole* only the review of the rollback is made: it says already what is refused.
    """
    stage = world.applied.again()
    hand.strike(stage)
    mark = stage.seen()
    theirs = _shown(stage, hand)
    back = life(stage, lambda one: one.review_rollback(world.review.digest))
    refused = {target.id: target.blocked for target in back.targets if target.blocked is not None}
    concerned = _overwritten(world.back, hand)
    faults = [f"{target} is not refused" for target in sorted(concerned - set(refused))]
    # What the way back does not write may still bar it: a key that cannot be used any more.
    # Such a sentence names the key, or its vault.
    named = {one for one, blocked in refused.items() if (hand.step.resource_id or "").rpartition("/")[2] in blocked.why}
    faults += [f"{one} is refused too" for one in sorted(set(refused) - _owners(world.review, hand) - named)]
    faults += [
        f"refused with {blocked.code}: {blocked.why}"
        for target, blocked in refused.items()
        if target in concerned and blocked.code not in THEIRS
    ]
    if whole:
        result = life(stage, lambda one: _roll_back(one, world.review.digest, back))
        failed = {one.id for one in result.targets if one.end == "failed"}
        # Whoever was cut off from its key by that hand may not come back before it has it again.
        along = {one.id for one in result.targets if NOWHERE in one.text}  # what another has registered goes along
        if failed - _cut_off(stage) - along or (not failed and result.exit_code != (6 if refused else 0)):
            faults.append(told(result))
        if _shown(stage, hand) != theirs:
            faults.append(f"was {theirs!r} by another's hand and is {_shown(stage, hand)!r} after the rollback")
        faults += _written(stage.since(mark), back, refused)
    return [f"{hand}: {text}" for text in faults]


def during_rollback(world: World, hand: Hand) -> list[str]:
    """Change what *hand*, made from the rollback's review, says between that review and the rollback."""
    stage = world.applied.again()
    hand.strike(stage)
    mark = stage.seen()
    theirs = _shown(stage, hand)
    result = life(stage, lambda one: _roll_back(one, world.review.digest, world.back))
    faults = _judged(world.back, hand, result, stage.since(mark))
    if _shown(stage, hand) != theirs:
        faults.append(f"was {theirs!r} by another's hand and is {_shown(stage, hand)!r} after the rollback")
    return [f"{hand}: {text}" for text in faults]


def rotated(world: World) -> list[str]:
    """Rotate every key before apply, and again before rollback: neither is another's change."""
    stage = world.reviewed.again()
    before = stage.bodies()
    _rotate(stage)
    result = life(stage, lambda one: one.apply(world.review, strict=True))
    faults = [] if result.exit_code == 0 else [told(result)]
    _rotate(stage)
    back = life(stage, lambda one: one.review_rollback(world.review.digest))
    result = life(stage, lambda one: _roll_back(one, world.review.digest, back))
    faults += [] if result.exit_code == 0 else [told(result)]
    protectors = {key for key in before if "encryptionprotector" in key}
    then, now = ({key: body for key, body in one.items() if key in protectors} for one in (before, stage.bodies()))
    return faults + differences(then, now, rotated=True)


def _rotate(stage: Stage) -> None:
    stage.rotate(*(str(key) for key, _ in stage.azure.world.by_type("Microsoft.KeyVault/vaults/keys")))
    stage.azure.advance(3600)


def _roll_back(stage: Stage, run: str, review: Review) -> RunResult:
    accept = review.acknowledgements_required
    return cmk.rollback(run, connection=stage.connection, runs=stage.folder, review=review, accept=accept)


def _judged(review: Review, hand: Hand, result: RunResult, log: Iterable[Exchange]) -> list[str]:
    """Return what is wrong with a run in which the targets *hand* concerns had to be refused and all others moved."""
    blocked = {target.id for target in review.targets if target.blocked is not None}
    concerned, about = touched(review, hand), _owners(review, hand)
    left = {step.id for step in review.steps if step.action == "manual"}
    by_hand = {target.id for target in review.targets if left & set(target.steps)}
    faults = []
    for target in result.targets:
        wanted = "blocked" if target.id in blocked else "failed" if target.id in concerned else "done"
        wanted = "manual" if wanted == "done" and target.id in by_hand else wanted
        end = "done" if target.end == "in progress" else target.end  # Azure goes on by itself
        if end != wanted and not (target.end == "failed" and target.id in about - blocked):
            faults.append(f"{target.id} ended {target.end}, not {wanted}: {target.code} {target.text}")
        elif target.end == "failed" and not BOTH_VALUES.search(target.text):
            faults.append(f"does not show both values: {target.code} {target.text}")
    return faults + _written(log, review, concerned)


def _written(log: Iterable[Exchange], review: Review, concerned: Collection[str]) -> list[str]:
    """Return each write on what belongs to the targets *concerned* alone."""
    users: dict[str, set[str]] = {}
    for target in review.targets:
        for step in target.steps:
            users.setdefault(step, set()).add(target.id)
    known = [one for one in review.steps if one.resource_id is not None]
    alone = {one.id for one in known if users.get(one.id, set()) <= set(concerned)}
    others = {str(one.resource_id).lower() for one in known if one.id not in alone}
    theirs = {str(one.resource_id).lower() for one in known if one.id in alone} | {one.lower() for one in concerned}
    shared = {one for one in theirs if ResourceId(one).is_type(VAULT)}  # its other keys are other targets'
    return [
        f"{one.method} {path(one)} though its target is refused"
        for one in writes(list(log))
        if path(one).removesuffix("/accesspolicies/add") not in others
        and any(path(one) == where or (where not in shared and path(one).startswith(f"{where}/")) for where in theirs)
    ]


def _owners(review: Review, hand: Hand) -> set[str]:
    about = same_property(review, hand)
    return {target.id for target in review.targets if about & set(target.steps)}


def _overwritten(back: Review, hand: Hand) -> set[str]:
    """Return the targets whose way back writes the very property; what it carries along it takes as it is by then."""
    writing = {
        step.id
        for step in back.steps
        if step.action not in ("keep", "none")
        and (step.resource_id or "").lower() == (hand.step.resource_id or "").lower()
        and any(line.path == hand.line.path and line.role == "owned" for line in step.lines)
    }
    return {target.id for target in back.targets if writing & set(target.steps)}


def _cut_off(stage: Stage) -> set[str]:
    """Return what cannot use its present key now."""
    world = stage.azure.world
    return {
        str(one) for consumer in CONSUMERS for one, _ in world.by_type(consumer.type) if not consumer.usable(world, one)
    }


def _shown(stage: Stage, hand: Hand) -> Any:
    """Return the property as Azure has it."""
    body = stage.azure.world.get(hand.step.resource_id or "")
    names = ("identity",) if hand.line.path.startswith("identity.") else (hand.line.path,)
    return [at_path(body, name) for name in names]
