"""Before a run is undone, what its ended process sent has to show, or to have had its time.

Else the undo would find nothing to do.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cmk_remediate.clock import parse_utc
from cmk_remediate.engine.attempts import SHOWS_WITHIN, Attempts
from cmk_remediate.engine.journaled import STILL_RUNNING, nobody_knows, resumed_operation
from cmk_remediate.engine.project import project
from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.engine.schedule import each
from cmk_remediate.errors import AzureError
from cmk_remediate.model.decisions import Pending, Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.outcomes import Accepted, NotYet, Refused, StillRunning

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cmk_remediate.clock import Clock
    from cmk_remediate.engine.journal_state import JournalState, StepState
    from cmk_remediate.engine.project import Projected
    from cmk_remediate.model.graph import Graph
    from cmk_remediate.model.outcomes import Azure
    from cmk_remediate.model.review import Review, ReviewedStep

LOST_FOR = 10
"""A write whose answer was lost counts as not arrived once it has not shown for so many times its usual duration (our choice)."""
_READS_LAG = timedelta(seconds=sum(SHOWS_WITHIN))
_PAUSE = 10.0


async def let_all_show(review: Review, journal: JournalState, azure: Azure, clock: Clock) -> frozenset[str]:
    """Return once every write of the run *journal* records has come to its end and shows, or will not any more.

    Returns the steps whose operation Azure still carries out, and was left to: what they do cannot be undone yet.

    An operation that was begun is waited for. A write that nobody saw answered may still be at work, and SQL shows no running
    operation: it is looked for until it shows, or until `LOST_FOR` times its usual duration, at most its worst, has passed since.
    """
    reviewed = {step.id: step for step in review.steps}
    left = [(reviewed[key], state) for key, state in journal.steps.items() if state.sent and _open(state)]

    at_work: set[str] = set()

    async def one(item: tuple[ReviewedStep, StepState]) -> None:
        step, state = item
        until = await _until(step, state, azure)
        if isinstance(until, StillRunning):
            at_work.add(step.id)
        elif until is not None:
            await _let_it_show(step, state, until, azure, clock)

    await each(left, one)
    return frozenset(at_work)


async def come_to_rest(
    graph: Graph, journal: JournalState, azure: Azure, clock: Clock
) -> tuple[Mapping[str, Projected], EachOnce]:
    """Return what *graph* finds once nothing that the run *journal* records has sent is on its way, and the reader it was found by.

    An operation may end before its resource is ready: then its step waits, and its undo could not be judged. As long as a run would
    wait for a resource that does not come to an end.
    """
    sent = {key for key, state in journal.steps.items() if state.sent}
    left = [key for key in sorted(sent) if _open(journal.steps[key])]
    until = azure.now() + timedelta(seconds=Attempts.STANDSTILL)
    while True:
        reader = EachOnce(azure)
        projected = await project(graph, reader, opened=sent, blocks="errors")
        waits = [one.decision for key, one in projected.items() if key in left and isinstance(one.decision, Pending)]
        waits = [one for one in waits if not one.background]
        if not waits or azure.now() >= until:
            return projected, reader
        await clock.sleep(max(one.retry_after for one in waits))


def _open(state: StepState) -> bool:
    """Say whether the last write of a step may be at work or unseen; not of one that settled well, or that was left to Azure."""
    return state.settled is None or (state.settled.result != "in progress" and nobody_knows(state))


async def _until(step: ReviewedStep, state: StepState, azure: Azure) -> datetime | StillRunning | None:
    """Return until when to look for the last write of *state*; None when it had no effect."""
    if state.operation is not None:
        left = state.operation
        ended = await azure.wait(resumed_operation(left), STILL_RUNNING, leave_after=left.leave_after)
        if isinstance(ended, StillRunning):
            return ended
        if isinstance(ended, Accepted):
            return azure.now() + _READS_LAG
        if isinstance(ended, (NotYet, Refused)):
            return None
    elif state.outcome is not None and state.open_intent is None and state.outcome.result != "unclear":
        took = state.outcome.result == "accepted"
        return parse_utc(state.outcome.azure_at or state.outcome.at) + _READS_LAG if took else None
    seconds = min(LOST_FOR * step.estimate.usual, step.estimate.worst) if step.estimate else 0
    return parse_utc(state.intents[-1].at) + max(timedelta(seconds=seconds), _READS_LAG)


async def _let_it_show(step: ReviewedStep, state: StepState, until: datetime, azure: Azure, clock: Clock) -> None:
    sent = state.intents[-1]
    paths = [line.path for line in step.lines if line.role == "owned"]
    while (left := (until - azure.now()).total_seconds()) > 0:
        try:
            body = (await azure.read(Read(ResourceId.parse(sent.resource_id)))).body
        except AzureError:
            return  # whoever looks next says so
        if any(at_path(body, path) != at_path(sent.before, path) for path in paths):
            return
        await clock.sleep(min(_PAUSE, left))
