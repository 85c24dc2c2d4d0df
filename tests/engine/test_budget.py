"""The time a run is given. What is lost here: a job that is killed in the middle, or one that never gets anywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cmk_remediate.engine.budget import Budget, in_time
from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.engine.run import Rules
from cmk_remediate.engine.schedule import Stop, alongside
from cmk_remediate.errors import StoppedError
from cmk_remediate.model.graph import GraphBuilder
from cmk_remediate.simulator.virtual_time import run
from tests.engine.estates import add_bracket, whole
from tests.engine.invented import SetThing, rid
from tests.engine.lab import Applied, Lab, records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmk_remediate.model.graph import Graph
    from cmk_remediate.model.review import Review
    from tests.engine.small_azure import SmallAzure

NAMES = ("a", "b", "c")


def slow(**seconds: int) -> Callable[[SmallAzure], None]:
    """Let a write on each of these things take so long."""
    return lambda azure: azure.slow.update({rid("things", name).key: value for name, value in seconds.items()})


def chain(target: str = "") -> tuple[Lab, Graph]:
    """Return three things that are set one after the other; of one target where one is given."""
    lab, builder = Lab(**{name: {"color": "red"} for name in NAMES}), GraphBuilder()
    steps: list[SetThing] = []
    for name in NAMES:
        step = SetThing(rid("things", name), "color", "blue")
        builder.add(step, target=target or name, after=steps)
        steps.append(step)
    lab.settings = slow(a=40, b=40, c=40)
    return lab, builder.build()


def within(lab: Lab, seconds: int, review: Review, lines: Sequence[bytes] = ()) -> Applied:
    """Start, or start again, a run that has so many seconds."""
    return lab.apply(review, lines, rules=Rules(deadline=lab.clock.now() + timedelta(seconds=seconds)))


def machine() -> tuple[Lab, Graph]:
    """Return a machine with a disk; its bracket takes 1,260 s at worst."""
    lab, builder = Lab(), GraphBuilder()
    add_bracket(lab, builder, "t", "m", "d", needs=[])
    return lab, builder.build()


def power(lab: Lab) -> str:
    return str(lab.value(rid("machines", "m"), "power"))


def test_no_step_starts_that_may_not_end_in_time_and_the_next_start_goes_on() -> None:
    """Each takes 40 s, 60 at worst; of 90 s the first leaves 50. Also where they belong to one target that is begun."""
    for target in ("", "one"):
        lab, graph = chain(target)
        review = lab.dry_run(graph)
        lines: list[bytes] = []
        for start in range(len(NAMES)):
            done = within(lab, 90, review, lines)
            lines = done.lines
            assert len(done.writes) == 1
            assert done.done.exit_code == (0 if start == len(NAMES) - 1 else 5)
            left = [one for one in done.done.targets if one.end != "done"]
            assert {(one.end, one.code) for one in left} <= {("skipped", "CMK513")}
        assert [lab.value(rid("things", name), "color") for name in NAMES] == ["blue"] * 3


def test_exit_4_where_nothing_fits_and_it_is_said_that_it_never_will() -> None:
    lab, graph = chain()
    done = within(lab, 59, lab.dry_run(graph))
    assert (done.done.exit_code, done.writes) == (4, [])
    assert "this takes 1 min at worst: more than the whole time given" in done.done.targets[0].text


def test_what_no_longer_fits_but_would_have_is_not_said_to_be_too_long() -> None:
    """Else the owner gives the next start more time than it needs."""
    lab, graph = chain("one")
    done = within(lab, 90, lab.dry_run(graph))
    (left,) = done.done.targets
    assert (left.code, "this takes 1 min at worst" in left.text, "more than" in left.text) == ("CMK513", True, False)


def test_what_azure_is_still_working_on_is_in_the_journal_and_not_sent_again() -> None:
    """An operation takes longer than it ever does: it is left to itself, and the next start waits for it."""
    lab, graph = chain()
    lab.settings = slow(a=500)
    review = lab.dry_run(graph)
    began = lab.clock.stamp()
    first = within(lab, 100, review)
    assert lab.clock.stamp() - began < 101
    assert first.done.exit_code == 5
    assert JournalState.of(records_of(first.lines)).steps[graph.nodes[0].id].operation is not None
    second = within(lab, 100, review, first.lines)
    assert (second.done.exit_code, len(second.writes)) == (5, 0), "still not at its end"
    third = within(lab, 1000, review, second.lines)
    assert third.done.exit_code == 0
    assert set(lab.state.effects.values()) == {1}


def test_a_wait_ends_with_the_time_and_a_later_start_waits_for_the_rest() -> None:
    lab, graph = whole("a")
    lab.settings = lambda azure: setattr(azure, "late", 400)
    review = lab.dry_run(graph)
    began = lab.clock.stamp()
    first = within(lab, 150, review)
    assert first.done.exit_code == 5
    assert lab.clock.stamp() - began < 151
    assert lab.value(rid("things", "a"), "color") == "red"
    assert lab.apply(review, first.lines).done.exit_code == 0
    assert lab.value(rid("things", "a"), "color") == "blue"
    assert set(lab.state.effects.values()) == {1}


def test_a_machine_is_not_stopped_unless_there_is_time_to_start_it_again() -> None:
    lab, graph = machine()
    done = within(lab, 1259, lab.dry_run(graph))
    assert (done.writes, done.done.exit_code) == ([], 4)


def test_a_machine_that_was_stopped_is_started_however_late_it_is() -> None:
    lab, graph = machine()
    lab.settings = lambda azure: azure.slow.update({rid("machines", "m").key: 900})
    began = lab.clock.stamp()
    done = within(lab, 1300, lab.dry_run(graph))
    assert lab.clock.stamp() - began > 1800
    assert power(lab) == "running"
    assert done.done.exit_code == 0


def test_a_start_that_has_no_time_at_all_closes_what_an_earlier_one_left_open() -> None:
    lab, graph = machine()
    review = lab.dry_run(graph)
    calls = 0
    while power(lab) != "stopped":
        calls += 1
        lab, graph = machine()
        killed = lab.apply(review, kill_at=(calls, "after"))
    again = within(lab, 0, review, killed.lines)
    assert power(lab) == "running"
    assert lab.apply(review, again.lines).done.exit_code == 0


def test_a_rollback_that_runs_out_of_time_is_5_and_goes_on() -> None:
    """Not 6: nobody is needed but the next start."""
    lab, graph = chain()
    review = lab.dry_run(graph)
    back = lab.roll_back_review(review, lab.apply(review).lines)
    assert within(lab, 10, back).done.exit_code == 4
    first = within(lab, 90, back)
    assert (first.done.exit_code, len(first.writes)) == (5, 1)
    assert lab.apply(back, first.lines).done.exit_code == 0
    assert [lab.value(rid("things", name), "color") for name in NAMES] == ["red"] * 3


@pytest.mark.parametrize(("leaves", "sent"), [(500.0, False), (50.0, True)])
def test_what_waits_its_turn_when_the_time_is_up_is_not_sent_and_what_has_left_is_heard_out(
    leaves: float, *, sent: bool
) -> None:
    """Azure throttles for ten minutes: a write that leaves then does so after its process has been killed, or without one."""
    clock, gone = Lab().clock, []

    async def sending() -> str:
        await clock.sleep(leaves)
        gone.append(leaves)
        await clock.sleep(100.0)
        return "accepted"

    async def started() -> str:
        budget = Budget(clock, clock.now() + timedelta(seconds=90), Stop())
        return await alongside(budget.run_out(), budget.send(sending(), lambda: bool(gone)))

    began = clock.stamp()
    if sent:
        assert run(started, clock) == "accepted"
    else:
        with pytest.raises(StoppedError, match="its time was up"):
            run(started, clock)
        assert clock.stamp() - began < 91
    assert bool(gone) is sent


@pytest.mark.parametrize("seconds", [0, 90])
def test_what_is_read_or_waited_for_ends_with_the_time(seconds: int) -> None:
    clock = Lab().clock

    async def looking() -> None:
        await clock.sleep(3600.0)

    began = clock.stamp()
    with pytest.raises(StoppedError) as stopped:
        run(lambda: in_time(clock, clock.now() + timedelta(seconds=seconds), looking()), clock)
    assert (stopped.value.code, clock.stamp() - began < seconds + 1) == ("CMK513", True)
    run(lambda: in_time(clock, None, looking()), clock)
    assert clock.stamp() - began >= 3600
