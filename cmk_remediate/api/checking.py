"""Looking without touching: verify, and what role the work needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.api.judging import CarriedOut, exit_code, judge_run
from cmk_remediate.api.left_over import found_right
from cmk_remediate.api.planning import PlanLike, plan_of, planned
from cmk_remediate.api.signing_in import sign_in_for
from cmk_remediate.api.store import DEFAULT_RUNS, open_store, review_of
from cmk_remediate.engine import run_store
from cmk_remediate.engine.drift import CHANGES
from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.engine.roles import custom_roles
from cmk_remediate.errors import RunStoreError
from cmk_remediate.files import is_there
from cmk_remediate.model.result import TargetCheck, Verdict, Verification
from cmk_remediate.services import states

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from cmk_remediate.engine.run_store import RunStore
    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.model.review import Note, Review, ReviewedTarget


PROOFS = (codes.ai_services.WRONG, codes.redis_enterprise.WRONG, codes.storage.WRONG)
"""The notes that prove that a key in use is not as it should be."""


async def verify(subject: PlanLike, *, connection: Connection, runs: str | Path | None = None) -> Verification:
    """Say whether everything is as it should be; sends only reads.

    Of a plan: is every target that can be moved on its customer-managed key? Of a run: does its result still stand, after an
    apply its reviewed lines, after a rollback the before-image?

    Args:
        subject: a plan as for `dry_run`, or a run's digest or the unique beginning of one.
        connection: where Azure is.
        runs: the run store; by default ``./cmk-runs``.

    Raises:
        InputError: it is neither a valid plan nor a run of the store.
    """
    if isinstance(subject, str) and not is_there(subject) and not subject.lower().endswith((".yaml", ".yml")):
        return await _verify_run(subject, connection, open_store(runs or DEFAULT_RUNS, connection))
    document = plan_of(subject)
    review, _ = await planned(document, connection=connection, runs=runs)
    late = {note.scope: note.text for note in review.notes if note.code == codes.vault.PINNED_KEY_EXPIRES}
    wrong = {note.scope: note for note in review.notes if note.code in PROOFS}
    checks = tuple(_named(target, _of_plan(target, review, late, wrong)) for target in review.targets)
    right = {check.id for check in checks if check.verdict == "right"}
    notes = tuple(
        note for note in review.notes if codes.CODES[note.code].kind == "state" and not _goes_without(note, right)
    )
    return Verification(document.name, checks, notes, exit_code(checks))


def _goes_without(note: Note, right: Collection[str]) -> bool:
    """Say whether *note* is what the state of a target rests on that is *right*."""
    return note.code == codes.notes.FOUND and note.scope in right


def _of_plan(target: ReviewedTarget, review: Review, late: Mapping[str, str], wrong: Mapping[str, Note]) -> TargetCheck:
    """Judge one target.

    Args:
        target: as found.
        review: of the plan.
        late: by when somebody must rotate a pinned key, by target: accepted or not, that is wrong.
        wrong: what proves that a target's key is wrong, by target: also where no request of ours would change it.
    """
    if target.blocked is not None:
        # On a customer's key that cannot be used: wrong, whether or not the plan could mend it.
        verdict: Verdict = "wrong" if target.state == states.WRONG else "blocked"
        return TargetCheck(target.id, verdict, target.blocked.code, target.blocked.why)
    steps = [step for step in review.steps if step.id in target.steps]
    for step in steps:
        if step.action in CHANGES:
            return TargetCheck(target.id, "wrong", codes.engine.DRIFT, f"{step.kind}: {step.reason}")
    for step in steps:
        if step.action == "manual":
            return TargetCheck(target.id, "manual", "", step.reason)
    if target.id in late:
        return TargetCheck(target.id, "wrong", codes.vault.PINNED_KEY_EXPIRES, late[target.id])
    if target.id in wrong:
        return TargetCheck(target.id, "wrong", wrong[target.id].code, wrong[target.id].text)
    # What goes on by itself, such as a background encryption: right so far, and not yet done.
    going_on = target.state == states.IN_PROGRESS
    return TargetCheck(target.id, "in progress" if going_on else "right", "", found_right(target, review))


async def _verify_run(text: str, connection: Connection, store: RunStore) -> Verification:
    run = await run_store.find_run(store, text)
    own = await _carried_out(store, run)
    undid_by = own.state.rolled_back_by or await _being_undone_by(store, run)
    last = await _carried_out(store, undid_by) if undid_by else own
    undone = own if last is not own else await _carried_out(store, undid) if (undid := own.review.undoes) else None
    session = await sign_in_for(last.review, connection, read_only=True)
    return await judge_run(run, last, EachOnce(session), undone=undone)


async def _being_undone_by(store: RunStore, run: str) -> str:
    """Return the rollback of *run* that was begun and not finished; empty where there is none, or another journal is damaged."""
    try:
        begun = await run_store.rollbacks_begun(store, run)
    except RunStoreError:
        return ""
    return begun[-1] if begun else ""


async def _carried_out(store: RunStore, run: str) -> CarriedOut:
    return CarriedOut(await review_of(store, run), await run_store.state_of(store, run))


def _named(target: ReviewedTarget, found: TargetCheck) -> TargetCheck:
    """Return *found* with the service of *target*."""
    return replace(found, service=target.service)


async def permissions(plan: PlanLike, *, connection: Connection) -> tuple[dict[str, Any], ...]:
    """Return the least a caller must be allowed for *plan*, as custom roles that `az role definition create` takes.

    Split by scope, so that two teams can hold them: vault, identity, service, partner.
    """
    document = plan_of(plan)
    _, checked = await planned(document, connection=connection)
    return custom_roles(checked.needed, f"cmk_remediate {document.label}")
