"""What other runs of a store stand in the way of: what they have undone, and what they have begun to write and not finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.api.registry import registry
from cmk_remediate.api.rolled_back import refuse_half_undone, refuse_outrun, refuse_undone
from cmk_remediate.api.store import review_of
from cmk_remediate.engine import run_store
from cmk_remediate.engine.leased import begun_names
from cmk_remediate.engine.reviewing import graph_of
from cmk_remediate.errors import InputError, RefusedError, ReviewError
from cmk_remediate.model.graph import Graph

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Set as AbstractSet

    from cmk_remediate.engine.journal_state import JournalState
    from cmk_remediate.engine.run_store import RunStore
    from cmk_remediate.errors import RunStoreError
    from cmk_remediate.model.review import Review


async def check_others(
    review: Review, store: RunStore, names: AbstractSet[str], before: JournalState, left_open: Collection[str]
) -> tuple[str, ...]:
    """Refuse a run that another one has undone, or that writes what one has begun to write that is neither finished nor undone.

    A damaged journal of another run is in the way of a run that would begin: nobody knows what that one has begun. It is passed
    over where brackets are *left_open*, for a machine stands still, and by a run that was begun unless it is being undone.

    Args:
        review: what is to be carried out.
        store: where the runs are.
        names: what the run has the lease of.
        before: what its own journal adds up to.
        left_open: steps whose brackets it has to close.

    Returns:
        The runs whose damaged journals were passed over.

    Raises:
        ReviewError: CMK113, CMK124.
        RefusedError: CMK517.
        RunStoreError: CMK511 when a journal is damaged and is not passed over.
    """
    damaged: dict[str, RunStoreError] = {}
    going_on = left_open or before.started is not None
    others = await run_store.begun(store, damaged if going_on else None)
    refuse_undone(review.digest, others)
    refuse_half_undone(review.digest, others)
    refuse_outrun(review, before, others)
    for run, state in others:
        if run in (review.digest, review.undoes) or state.over or not state.resources:
            continue
        shared = sorted(names & begun_names(await _graph_of_run(store, run), state))
        if shared:
            cause = f"run {run[:8]} has begun to write it and is not finished"
            hint = f"`resume {run[:8]}` or `rollback {run[:8]}` first."
            raise RefusedError(codes.engine.UNFINISHED_RUN, cause, resource=shared[0], hint=hint)
    for run, error in damaged.items():
        if not left_open and await _undoes(store, run, review.digest):
            raise error
    return tuple(damaged)


async def _undoes(store: RunStore, run: str, undone: str) -> bool:
    """Say whether *run* is a rollback of *undone*; not where its review cannot be read."""
    try:
        return (await review_of(store, run)).undoes == undone
    except (InputError, ReviewError):
        return False


async def _graph_of_run(store: RunStore, run: str) -> Graph:
    """Return the graph of another run; an empty one where its review cannot be read: its journal says the most."""
    try:
        return graph_of(await review_of(store, run), registry())
    except (InputError, ReviewError):
        return Graph(())
