"""What whoever watches a run is told.

Fails: an operator sees a run that hangs where it waits, or one that is well where a target has failed; or learns of the end of the
window from its refusals. Or who watches ends what is watched.
"""

from __future__ import annotations

import errno
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

import cmk_remediate as cmk
from cmk_remediate.clock import format_utc
from cmk_remediate.simulator.faults import Fault
from tests.e2e.desk import owner_sets, planning, several
from tests.e2e.estates import one_server
from tests.e2e.machines import one_machine
from tests.e2e.stage import died, rows, told
from tests.e2e.test_signed_out import AT_EACH_MOMENT, once, power
from tests.laws import check_laws

if TYPE_CHECKING:
    from collections.abc import Callable

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
    said = {one.step: one.pace.usual for one in events if one.kind in ("waiting", "sending") and one.pace and one.step}

    assert said
    assert said == {step: usual[step] for step in said}
    assert {one.pace.until for one in events if one.pace} == {None}


FULL = OSError(errno.ENOSPC, "No space left on device")
GONE = BrokenPipeError(errno.EPIPE, "Broken pipe")
WAYS = [FULL, GONE, OSError(errno.EIO, "Input/output error"), ValueError("a bug of the observer's own"), SystemExit(1)]


def raising(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


@AT_EACH_MOMENT
def test_law_10_whoever_watches_cannot_end_a_run(
    azure: Azure, step: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Fails: the disk under a log is full, and the machine that was just stopped stays so."""
    stage = azure(one_machine())
    review = stage.dry_run()
    seen: list[Event] = []
    watch = once(review, step, kind, raising(FULL))

    def note(event: Event) -> None:
        seen.append(event)
        watch(event)

    with caplog.at_level(logging.WARNING, "cmk_remediate"):
        result = stage.apply(review, progress=note)
    assert result.exit_code == 0, told(result)
    assert (seen[-1].step.partition(".")[0].replace("-", "_"), seen[-1].kind) == (step, kind), "it is told nothing more"
    lost = f"from {format_utc(seen[-1].at)} on nobody was told what happened: OSError: {FULL}"
    assert result.text.endswith(f"; {lost}")
    assert [one.getMessage() for one in caplog.records] == [f"{lost}; the run goes on"]
    assert power(stage) == ["PowerState/running"]
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(0))) == []


@pytest.mark.parametrize("error", WAYS, ids=lambda error: type(error).__name__)
def test_whatever_it_raises(azure: Azure, error: BaseException) -> None:
    """`SystemExit` is what rich makes of a closed pipe."""
    stage = azure(one_machine())
    review = stage.dry_run()
    result = stage.apply(review, progress=once(review, "deallocate_machine", "sent", raising(error)))
    assert result.exit_code == 0, told(result)
    assert type(error).__name__ in result.text
    assert power(stage) == ["PowerState/running"]


def test_ctrl_c_is_no_observers_error(azure: Azure) -> None:
    """Whoever presses it means the process, whatever that is at just then; the next one goes on."""
    stage = azure(one_server())
    review = stage.dry_run()
    with pytest.raises(KeyboardInterrupt):
        stage.apply(review, progress=once(review, "attach_identity", "sent", raising(KeyboardInterrupt())))


def test_a_run_whose_log_cannot_be_written_either_goes_on(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise FULL

    logger = logging.getLogger("cmk_remediate.progress")
    monkeypatch.setattr(logger, "handlers", [Full()])
    stage = azure(one_server())
    assert stage.apply(stage.dry_run(), progress=lambda _: raising(FULL)()).exit_code == 0


def test_nor_a_rollback_nor_its_review_nor_a_resume(azure: Azure) -> None:
    stage = azure(one_machine())
    review = stage.dry_run()
    fault = Fault("kill-after", method="POST", url="/deallocate")
    died(stage, review, lambda event: event.kind == "began", fault)
    asked: list[Event] = []

    def watch(event: Event) -> None:
        asked.append(event)
        raise FULL

    given = {"connection": stage.connection, "runs": stage.folder, "progress": watch}
    assert cmk.review_rollback(review.digest, **given).targets  # type: ignore[arg-type] # of two kinds
    assert len(asked) == 1
    result = cmk.resume(review.digest, **given)  # type: ignore[arg-type] # the same
    assert (result.exit_code, len(asked)) == (0, 2), told(result)
    back = stage.review_rollback(review.digest)
    accept = back.acknowledgements_required
    undone = cmk.rollback(review.digest, accept=accept, review=back, **given)  # type: ignore[arg-type] # the same
    assert (undone.exit_code, len(asked)) == (0, 3), told(undone)
    assert power(stage) == ["PowerState/running"]
