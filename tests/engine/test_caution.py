"""Writes without a probe, without a way back, longer than the run. What is lost here: a door opened twice, a night of waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.model.graph import Graph, GraphBuilder
from tests.engine.invented import OneTry, SetThing, rid
from tests.engine.lab import Lab

if TYPE_CHECKING:
    from tests.engine.lab import Applied
    from tests.engine.small_azure import SmallAzure

A = rid("things", "a")
TWO_LOOKS = 600


def one() -> tuple[Lab, Graph]:
    lab, builder = Lab(a={}), GraphBuilder()
    builder.add(OneTry(A), target="a")
    return lab, builder.build()


def faults(*names: Any, **more: Any) -> Any:
    def plan(azure: SmallAzure) -> None:
        azure.faults = {A.key: list(names)}
        vars(azure).update(more)

    return plan


def patches(done: Applied) -> list[float]:
    return [row["at"] for row in done.writes]


def test_a_switch_without_a_probe_is_tried_three_times_five_minutes_apart() -> None:
    lab, graph = one()
    done = lab.apply(lab.dry_run(graph), settings=faults(*["not-yet"] * 9))
    first, second, third = patches(done)
    assert (second - first >= 300, third - second >= 300) == (True, True)
    assert (done.done.targets[0].code, done.done.exit_code) == ("CMK203", 1)


def test_one_that_fails_and_does_not_say_why_is_tried_three_times_too() -> None:
    """Recorded: an operation that ends Failed without an error. Each try may disrupt."""
    lab, graph = one()
    done = lab.apply(lab.dry_run(graph), settings=faults(*["unclear-before"] * 9))
    assert (len(done.writes), done.ends, done.done.targets[0].code) == (3, ["failed"], "CMK210")


def test_a_lost_answer_is_believed_only_after_two_looks_ten_minutes_apart() -> None:
    lab, graph = one()
    done = lab.apply(lab.dry_run(graph), settings=faults("unclear-before"))
    first, second = patches(done)
    between = [row["at"] for row in done.log if row["method"] == "GET" and first < row["at"] < second]
    assert max(between) - min(between) >= TWO_LOOKS
    assert done.ends == ["done"]


def test_a_lost_answer_to_a_write_that_took_is_no_second_write() -> None:
    lab, graph = one()
    done = lab.apply(lab.dry_run(graph), settings=faults("unclear-after"))
    assert (len(done.writes), done.ends) == (1, ["done"])


def test_after_a_death_too_it_is_looked_for_ten_minutes_apart() -> None:
    lab, graph = one()
    review = lab.dry_run(graph)
    calls = lab.copy().apply(review).calls
    killed = next(
        died
        for number in range(1, calls + 1)
        if (died := lab.copy().apply(review, kill_at=(number, "before"))).lines and b'"intent"' in died.lines[-1]
    )
    again = lab.apply(review, killed.lines)
    looks = [row["at"] for row in again.log if row["method"] == "GET" and row["at"] < patches(again)[0]]
    assert max(looks) - min(looks) >= TWO_LOOKS
    assert again.ends == ["done"]


def test_what_azure_took_and_then_refused_is_not_sent_again() -> None:
    lab, graph = one()
    done = lab.apply(lab.dry_run(graph), settings=faults("fails", slow={A.key: 60}))
    assert (len(done.writes), done.done.targets[0].end) == (1, "failed")


def test_what_azure_refused_after_we_had_died_is_not_sent_again_either() -> None:
    """The next process asks how the operation ended: a door must not be tried twice because nobody was there to hear."""
    lab, graph = one()
    review = lab.dry_run(graph)
    calls = 0
    while not lab.state.running:
        calls, tried = calls + 1, lab.copy()
        killed = tried.apply(review, kill_at=(calls, "before"), settings=faults("fails", slow={A.key: 60}))
        lab = tried if tried.state.running else lab
    lab.pass_time(60)
    again = lab.apply(review, killed.lines)
    assert (again.writes, again.ends) == ([], ["failed"])
    assert again.done.targets[0].code == codes.access.REFUSED_BY_AZURE
    assert "KeyVaultForbidden: the identity has no access" in again.done.targets[0].text


def test_an_operation_that_goes_on_is_left_to_itself() -> None:
    lab, graph = one()
    began = lab.clock.stamp()
    done = lab.apply(lab.dry_run(graph), settings=faults(slow={A.key: 100_000}))
    assert lab.clock.stamp() - began < TWO_LOOKS
    assert (len(done.writes), done.ends, done.done.exit_code) == (1, ["in progress"], 0)


def test_a_later_process_asks_after_the_operation_and_sends_nothing() -> None:
    lab, graph = one()
    review = lab.dry_run(graph)
    done = lab.apply(review, settings=faults(slow={A.key: 10_000}))
    again = lab.apply(review, done.lines)
    assert (again.writes, again.ends) == ([], ["in progress"])
    lab.pass_time(10_000)
    last = lab.apply(review, again.lines)
    assert (last.writes, last.ends) == ([], ["done"])


def test_what_was_refused_at_once_opened_no_door() -> None:
    """Else the rollback would keep all that the door stands on, though nothing went through it."""
    lab, builder = Lab(a={}, b={"color": "red"}), GraphBuilder()
    under = builder.add(SetThing(rid("things", "b"), "color", "blue"), target="a")
    builder.add(OneTry(A), target="a", needs=[under])
    review = lab.dry_run(builder.build())
    done = lab.apply(review, settings=faults("refused"))
    back = lab.roll_back_review(review, done.lines)
    assert [(step.kind, step.action) for step in back.steps] == [("set-thing", "update")]
