"""A process died between the stop of a machine and its start. Fails: the machine stands still because of what stands around it."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.clock import format_utc
from cmk_remediate.engine.project import project
from cmk_remediate.engine.schedule import Stop
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.report import renderer
from cmk_remediate.simulator.declare import RemoveResource, SetResource
from cmk_remediate.simulator.faults import Fault
from cmk_remediate.simulator.providers.compute.names import power
from tests.e2e.desk import owner_sets, several
from tests.e2e.estates import Scene
from tests.e2e.machines import one_machine
from tests.e2e.stage import died, died_in, told, writes
from tests.simulator.compute import DATA_DISK, LOOSE, MACHINE, OS_DISK

if TYPE_CHECKING:
    from cmk_remediate.model.result import Event, Progress
    from tests.e2e.conftest import Azure
    from tests.e2e.stage import Stage


def _stopped(event: Event) -> bool:
    return event.kind == "settled" and event.step.startswith("deallocate")


def _starting(event: Event) -> bool:
    return event.kind == "sending" and event.step.startswith("start_machine")


def stopped(azure: Azure) -> tuple[Stage, str]:
    """Return what a process left that died once the machine was stopped, and its run."""
    stage = azure(one_machine())
    review = stage.dry_run()
    died(stage, review, _stopped)
    assert state(stage) == "deallocated"
    return stage, review.digest


def state(stage: Stage) -> str:
    return power(stage.azure.world.get(MACHINE)).rpartition("/")[2]


def becomes(stage: Stage, power_state: str) -> None:
    """Let the machine's power be what no request of ours has made it; its disks stay as they are held."""
    statuses = [{"code": f"PowerState/{power_state}"}]
    owner_sets(stage, MACHINE, {"properties": {"instanceView": {"statuses": statuses}}})


def locked(stage: Stage, where: str) -> ResourceId:
    """Let the owner lock a resource against every write; return the lock."""
    lock = ResourceId(f"{where}/providers/Microsoft.Authorization/locks/frozen")
    body = {"id": lock.text, "name": "frozen", "properties": {"level": "ReadOnly"}}
    stage.azure.world.apply([SetResource(lock, body)])
    return lock


UNCLEAR: dict[str, dict[str, Any]] = {
    "locks": {"url": "authorization/locks", "status": 500},
    "deny assignments": {"url": "authorization/denyassignments", "status": 504},
    "permissions": {"url": "authorization/permissions", "status": 500},
    "policy assignments": {"url": "authorization/policyassignments", "status": 503},
}


@pytest.mark.parametrize("what", UNCLEAR)
def test_law_10_a_resume_that_cannot_read_what_stands_around_starts_the_machine(azure: Azure, what: str) -> None:
    stage, run = stopped(azure)
    stage.azure.faults.add(Fault("status", method="GET", nth=0, code="InternalServerError", **UNCLEAR[what]))
    result = stage.resume(run)
    assert state(stage) == "running", told(result)


@pytest.mark.parametrize("where", [DATA_DISK, MACHINE])
def test_law_10_a_lock_placed_meanwhile_leaves_no_machine_stopped_unsaid(azure: Azure, where: str) -> None:
    """On a disk the machine is started all the same; on the machine itself Azure refuses that, which is the first line."""
    stage, run = stopped(azure)
    lock = locked(stage, where)
    result = stage.resume(run)
    assert result.exit_code == 5, told(result)
    if where == MACHINE:
        assert codes.engine.MACHINE_LEFT_STOPPED in result.alarms[0]
        stage.azure.world.apply([RemoveResource(lock)])
        result = stage.resume(run)
    assert state(stage) == "running", told(result)


def test_law_10_a_right_that_was_taken_away_from_an_inner_step_leaves_no_machine_stopped(azure: Azure) -> None:
    stage, run = stopped(azure)
    answered = stage.azure.answer

    def answer(incoming: Any) -> Any:
        found = answered(incoming)
        if incoming.path.lower().endswith("authorization/permissions"):
            found.body["value"] = [{"actions": ["*"], "notActions": ["Microsoft.Compute/disks/write"]}]
        return found

    stage.azure.answer = answer  # type: ignore[method-assign]
    result = stage.resume(run)
    assert state(stage) == "running", told(result)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["the disk is full", "the disk fails"])
def test_law_10_a_run_store_that_fails_leaves_no_machine_stopped_unsaid(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    """On a full disk the start takes the room that is kept; where nothing can be written it is the first line, and exit 5."""
    stage = azure(one_machine())
    review = stage.dry_run()
    reserve, real = stage.folder / review.digest / "reserve", os.write
    full: list[bool] = []

    def write(handle: int, data: Any) -> int:
        if full and (error != errno.ENOSPC or reserve.exists()):
            raise OSError(error, os.strerror(error))
        return real(handle, data)

    def fill(event: Event) -> None:
        if _stopped(event):
            full.append(True)

    monkeypatch.setattr(os, "write", write)
    result = stage.apply(review, progress=fill)
    assert result.exit_code == 5, told(result)
    if error == errno.ENOSPC:
        assert state(stage) == "running", told(result)
    else:
        assert codes.engine.MACHINE_LEFT_STOPPED in result.alarms[0]
    full.clear()
    resumed = stage.resume(review.digest)
    assert (resumed.exit_code, state(stage)) == (0, "running"), told(resumed)


def test_law_10_a_rollback_of_what_died_in_a_bracket_starts_the_machine_before_its_time_is_up(azure: Azure) -> None:
    """Its review says so: the machine stands still already, and starting it again waits for nobody."""
    stage, run = stopped(azure)
    undoing = stage.review_rollback(run)
    assert [step.kind for step in undoing.steps if step.left_open] == ["deallocate_machine"]
    text = " ".join(renderer("text").review(undoing).split())
    assert "runs whatever happens before it: the run that is undone has opened this and not closed it" in text
    no_time = timedelta(0)
    result = cmk.rollback(run, connection=stage.connection, runs=stage.folder, review=undoing, stop_after=no_time)
    assert state(stage) == "running", told(result)
    assert [one.state for one in cmk.runs(stage.folder)] == ["rolled back", "finished"], "nothing else was to be undone"


@pytest.mark.parametrize("where", [DATA_DISK, MACHINE])
def test_law_10_a_lock_that_blocks_the_rollback_leaves_no_machine_stopped_unsaid(azure: Azure, where: str) -> None:
    """Locked is a disk that was moved already, or the machine itself, which Azure then refuses to start: the first line."""
    stage = azure(one_machine())
    review = stage.dry_run()
    died(stage, review, _starting)
    assert state(stage) == "deallocated"
    lock = locked(stage, where)
    undoing = stage.review_rollback(review.digest)
    (target,) = undoing.targets
    assert target.blocked is not None
    assert target.blocked.code == codes.access.LOCKED
    assert [step.action for step in undoing.steps if step.action != "keep"] == ["none", "start"]
    result = cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, review=undoing)
    assert (result.exit_code, result.targets[0].end, result.targets[0].changed) == (6, "blocked", True), told(result)
    assert (state(stage) == "running") == (where == DATA_DISK)
    assert [codes.engine.MACHINE_LEFT_STOPPED in one for one in result.alarms] == ([True] if where == MACHINE else [])
    stage.azure.world.apply([RemoveResource(lock)])
    if where == MACHINE:
        stage.resume(undoing.digest)
        assert state(stage) == "running"
    stage.rolled_back(review.digest)
    assert state(stage) == "running"


def test_a_rollback_that_died_while_it_started_the_machine_again_does_not_stop_it_once_more(azure: Azure) -> None:
    """The first process may have been starting it, too: what it was at is not seen, and the disks are as they were."""
    stage = azure(one_machine())
    review = stage.dry_run()
    died(stage, review, _starting, Fault("kill-after", method="POST", url="/start"))
    undoing = stage.review_rollback(review.digest)
    given: dict[str, Any] = {"review": undoing, "accept": undoing.acknowledgements_required}

    def undo(progress: Progress) -> None:
        cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, progress=progress, **given)

    died_in(stage, undo, _starting, Fault("kill-after", method="POST", url="/start"))
    mark = stage.seen()
    stage.resume(undoing.digest)
    assert [one.url for one in writes(stage.since(mark))] == []
    assert state(stage) == "running"


def test_a_machine_that_is_still_being_started_is_not_stopped_again_by_a_resume(azure: Azure) -> None:
    """A start that takes minutes: whoever resumes finds the machine in between, and all its disks moved."""
    stage = azure(one_machine(), operation_seconds=200.0, eventual_reads=False)
    review = stage.dry_run()
    died(stage, review, _starting, Fault("kill-after", method="POST", url="/start"))
    mark = stage.seen()
    stage.resume(review.digest)
    assert [one.url for one in writes(stage.since(mark))] == []
    assert state(stage) == "running"


def test_a_machine_that_is_still_being_stopped_is_waited_for_by_a_resume(azure: Azure) -> None:
    """Its disks are refused for as long as it stands: that is no reason to leave them."""
    stage = azure(one_machine(), operation_seconds=200.0, eventual_reads=False)
    review = stage.dry_run()
    stop = Fault("kill-after", method="POST", url="/deallocate")
    died(stage, review, lambda event: event.kind == "sending" and event.step.startswith("deallocate"), stop)
    result = stage.resume(review.digest)
    assert (result.exit_code, state(stage)) == (0, "running"), told(result)
    assert stage.verify(review.digest).exit_code == 0


def test_a_read_that_is_refused_on_resume_drops_no_check_of_the_targets_nobody_has_begun(azure: Azure) -> None:
    """Fails: what somebody has changed on another server since the review is written over, because one read was refused."""
    stage = azure(several(2))
    review = stage.dry_run()
    first, second = (target.id for target in review.targets)
    died(stage, review, lambda event: event.kind == "settled" and event.target == (first,))
    mark = stage.seen()
    owner_sets(stage, f"{second}/encryptionProtector/current", {"properties": {"autoRotationEnabled": True}})
    refused = f"{first.rsplit('/', 1)[1]}/encryptionProtector/current"
    stage.azure.faults.add(Fault("status", method="GET", url=refused, nth=1, status=403, code="AuthorizationFailed"))
    stage.resume(review.digest)
    on_second = [one.url for one in stage.since(mark) if not one.reads and second.lower() in one.url.lower()]
    assert on_second == []


FATES = ("deleted", "powered off", "in a failed state", "not shown")


def _meets(stage: Stage, fate: str) -> None:
    if fate == "deleted":
        stage.azure.world.apply([RemoveResource(ResourceId(one)) for one in (MACHINE, DATA_DISK, OS_DISK)])
    elif fate == "not shown":
        url = "virtualMachines/vm"
        stage.azure.faults.add(Fault("status", method="GET", url=url, nth=0, status=403, code="AuthorizationFailed"))
    else:
        becomes(stage, "stopped" if fate == "powered off" else "failed")


@pytest.mark.parametrize("fate", FATES)
def test_a_rollback_goes_on_whatever_became_of_the_machine_that_stands_still(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    """Fails: its review is never made, and nothing of the run can be undone, because of one machine; or that is not started."""
    scene = one_machine()
    plan = {**scene.plan, "targets": [{"resource_id": LOOSE}, {"resource_id": MACHINE}]}
    stage = azure(Scene(scene.estate, plan, (), ()))
    review = stage.dry_run()
    died(stage, review, _starting)
    before = stage.bodies()[LOOSE.lower()]["properties"]["encryption"]["type"]
    _meets(stage, fate)
    rounds = []

    async def counted(*given: Any) -> Any:
        rounds.append(given)
        assert len(rounds) < 10, "it goes round for ever"
        return await project(*given)

    monkeypatch.setattr("cmk_remediate.api.planning.project", counted)
    undoing = stage.review_rollback(review.digest)
    gone = fate == "deleted"
    assert {one.id: one.blocked is not None for one in undoing.targets} == {LOOSE: False, MACHINE: not gone}
    stage.azure.faults.clear()
    result = stage.rollback(review.digest, undoing)
    assert {one.id: one.end for one in result.targets} == {LOOSE: "done", MACHINE: "done" if gone else "blocked"}, told(
        result
    )
    assert before != stage.bodies()[LOOSE.lower()]["properties"]["encryption"]["type"]
    assert result.alarms == (), told(result)
    assert gone or state(stage) == "running"


@pytest.mark.parametrize("when", ["deallocate_machine", "encrypt_disk", "death"])
def test_law_10_a_machine_that_is_powered_off_but_not_deallocated_is_started(azure: Azure, when: str) -> None:
    """Half of a deallocation, or a shutdown from inside: it is not in the state that the review said it would be started from."""
    stage = azure(one_machine())
    review = stage.dry_run()
    if when == "death":
        died(stage, review, _starting)
        becomes(stage, "stopped")
        result = stage.resume(review.digest)
    else:

        def off(event: Event) -> None:
            if event.kind == "settled" and event.step.startswith(when):
                becomes(stage, "stopped")

        result = stage.apply(review, progress=off)
    assert (state(stage), result.alarms) == ("running", ()), told(result)
    result = stage.resume(review.digest)
    assert result.exit_code == 0, told(result)
    assert cmk.runs(stage.folder)[0].state == "finished"


@pytest.mark.parametrize("gate", ["window", "time", "Ctrl-C"])
def test_a_machine_its_owner_has_started_is_stopped_again_behind_every_gate_only(azure: Azure, gate: str) -> None:
    """The process died at night, the owner started the machine in the morning. Fails: the hourly resume stops it at noon."""
    stage = azure(one_machine())
    now = stage.azure.world.now
    window = {"opens": format_utc(now - timedelta(minutes=1)), "closes": format_utc(now + timedelta(hours=4))}
    review = stage.dry_run({**stage.scene.plan, **({"window": window} if gate == "window" else {})})
    died(stage, review, _stopped)
    becomes(stage, "running")
    stage.azure.advance(12 * 3600)
    mark, stop = stage.seen(), Stop()

    def press(event: Event) -> None:
        if gate == "Ctrl-C" and event.kind == "settled" and event.step.startswith("create_disk_encryption_set"):
            stop.ask("Ctrl-C")

    limit = timedelta(minutes=5) if gate == "time" else None
    given: dict[str, Any] = {"connection": stage.connection, "runs": stage.folder, "stop": stop, "progress": press}
    result = cmk.resume(review.digest, stop_after=limit, **given)
    assert [one.url for one in writes(stage.since(mark)) if "/deallocate" in one.url] == [], told(result)
    assert [(one.end, result.alarms) for one in result.targets] == [("skipped", ())], told(result)
    if gate == "window":
        stage.rolled_back(review.digest)
    else:
        result = stage.resume(review.digest)
        assert (result.exit_code, state(stage)) == (0, "running"), told(result)


def test_a_rollback_stops_a_machine_its_owner_has_started_within_its_time_only(azure: Azure) -> None:
    """Its disks were moved, our process died, and the owner started it. Fails: it is stopped for longer than there is time."""
    stage = azure(one_machine())
    review = stage.dry_run()
    died(stage, review, _starting)
    becomes(stage, "running")
    stage.azure.advance(3600)
    undoing = stage.review_rollback(review.digest)
    assert [step.action for step in undoing.steps if step.kind == "deallocate_machine"] == ["stop"]
    mark = stage.seen()
    given: dict[str, Any] = {"connection": stage.connection, "runs": stage.folder, "review": undoing}
    accept = undoing.acknowledgements_required
    result = cmk.rollback(review.digest, stop_after=timedelta(minutes=5), accept=accept, **given)
    assert [one.url for one in writes(stage.since(mark)) if "/deallocate" in one.url] == [], told(result)
    assert result.alarms == (), told(result)
    result = stage.resume(undoing.digest)
    assert (result.exit_code, state(stage)) == (0, "running"), told(result)


def damaged(stage: Stage) -> None:
    """Let a run lie in the store whose journal nobody can read."""
    folder = stage.folder / ("ab" * 32)
    folder.mkdir(parents=True)
    (folder / "journal.ndjson").write_bytes(b"\0\0\0\n")


@pytest.mark.parametrize("verb", ["apply", "resume", "rollback"])
def test_law_10_the_damaged_journal_of_another_run_keeps_no_machine_stopped(azure: Azure, verb: str) -> None:
    stage = azure(one_machine())
    review = stage.dry_run()
    died(stage, review, _stopped)
    damaged(stage)
    if verb == "rollback":
        stage.rolled_back(review.digest)
    else:
        result = stage.apply(review) if verb == "apply" else stage.resume(review.digest)
        assert result.exit_code == 0, told(result)
    assert state(stage) == "running"


def test_a_machine_its_owner_started_after_our_death_is_stopped_by_the_rollback_to_restore_its_disks(
    azure: Azure,
) -> None:
    """Our start sent nothing. Fails: the disks are blocked (CMK752), and nobody but the owner can take them back."""
    stage = azure(one_machine())
    review = stage.dry_run()
    before = stage.bodies()
    died(stage, review, _stopped, Fault("kill-after", method="PATCH", url="/disks/", nth=2))
    becomes(stage, "running")
    for one in (OS_DISK, DATA_DISK):
        owner_sets(stage, one, {"properties": {"diskState": "Attached"}})
    assert stage.resume(review.digest).exit_code == 0
    undoing, _ = stage.rolled_back(review.digest)
    assert [step.action for step in undoing.steps if step.kind in ("deallocate_machine", "start_machine")] == [
        "stop",
        "start",
    ]
    after = stage.bodies()
    for one in (OS_DISK, DATA_DISK):
        kinds = [found[one.lower()]["properties"]["encryption"]["type"] for found in (before, after)]
        assert kinds[0] == kinds[1]
    assert state(stage) == "running"
