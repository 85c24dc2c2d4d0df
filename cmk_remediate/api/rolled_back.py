"""What has been rolled back is never carried out again, and what a run did after its rollback was reviewed is not forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import ReviewError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from cmk_remediate.engine.journal_state import JournalState
    from cmk_remediate.model.review import Review

    Runs: TypeAlias = Sequence[tuple[str, JournalState]]
    """Runs of a store that were begun, each with what its journal adds up to."""


def refuse_marked(run: str, state: JournalState) -> None:
    """Refuse *run* where its own journal says that it was rolled back.

    Raises:
        ReviewError: CMK113.
    """
    if state.rolled_back_by:
        raise _rolled_back(run, f"run {state.rolled_back_by[:8]} rolled it back")


def refuse_undone(run: str, others: Runs) -> None:
    """Refuse *run* where one of *others* has undone it to its end: it may have died before it wrote so into that one's journal.

    Raises:
        ReviewError: CMK113.
    """
    for key, state in others:
        if state.undid == run:
            raise _rolled_back(run, f"run {key[:8]} rolled it back")


def refuse_half_undone(run: str, others: Runs) -> None:
    """Refuse to go on with *run* where a rollback has ended that undid part of it: it would do that part once more.

    One that has not ended is refused as any unfinished run of the same resources is.

    Raises:
        ReviewError: CMK113.
    """
    for key, state in others:
        if state.started is not None and state.started.undoes == run and state.finished and state.resources:
            hint = f"`rollback {run[:8]}` undoes what is left; to move it all, make a new dry run."
            raise _rolled_back(run, f"run {key[:8]} rolled a part of it back", hint)


def refuse_outrun(review: Review, before: JournalState, others: Runs) -> None:
    """Refuse the rollback *review* where the run it undoes was rolled back by another, or has gone on since it was reviewed.

    What was sent since is in no step of it, and what it takes for unused may be in use. A rollback that has sent something
    itself is gone on with: the run it undoes is refused from then on.

    Raises:
        ReviewError: CMK113, CMK124.
    """
    undone = next((state for run, state in others if run == review.undoes), None)
    if review.undoes is None or undone is None or before.resources:
        return
    if undone.rolled_back_by != review.digest:
        refuse_marked(review.undoes, undone)
        refuse_undone(review.undoes, [one for one in others if one[0] != review.digest])
    if review.undoes_at not in (None, undone.last_line):
        cause = f"run {review.undoes[:8]} has gone on since this rollback of it was reviewed"
        raise ReviewError(codes.input_.REVIEW_OUTRUN, cause, resource=review.short_digest)


def _rolled_back(run: str, cause: str, hint: str = "") -> ReviewError:
    return ReviewError(codes.input_.REVIEW_ROLLED_BACK, cause, resource=run[:8], hint=hint)
