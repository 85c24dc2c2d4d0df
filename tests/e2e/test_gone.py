"""A target that somebody deletes while a run has begun it.

Fails: the run can be neither finished nor undone, and keeps its vault from every later run; or what only could not be read is
taken for gone, and left as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.simulator.faults import Fault
from cmk_remediate.simulator.providers.compute.names import power
from tests.e2e.desk import owner_deletes
from tests.e2e.estates import bare
from tests.e2e.machines import one_machine
from tests.e2e.stage import died, path, told, writes
from tests.simulator.compute import DATA_DISK, MACHINE, OS_DISK

if TYPE_CHECKING:
    from cmk_remediate.model.result import Event, RunResult
    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure
    from tests.e2e.stage import Stage


def begun(stage: Stage) -> Review:
    """Return the review of a run of two servers, of which the second could not be switched."""
    one, two, _ = stage.scene.servers
    targets = [{"resource_id": server} for server in (one, two)]
    review = stage.dry_run({**stage.scene.plan, "targets": targets, "limits": {"max_failures": 5}})
    stage.azure.faults.add(
        Fault("status", method="PUT", url="/servers/sql-1/encryptionProtector", status=400, code="BadRequest")
    )
    assert stage.apply(review).exit_code == 5
    stage.azure.faults.clear()
    return review


def deletes_the_second(stage: Stage) -> None:
    owner_deletes(stage, f"{stage.scene.servers[1]}/databases/db", stage.scene.servers[1])


def state_of(stage: Stage, run: str) -> str:
    return next(one.state for one in cmk.runs(stage.folder) if one.run == run)


def next_run(stage: Stage) -> RunResult:
    """Move the third server to another key of the same vault."""
    other = {**stage.scene.plan["customer_managed_key"], "key_name": "other"}
    plan: dict[str, Any] = {**stage.scene.plan, "targets": [{"resource_id": stage.scene.servers[2]}]}
    return stage.apply(stage.dry_run({**plan, "customer_managed_key": other}))


def test_a_resume_leaves_what_is_gone_and_the_run_is_over(azure: Azure) -> None:
    """Also with --strict: what is gone has not drifted."""
    stage = azure(bare(3))
    review = begun(stage)
    deletes_the_second(stage)
    result = cmk.resume(review.digest, connection=stage.connection, runs=stage.folder, strict=True)
    assert [(one.end, one.code) for one in result.targets] == [
        ("done", ""),
        ("failed", str(codes.engine.RESOURCE_GONE)),
    ], told(result)
    assert (result.exit_code, result.writes) == (5, 0)
    assert state_of(stage, review.digest) == "finished"
    assert next_run(stage).exit_code == 0


def test_a_rollback_says_what_is_gone_and_undoes_the_rest(azure: Azure) -> None:
    stage = azure(bare(3))
    review = begun(stage)
    deletes_the_second(stage)
    undoing, _ = stage.rolled_back(review.digest)
    assert stage.protector(stage.scene.servers[0])["serverKeyType"] == "ServiceManaged"
    gone = [step for step in undoing.steps if step.lines and step.reason.startswith("it is not there any more")]
    assert {step.kind for step in gone} == {"attach_identity"}
    assert state_of(stage, review.digest) == "rolled back"
    assert next_run(stage).exit_code == 0


def test_what_is_deleted_after_the_review_of_a_rollback_was_shown_is_left_by_the_next_one(azure: Azure) -> None:
    stage = azure(bare(3))
    review = stage.dry_run()
    assert stage.apply(review).exit_code == 0
    undoing = stage.review_rollback(review.digest)
    deletes_the_second(stage)
    result = cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, review=undoing)
    assert result.exit_code == 6, told(result)
    stage.rolled_back(review.digest)
    assert state_of(stage, review.digest) == "rolled back"


@pytest.mark.parametrize("status", [403, 429])
def test_what_cannot_be_read_is_not_gone(azure: Azure, status: int) -> None:
    """Its server is there, and on the customer's key: a rollback that left it would be called complete."""
    stage = azure(bare(3))
    review = stage.dry_run()
    assert stage.apply(review).exit_code == 0
    stage.azure.faults.add(
        Fault("status", method="GET", url="/servers/sql-1", nth=0, status=status, code="AuthorizationFailed")
    )
    undoing = stage.review_rollback(review.digest)
    assert [target.blocked is not None for target in undoing.targets] == [False, True, False]
    result = cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, review=undoing)
    assert result.exit_code == 6, told(result)
    assert state_of(stage, review.digest) == "finished"


def deallocated(event: Event) -> bool:
    return event.kind == "settled" and event.step.startswith("deallocate")


@pytest.mark.parametrize("verb", ["resume", "rollback"])
def test_a_machine_that_is_gone_is_in_nobody_s_way(azure: Azure, verb: str) -> None:
    stage = azure(one_machine())
    review = stage.dry_run()
    died(stage, review, deallocated)
    owner_deletes(stage, MACHINE, DATA_DISK, OS_DISK)
    if verb == "resume":
        result = stage.resume(review.digest)
        assert result.exit_code == 5, told(result)
        assert "does not exist" in result.targets[0].text, "it may have been moved elsewhere, and stand still there"
    undoing, _ = stage.rolled_back(review.digest)
    assert "deallocate_machine" in {step.kind for step in undoing.steps if step.action == "keep"}
    assert state_of(stage, review.digest) == "rolled back"


def test_a_machine_whose_disk_is_gone_is_started_before_the_run_is_over(azure: Azure) -> None:
    stage = azure(one_machine())
    review = stage.dry_run()
    died(stage, review, deallocated)
    owner_deletes(stage, DATA_DISK)
    mark = stage.seen()
    stage.resume(review.digest)
    assert power(stage.azure.world.get(MACHINE)) == "PowerState/running"
    assert [path(one).rsplit("/", 1)[1] for one in writes(stage.since(mark))][-1] == "start"
