"""Rollback: the inverse of a run, reviewed and carried out like any other review."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.api.applying import How, carry_out, ends_at, time_limit
from cmk_remediate.api.planning import Frame, Subject, make_review
from cmk_remediate.api.registry import registry
from cmk_remediate.api.rolled_back import refuse_marked, refuse_undone
from cmk_remediate.api.signing_in import sign_in_for
from cmk_remediate.api.store import open_store, review_of
from cmk_remediate.api.watching import listening, noting
from cmk_remediate.engine import run_store
from cmk_remediate.engine.aftermath import come_to_rest, let_all_show
from cmk_remediate.engine.budget import in_time
from cmk_remediate.engine.claims import run_name
from cmk_remediate.engine.gone import gone_nodes
from cmk_remediate.engine.journal_fit import check_fits
from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.engine.lease import outwait
from cmk_remediate.engine.reviewing import graph_of
from cmk_remediate.engine.rollback import inverse
from cmk_remediate.engine.run_store import RunStore
from cmk_remediate.errors import RefusedError
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.graph import Graph
from cmk_remediate.model.result import Progress, RunResult, silent
from cmk_remediate.model.review import Review
from cmk_remediate.planfile.schema import seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from cmk_remediate.engine.project import Projected
    from cmk_remediate.engine.schedule import Stop
    from cmk_remediate.model.protocols import Connection

DAYS_TO_ROLL_BACK = "7d"


async def review_rollback(
    run: str,
    *,
    connection: Connection,
    runs: str | Path = "cmk-runs",
    stop_after: timedelta | None = None,
    progress: Progress = silent,
) -> Review:
    """Return the review of what undoes *run*: every inverse step, and every step that stays with the reason; sends only reads.

    What the run's process has sent has to come to its end first, which may take as long as the longest of its steps; *progress*
    is told what is waited for. After *stop_after* only what stands in a bracket that was left open is waited for.

    Where a rollback of this run was begun and not finished it is that one's review: it is what `rollback` goes on with.

    Raises:
        InputError: CMK115 when the run store holds no such run.
        RefusedError: CMK431 when it is a rollback itself.
        RunStoreError: CMK510 when it is being carried out, CMK511 when its journal is damaged.
        StoppedError: CMK513 when *stop_after* has passed before there was a review.
    """
    progress = listening(progress)
    store = open_store(runs, connection)
    deadline = ends_at(connection.clock, stop_after)
    return await _review(store, await _to_undo(store, run), connection, deadline, progress)


async def _review(
    store: RunStore, undone: str, connection: Connection, deadline: datetime | None, progress: Progress
) -> Review:
    """Return the review of what undoes *undone*: by *deadline*, unless a bracket was left open: it is closed, however late."""
    review = await review_of(store, undone)
    graph = graph_of(review, registry())
    clock = connection.clock
    # Somebody may still be at it, or have been until now: what is undone must have come to its end.
    notice = noting(progress, clock)
    waiting = outwait(store, undone, [run_name(undone)], clock, notice, undoing=True)
    await in_time(clock, time_limit(graph, await run_store.state_of(store, undone), deadline), waiting)
    others = await run_store.begun(store, damaged={})
    if begun := run_store.going_back(others, undone):
        return await review_of(store, begun[-1])
    journal = await run_store.state_of(store, undone)
    refuse_marked(undone, journal)
    refuse_undone(undone, others)
    check_fits(review, journal)
    to_undo = _ToUndo(store, review, graph, journal)
    making = _made(to_undo, connection, deadline, progress)
    return await in_time(clock, time_limit(graph, journal, deadline), making)


@dataclass(frozen=True)
class _ToUndo:
    """A run that is to be undone.

    Attributes:
        store: where it is.
        review: what it applied.
        graph: of that review.
        journal: what it has done.
    """

    store: RunStore
    review: Review
    graph: Graph
    journal: JournalState


async def _made(run: _ToUndo, connection: Connection, deadline: datetime | None, progress: Progress) -> Review:
    """Return the review of what undoes *run*, made from what Azure shows once that has come to its end; sends only reads."""
    review, graph, journal, clock = run.review, run.graph, run.journal, connection.clock
    session = await sign_in_for(review, connection, read_only=True)
    unsettled = await let_all_show(review, graph, journal, session, clock, progress, deadline=deadline)
    projected, reader = await come_to_rest(graph, journal, session, clock, progress, deadline=deadline)
    back = inverse(graph, journal, _bodies(journal, projected), await gone_nodes(graph, journal, reader))
    touched = {target for node in back.graph.nodes for target in node.targets}
    touched.update(target for item in back.kept for target in item.targets)
    frame = Frame(
        id=str(uuid.uuid4()),
        by=await session.caller(),
        tenant=review.tenant,
        cloud=review.cloud,
        runs=run.store.address,
        plan=review.plan,
        expires_after=seconds(str(review.plan.content.get("review_expires", DAYS_TO_ROLL_BACK))),
        undoes=review.digest,
        undoes_at=journal.last_line,
    )
    # The state its review found is that before the run; what is found now is what the run left.
    state = f"after run {review.short_digest}"
    targets = [(target.id, target.service, state) for target in review.targets if target.id in touched]
    kept = {one.id for one in back.kept}
    early = _too_early(graph, {key: why for key, why in unsettled.items() if key not in kept})
    subject = Subject(build=back.graph.without, targets=targets, blocked=early, kept=back.kept)
    undoing, _ = await make_review(subject, frame, session, reader)
    return undoing


def _too_early(graph: Graph, unsettled: Mapping[str, str]) -> dict[str, Blocked]:
    """Return the targets that one of the steps *unsettled* may still move: a read that does not show it would be believed."""
    found: dict[str, Blocked] = {}
    for key, why in sorted(unsettled.items()):
        node = graph.by_id[key]
        blocked = Blocked(codes.engine.UNDO_TOO_EARLY, f"{node.step.kind} of {node.step.address()}: {why}")
        found.update(dict.fromkeys(node.targets, blocked))
    return found


async def rollback(
    run: str,
    *,
    connection: Connection,
    accept: Sequence[str] = (),
    approver: str = "",
    runs: str | Path = "cmk-runs",
    strict: bool = False,
    stop_after: timedelta | None = None,
    stop: Stop | None = None,
    progress: Progress = silent,
    review: Review | None = None,
) -> RunResult:
    """Undo *run*: restore what was there before, or say plainly what stays and why.

    A rollback of this run that was begun and not finished is gone on with. *review* is the review of the rollback where the
    caller has shown one; without it one is made now. *stop_after* is as for `apply`.

    Raises:
        RefusedError: an acceptance or a permission is missing, or *run* is a rollback itself; nothing was changed.
        StoppedError: CMK513 when the time was up before anything was undone; the same call again goes on.
        ReviewError, RunStoreError, InputError: as `review_rollback` and `apply`.
    """
    progress = listening(progress)
    store = open_store(runs, connection)
    deadline = ends_at(connection.clock, stop_after)
    undone = await _to_undo(store, run)
    if begun := await run_store.rollbacks_begun(store, undone):
        inverse_review = await review_of(store, begun[-1])
    else:
        inverse_review = review or await _review(store, undone, connection, deadline, progress)
    return await carry_out(inverse_review, connection, store, How(accept, approver, strict, deadline, stop, progress))


async def _to_undo(store: RunStore, text: str) -> str:
    """Return the run that *text* names, if it is one that can be undone; nothing is written.

    Raises:
        RefusedError: CMK431 when it is a rollback itself.
    """
    run = await run_store.find_run(store, text)
    state = await run_store.state_of(store, run)
    if state.started is None or state.started.undoes is None:
        return run
    undoes = state.started.undoes[:8]
    hint = "Make a new dry run of the plan." if state.over else f"`rollback {undoes}` goes on with it."
    raise RefusedError(codes.sql.ROLLBACK_DONE, f"it undoes run {undoes}", resource=f"run {run[:8]}", hint=hint)


def _bodies(journal: JournalState, projected: Mapping[str, Projected]) -> dict[str, Any]:
    """Return each node's raw body after the run: as journaled when it settled, else as it is now."""
    found: dict[str, Any] = {}
    for key, item in projected.items():
        state = journal.steps.get(key)
        settled = state.settled if state is not None else None
        found[key] = settled.after if settled is not None and settled.after is not None else item.found.body
    return found
