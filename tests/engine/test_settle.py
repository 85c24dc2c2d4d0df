"""The one loop. What is lost here: writes sent blindly, twice, or for ever."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate.clock import format_utc
from cmk_remediate.engine.attempts import SHOWN_BY_THEN, Attempts, stale_for, unproven_for
from cmk_remediate.engine.journal_state import StepState
from cmk_remediate.engine.lease import Unlimited
from cmk_remediate.engine.run import Rules
from cmk_remediate.engine.schedule import Stop, pause
from cmk_remediate.model.decisions import Caution, Change, Found
from cmk_remediate.model.graph import Graph, GraphBuilder
from cmk_remediate.model.outcomes import Accepted, Unclear
from cmk_remediate.simulator.virtual_time import VirtualClock, run
from tests.engine.invented import Background, GrantThing, Guarded, MakeThing, SetThing, WaitThing, rid
from tests.engine.journal_parts import outcome
from tests.engine.lab import Lab

if TYPE_CHECKING:
    from tests.engine.small_azure import SmallAzure

A = rid("things", "a")
NOW = datetime(2026, 3, 1, 22, tzinfo=timezone.utc)


def one(step: Any = None, **properties: str) -> tuple[Lab, Graph]:
    lab, builder = Lab(a=properties or {"color": "red"}), GraphBuilder()
    builder.add(step or SetThing(A, "color", "blue"), target="a")
    return lab, builder.build()


def faults(*names: Any, **more: Any) -> Any:
    def plan(azure: SmallAzure) -> None:
        azure.faults = {A.key: list(names)}
        vars(azure).update(more)

    return plan


def test_a_stale_read_after_an_accepted_write_does_not_send_twice() -> None:
    lab, graph = one()
    done = lab.apply(lab.dry_run(graph), settings=faults(lag=20))
    assert (len(done.writes), done.done.exit_code) == (1, 0)


def test_a_stale_read_after_a_restart_does_not_send_twice() -> None:
    """The runner died right after Azure said yes; reads still show the old state."""
    lab, graph = one()
    review = lab.dry_run(graph)
    killed = lab.apply(review, kill_at=(3, "before"), settings=faults(lag=20))
    again = lab.apply(review, killed.lines)
    assert (len(killed.writes), again.writes, again.done.exit_code) == (1, [], 0)


def test_three_accepted_writes_without_effect_are_an_error_not_a_loop() -> None:
    lab, graph = one()
    done = lab.apply(lab.dry_run(graph), settings=faults(*["no-effect"] * 9))
    assert (len(done.writes), done.done.targets[0].code, done.done.exit_code) == (3, "CMK508", 5)


def test_an_operation_whose_end_is_in_the_journal_is_not_asked_for_again() -> None:
    """Its status URL may be gone by now, or be another caller's."""

    def asked_again(slow: int, died_at: int) -> int:
        lab, graph = one()
        review = lab.dry_run(graph)
        killed = lab.apply(review, kill_at=(died_at, "before"), settings=faults(slow={A.key: slow}))
        assert killed.result is None
        again = lab.apply(review, killed.lines)
        assert (again.writes, again.done.exit_code) == ([], 0)
        return len(again.log)

    # The fourth call follows the wait for the operation; where there is none, the third follows the write.
    assert asked_again(slow=40, died_at=4) == asked_again(slow=0, died_at=3)


def test_what_azure_says_it_created_is_not_created_again_however_late_a_read_shows_it() -> None:
    """A second request might make a second one of what must be there once."""

    def made(**settings: Any) -> Any:
        lab, builder = Lab(), GraphBuilder()
        builder.add(MakeThing(A), target="a")
        return lab.apply(lab.dry_run(builder.build()), settings=faults(**settings))

    late, never = made(lag=100), made(lag=1000)
    assert (len(late.writes), late.done.exit_code) == (1, 0)
    assert (len(never.writes), never.done.targets[0].code, never.done.exit_code) == (1, "CMK508", 5)


@pytest.mark.parametrize(("fault", "writes"), [("unclear-before", 2), ("unclear-after", 1)])
def test_after_an_unclear_answer_it_is_read_first(fault: str, writes: int) -> None:
    lab, graph = one()
    done = lab.apply(lab.dry_run(graph), settings=faults(fault))
    assert (len(done.writes), done.done.exit_code) == (writes, 0)
    sent = [index for index, row in enumerate(done.log) if row["method"] == "PATCH"]
    assert done.log[sent[0] + 1]["method"] == "GET"


def test_a_write_that_is_never_answered_clearly_does_not_keep_the_run_for_ever() -> None:
    """A service that answers 500 each time: given as long as one that says "not yet", with a read before each."""
    lab, graph = one()
    done = lab.apply(lab.dry_run(graph), settings=faults(*["unclear-before"] * 500))
    assert (done.ends, done.done.targets[0].code, done.done.exit_code) == (["failed"], "CMK210", 5)
    assert f"sent {len(done.writes)} times, no read shows it; connection reset" in done.done.targets[0].text
    assert 1200 < done.writes[-1]["at"] - done.writes[0]["at"] < 1300
    several = lab.apply(lab.dry_run(graph), settings=faults(*["unclear-before"] * 8))
    assert (len(several.writes), several.ends) == (9, ["done"]), "an outage of minutes is waited out"


@pytest.mark.parametrize(("fault", "code"), [("busy", "CMK223"), ("throttled", "CMK216"), ("not-yet", "CMK201")])
def test_what_azure_refuses_for_now_for_too_long_is_called_by_its_reason(fault: str, code: str) -> None:
    """Fails: who waits for another's operation is sent to look for a missing grant."""
    lab, graph = one()
    done = lab.apply(lab.dry_run(graph), settings=faults(*[fault] * 500))
    assert (done.ends, done.done.targets[0].code, done.done.exit_code) == (["failed"], code, 1)
    assert f"still refused after {len(done.writes)} attempts" in done.done.targets[0].text
    assert 1140 < done.writes[-1]["at"] - done.writes[0]["at"] < 1300


def test_drift_before_the_first_write_changes_nothing() -> None:
    lab, graph = one()
    review = lab.dry_run(graph)
    lab.put(A, {"color": "green"})
    done = lab.apply(review)
    assert (done.writes, done.done.exit_code, done.done.targets[0].code) == ([], 3, "CMK501")
    assert "'red'" in done.done.targets[0].text
    assert "'green'" in done.done.targets[0].text


@pytest.mark.parametrize(("waited", "writes"), [(55.0, 1), (65.0, 0)])
def test_a_write_that_waited_its_turn_for_long_is_looked_at_again(waited: float, writes: int) -> None:
    """Others were asked to wait (429) and it with them; meanwhile the owner has set something else."""
    lab, graph = one()
    review = lab.dry_run(graph)
    asked = 0

    class Queue(Unlimited):
        async def permit(self, seconds: float, *, closing: bool = False) -> None:
            nonlocal asked
            asked += 1
            if asked == AS_IT_LEAVES:
                await lab.clock.sleep(waited)
                lab.put(A, {"color": "green"})

    done = lab.apply(review, lease=Queue())
    assert len(done.writes) == writes
    assert done.ends == (["done"] if writes else ["failed"])
    assert lab.value(A, "color") == ("blue" if writes else "green")
    if not writes:
        assert done.done.targets[0].code == "CMK501"


AS_IT_LEAVES = 3
"""Whether it may write is asked before the gates, before the intent, and as it leaves."""


def test_drift_while_another_step_held_the_lock_is_seen() -> None:
    """Two changes of one resource; somebody changes it between them."""
    lab, builder = Lab(a={"color": "red", "size": "small"}), GraphBuilder()
    builder.add(SetThing(A, "color", "blue"), target="a")
    builder.add(SetThing(A, "size", "big"), target="b")
    review = lab.dry_run(builder.build())

    def hand(_: Any) -> None:
        lab.state.bodies[A.key]["properties"]["size"] = "huge"

    done = lab.apply(review, rules=Rules(max_failures=9), settings=faults(before_send=hand))
    assert (len(done.writes), done.ends, lab.value(A, "size")) == (1, ["done", "failed"], "huge")


def test_a_resource_that_never_comes_to_an_end_does_not_keep_the_run_for_ever() -> None:
    lab, graph = one(Guarded(A), mood="waits")
    done = lab.apply(lab.dry_run(graph))
    assert (done.writes, done.ends, done.done.targets[0].code) == ([], ["failed"], "CMK521")


def test_a_write_that_may_show_late_is_looked_for_all_along() -> None:
    """Each pause twice the one before, until the time is over: then it counts as not having happened."""
    change = SetThing(A, "color", "blue").decide(Found({"properties": {}}, {}, NOW, {}))
    assert isinstance(change, Change)
    change = replace(change, caution=Caution(echo=100))
    attempts = Attempts()
    attempts.note(Accepted(None, NOW))
    pauses = list(iter(lambda: attempts.time_to_show(change, NOW), 0))
    assert pauses == [2, 4, 8, 16, 32, 38]


def test_an_operation_that_nobody_may_follow_is_looked_for_until_its_worst_case() -> None:
    """Azure has taken it: the same request is not sent a second time while it may be at work. Without one, time is the usual."""
    change = SetThing(A, "color", "blue").decide(Found({"properties": {}}, {}, NOW, {}))
    assert isinstance(change, Change)
    began, left, lost = Attempts(), Attempts(), Attempts()
    began.note(Unclear("its status answers 403", at_work_since=NOW - timedelta(seconds=10)))
    left.left_unclear(NOW - timedelta(seconds=change.estimate.worst))
    lost.note(Unclear("connection reset"))
    worst = change.estimate.worst - 10
    for one, waits in ((began, worst), (left, SHOWN_BY_THEN), (lost, SHOWN_BY_THEN)):
        assert sum(iter(partial(one.time_to_show, change, NOW), 0)) == waits


def test_what_shows_of_a_write_whose_answer_was_lost_is_believed_later() -> None:
    """Its operation may run, show the new value all along and fail; what was seen at work, or runs, is believed."""
    assert [unproven_for("update", 60, 1800), unproven_for("update", 600, 3600), unproven_for("start", 60, 1800)] == [
        600,
        3600,
        0,
    ]
    lost, answered, at_work = Attempts(), Attempts(), Attempts()
    for one in (lost, answered, at_work):
        one.note(Unclear("connection reset"), 600)
    answered.note(Accepted(None, NOW))
    at_work.stuck(30, "it is Updating")
    assert [one.time_to_trust() for one in (lost, answered, at_work, lost)] == [600, 0, 0, 0]


def test_an_effect_that_is_taken_back_is_not_called_done() -> None:
    lab, graph = one(SetThing(A, "color", "blue"), color="red")
    seen: list[Any] = []

    def fails(event: Any) -> None:
        if "takes it back" in event.text:
            seen.append(lab.value(A, "color"))
            lab.put(A, {"color": "red"})  # the operation behind it has failed

    done = lab.apply(lab.dry_run(graph), settings=faults("unclear-after"), progress=fails)
    assert (seen, len(done.writes), done.ends, lab.value(A, "color")) == (["blue"], 2, ["done"], "blue")


def test_what_asks_for_hours_is_looked_at_twice_before_it_is_called_stuck() -> None:
    """And whatever moves, as the reason to wait shows, begins anew."""
    hours, quick = Attempts(), Attempts()
    assert [hours.stuck(7200, "it goes on") for _ in range(3)] == [False, False, True]
    every = quick.STANDSTILL // 60
    assert [quick.stuck(60, "one") for _ in range(every)] == [False] * every
    assert [quick.stuck(60, "another"), quick.stuck(60, "another")] == [False, False]
    assert [quick.stuck(60, "one") for _ in range(every + 1)] == [*[False] * every, True]


@pytest.mark.parametrize(
    ("mood", "end", "code"),
    [("manual", "manual", 0), ("blocked", "blocked", 0), ("good", "done", 0), ("broken", "blocked", 0)],
)
def test_what_a_step_says_is_what_its_target_ends_as(mood: str, end: str, code: int) -> None:
    lab, graph = one(Guarded(A), mood=mood)
    done = lab.apply(lab.dry_run(graph))
    assert (done.ends, done.done.exit_code) == ([end], code)


def test_work_that_azure_goes_on_with_by_itself_is_in_progress() -> None:
    lab, graph = one(Background(A))
    done = lab.apply(lab.dry_run(graph))
    assert (done.ends, done.done.exit_code) == (["in progress"], 0)


def test_a_pending_step_is_asked_again_until_somebody_wants_to_stop() -> None:
    lab, graph = one(Guarded(A), mood="waits")
    stop = Stop()

    def watch(event: Any) -> None:
        if event.kind == "waiting":
            stop.ask("Ctrl-C")

    done = lab.apply(lab.dry_run(graph), stop=stop, progress=watch)
    assert (done.ends, done.done.exit_code) == (["skipped"], 130)


def test_a_pause_that_ends_early_leaves_nothing_running() -> None:
    """A thousand targets wait at once: what each left behind would hold the process up after its end."""
    clock, stop = VirtualClock(1_772_400_000.0), Stop()

    async def main() -> None:
        async def ask() -> None:
            await clock.sleep(1)
            stop.ask("Ctrl-C")

        whole, _ = await asyncio.gather(pause(clock, 600, stop), ask())
        assert not whole
        await clock.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main, clock)


@pytest.mark.parametrize(("ago", "left"), [(10.0, SHOWN_BY_THEN - 10), (100.0, 0.0)])
def test_what_a_failed_operation_had_shown_counts_for_half_a_minute(ago: float, left: float) -> None:
    refused = outcome("a", "refused").model_copy(update={"at": format_utc(NOW - timedelta(seconds=ago))})
    assert stale_for(StepState(began=True, outcome=refused), NOW) == pytest.approx(left, abs=1)
    assert stale_for(StepState(outcome=refused), NOW) == 0, "nothing was begun"


def behind_one_grant(count: int, *, open_network: bool = True) -> tuple[Lab, Graph]:
    lab, builder = Lab(), GraphBuilder()
    grant = GrantThing(rid("things", "grant"))
    wait = WaitThing(grant.resource, open_network=open_network)
    for number in range(count):
        thing = lab.put(rid("things", f"s{number}"), {"color": "red", "grantedBy": grant.resource.key})
        builder.add(grant, target=f"s{number}")
        builder.add(wait, target=f"s{number}", needs=[grant])
        builder.add(SetThing(thing, "color", "blue", grant=wait.granted), target=f"s{number}")
    return lab, builder.build()


def test_one_prober_a_grant() -> None:
    """Fifty servers behind one late grant: one of them asks, forty-nine wait, then all go at once."""
    lab, graph = behind_one_grant(50)
    lab.settings = lambda azure: setattr(azure, "late", 400)
    done = lab.apply(lab.dry_run(graph))
    refused = [row for row in done.writes if row["status"] == 403]
    assert done.done.exit_code == 0
    assert {row["url"] for row in refused} == {refused[0]["url"]}
    assert len(done.writes) == 1 + 50 + len(refused)
    assert len(refused) < 10


@pytest.mark.parametrize(("open_network", "code"), [(True, "CMK201"), (False, "CMK203")])
def test_not_yet_and_never_are_different_errors(open_network: bool, code: str) -> None:  # noqa: FBT001
    """Waiting again helps with the first; looking at the firewall with the second."""
    lab, graph = behind_one_grant(1, open_network=open_network)
    lab.settings = lambda azure: setattr(azure, "late", 10**9)
    done = lab.apply(lab.dry_run(graph))
    assert (done.done.targets[0].code, done.done.exit_code) == (code, 5)
    for evidence in ("grant", "attempts", "KeyVaultForbidden"):
        assert evidence in done.done.targets[0].text


def test_those_behind_a_grant_do_not_go_on_after_a_wish_to_stop() -> None:
    lab, graph = behind_one_grant(5)
    lab.settings = lambda azure: setattr(azure, "late", 400)
    stop = Stop()

    def watch(event: Any) -> None:
        if event.kind == "sent" and "not yet" in event.text:
            stop.ask("Ctrl-C")

    done = lab.apply(lab.dry_run(graph), stop=stop, progress=watch)
    assert len(done.writes) == 2
    assert done.done.exit_code == 5
