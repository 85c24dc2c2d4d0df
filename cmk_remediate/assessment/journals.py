"""When runs moved resources, out of a run store's journals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.api.store import review_of
from cmk_remediate.engine import run_store
from cmk_remediate.errors import CmkError

if TYPE_CHECKING:
    from cmk_remediate.engine.journal_state import JournalState
    from cmk_remediate.engine.run_store import RunStore
    from cmk_remediate.model.review import ReviewedTarget

_RIGHT = ("done", "already done")


async def moved_by(store: RunStore) -> tuple[dict[str, tuple[str, str]], tuple[str, ...]]:
    """Return by lower-case id which run last moved a target, and when that run saw it done; and the runs that were not readable.

    A run looks again after its last write: what it calls done, it has verified. Runs that were rolled back count for nothing.

    Raises:
        RunStoreError: CMK512 when the store cannot be read.
    """
    found: dict[str, tuple[str, str]] = {}
    unreadable: list[str] = []
    for run in await store.runs():
        try:
            state = await run_store.state_of(store, run)
            review = await review_of(store, run)
        except CmkError as error:
            if error.code == codes.engine.JOURNAL_UNWRITABLE:
                raise
            unreadable.append(run)
            continue
        if review.undoes is not None or state.rolled_back_by or state.writes == 0:
            continue
        for target in review.targets:
            at = _done_at(target, state)
            if at and at > found.get(target.id.lower(), ("", ""))[1]:
                found[target.id.lower()] = (run, at)
    return found, tuple(unreadable)


def _done_at(target: ReviewedTarget, state: JournalState) -> str:
    """Return when the last step of *target* was settled as done; empty where one was not, or none was sent."""
    mine = [state.steps[step] for step in target.steps if step in state.steps]
    ends = [step.settled for step in mine if step.settled is not None]
    right = len(ends) == len(mine) and all(end.result in _RIGHT for end in ends)
    return max((end.at for end in ends), default="") if right and any(step.sent for step in mine) else ""
