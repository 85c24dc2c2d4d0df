"""`--stop-after` ends all that a command does, not only what it starts: reads, turns that Azure throttles, waits before a review.

Fails: an Automation job is killed by its host in the middle of a write, three hours after it was given two and a half.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.errors import RefusedError, StoppedError
from cmk_remediate.simulator.faults import Fault
from cmk_remediate.simulator.providers.compute.names import power
from tests.e2e.accounts import one_account
from tests.e2e.estates import one_server
from tests.e2e.machines import one_machine
from tests.e2e.stage import Stage, died, told, writes
from tests.simulator.compute import MACHINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.model.result import Event
    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure

MINUTE = 60.0
SLACK = 5.0
"""Seconds for which a command may overrun: one request that has left is answered."""


def throttled(seconds: int, *, url: str = "/providers/", nth: int = 0) -> Fault:
    """Return that Azure asks whoever reads for so many seconds; each time, or the *nth*."""
    headers = {"Retry-After": str(seconds)}
    return Fault("status", method="GET", url=url, nth=nth, status=429, code="TooManyRequests", headers=headers)


def from_then_on(stage: Stage, fault: Fault, when: Callable[[Event], bool]) -> Callable[[Event], None]:
    """Return an observer that adds *fault* at the first event of which *when* says so."""
    added: list[Fault] = []

    def watch(event: Event) -> None:
        if when(event) and not added:
            added.append(fault)
            stage.azure.faults.add(fault)

    return watch


def of_kind(review: Review, kind: str, said: str) -> Callable[[Event], bool]:
    steps = {step.id for step in review.steps if step.kind == kind}
    return lambda event: event.kind == said and event.step in steps


def took(stage: Stage, work: Callable[[], Any]) -> tuple[float, Any]:
    began = stage.azure.clock.stamp()
    found = work()
    return stage.azure.clock.stamp() - began, found


@pytest.mark.parametrize("asked", [60, 550])
def test_reads_that_azure_throttles_end_with_the_time_and_the_next_start_goes_on(azure: Azure, asked: int) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    fault = throttled(asked, url="/Microsoft.Sql/servers/")
    watch = from_then_on(stage, fault, of_kind(review, "attach_identity", "sent"))

    seconds, result = took(stage, lambda: stage.apply(review, progress=watch, stop_after=timedelta(minutes=20)))

    assert seconds < 20 * MINUTE + SLACK
    assert result.exit_code == 5, told(result)
    assert {one.code for one in result.targets} == {codes.engine.STOPPED}
    stage.azure.faults.clear()
    assert stage.apply(review).exit_code == 0


def test_what_comes_before_the_first_write_is_bounded_and_nothing_was_changed(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    stage.azure.faults.add(throttled(60))
    mark = stage.seen()

    def start() -> None:
        with pytest.raises(RefusedError) as refused:
            stage.apply(review, stop_after=timedelta(minutes=5))
        assert (refused.value.code, refused.value.exit_code) == (codes.engine.STOPPED, 4)

    seconds, _ = took(stage, start)

    assert seconds < 5 * MINUTE + SLACK
    assert writes(stage.since(mark)) == []
    assert [one.run for one in cmk.runs(stage.folder)] == [], "nothing was begun"
    stage.azure.faults.clear()
    assert stage.apply(review).exit_code == 0


def test_the_look_before_a_resume_is_bounded_too(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    died(stage, review, of_kind(review, "register_server_key", "sent"))
    stage.azure.advance(120)
    stage.azure.faults.add(throttled(60))

    def start() -> None:
        with pytest.raises(StoppedError) as stopped:
            stage.apply(review, stop_after=timedelta(minutes=5))
        assert (stopped.value.code, stopped.value.exit_code) == (codes.engine.STOPPED, 5)

    seconds, _ = took(stage, start)

    assert seconds < 5 * MINUTE + SLACK
    stage.azure.faults.clear()
    assert stage.resume(review.digest).exit_code == 0


def test_the_lease_of_an_ended_process_is_not_waited_for_any_longer(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    died(stage, review, of_kind(review, "register_server_key", "sent"))

    def start() -> None:
        with pytest.raises(StoppedError):
            stage.apply(review, stop_after=timedelta(seconds=10))

    seconds, _ = took(stage, start)

    assert seconds < 10 + SLACK
    assert stage.resume(review.digest).exit_code == 0


def dead_in_its_switch(azure: Azure) -> tuple[Stage, Review]:
    """Return an Azure in which a run died when the answer to its last write was lost."""
    stage = azure(one_account(), operation_seconds=600.0)
    review = stage.dry_run()
    died(stage, review, of_kind(review, "set_default_identity", "sending"), Fault("kill-after", method="PATCH"))
    return stage, review


@pytest.mark.parametrize("verb", ["rollback", "review_rollback"])
def test_a_rollback_waits_no_longer_before_its_review_either(azure: Azure, verb: str) -> None:
    stage, review = dead_in_its_switch(azure)
    undo: Any = getattr(cmk, verb)

    def start() -> None:
        with pytest.raises(StoppedError) as stopped:
            undo(review.digest, connection=stage.connection, runs=stage.folder, stop_after=timedelta(seconds=90))
        assert stopped.value.exit_code == 5

    seconds, _ = took(stage, start)

    assert seconds < 90 + SLACK
    assert [one.run for one in cmk.runs(stage.folder)] == [review.digest], "nothing was begun"
    stage.azure.advance(600)
    stage.rolled_back(review.digest)


def test_a_machine_that_stands_still_is_started_by_a_rollback_however_late(azure: Azure) -> None:
    """What waits outside of its bracket is left to a later rollback."""
    stage = azure(one_machine())
    review = stage.dry_run()
    died(stage, review, of_kind(review, "deallocate_machine", "settled"))

    result = cmk.rollback(
        review.digest, connection=stage.connection, runs=stage.folder, stop_after=timedelta(seconds=0)
    )

    assert not result.alarms, told(result)
    assert power(stage.azure.world.get(MACHINE)).endswith("running")


def test_inside_a_bracket_reads_are_waited_for_past_the_time(azure: Azure) -> None:
    """Azure throttles for hours while the machine stands still: it is started all the same, and what is left waits for a resume."""
    stage = azure(one_machine())
    review = stage.dry_run()
    inside = ("deallocate_machine", "encrypt_disk", "start_machine")
    given = 600 + sum(step.estimate.worst for step in review.steps if step.estimate and step.kind in inside)
    deallocated = of_kind(review, "deallocate_machine", "settled")

    def watch(event: Event) -> None:
        if deallocated(event):
            for nth in range(1, 30):
                stage.azure.faults.add(throttled(550, nth=nth))

    seconds, result = took(stage, lambda: stage.apply(review, progress=watch, stop_after=timedelta(seconds=given)))

    assert seconds > given
    assert not result.alarms, told(result)
    assert power(stage.azure.world.get(MACHINE)).endswith("running")
