"""After a rollback: what stays on the customer's key is said to stay, by everybody who says how it ended.

Fails: an owner reads that all is as before, and disables the key that the resource is on for good.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from tests.e2e.accounts import ACCOUNT, one_account
from tests.e2e.desk import owner_sets
from tests.e2e.estates import one_server
from tests.e2e.machines import one_machine
from tests.e2e.stage import Stage, died, told
from tests.simulator.compute import DATA_DISK
from tests.simulator.raw import GROUP

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.model.result import Event, RunResult
    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure, Sit
    from tests.e2e.desk import Desk

DOOR = codes.cosmosdb.DOOR


def moved(at: Desk) -> str:
    run = at.reviewed()
    outcome = at.apply()
    assert outcome.code == 0, outcome.out
    at.stage.at_rest()
    return run


def behind_the_door(stage: Stage) -> tuple[Review, RunResult]:
    """Move an account, and roll that back."""
    review = stage.dry_run()
    assert stage.apply(review).exit_code == 0
    stage.at_rest()
    _, result = stage.rolled_back(review.digest)
    return review, result


def test_a_rollback_says_of_what_it_cannot_undo_that_it_stays(desk: Sit) -> None:
    at = desk(one_account())
    run = moved(at)

    undone = at("rollback", run, "--yes")

    assert undone.code == 0, undone.out + undone.err
    flat = " ".join(undone.out.split())
    assert "cosmos-one stays on its customer-managed key: cosmos-one stays on cmk: Azure has no request" in flat
    assert f"[{DOOR}]" in flat
    assert "1 target stays on its customer-managed key" in flat
    assert "cosmos-one nothing to do" not in flat
    assert "next [" not in flat, "it was accepted before the run: nothing is left to do about it"


@pytest.mark.parametrize("subject", ["the run", "its rollback"])
def test_a_verification_of_what_was_rolled_back_says_what_stays_and_why(desk: Sit, subject: str) -> None:
    at = desk(one_account())
    run = moved(at)
    assert at("rollback", run, "--yes").code == 0
    if subject == "its rollback":
        run = next(one.run for one in cmk.runs(at.stage.folder) if one.undoes)

    found = at("verify", run)

    assert (found.code, found.writes) == (0, 0), found.out
    flat = " ".join(found.out.split())
    assert "stays cosmos-one on its customer-managed key: cosmos-one stays on cmk: Azure has no request" in flat
    assert f"[{DOOR}]" in flat
    assert "Summary: 1 stays." in flat
    assert "all is as the rollback's review said" in flat
    assert "as it was before the run" not in flat
    tests = at("verify", run, "--format", "junit")
    assert (tests.code, 'failures="0"' in tests.out, "<skipped" in tests.out) == (0, True, True), tests.out


def test_evidence_of_what_was_rolled_back_says_it_too(desk: Sit, tmp_path: Path) -> None:
    at = desk(one_account())
    run = moved(at)
    assert at("rollback", run, "--yes").code == 0
    assert at("verify", run, "--evidence", tmp_path).code == 0

    checked = at("check-evidence", tmp_path / f"{run}.zip")

    assert checked.code == 0, checked.out
    assert re.search(r"stays +cosmos-one +on its customer-managed key: ", checked.out)
    assert "looked at again" not in checked.out
    assert "as it was before the run" not in checked.out


def test_evidence_of_a_rollback_alone_does_not_claim_to_have_looked(azure: Azure, tmp_path: Path) -> None:
    """The run that was undone, whose steps would judge the account, is not part of it."""
    stage = azure(one_account())
    behind_the_door(stage)
    back = next(one.run for one in cmk.runs(stage.folder) if one.undoes)

    evidence = cmk.make_evidence(back, connection=stage.connection, runs=stage.folder)
    checked = cmk.check_evidence(cmk.save_evidence(evidence, tmp_path))

    assert checked.exit_code == 0
    assert checked.verification is not None
    (one,) = checked.verification.targets
    assert (one.verdict, one.text.endswith("; it was not looked at again")) == ("stays", True)


def test_what_was_to_stay_and_has_moved_since_is_wrong(azure: Azure) -> None:
    """Else an account that somebody has put on another key would be vouched for."""
    stage = azure(one_account())
    review, _ = behind_the_door(stage)
    ours = (stage.azure.world.get(ACCOUNT) or {})["properties"]["keyVaultKeyUri"]
    owner_sets(stage, ACCOUNT, {"properties": {"keyVaultKeyUri": f"{ours}-of-theirs"}})

    found = stage.verify(review.digest)

    assert (found.exit_code, [one.verdict for one in found.targets]) == (2, ["wrong"])
    owner_sets(stage, ACCOUNT, {"properties": {"keyVaultKeyUri": ours}})


def test_a_door_that_was_never_opened_is_not_said_to_stay(azure: Azure) -> None:
    """The process died with the request for the key: nobody knew at the rollback, and Azure shows it now."""
    stage = azure(one_account())
    review = stage.dry_run()
    keys = {step.id for step in review.steps if step.kind == "set_account_key"}

    def switching(event: Event) -> bool:
        return event.kind == "sending" and event.step in keys

    died(stage, review, switching)
    stage.azure.advance(7200)
    stage.rolled_back(review.digest)

    found = stage.verify(review.digest)

    assert found.exit_code == 0
    assert [(one.verdict, one.text) for one in found.targets] == [
        ("right", "its key setting is as it was before the run")
    ]


def test_of_a_machine_that_came_back_but_for_a_disk_it_is_said_in_part(azure: Azure) -> None:
    scene = one_machine()
    copied = {"createOption": "Copy", "sourceResourceId": DATA_DISK}
    snapshot = {
        "id": f"{GROUP}/providers/Microsoft.Compute/snapshots/s",
        "location": "westeurope",
        "properties": {"incremental": True, "creationData": copied},
    }
    scene.estate["resources"].append(snapshot)
    stage = azure(scene)
    review, _ = stage.moved()
    _, result = stage.rolled_back(review.digest)

    (target,) = result.targets
    assert "stays in part on its customer-managed key: " in target.text, told(result)
    assert "writes; " in target.text, "what was undone is said as well"
    (found,) = stage.verify(review.digest).targets
    assert (found.verdict, found.code) == ("stays", codes.managed_disks.INCREMENTAL_SNAPSHOTS)
    assert found.text.startswith("in part on its customer-managed key: ")


def test_where_the_key_setting_was_restored_what_stays_beside_it_is_counted(desk: Sit) -> None:
    at = desk(one_server(present=False))
    run = moved(at)
    undone = at("rollback", run, "--yes")
    kept = [step for step in cmk.load_review(_review_of_rollback(at)).steps if step.action == "keep"]

    assert re.search(rf"done +sql-one +1 write; {len(kept)} things stay", undone.out), undone.out
    found = at("verify", run)
    flat = " ".join(found.out.split())
    assert f"right sql-one its key setting is as it was before the run; {len(kept)} things stay" in flat, found.out
    assert found.code == 0


def _review_of_rollback(at: Desk) -> Path:
    back = next(one.run for one in cmk.runs(at.stage.folder) if one.undoes)
    return at.stage.folder / back / "review.json"
