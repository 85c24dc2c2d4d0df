"""A rollback that begins while Azure may still be at what it undoes.

Fails: the read shows the old value, the rollback says that nothing is to be undone, and minutes later the change arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.simulator.faults import Fault
from tests.e2e.estates import Scene
from tests.e2e.machines import SET, one_machine
from tests.e2e.stage import Stage, died, told, writes
from tests.simulator.compute import DATA_DISK, LOOSE, MACHINE, OS_DISK, disk
from tests.simulator.raw import GROUP

if TYPE_CHECKING:
    from cmk_remediate.model.result import Event
    from tests.e2e.conftest import Azure

OTHER = f"{GROUP}/providers/Microsoft.Compute/disks/loose-too"
SLOW = 200.0
"""Seconds: longer than a lost write on a disk is looked for, shorter than its worst case."""


def two_disks() -> Scene:
    """Return two disks of no machine, which share a set; the first is the other's canary."""
    scene = one_machine(disk(OTHER))
    targets = [{"resource_id": LOOSE}, {"resource_id": OTHER}]
    return Scene(scene.estate, {**scene.plan, "targets": targets, "canary": {"targets": 1, "soak": "1m"}}, (), ())


def encrypting(event: Event) -> bool:
    return event.kind == "sending" and event.step.startswith("encrypt_disk")


def kinds(stage: Stage, *disks: str) -> set[str]:
    return {(stage.azure.world.get(one) or {})["properties"]["encryption"]["type"] for one in disks}


def test_a_disk_whose_answer_was_lost_waits_and_the_other_is_undone_at_once(azure: Azure) -> None:
    stage = azure(two_disks(), operation_seconds=SLOW)
    review = stage.dry_run()
    died(stage, review, encrypting, Fault("kill-after", method="PATCH", url="loose-too"))
    undoing = stage.review_rollback(review.digest)
    early = {one.id: one.blocked for one in undoing.targets if one.blocked is not None}
    assert list(early) == [OTHER]
    assert early[OTHER].code == codes.engine.UNDO_TOO_EARLY
    assert "was lost, and it may arrive until 20" in early[OTHER].why
    result = cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, review=undoing)
    assert {one.id: one.end for one in result.targets} == {LOOSE: "done", OTHER: "blocked"}, told(result)
    assert result.exit_code == 6
    stage.at_rest()
    assert kinds(stage, LOOSE) == {"EncryptionAtRestWithPlatformKey"}
    assert kinds(stage, OTHER) == {"EncryptionAtRestWithCustomerKey"}, "it has arrived"
    assert stage.azure.world.get(SET) is not None, "what it may still come to need is there"
    stage.rolled_back(review.digest)
    assert kinds(stage, LOOSE, OTHER) == {"EncryptionAtRestWithPlatformKey"}
    assert stage.verify(review.digest).exit_code == 0


def test_after_its_worst_case_it_counts_as_not_arrived(azure: Azure) -> None:
    stage = azure(two_disks())
    review = stage.dry_run()
    died(stage, review, encrypting, Fault("kill-before", method="PATCH", url="loose-too"))
    undoing = stage.review_rollback(review.digest)
    assert [one.id for one in undoing.targets if one.blocked] == [OTHER]
    stage.azure.advance(1800)
    mark = stage.seen()
    stage.rolled_back(review.digest)
    assert not [one for one in writes(stage.since(mark)) if "loose-too" in one.url]
    assert kinds(stage, LOOSE, OTHER) == {"EncryptionAtRestWithPlatformKey"}


def test_a_machine_does_not_stand_still_until_somebody_comes_again(azure: Azure) -> None:
    """Its rollback waits for the whole worst case instead of refusing: then everything is undone, and it runs."""
    stage = azure(one_machine(), operation_seconds=SLOW)
    review = stage.dry_run()
    died(stage, review, encrypting, Fault("kill-after", method="PATCH", url="vm-data"))
    stage.rolled_back(review.digest)
    stage.at_rest()
    assert kinds(stage, OS_DISK, DATA_DISK) == {"EncryptionAtRestWithPlatformKey"}
    statuses = (stage.azure.world.get(MACHINE) or {})["properties"]["instanceView"]["statuses"]
    assert "PowerState/running" in {one["code"] for one in statuses}


def test_a_machine_that_was_just_being_started_is_stopped_for_the_way_back(azure: Azure) -> None:
    """A read that lags shows it deallocated: its disks would be refused while it runs, and the rollback would have failed."""
    stage = azure(one_machine(), operation_seconds=SLOW)
    review = stage.dry_run()
    died(
        stage,
        review,
        lambda event: event.kind == "sending" and event.step.startswith("start_machine"),
        Fault("kill-after", method="POST", url="/start"),
    )
    stage.rolled_back(review.digest)
    stage.at_rest()
    assert kinds(stage, OS_DISK, DATA_DISK) == {"EncryptionAtRestWithPlatformKey"}
