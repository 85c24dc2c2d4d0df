"""What whoever watches a run is told.

Fails: an operator sees a run that hangs where it waits, or one that is well where a target has failed; or learns of the end of the
window from its refusals.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import cmk_remediate as cmk
from cmk_remediate.clock import format_utc
from cmk_remediate.simulator.faults import Fault
from tests.e2e.desk import owner_sets, planning, several
from tests.e2e.estates import one_server
from tests.e2e.stage import died

if TYPE_CHECKING:
    from cmk_remediate.model.result import Event
    from tests.e2e.conftest import Azure, Sit

PROTECTOR = "/encryptionProtector/current"


def test_each_target_is_said_to_have_ended_once_and_as_the_result_says(azure: Azure) -> None:
    stage = azure(planning(several(4), limits={"max_failures": 4}))
    review = stage.dry_run()
    owner_sets(stage, stage.scene.servers[2] + PROTECTOR, {"properties": {"autoRotationEnabled": True}})
    fault = Fault("status", method="PUT", url=f"sql-1{PROTECTOR}", status=400, code="BadRequest")
    stage.azure.faults.add(fault)
    events: list[Event] = []
    result = stage.apply(review, progress=events.append)

    (began,) = [one for one in events if one.kind == "began"]
    assert list(began.target) == list(stage.scene.servers)
    ends = {one.target[0]: one.text.partition(":")[0] for one in events if one.kind == "target"}
    assert sum(one.kind == "target" for one in events) == len(ends)
    assert ends == {one.id: one.end for one in result.targets}
    assert set(ends.values()) == {"done", "failed"}


def test_a_run_that_goes_on_says_it_too_and_so_does_its_rollback(azure: Azure) -> None:
    stage = azure(several(2))
    review, _ = stage.moved()
    again: list[Event] = []
    stage.apply(review, progress=again.append)
    back: list[Event] = []
    cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, progress=back.append)

    for events in (again, back):
        assert sorted(one.target[0] for one in events if one.kind == "target") == sorted(stage.scene.servers)
        assert {one.text for one in events if one.kind == "target"} == {"done"}


def test_a_rollback_says_what_it_waits_for_before_it_has_a_review_to_show(desk: Sit) -> None:
    """Fails: an hour of silence at two in the morning, and somebody who kills what was only waiting."""
    at = desk(one_server(), operation_seconds=300.0)
    run = at.reviewed()
    lost = Fault("kill-after", method="PUT", url=PROTECTOR)
    died(at.stage, cmk.load_review(at.review), lambda event: event.kind == "began", lost)
    outcome = at("rollback", run, "-o", at.folder / "back.json", quiet=False)
    assert outcome.code == 0, outcome.err
    waited = [line.partition(" ")[2] for line in outcome.err.splitlines()]
    assert [line.partition(":")[0] for line in waited] == ["note", "sql-one"], outcome.err
    assert "has claimed it: waiting up to" in waited[0]
    assert " note: the answer to what was sent at 20" in waited[1]
    assert " was lost: looking until 20" in waited[1]


def test_requests_and_refusals_for_haste_are_counted(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    stage.azure.faults.add(
        Fault("status", method="GET", status=429, code="TooManyRequests", headers={"Retry-After": "3"})
    )
    mark = stage.seen()
    events: list[Event] = []
    stage.apply(review, progress=events.append)
    paces = [one.pace for one in events if one.pace is not None]

    assert paces[-1].throttled == 1
    assert [one.requests for one in paces] == sorted(one.requests for one in paces)
    assert paces[-1].requests == len(stage.since(mark))


def test_the_time_that_is_left_is_the_windows_or_that_of_stop_after_whichever_ends_first(azure: Azure) -> None:
    for stop_after, of in ((timedelta(hours=3), "time"), (timedelta(hours=9), "window"), (None, "window")):
        stage = azure(one_server())
        now = stage.azure.clock.now()
        window = {"opens": format_utc(now - timedelta(hours=1)), "closes": format_utc(now + timedelta(hours=8))}
        review = stage.dry_run({**stage.scene.plan, "window": window})
        events: list[Event] = []
        stage.apply(review, progress=events.append, stop_after=stop_after)
        pace = events[-1].pace

        assert pace is not None
        assert pace.until is not None
        assert pace.until_of == of
        ends = timedelta(hours=3) if of == "time" else timedelta(hours=8)
        assert abs(pace.until - now - ends) < timedelta(minutes=2)


def test_without_an_end_there_is_none_and_a_wait_says_what_is_usual(azure: Azure) -> None:
    stage = azure(one_server(present=False))
    review = stage.dry_run()
    events: list[Event] = []
    stage.apply(review, progress=events.append)
    usual = {step.id: step.estimate.usual for step in review.steps if step.estimate}
    told = {one.step: one.pace.usual for one in events if one.kind in ("waiting", "sending") and one.pace and one.step}

    assert told
    assert told == {step: usual[step] for step in told}
    assert {one.pace.until for one in events if one.pace} == {None}
