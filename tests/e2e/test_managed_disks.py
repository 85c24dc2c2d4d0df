"""Managed disks through the public verbs: the shipped plan, the bracket when things go wrong, the recorded disks.

Fails: machines stand still on Monday morning, or were stopped for a key that nobody could use.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import SetResource
from cmk_remediate.simulator.doubts import COMPUTE
from cmk_remediate.simulator.faults import Fault
from cmk_remediate.simulator.providers.compute.names import MACHINE as TYPE
from cmk_remediate.simulator.providers.compute.names import power
from tests.e2e.desk import owner_deletes, owner_sets
from tests.e2e.estates import Scene
from tests.e2e.machines import OLD_SET, SET, on_previous_set, one_machine
from tests.e2e.stage import Stage, rows, told, writes
from tests.faults.plans import shipped
from tests.laws import check_laws, law_1
from tests.simulator.compute import DATA_DISK, MACHINE, OS_DISK, disk
from tests.simulator.raw import GROUP, IDENTITY

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.model.result import Event
    from tests.e2e.conftest import Azure

DIRECT = (
    "/subscriptions/22222222-2222-4222-8222-222222222201/resourceGroups/rg-work-weu"
    "/providers/Microsoft.Compute/diskEncryptionSets/des-cmk-direct-weu"
)
READINGS = [(one.name, reading) for one in COMPUTE for reading in one.readings]


def demo() -> Scene:
    return next(one.scene for one in shipped() if one.name == "plans/managed-disks.yaml")


def state(stage: Stage, machine: str = MACHINE) -> str:
    return power(stage.azure.world.get(machine)).rpartition("/")[2]


def encryption(stage: Stage, disk: str) -> dict[str, Any]:
    found: dict[str, Any] = (stage.azure.world.get(disk) or {})["properties"]["encryption"]
    return found


def actions(stage: Stage) -> list[str]:
    """Return the writes on machines and disks, as the last part of the path."""
    asked = [one.url.split("?", maxsplit=1)[0] for one in writes(stage.since(0)) if "/Microsoft.Compute/" in one.url]
    return [one.rsplit("/", 1)[1] for one in asked if "/locations/" not in one]


def test_the_shipped_plan_from_dry_run_to_rollback(azure: Azure, figures: Callable[[str], None]) -> None:
    stage = azure(demo())
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert Counter(one.end for one in result.targets) == {"done": 4, "blocked": 1}
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    figures(f"reads {sum(one.reads for one in stage.since(0))}, writes {len(writes(stage.since(0)))}")
    mark = stage.seen()
    assert stage.apply(review).exit_code == 0
    assert stage.verify().exit_code == 0
    assert writes(stage.since(mark)) == []
    mark = stage.seen()
    stage.rolled_back(review.digest)
    sent = [json.loads(one.body) for one in writes(stage.since(mark)) if one.method == "PATCH"]
    platform = {"type": "EncryptionAtRestWithPlatformKey", "diskEncryptionSetId": None}
    assert sent == [{"properties": {"encryption": platform}}] * 5
    kinds = Counter(
        encryption(stage, str(one))["type"] for one, _ in stage.azure.world.by_type("Microsoft.Compute/disks")
    )
    assert kinds == {"EncryptionAtRestWithPlatformKey": 8, "EncryptionAtRestWithCustomerKey": 2}


@pytest.mark.parametrize(("doubt", "reading"), READINGS)
def test_a_machine_moves_and_comes_back_under_every_reading(azure: Azure, doubt: str, reading: str) -> None:
    stage = azure(one_machine(), doubts={doubt: reading})
    review, _ = stage.moved()
    assert encryption(stage, OS_DISK)["diskEncryptionSetId"] == SET
    assert (state(stage), actions(stage).count("deallocate")) == ("running", 1)
    stage.rolled_back(review.digest)
    assert encryption(stage, DATA_DISK) == {"type": "EncryptionAtRestWithPlatformKey"}
    assert state(stage) == "running"


@pytest.mark.parametrize(("doubt", "reading"), READINGS)
def test_the_shipped_plan_under_every_reading(azure: Azure, doubt: str, reading: str) -> None:
    """It meets them: a Premium SSD v2 disk, incremental snapshots, the way back; a disk whose signature is out is refused."""
    scene = demo()
    signed = f"{DIRECT.partition('/providers/')[0]}/providers/Microsoft.Compute/disks/disk-signed-weu"
    more = disk(signed, properties={"diskState": "ActiveSAS"})
    estate = {**scene.estate, "resources": [*scene.estate["resources"], more]}
    plan = {**scene.plan, "targets": [*scene.plan["targets"], {"resource_id": signed}]}
    stage = azure(Scene(estate, plan), doubts={doubt: reading})
    review = stage.dry_run()
    blocked = {one.id: one.blocked.code for one in review.targets if one.blocked is not None}
    assert blocked[signed] == codes.managed_disks.DISK_STATE
    mark = stage.seen()
    result = stage.apply(review)
    failed = 1 if (doubt, reading) == ("disk-incremental-snapshots", "refused") else 0
    assert Counter(one.end for one in result.targets) == Counter({"done": 4 - failed, "blocked": 2, "failed": failed})
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    assert [machine for machine, _ in stage.azure.world.by_type(TYPE) if state(stage, str(machine)) == "running"]
    stage.rolled_back(review.digest)


def test_law_10_a_change_refused_inside_the_bracket_leaves_the_machine_running(azure: Azure) -> None:
    snapshot = {
        "id": f"{GROUP}/providers/Microsoft.Compute/snapshots/s",
        "location": "westeurope",
        "properties": {
            "incremental": True,
            "creationData": {"createOption": "Copy", "sourceResourceId": DATA_DISK},
            "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        },
    }
    stage = azure(one_machine(snapshot), doubts={"disk-incremental-snapshots": "refused"})
    result = stage.apply(stage.dry_run())
    assert [one.end for one in result.targets] == ["failed"]
    assert encryption(stage, OS_DISK)["diskEncryptionSetId"] == SET
    assert state(stage) == "running"
    assert actions(stage)[-1] == "start"


def test_law_10_a_machine_that_finds_no_room_is_the_first_line_and_resume_starts_it(azure: Azure) -> None:
    stage = azure(one_machine(), switches={"compute-has-room": False})
    review = stage.dry_run()
    result = stage.apply(review)
    assert result.exit_code == 5
    assert codes.engine.MACHINE_LEFT_STOPPED in result.alarms[0]
    assert state(stage) == "deallocated"
    object.__setattr__(stage.azure.world.settings, "switches", {"compute-has-room": True})
    assert stage.resume(review.digest).exit_code == 0
    assert (state(stage), actions(stage).count("deallocate")) == ("running", 1)


@pytest.mark.parametrize("taken", [600, 300, 0], ids=lambda seconds: f"operations of {seconds} s")
def test_law_10_whatever_time_a_job_is_given_no_machine_is_left_stopped(azure: Azure, taken: float) -> None:
    """From too little for anything to enough for all; whoever starts again goes on, and each machine is stopped once."""
    settings: dict[str, Any] = {"operation_seconds": float(taken)} if taken else {}
    stopped_in = Counter[bool]()
    for minutes in (1, 5, 20, 40, 60, 90, 120, 150):
        stage = azure(one_machine(), **settings)
        review = stage.dry_run()
        given = timedelta(minutes=minutes)
        result = stage.apply(review, stop_after=given)
        assert state(stage) == "running", (minutes, told(result))
        stopped_in["deallocate" in actions(stage)] += 1
        assert result.exit_code in ((0,) if state_done(stage) else (4, 5)), (minutes, told(result))
        assert stage.resume(review.digest).exit_code == 0
        assert (state(stage), actions(stage).count("deallocate")) == ("running", 1)
        assert state_done(stage)
    assert min(stopped_in[True], stopped_in[False]) > 0, "the times are those that matter"


def state_done(stage: Stage) -> bool:
    """Say whether both disks of the machine are on the set."""
    return all(encryption(stage, disk).get("diskEncryptionSetId") == SET for disk in (OS_DISK, DATA_DISK))


def test_no_machine_is_touched_before_the_access_works(azure: Azure) -> None:
    """The making of the set tries the key: while that is refused nothing is stopped."""
    stage = azure(one_machine(), rbac_delay=(90_000.0, 90_000.0))
    result = stage.apply(stage.dry_run())
    assert [one.end for one in result.targets] == ["failed"]
    assert set(actions(stage)) == {"des-new"}
    assert state(stage) == "running"


def test_a_set_with_an_identity_of_its_own_keeps_its_grant_though_no_disk_was_moved(azure: Azure) -> None:
    """The set stays, and whoever has put a disk on it meanwhile would lose the key with the grant: law 4 is watched."""
    stage = azure(demo(), rbac_delay=(90_000.0, 90_000.0))
    review = stage.dry_run()
    assert stage.apply(review).exit_code == 5
    undoing, _ = stage.rolled_back(review.digest)
    stays = [one for one in undoing.steps if one.kind == "assign_key_role" and one.action == "keep"]
    assert [line.reversibility.why for one in stays for line in one.lines if line.reversibility] != []
    principal = (stage.azure.world.get(DIRECT) or {})["identity"]["principalId"]
    grants = stage.azure.world.by_type("Microsoft.Authorization/roleAssignments")
    assert [one.name for one, body in grants if body["properties"]["principalId"] == principal]


def test_a_machine_that_does_not_run_is_not_started(azure: Azure) -> None:
    scene = one_machine()
    estate = copy.deepcopy(scene.estate)
    vm = next(one for one in estate["resources"] if one["id"] == MACHINE)
    vm["properties"]["instanceView"] = {"statuses": [{"code": "PowerState/deallocated"}]}
    stage = azure(Scene(estate, {**scene.plan, "allow_downtime": False}, (), ()))
    review, _ = stage.moved()
    assert [one for one in review.acknowledgements_required if not one.startswith("purge-protection")] == []
    assert (state(stage), set(actions(stage))) == ("deallocated", {"des-new", "vm-os", "vm-data"})


def test_an_incremental_snapshot_made_since_closes_the_way_back_and_the_rest_goes(azure: Azure) -> None:
    """Made when the machine was about to be stopped: nothing that was looked at before shows it."""
    stage = azure(one_machine())
    review, _ = stage.moved()
    made = {"location": "westeurope", "properties": {"incremental": True, "encryption": encryption(stage, DATA_DISK)}}
    made["properties"]["creationData"] = {"createOption": "Copy", "sourceResourceId": DATA_DISK}  # type: ignore[index]
    place = ResourceId(f"{GROUP}/providers/Microsoft.Compute/snapshots/s")

    def snapshot(event: Event) -> None:
        if event.kind == "sending" and event.step.startswith("deallocate"):
            stage.azure.world.apply([SetResource(place, made)])
            stage.monitor.rebase()

    undoing = stage.review_rollback(review.digest)
    result = stage.rollback(review.digest, undoing, progress=snapshot)
    assert result.exit_code == 6
    assert result.targets[0].code == codes.managed_disks.INCREMENTAL_SNAPSHOTS
    assert encryption(stage, DATA_DISK)["diskEncryptionSetId"] == SET
    assert encryption(stage, OS_DISK) == {"type": "EncryptionAtRestWithPlatformKey"}
    assert state(stage) == "running"


def _on_old_set(azure: Azure) -> Stage:
    """Put up a running machine both of whose disks are on another encryption set, which shows its identity as Azure does."""
    scene = on_previous_set()
    named = {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": OLD_SET}
    resources = [
        {**one, "properties": {**one["properties"], "encryption": named}} if one["id"] in (OS_DISK, DATA_DISK) else one
        for one in scene.estate["resources"]
    ]
    plan = {**scene.plan, "targets": [{"resource_id": MACHINE}]}
    stage = azure(Scene({**scene.estate, "resources": resources}, plan, (), ()))
    shown = {IDENTITY: {"principalId": _reader(stage)}}
    owner_sets(stage, OLD_SET, {"identity": {"userAssignedIdentities": shown}})
    return stage


def _reader(stage: Stage) -> str:
    """Return the principal that reads the old set's key."""
    return str(stage.azure.world.get(IDENTITY)["properties"]["principalId"])  # type: ignore[index]


def _grants(stage: Stage) -> list[str]:
    """Return what that one was granted."""
    found = stage.azure.world.by_type("Microsoft.Authorization/roleAssignments")
    return [str(key) for key, body in found if body["properties"]["principalId"] == _reader(stage)]


LOST = {
    "set deleted": "the previous encryption set des-old does not exist any more",
    "grant gone": "no role assignment at cmk in kv-main or above lets the identity of des-old use it",
    "grant gone for long": "properties.autoKeyRotationError of the previous encryption set des-old is set",
}


@pytest.mark.parametrize("what", LOST)
def test_a_rollback_stops_no_machine_for_a_set_that_it_cannot_return_to(azure: Azure, what: str) -> None:
    """Fails: an outage in which every disk is refused, and another one with each further rollback."""
    stage = _on_old_set(azure)
    review, _ = stage.moved()
    owner_deletes(stage, *([OLD_SET] if what == "set deleted" else _grants(stage)))
    stage.azure.advance(3600 if what == "grant gone for long" else 0)
    mark = stage.seen()
    undoing = stage.review_rollback(review.digest)
    (target,) = undoing.targets
    assert target.blocked is not None
    assert (target.blocked.code, target.blocked.why) == (codes.managed_disks.PREVIOUS_SET_LOST, LOST[what])
    given: dict[str, Any] = {"review": undoing, "accept": undoing.acknowledgements_required}
    result = cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, **given)
    assert (result.exit_code, writes(stage.since(mark))) == (6, []), told(result)


def test_a_rollback_returns_to_the_set_that_disks_were_on(azure: Azure) -> None:
    stage = _on_old_set(azure)
    review, _ = stage.moved()
    stage.rolled_back(review.digest)
    assert [encryption(stage, one)["diskEncryptionSetId"] for one in (OS_DISK, DATA_DISK)] == [OLD_SET, OLD_SET]
    assert state(stage) == "running"


def test_a_set_whose_identity_may_not_use_its_key_is_left_for_good(azure: Azure) -> None:
    """Fails: the review promises a way back that Azure will refuse."""
    stage = _on_old_set(azure)
    owner_deletes(stage, *_grants(stage))
    review = stage.dry_run()
    assert [one for one in review.acknowledgements_required if one.startswith("previous-set:")] == [
        "previous-set:vm-data",
        "previous-set:vm-os",
    ]


def test_a_set_that_refuses_the_way_back_is_tried_three_times_and_no_longer(azure: Azure) -> None:
    """Its grant goes once the machine stands still, where no review can see it. Fails: it is down for twenty minutes a disk."""
    stage = _on_old_set(azure)
    review, _ = stage.moved()
    undoing = stage.review_rollback(review.digest)

    def revoke(event: Event) -> None:
        if event.kind == "settled" and event.step.startswith("deallocate"):
            code = "KeyVaultAccessForbidden"
            stage.azure.faults.add(Fault("status", method="PATCH", url="/disks/", nth=0, status=403, code=code))

    began = stage.azure.clock.stamp()
    given: dict[str, Any] = {"review": undoing, "accept": undoing.acknowledgements_required, "progress": revoke}
    result = cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, **given)
    assert (result.exit_code, state(stage)) == (6, "running"), told(result)
    assert stage.azure.clock.stamp() - began < 900
