"""Before a run is undone, what its ended process sent has to show, or to have had its time.

Else the undo would find nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cmk_remediate.clock import Clock, format_utc, parse_utc
from cmk_remediate.engine.attempts import SHOWS_WITHIN, Attempts, lost_for, unproven_for
from cmk_remediate.engine.budget import in_time
from cmk_remediate.engine.journaled import STILL_RUNNING, nobody_knows, resumed_operation
from cmk_remediate.engine.precheck import open_brackets
from cmk_remediate.engine.project import project
from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.engine.schedule import each
from cmk_remediate.errors import AzureError, StoppedError
from cmk_remediate.model.decisions import Pending, Read
from cmk_remediate.model.graph import Graph
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.outcomes import Accepted, Azure, NotYet, Refused, StillRunning
from cmk_remediate.model.result import Event, Progress, silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.engine.journal_state import JournalState, StepState
    from cmk_remediate.engine.project import Projected
    from cmk_remediate.model.review import Review, ReviewedStep

_READS_LAG = timedelta(seconds=sum(SHOWS_WITHIN))
_PAUSE = 10.0


@dataclass(frozen=True)
class _Lookout:
    """How long the effect of a write is looked for.

    Attributes:
        until: no longer than this.
        arrives_by: it may show until then; None for one that Azure took: nothing but its reads lag.
        believed_from: what shows before that may be taken back by an operation that fails.
    """

    until: datetime
    arrives_by: datetime | None = None
    believed_from: datetime | None = None

    def whole(self) -> _Lookout:
        """Return the same until nothing can arrive any more."""
        return replace(self, until=max(self.until, self.arrives_by or self.until))


@dataclass(frozen=True)
class _Watcher:
    """Who waits for what was sent: by Azure's answers and the clock, and says so."""

    graph: Graph
    azure: Azure
    clock: Clock
    progress: Progress

    def say(self, step: str, text: str) -> None:
        """Tell what is waited for because of a step."""
        self.progress(Event(self.clock.now(), "note", self.graph.by_id[step].targets, step, text))


async def let_all_show(
    review: Review,
    graph: Graph,
    journal: JournalState,
    azure: Azure,
    clock: Clock,
    progress: Progress = silent,
    *,
    deadline: datetime | None = None,
) -> Mapping[str, str]:
    """Return once every write of the run *journal* records has come to its end and shows, or is not waited for any longer.

    Returns why what a step did cannot be undone yet, by the step's id: Azure still carries out its operation, and was left to; or
    its answer was lost, and it may still arrive.

    An operation that was begun is waited for. A write that nobody saw answered may still be at work, and SQL shows no running
    operation: it is looked for until it shows, or until `LOST_FOR` times its usual duration, at most its worst, has passed since.
    Where its machine stands still meanwhile, its target is not refused: it is looked for until its worst case.

    What is waited for is told to *progress*, as notes of the steps. At *deadline*, by *clock*, nothing is waited for any longer but
    what stands in a bracket that was left open.
    """
    watcher = _Watcher(graph, azure, clock, progress)
    left_open = open_brackets(graph, journal)
    reviewed = {step.id: step for step in review.steps}
    left = [(reviewed[key], state) for key, state in journal.steps.items() if state.sent and _open(state)]
    early: dict[str, str] = {}

    async def one(item: tuple[ReviewedStep, StepState]) -> None:
        urgent = graph.bracket_of(graph.by_id[item[0].id]) in left_open
        try:
            await in_time(clock, None if urgent else deadline, seen(*item))
        except StoppedError as up:
            early[item[0].id] = f"{up.cause}, before it was seen what came of it"

    async def seen(step: ReviewedStep, state: StepState) -> None:
        lookout = await _lookout(step, state, watcher)
        if isinstance(lookout, _Lookout) and graph.bracket_of(graph.by_id[step.id]) in left_open:
            lookout = lookout.whole()
        if isinstance(lookout, StillRunning):
            early[step.id] = "its operation has not ended"
        elif lookout is not None and not await _shows(step, state, lookout, watcher):
            by = lookout.arrives_by
            if by is not None and azure.now() < by:
                sent = state.intents[-1].at
                early[step.id] = (
                    f"the answer to what was sent at {sent} was lost, and it may arrive until {format_utc(by)}"
                )

    await each(left, one)
    return early


async def come_to_rest(
    graph: Graph,
    journal: JournalState,
    azure: Azure,
    clock: Clock,
    progress: Progress = silent,
    *,
    deadline: datetime | None = None,
) -> tuple[Mapping[str, Projected], EachOnce]:
    """Return what *graph* finds once nothing that the run *journal* records has sent is on its way, and the reader it was found by.

    An operation may end before its resource is ready: then its step waits, and its undo could not be judged. As long as a run would
    wait for a resource that does not come to an end. What has come to rest is believed once reads lag behind it no more.

    What is waited for is told to *progress*, as notes of the steps; each once. At *deadline*, by *clock*, nothing is waited for any
    longer but what stands in a bracket that was left open.
    """
    left_open = open_brackets(graph, journal)
    sent = {key for key, state in journal.steps.items() if state.sent}
    left = {key for key in sent if _open(journal.steps[key])}
    until = azure.now() + timedelta(seconds=Attempts.STANDSTILL)
    moved = False
    watcher = _Watcher(graph, azure, clock, progress)
    told: set[tuple[str, str]] = set()
    while True:
        reader = EachOnce(azure)
        projected = await project(graph, reader, opened=sent, blocks="errors")
        found = {key: one.decision for key, one in projected.items() if key in left}
        waits = {key: one for key, one in found.items() if isinstance(one, Pending) and not one.background}
        left_to = (deadline - clock.now()).total_seconds() if deadline is not None else float(Attempts.STANDSTILL)
        if left_to <= 0:
            waits = {key: one for key, one in waits.items() if graph.bracket_of(graph.by_id[key]) in left_open}
        if azure.now() >= until or not (waits or (moved and (left_to > 0 or left_open))):
            return projected, reader
        moved = bool(waits)
        for key, one in waits.items():
            if (key, one.why) not in told:
                watcher.say(key, f"waiting until {format_utc(until)} at most: {one.why}")
                told.add((key, one.why))
        pause = max((one.retry_after for one in waits.values()), default=_READS_LAG.total_seconds())
        await clock.sleep(min(pause, left_to) if left_to > 0 else pause)


def _open(state: StepState) -> bool:
    """Say whether the last write of a step may be at work or unseen; not of one that settled well, or that was left to Azure."""
    return state.settled is None or (state.settled.result != "in progress" and nobody_knows(state))


async def _lookout(step: ReviewedStep, state: StepState, watcher: _Watcher) -> _Lookout | StillRunning | None:
    """Return how long to look for the last write of *state*; None when it had no effect."""
    if state.operation is not None:
        left = state.operation
        watcher.say(step.id, f"waiting for the operation that Azure began at {left.started}")
        ended = await watcher.azure.wait(resumed_operation(left), STILL_RUNNING, leave_after=left.leave_after)
        if isinstance(ended, StillRunning):
            return ended
        if isinstance(ended, Accepted):
            return _Lookout(watcher.azure.now() + _READS_LAG)
        if isinstance(ended, (NotYet, Refused)):
            return None
    elif state.outcome is not None and state.open_intent is None and state.outcome.result != "unclear":
        took = state.outcome.result == "accepted"
        return _Lookout(parse_utc(state.outcome.azure_at or state.outcome.at) + _READS_LAG) if took else None
    usual, worst = (step.estimate.usual, step.estimate.worst) if step.estimate else (0, 0)
    sent = parse_utc(state.intents[-1].at)
    patience = max(timedelta(seconds=lost_for(usual, worst)), _READS_LAG)
    believed = timedelta(seconds=unproven_for(step.action, usual, worst))
    return _Lookout(sent + patience, sent + timedelta(seconds=worst), sent + believed)


async def _shows(step: ReviewedStep, state: StepState, lookout: _Lookout, watcher: _Watcher) -> bool:
    """Look for the last write of *state*, once at least; say whether it shows. One that nobody can see is for the next to say."""
    sent = state.intents[-1]
    paths = [line.path for line in step.lines if line.role == "owned"]
    said = lookout.arrives_by is None  # what Azure took shows soon
    while True:
        try:
            body = (await watcher.azure.read(Read(ResourceId.parse(sent.resource_id)))).body
        except AzureError:
            return True
        shown = any(at_path(body, path) != at_path(sent.before, path) for path in paths)
        left = ((lookout.believed_from or watcher.azure.now()) if shown else lookout.until) - watcher.azure.now()
        if left.total_seconds() <= 0:
            return shown
        if not said:
            by = format_utc(watcher.azure.now() + left)
            watcher.say(
                step.id,
                f"the answer to what was sent at {sent.at} was lost: looking until {by} at most for what came of it",
            )
            said = True
        await watcher.clock.sleep(min(_PAUSE, left.total_seconds()))
