"""What an ended process sent has to show before it is undone. Fails: the way back of a switch finds nothing to undo."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate.clock import format_utc, parse_utc
from cmk_remediate.engine.aftermath import come_to_rest, let_all_show
from cmk_remediate.engine.attempts import LOST_FOR, SHOWS_WITHIN, Attempts
from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.engine.schedule import alongside
from cmk_remediate.model.graph import GraphBuilder
from cmk_remediate.model.records import Intent, OperationBegan, Outcome
from cmk_remediate.simulator.virtual_time import run
from tests.engine.invented import QUICK, Guarded, SetThing, rid
from tests.engine.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmk_remediate.model.records import Record
    from cmk_remediate.model.result import Event

A = rid("things", "a")
LAG = sum(SHOWS_WITHIN)


class Afterwards:
    """A run that has sent one write, ten seconds ago, and ended."""

    AGO = 10.0

    def __init__(self, before: str | None = "red") -> None:
        self.lab = Lab(a={"color": before})
        builder = GraphBuilder()
        self.step = SetThing(A, "color", "blue")
        builder.add(self.step, target="a")
        self.graph = builder.build()
        self.review = self.lab.dry_run(self.graph)
        self.early: Mapping[str, str] = {}
        self.told: list[Event] = []
        self.before = {"properties": {"color": before}}

    def at(self, seconds: float) -> str:
        return format_utc(self.lab.azure().now() + timedelta(seconds=seconds))

    def sent(self) -> Intent:
        return Intent(
            step=self.review.steps[0].id,
            at=self.at(-self.AGO),
            attempt=1,
            method="PATCH",
            resource_id=A.text,
            api_version="1",
            client_request_id="c",
            body={"properties": {"color": "blue"}},
            before=self.before,
        )

    def began(self) -> OperationBegan:
        return OperationBegan(
            step=self.review.steps[0].id,
            method="PATCH",
            resource_id=A.text,
            api_version="1",
            status_url="https://management.azure.com/gone",
            location_url="",
            started=self.at(-self.AGO),
            client_request_id="c",
            correlation_id="",
            caller="",
            retry_after=0,
        )

    def answered(self, result: Any, *, azure: float | None = -AGO, ours: float = -AGO) -> Outcome:
        return Outcome(
            step=self.review.steps[0].id,
            at=self.at(ours),
            result=result,
            azure_at="" if azure is None else self.at(azure),
            azure_code="",
            text="",
            correlation_id="",
        )

    def waited(self, records: Sequence[Record]) -> float:
        """Return for how long the undo of a run with these *records* waits."""
        azure, began = self.lab.azure(), self.lab.clock.stamp()
        state = JournalState.of(records)
        clock, tell = self.lab.clock, self.told.append
        self.early = run(lambda: let_all_show(self.review, self.graph, state, azure, clock, tell), clock)
        return self.lab.clock.stamp() - began


def test_an_accepted_write_gets_the_time_reads_may_lag_behind() -> None:
    one = Afterwards()
    waited = one.waited([one.sent(), one.answered("accepted")])
    assert waited == pytest.approx(LAG - one.AGO, abs=1)


def test_it_is_azures_clock_that_says_when_it_was_accepted() -> None:
    """A machine whose clock is ten minutes fast does not keep the owner waiting for ten minutes."""
    one = Afterwards()
    assert one.waited([one.sent(), one.answered("accepted", ours=600)]) < LAG
    assert one.waited([one.sent(), one.answered("accepted", azure=None, ours=-one.AGO)]) < LAG, "ours, without Azure's"


@pytest.mark.parametrize(("before", "now"), [("red", "blue"), ("amber", "blue"), (None, "blue")])
def test_once_it_shows_nobody_waits(before: str | None, now: str) -> None:
    one = Afterwards(before)
    one.lab.put(A, {"color": now})
    assert one.waited([one.sent(), one.answered("accepted")]) < 1


def test_a_lost_write_is_looked_for_ten_times_as_long_as_it_usually_takes() -> None:
    """At most its worst case, and no shorter than reads may lag."""
    usual = max(min(LOST_FOR * QUICK.usual, QUICK.worst), LAG)
    one, other = Afterwards(), Afterwards()
    assert one.waited([one.sent()]) == pytest.approx(usual - one.AGO, abs=1)
    assert other.waited([other.sent(), other.answered("unclear")]) == pytest.approx(usual - one.AGO, abs=1)


def test_until_its_worst_case_a_lost_write_may_arrive_and_nothing_of_it_is_undone() -> None:
    """What was looked for long enough to have shown is looked at once more."""
    one, late, shown = Afterwards(), Afterwards(), Afterwards()
    one.waited([one.sent()])
    (why,) = one.early.values()
    left = parse_utc(why.rpartition("may arrive until ")[2]) - one.lab.azure().now()
    assert left.total_seconds() == pytest.approx(QUICK.worst - LAG, abs=1)
    late.AGO = QUICK.worst + 1.0
    assert late.waited([late.sent()]) < 1
    shown.AGO = LAG + 1
    shown.lab.put(A, {"color": "blue"})
    assert shown.waited([shown.sent()]) < 1
    assert late.early == shown.early == {}


def test_an_operation_that_nobody_may_follow_may_end_until_its_worst_case() -> None:
    one = Afterwards()
    one.waited([one.sent(), one.began(), one.answered("unclear")])
    assert list(one.early) == [one.review.steps[0].id]


def test_whoever_watches_is_told_once_what_a_rollback_waits_for_and_until_when() -> None:
    """Fails: at two in the morning a rollback says nothing for an hour, and is taken for dead."""
    one, quick, taken = Afterwards(), Afterwards(), Afterwards()
    until = one.at(max(min(LOST_FOR * QUICK.usual, QUICK.worst), LAG) - one.AGO)
    sent = one.sent()
    one.waited([sent])
    (note,) = one.told
    assert (note.kind, note.target, note.step) == ("note", ("a",), one.review.steps[0].id)
    assert (
        note.text
        == f"the answer to what was sent at {sent.at} was lost: looking until {until} at most for what came of it"
    )
    quick.waited([quick.sent(), quick.answered("accepted")])
    assert quick.told == [], "what Azure took shows in seconds"
    began = taken.began()
    taken.waited([taken.sent(), began])
    assert taken.told[0].text == f"waiting for the operation that Azure began at {began.started}"


def test_it_is_the_last_attempt_that_has_to_show() -> None:
    """Somebody else's change between two attempts is not taken for what the second one did."""
    one = Afterwards("amber")
    first = one.sent().model_copy(update={"before": {"properties": {"color": "red"}}})
    second = one.sent().model_copy(update={"attempt": 2})
    waited = one.waited([first, one.answered("not-yet"), second, one.answered("accepted")])
    assert waited == pytest.approx(LAG - one.AGO, abs=1)


@pytest.mark.parametrize(
    ("moods", "waits"), [({}, 0), ({90: "fine"}, 90 + LAG), ({9_000: "fine"}, Attempts.STANDSTILL)]
)
def test_a_resource_is_given_time_to_come_to_rest_but_not_for_ever(moods: dict[int, str], waits: float) -> None:
    """Its step waits for it, and its undo could not be judged; a rollback that waits for ever undoes nothing else either."""
    lab, builder = Lab(a={"mood": "waits" if moods else "fine"}), GraphBuilder()
    builder.add(Guarded(A), target="a")
    graph, sent, began = builder.build(), Afterwards().sent(), lab.clock.stamp()
    state = JournalState.of([sent.model_copy(update={"step": graph.nodes[0].id})])
    told: list[Event] = []

    async def other() -> None:
        for after, mood in moods.items():
            await lab.clock.sleep(after)
            lab.put(A, {"mood": mood})

    async def main() -> float:
        await alongside(other(), come_to_rest(graph, state, lab.azure(), lab.clock, told.append))
        return lab.clock.stamp() - began

    assert run(main, lab.clock) == pytest.approx(waits, abs=10)
    until = format_utc(lab.azure().now() + timedelta(seconds=began + Attempts.STANDSTILL - lab.clock.stamp()))
    assert [one.text for one in told] == ([f"waiting until {until} at most: its mood changes"] if moods else [])


@pytest.mark.parametrize("result", ["refused", "not-yet"])
def test_what_azure_refused_is_not_looked_for(result: str) -> None:
    one = Afterwards()
    assert one.waited([one.sent(), one.answered(result)]) == 0
