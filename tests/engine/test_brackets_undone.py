"""Undoing what was done while a machine stood still. What is lost here: a machine that stays stopped, or an outage for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cmk_remediate.engine.run import Rules
from cmk_remediate.engine.schedule import Stop
from tests.engine.estates import fleet, powers
from tests.engine.invented import rid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.result import Event
    from cmk_remediate.model.review import Review
    from tests.engine.lab import Lab

SIDES: tuple[Literal["before", "after"], ...] = ("before", "after")


def test_rolling_back_a_bracket_stops_the_machine_again_and_starts_it_whatever_fails() -> None:
    lab, graph = fleet(1, 2)
    before = lab.image()
    review = lab.dry_run(graph)
    run = lab.apply(review)
    back = lab.roll_back_review(review, run.lines)
    assert [step.action for step in back.steps] == ["stop", "update", "update", "start"]
    undisturbed = lab.copy()
    done = undisturbed.apply(back)
    assert done.done.exit_code == 0
    assert undisturbed.image() == before
    key = rid("disks", "m0d1").key
    failed = lab.apply(back, settings=lambda azure: azure.faults.update({key: ["refused"]}))
    assert failed.done.exit_code == 6
    assert powers(lab) == {"running"}


def test_rolling_back_a_run_that_died_in_a_bracket_starts_the_machine() -> None:
    lab, graph = fleet(1, 1)
    before = lab.image()
    review = lab.dry_run(graph)
    calls = lab.copy().apply(review).calls
    for number in range(1, calls + 1):
        for side in ("before", "after"):
            other = lab.copy()
            killed = other.apply(review, kill_at=(number, side))
            if killed.result is not None or not killed.lines:
                continue
            other.pass_time(120)
            back = other.roll_back_review(review, killed.lines)
            assert other.apply(back).done.exit_code == 0, (number, side)
            assert other.image() == before, (number, side)


def test_rolling_back_a_run_that_died_in_a_bracket_it_had_opened_and_closed_before_only_closes_it() -> None:
    """Fails: a machine that stands still by our own hand is asked to stop once more before it may start."""
    lab, graph = fleet(1, 1)
    review = lab.dry_run(graph)
    key = rid("disks", "m0d0").key
    first = lab.apply(review, settings=lambda azure: azure.faults.update({key: ["refused"]}))
    assert powers(lab) == {"running"}
    for number in range(1, 40):
        other = lab.copy()
        killed = other.apply(review, first.lines, kill_at=(number, "after"))
        if killed.result is not None or powers(other) == {"running"}:
            continue
        back = other.roll_back_review(review, killed.lines)
        assert "stop" not in {step.action for step in back.steps}
        assert other.apply(back).done.exit_code == 0
        assert powers(other) == {"running"}
        break
    else:
        raise AssertionError("it never died while the machine stood still")


class CtrlC:
    """An operator who watches so many events and then asks for the end."""

    def __init__(self, after: int) -> None:
        self.stop = Stop()
        self.left = after

    def __call__(self, event: Event) -> None:
        self.left -= 1
        if self.left == 0:
            self.stop.ask("Ctrl-C")


def deaths_in_the_bracket(lab: Lab, review: Review) -> Iterator[tuple[str, Lab, Review]]:
    """Yield each moment at which a run may die whose bracket it has opened, what is left then, and the review of the rollback."""
    calls = lab.copy().apply(review).calls
    for number in range(1, calls + 1):
        for side in SIDES:
            other = lab.copy()
            killed = other.apply(review, kill_at=(number, side))
            if killed.result is None and any("/machines/" in row["url"] for row in killed.writes):
                other.pass_time(120)
                other.state.effects.clear()
                yield f"{side} {number}", other, other.roll_back_review(review, killed.lines)


def test_death_in_the_rollback_of_a_run_that_died_in_a_bracket_stops_no_machine_twice() -> None:
    """Fails: a machine that runs again, with all its disks as they were, is stopped once more because the start was not seen."""
    lab, graph = fleet(1, 1)
    before = lab.image()
    for died, left, back in deaths_in_the_bracket(lab, lab.dry_run(graph)):
        calls = left.copy().apply(back).calls
        for number in range(1, calls + 1):
            for side in SIDES:
                other = left.copy()
                killed = other.apply(back, kill_at=(number, side))
                if killed.result is None:
                    assert other.apply(back, killed.lines).done.exit_code == 0
                assert other.image() == before, (died, number, side)
                assert set(other.state.effects.values()) <= {1}, (died, number, side, other.state.effects)


def test_law_10_whatever_ends_the_rollback_of_a_run_that_died_in_a_bracket_the_machine_is_started() -> None:
    """Ctrl-C at any moment, no time at all, a disk that somebody has changed since, a disk that Azure refuses."""
    lab, graph = fleet(1, 2)
    disk = rid("disks", "m0d1").key
    for died, left, back in deaths_in_the_bracket(lab, lab.dry_run(graph)):
        for stop_at in range(1, 12):
            asked, other = CtrlC(stop_at), left.copy()
            other.apply(back, stop=asked.stop, progress=asked)
            assert powers(other) == {"running"}, (died, stop_at)
        hurried = left.copy()
        hurried.apply(back, rules=Rules(deadline=hurried.clock.now()))
        assert powers(hurried) == {"running"}, died
        drifted = left.copy()
        drifted.state.bodies[disk]["properties"]["key"] = "somebody's"
        drifted.apply(back)
        assert powers(drifted) == {"running"}, died
        refused = left.copy()
        refused.apply(back, settings=lambda azure: azure.faults.update({disk: ["refused"]}))
        assert powers(refused) == {"running"}, died


def test_law_10_a_machine_that_the_rollback_cannot_start_is_its_first_line() -> None:
    lab, graph = fleet(1, 1)
    key = rid("machines", "m0").key
    said = 0
    for died, left, back in deaths_in_the_bracket(lab, lab.dry_run(graph)):
        if powers(left) == {"stopped"} and not any(step.action == "stop" for step in back.steps):
            done = left.apply(back, settings=lambda azure: azure.faults.update({key: ["refused"]})).done
            assert (done.exit_code, "CMK516" in done.alarms[0]) == (6, True), died
            said += 1
    assert said


def test_disks_of_a_machine_that_its_owner_started_before_us_are_restored_while_it_stands_still() -> None:
    """Our start sent nothing, for it ran. Fails: nothing stops the machine on the way back, and its disks cannot be undone."""
    lab, graph = fleet(1, 2)
    before, machine = lab.image(), rid("machines", "m0")
    review, restored = lab.dry_run(graph), 0
    for number in range(1, lab.copy().apply(review).calls + 1):
        other = lab.copy()
        killed = other.apply(review, kill_at=(number, "after"))
        if killed.result is not None or powers(other) != {"stopped"}:
            continue
        other.pass_time(120)
        other.put(machine, {"power": "running"})
        resumed = other.apply(review, killed.lines)
        assert resumed.done.exit_code == 0, number
        back = other.roll_back_review(review, resumed.lines)
        assert [step.action for step in back.steps] == ["stop", "update", "update", "start"], number
        assert other.apply(back).done.exit_code == 0, number
        assert other.image() == before, number
        restored += not any("/start" in row["url"] for row in resumed.writes)
    assert restored
