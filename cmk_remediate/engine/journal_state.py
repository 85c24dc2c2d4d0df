"""What a journal's records add up to; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from cmk_remediate.clock import parse_utc
from cmk_remediate.model.records import (
    Gate,
    Intent,
    OperationBegan,
    Outcome,
    Record,
    RunEnded,
    RunStarted,
    Settled,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True)
class StepState:
    """What the journal knows of one step.

    Attributes:
        intents: every attempt, oldest first, that left or may have; it may have reached Azure whatever else its outcome says.
        open_intent: the last attempt, as long as no outcome says what came of it: read before anything else.
        operation: the operation Azure began for the last attempt, as long as no outcome says how it ended.
        outcome: the last outcome.
        accepted: some attempt was accepted.
        began: Azure began an operation for some attempt, or did not answer it clearly: it may have changed something.
        leave_after: seconds after which what Azure may be doing for the last attempt is left to itself; 0: it is waited for, or has
            ended.
        at_work_since: when Azure began the operation of the last attempt, unless it is known how that ended.
        settled: how the step ended, if nothing was sent for it since.
        sent_at: the number of the last intent's record in the journal; -1 without one.
        settled_at: the number of the record of `settled`.
    """

    intents: tuple[Intent, ...] = ()
    open_intent: Intent | None = None
    operation: OperationBegan | None = None
    outcome: Outcome | None = None
    accepted: bool = False
    began: bool = False
    leave_after: int = 0
    at_work_since: datetime | None = None
    settled: Settled | None = None
    sent_at: int = -1
    settled_at: int = -1

    @property
    def sent(self) -> bool:
        """Whether a write may have left: an intent counts."""
        return bool(self.intents)

    @property
    def changed(self) -> bool:
        """Whether a write may have changed something: one that Azure refused at once did not."""
        return self.accepted or self.began or self.open_intent is not None

    @property
    def unclear(self) -> bool:
        """Whether nobody can say yet if the last attempt took effect."""
        if self.settled is not None:
            return False
        return self.open_intent is not None or (self.outcome is not None and self.outcome.result == "unclear")

    @property
    def before(self) -> Any:
        """The resource's raw body before the first attempt; None if there was none, or nothing was sent."""
        return self.intents[0].before if self.intents else None

    @property
    def after(self) -> Any:
        """The resource's raw body when the step ended; None before."""
        return self.settled.after if self.settled is not None else None


@dataclass(frozen=True)
class Passed:
    """When a gate was last passed.

    Attributes:
        at: our clock.
        targets: the canary's; empty where that is not known.
        number: the number of its record in the journal.
    """

    at: datetime
    targets: frozenset[str] = frozenset()
    number: int = -1


@dataclass(frozen=True)
class JournalState:
    """What the journal knows of a run.

    Attributes:
        started: the first record; None for an empty journal.
        steps: each step that has a record, by node id, in the order of their first records.
        order: node ids in the order of their first intents: what rollback walks backwards.
        written: when Azure accepted the last write on a resource, by its lower-case id; Azure's clock.
        gates: each gate that was passed, the last time.
        ended: the last end of the run, if nothing was recorded for a step since.
        rolled_back_by: the run that undid this one; empty if none did.
        last_line: the digest of the last line; empty where nothing was read from a store.
        records: how many records add up to it.
    """

    started: RunStarted | None = None
    steps: Mapping[str, StepState] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    written: Mapping[str, datetime] = field(default_factory=dict)
    gates: Mapping[str, Passed] = field(default_factory=dict)
    ended: RunEnded | None = None
    rolled_back_by: str = ""
    last_line: str = ""
    records: int = 0

    @classmethod
    def of(cls, records: Iterable[Record]) -> JournalState:
        """Return what *records*, oldest first, add up to."""
        steps: dict[str, StepState] = {}
        order: dict[str, None] = {}
        written: dict[str, datetime] = {}
        gates: dict[str, Passed] = {}
        started: RunStarted | None = None
        ended: RunEnded | None = None
        rolled_back_by = ""
        every = tuple(records)
        for number, record in _counting(every):
            if isinstance(record, (Intent, OperationBegan, Outcome, Settled)):
                before = steps.get(record.step, StepState())
                steps[record.step] = _next(before, record, number)
                ended = None
                if isinstance(record, Intent):
                    order[record.step] = None
                elif isinstance(record, Outcome) and record.result == "accepted" and record.azure_at and before.intents:
                    resource, at = before.intents[-1].resource_id.lower(), parse_utc(record.azure_at)
                    written[resource] = max(at, written.get(resource, at))
            elif isinstance(record, Gate):
                gates[record.gate] = Passed(parse_utc(record.at), frozenset(record.targets), number)
            elif isinstance(record, RunStarted):
                started = record
            elif isinstance(record, RunEnded):
                ended = record
            else:
                rolled_back_by = record.by
        return cls(started, steps, tuple(order), written, gates, ended, rolled_back_by, records=len(every))

    @property
    def maybe_written(self) -> dict[str, datetime]:
        """When a write was sent that may have changed its resource, by lower-case id; our clock."""
        return {
            intent.resource_id.lower(): parse_utc(intent.at)
            for step in self.steps.values()
            if step.changed
            for intent in step.intents
        }

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do in this run."""
        return self.ended is not None and self.ended.finished

    @property
    def undid(self) -> str | None:
        """The run that this one, a rollback, has undone to its end; None where it is no rollback, or is not there yet."""
        complete = self.ended is not None and self.ended.finished and self.ended.exit_code == 0
        return self.started.undoes if self.started is not None and complete else None

    @property
    def over(self) -> bool:
        """Whether its resources are free for another run: it is finished or was rolled back."""
        return self.finished or bool(self.rolled_back_by)

    @property
    def word(self) -> Literal["unfinished", "finished", "rolled back"]:
        """The run's state as a listing shows it."""
        if self.rolled_back_by:
            return "rolled back"
        return "finished" if self.finished else "unfinished"

    @property
    def writes(self) -> int:
        """How many writes may have left."""
        return sum(len(step.intents) for step in self.steps.values())

    @property
    def resources(self) -> frozenset[str]:
        """The lower-case ids of all resources a write may have left for."""
        return frozenset(intent.resource_id.lower() for step in self.steps.values() for intent in step.intents)

    def step(self, node: str) -> StepState:
        """Return what is known of the step *node*; of one without records, that nothing was sent."""
        return self.steps.get(node, StepState())


def _counting(records: Sequence[Record]) -> Iterator[tuple[int, Record]]:
    """Yield *records* by number, without each intent of which its outcome says that it was not sent, and that outcome."""
    open_: dict[str, int] = {}
    left_out: set[int] = set()
    for number, record in enumerate(records):
        if isinstance(record, Intent):
            open_[record.step] = number
        elif isinstance(record, Outcome) and not record.sent:
            left_out |= {number, open_.pop(record.step, number)}
    yield from ((number, record) for number, record in enumerate(records) if number not in left_out)


def _next(state: StepState, record: Intent | OperationBegan | Outcome | Settled, number: int) -> StepState:
    """Return *state* with what *record*, the journal's *number*th, adds."""
    if isinstance(record, Intent):
        intents = (*state.intents, record)
        return replace(
            state,
            intents=intents,
            open_intent=record,
            operation=None,
            leave_after=record.leave_after,
            at_work_since=None,
            settled=None,
            sent_at=number,
        )
    if isinstance(record, OperationBegan):
        return replace(
            state,
            operation=record,
            began=True,
            leave_after=record.leave_after,
            at_work_since=parse_utc(record.started),
        )
    if isinstance(record, Outcome):
        accepted = state.accepted or record.result == "accepted"
        began = state.began or record.result == "unclear"
        leave_after = state.leave_after if record.result == "unclear" else 0
        return replace(
            state,
            open_intent=None,
            operation=None,
            outcome=record,
            accepted=accepted,
            began=began,
            leave_after=leave_after,
            at_work_since=state.at_work_since if record.result == "unclear" else None,
        )
    return replace(state, settled=record, settled_at=number)
