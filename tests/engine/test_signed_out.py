"""No token for a while. What is lost here: a machine that stays stopped, a door that nobody opened and nobody can close."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.attempts import Attempts
from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.engine.schedule import Stop
from cmk_remediate.engine.signed_out import not_sent
from cmk_remediate.errors import NoTokenError
from cmk_remediate.model.decisions import Change, Estimate, Read, Request
from cmk_remediate.model.graph import GraphBuilder
from cmk_remediate.model.outcomes import Answer, NotYet, SendOutcome, Unclear
from tests.engine.estates import fleet, powers
from tests.engine.invented import Door, rid
from tests.engine.journal_parts import SERVER, intent, outcome, settled, started
from tests.engine.lab import Lab, records_of
from tests.engine.test_gates import CANARY, three

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.graph import Graph
    from cmk_remediate.model.records import Record
    from cmk_remediate.model.result import Event
    from tests.engine.small_azure import SmallAzure

NOW = datetime(2026, 3, 1, 22, tzinfo=timezone.utc)
NO_TOKEN = NoTokenError(codes.input_.CREDENTIAL_UNUSABLE, "the credential gave no token: 500")


@dataclass
class Outage:
    """Gives no token for some of the calls; they are counted from the first write on.

    Attributes:
        first: the first such call, from 1; 0 for none.
        last: the last one.
        calls: how many there were.
    """

    first: int
    last: int
    calls: int = 0

    def __call__(self, azure: SmallAzure) -> None:
        """Let *azure* be asked without a token."""
        read, send = azure.read, azure.send

        async def reading(what: Read) -> Answer:
            if self.calls:
                self._meet()
            return await read(what)

        async def sending(request: Request, **options: Any) -> SendOutcome:
            self._meet()
            return await send(request, **options)

        azure.read, azure.send = reading, sending  # type: ignore[method-assign,assignment]

    def _meet(self) -> None:
        self.calls += 1
        if self.first <= self.calls <= self.last:
            raise NO_TOKEN


def door() -> tuple[Lab, Graph]:
    lab, builder = Lab(vault={}), GraphBuilder()
    builder.add(Door(rid("things", "vault")), target="vault")
    return lab, builder.build()


def test_law_10_no_token_for_one_call_or_a_few_ends_no_step_and_stops_no_machine_twice() -> None:
    lab, graph = fleet(1, 2)
    review = lab.dry_run(graph)
    clean = Outage(0, 0)
    lab.copy().apply(review, settings=clean)
    assert clean.calls > 6
    for first in range(1, clean.calls + 1):
        for length in (1, 3):
            other = lab.copy()
            done = other.apply(review, settings=Outage(first, first + length - 1))
            assert (done.done.exit_code, powers(other)) == (0, {"running"}), (first, length, done.done)
            assert set(other.state.effects.values()) == {1}, (first, length)
            assert done.done.writes == len(done.writes), "what was not sent is not counted"


@pytest.mark.parametrize("first", range(1, 9))
def test_law_10_where_it_lasts_the_run_says_so_and_its_resume_starts_the_machine(first: int) -> None:
    lab, graph = fleet(1, 2)
    review = lab.dry_run(graph)
    ended = lab.apply(review, settings=Outage(first, 10_000))
    if powers(lab) == {"stopped"}:
        assert codes.engine.MACHINE_LEFT_STOPPED in ended.done.alarms[0]
    assert ended.done.exit_code == (5 if ended.writes else 1)
    assert {target.code for target in ended.done.targets} == {codes.input_.CREDENTIAL_UNUSABLE}
    resumed = lab.apply(review, ended.lines)
    assert (resumed.done.exit_code, powers(lab)) == (0, {"running"})
    assert set(lab.state.effects.values()) <= {1, 2}


def test_a_door_whose_request_was_never_sent_is_not_open_and_holds_nothing_up() -> None:
    lab, graph = door()
    review = lab.dry_run(graph)
    shut = lab.apply(review, settings=Outage(1, 10_000))
    assert (shut.done.exit_code, shut.done.writes, shut.writes) == (1, 0, [])
    state = JournalState.of(records_of(shut.lines))
    assert (state.writes, state.resources, state.order) == (0, frozenset(), ())
    back = lab.roll_back_review(review, shut.lines)
    assert (back.steps, back.targets) == ((), ())
    opened = lab.apply(review, shut.lines)
    assert opened.done.exit_code == 0
    assert [step.action for step in lab.roll_back_review(review, opened.lines).steps] == ["keep"]


@pytest.mark.parametrize("event", ["sending", "sent", "waiting"])
def test_ctrl_c_ends_the_wait_for_a_token_where_no_machine_stands_still(event: str) -> None:
    lab, graph = fleet(1, 1)
    stop, began = Stop(), lab.clock.stamp()

    def press(one: Event) -> None:
        if one.kind == event:
            stop.ask("Ctrl-C")

    done = lab.apply(lab.dry_run(graph), stop=stop, progress=press, settings=Outage(1, 10_000))
    assert ([target.code for target in done.done.targets], done.writes) == ([codes.engine.STOPPED], [])
    assert powers(lab) == {"running"}
    assert lab.clock.stamp() - began < 120


@pytest.mark.parametrize(("last", "code"), [(4, 0), (10_000, 5)])
def test_a_canary_that_cannot_be_looked_at_is_waited_for_and_holds_the_rest(last: int, code: int) -> None:
    """Fails: the error leaves the graph, and whatever else is at work is cut off."""
    lab, graph = three()
    done = lab.apply(lab.dry_run(graph), rules=CANARY, settings=Outage(3, last))
    assert done.done.exit_code == code
    assert len(done.writes) == (3 if code == 0 else 1)


def sums_up(records: Sequence[Record]) -> JournalState:
    """Return what *records* add up to, however many they are."""
    return replace(JournalState.of(records), records=0)


def test_an_intent_that_was_not_sent_leaves_the_step_as_it_was() -> None:
    """Fails: an earlier attempt whose answer was lost is forgotten, and what arrives of it is taken for somebody else's."""
    unsent = outcome("a", "not-yet", "").model_copy(update={"sent": False})
    lost: list[Record] = [started(), intent("a", before={"x": 1}), outcome("a", "unclear", "")]
    before, after = sums_up(lost), sums_up([*lost, intent("a", before={"x": 2}, attempt=2), unsent])
    assert after == before
    assert after.step("a").unclear
    failed = [*lost, settled("a", "failed")]
    assert sums_up([*failed, intent("a"), unsent]) == sums_up(failed)
    other = JournalState.of([intent("b", resource=f"{SERVER}/keys/k"), intent("a"), unsent, outcome("b")])
    assert (other.order, other.writes, other.step("b").accepted) == (("b",), 1, True)
    assert sums_up([unsent]) == sums_up([])


def test_what_was_not_sent_says_nothing_of_what_was_sent_before() -> None:
    change = Change(Request("PATCH", rid("things", "a"), {}), (), (), Estimate(40, 400), "update", "because")
    attempts, alone = Attempts(), Attempts()
    for one in (attempts, alone):
        one.note(Unclear("connection reset"), 600)
    attempts.note(not_sent(NO_TOKEN))
    assert attempts.time_to_show(change, NOW) == alone.time_to_show(change, NOW) == 40
    assert attempts.time_to_trust() == alone.time_to_trust() == 600


def test_a_try_without_a_token_is_not_one_of_the_tries_that_may_disrupt() -> None:
    attempts = Attempts()
    attempts.note(NotYet("access", "Forbidden", "no"))
    waits = []
    for _ in range(3):
        answer = not_sent(NO_TOKEN)
        attempts.note(answer)
        waits.append(attempts.pause_before_next(answer))
    assert attempts.refused_for_now == 1
    assert waits == [30, 30, 40]
