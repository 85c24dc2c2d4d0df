"""Evidence of runs as an auditor gets it.

Fails: an auditor holds a file that says less than happened, or more; that only we can check; or whose making changed something.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.clock import Clock
from cmk_remediate.evidence import members
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.faults import Fault, Killed
from cmk_remediate.steps.rotation import RotationPolicy
from cmk_remediate.steps.set_rotation_policy import SetRotationPolicy
from tests.e2e.desk import refused, several
from tests.e2e.estates import KEY, OPERATOR, SERVER, TENANT, VAULT, one_server
from tests.e2e.stage import like_a_dead_process, told, writes
from tests.faults.plans import services, smallest_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tests.e2e.conftest import Azure, Sit
    from tests.e2e.desk import Desk
    from tests.e2e.stage import Stage

PROTECTOR = "/encryptionProtector/current"


def content(path: Path) -> dict[str, bytes]:
    """Return the members of an evidence file."""
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def applied(at: Desk, *, code: int = 0) -> str:
    run = at.reviewed()
    outcome = at.apply("--approver", "change-4711")
    assert outcome.code == code, outcome.out
    return run


def test_an_auditor_gets_one_file_and_checks_it_with_and_without_us(desk: Sit, tmp_path: Path) -> None:
    at = desk(one_server(present=False))
    run = applied(at)

    made = at("verify", run[:8], "--evidence", tmp_path / "evidence")

    assert (made.code, made.writes) == (0, 0), made.out + made.err
    path = tmp_path / "evidence" / f"{run}.zip"
    assert hashlib.sha256(path.read_bytes()).hexdigest() in made.err
    checked = at("check-evidence", path)
    assert checked.code == 0, checked.out
    assert re.search(r"accepted: purge-protection:kv-cmk by change-4711; run begun at 20\d\d-", checked.out)
    assert "right  sql-one  as the run left it" in checked.out
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(path) as file:
        file.extractall(unpacked)
    if tool := shutil.which("sha256sum"):
        told = subprocess.run([tool, "-c", "SHA256SUMS"], cwd=unpacked, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stderr
        assert told.stdout.count(": OK") == len(members.ALWAYS) - 1
    assert sorted(content(path)) == sorted(members.ALWAYS)


def test_what_was_there_before_and_after_is_in_it_and_every_request_has_its_ids(desk: Sit, tmp_path: Path) -> None:
    at = desk(one_server())
    before = at.stage.protector(SERVER)
    mark = at.stage.seen()
    run = applied(at)
    sent = writes(at.stage.since(mark))
    assert at("verify", run, "--evidence", tmp_path).code == 0

    found = content(tmp_path / f"{run}.zip")
    (first,) = [one for one in lines(found["before.ndjson"]) if one["resource_id"] == SERVER + PROTECTOR]
    (last,) = [one for one in lines(found["after.ndjson"]) if one["resource_id"] == SERVER + PROTECTOR]
    assert first["body"]["properties"]["serverKeyType"] == before["serverKeyType"] == "ServiceManaged"
    assert last["body"]["properties"]["serverKeyType"] == "AzureKeyVault"
    rows = lines(found["correlations.ndjson"])
    assert [(row["method"], row["resource_id"]) for row in rows] == [
        (one.method, re.sub(r"^https://[^/]+|\?.*$", "", one.url)) for one in sent
    ]
    assert all(row["correlation_ids"] and row["client_request_id"] for row in rows)
    assert {row["log"] for row in rows} == {"activity log"}
    manifest = json.loads(found["evidence.json"])
    assert manifest["versions"]["azure-mgmt-sql"]
    assert set(manifest["api_versions"]) >= {"Microsoft.Sql/servers", "Microsoft.KeyVault/vaults"}
    assert json.loads(found["plan.json"])["sha256"] == json.loads(found["review.json"])["plan"]["sha256"]


def test_a_rotation_policy_is_looked_for_in_the_vaults_own_log(azure: Azure) -> None:
    """It is set at the vault's own endpoint, which the Activity Log does not see."""
    scene = one_server()
    officer = {"principal": OPERATOR, "role": "Key Vault Crypto Officer", "scope": VAULT}
    scene.estate["role_assignments"].append(officer)
    stage = azure(scene)
    steps = [SetRotationPolicy(ResourceId(KEY), RotationPolicy("P1Y"))]
    review = cmk.dry_run_steps(steps, connection=stage.connection, tenant=TENANT, runs=stage.folder)
    assert stage.apply(review).writes == 1
    with zipfile.ZipFile(io.BytesIO(_made(stage, review.digest).content)) as file:
        rows = lines(file.read("correlations.ndjson"))

    assert [row["log"] for row in rows] == ["vault audit events"]


def test_making_it_asks_what_verify_asks_and_makes_the_same_file_of_the_same_state(azure: Azure) -> None:
    stage = azure(several(2))
    review, _ = stage.moved()
    other = stage.azure.clone()
    asked: list[list[tuple[str, str]]] = []
    for verb in (lambda: stage.verify(review.digest), lambda: _made(stage, review.digest)):
        mark = stage.seen()
        verb()
        asked.append(sorted((one.method, one.url) for one in stage.since(mark)))
    one = cmk.make_evidence(review.digest, connection=other.clone().connection(), runs=stage.folder)
    two = cmk.make_evidence(review.digest, connection=other.clone().connection(), runs=stage.folder)

    assert asked[0] == asked[1]
    assert one.content == two.content
    assert writes(stage.since(0)) == writes(stage.azure.requests)


def _made(stage: Stage, run: str) -> cmk.Evidence:
    return cmk.make_evidence(run, connection=stage.connection, runs=stage.folder)


def test_a_run_that_partly_failed_says_so(desk: Sit, tmp_path: Path) -> None:
    at = desk(several(2))
    at.stage.azure.faults.add(Fault("status", method="PUT", url=f"sql-1{PROTECTOR}", status=400, code="BadRequest"))
    run = applied(at, code=5)
    made = at("verify", run, "--evidence", tmp_path)
    assert made.code == 2

    checked = at("check-evidence", tmp_path / f"{run}.zip")

    assert checked.code == 2, checked.out
    assert re.search(r"failed +sql-1 +set_protector: BadRequest", checked.out)
    assert re.search(r"unfinished +sql-1 +1 of its \d steps are left to do, first set_protector \(failed:", checked.out)
    assert re.search(r"right +sql-0 +as the run left it", checked.out)
    assert "not all is as it should be" in checked.out
    assert "failed: " in content(tmp_path / f"{run}.zip")["README.txt"].decode()


def test_a_run_that_was_killed_is_unfinished(azure: Azure, tmp_path: Path) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    stage.azure.faults.add(Fault("kill-after", method="PATCH"))
    with pytest.raises(Killed):
        stage.apply(review)
    like_a_dead_process(stage.folder)
    evidence = cmk.make_evidence(review.digest, connection=stage.azure.clone().connection(), runs=stage.folder)
    checked = cmk.check_evidence(cmk.save_evidence(evidence, tmp_path))

    assert (checked.state, checked.exit_code) == ("unfinished", 2)
    assert [one.end for one in checked.ends] == ["unfinished"]


def test_a_run_that_was_rolled_back_has_both_halves(desk: Sit, tmp_path: Path) -> None:
    at = desk(one_server())
    run = applied(at)
    assert at("rollback", run, "--yes").code == 0
    assert at("verify", run, "--evidence", tmp_path).code == 0
    found = content(tmp_path / f"{run}.zip")
    checked = at("check-evidence", tmp_path / f"{run}.zip")

    assert set(found) == set(members.ALL)
    assert json.loads(found["rollback/review.json"])["undoes"] == run
    assert checked.code == 0, checked.out
    assert "HOW ITS ROLLBACK LEFT EACH TARGET" in checked.out
    assert re.search(r"right +sql-one +its key setting is as it was before the run; \d+ things stay", checked.out)


def test_without_a_folder_it_goes_into_the_run_store(azure: Azure) -> None:
    stage = azure(one_server())
    review, _ = stage.moved()
    path = cmk.save_evidence(_made(stage, review.digest))

    assert path == str(stage.folder / "evidence" / f"{review.digest}.zip")
    assert cmk.check_evidence(path).exit_code == 0
    assert [one.run for one in cmk.runs(stage.folder)] == [review.digest]


@dataclass(frozen=True)
class _Off:
    """The clock of a machine that is off by so many seconds."""

    real: Clock
    by: float

    def now(self) -> datetime:
        return self.real.now() + timedelta(seconds=self.by)

    def monotonic(self) -> float:
        return self.real.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self.real.sleep(seconds)


@pytest.mark.parametrize("ran", [0, 290, -290])
@pytest.mark.parametrize("made", [0, -100, -290, -3600, 3600])
def test_clocks_that_differ_alter_nothing(azure: Azure, tmp_path: Path, ran: float, made: float) -> None:
    """The run's machine may be off by what a run is not refused for, the auditor's by anything: the evidence is genuine."""
    stage = azure(one_server())
    review = stage.dry_run()
    real = stage.connection
    result = cmk.apply(
        review, connection=replace(real, clock=_Off(real.clock, ran)), accept=review.acknowledgements_required
    )
    assert result.exit_code == 0, told(result)

    there = replace(stage.connection, clock=_Off(stage.connection.clock, made))
    evidence = cmk.make_evidence(review.digest, connection=there, runs=stage.folder)
    checked = cmk.check_evidence(cmk.save_evidence(evidence, tmp_path))

    assert [part for part in checked.parts if part.verdict != "right"] == []
    assert checked.exit_code == 0


@pytest.mark.parametrize("service", services())
def test_of_every_service_it_shows_offline_what_verify_shows(service: str, azure: Azure, tmp_path: Path) -> None:
    """Judged by what is in the file alone, after an apply and after its rollback."""
    case = smallest_of(service)
    stage = azure(case.scene)
    review = stage.dry_run()
    assert stage.apply(review).exit_code == 0
    stage.at_rest()
    for _ in range(2):
        evidence = _made(stage, review.digest)
        checked = cmk.check_evidence(cmk.save_evidence(evidence, tmp_path))
        assert evidence.verification == stage.verify(review.digest)
        assert checked.verification == evidence.verification
        assert not [part for part in checked.parts if part.verdict != "right"], checked.parts
        assert checked.exit_code == evidence.verification.exit_code
        if checked.undone:
            break
        stage.rolled_back(review.digest)
        stage.at_rest()
    assert checked.undone


def test_a_plan_has_no_evidence_and_says_how_to_get_some(desk: Sit, tmp_path: Path) -> None:
    at = desk(one_server())
    refused(at("verify", at.plan, "--evidence", tmp_path), 64, codes.input_.USAGE, "give the run's id")
    refused(at("verify", "abcd1234", "--evidence", tmp_path), 1, codes.input_.RUN_UNKNOWN)
    applied(at)


def test_a_folder_that_cannot_be_written_is_named(desk: Sit, tmp_path: Path) -> None:
    at = desk(one_server())
    run = applied(at)
    blocking = at.write("file", "x")
    refused(at("verify", run, "--evidence", blocking / "x"), 1, codes.input_.OUTPUT_UNWRITABLE, "file")


def test_what_cannot_be_read_has_no_evidence(desk: Sit, tmp_path: Path) -> None:
    at = desk(one_server())
    run = applied(at)
    at.stage.azure.faults.add(
        Fault("status", method="GET", url=PROTECTOR, nth=0, status=403, code="AuthorizationFailed")
    )
    refused(at("verify", run, "--evidence", tmp_path), 1, codes.access.PERMISSION_MISSING)
    assert not list(tmp_path.glob("*.zip"))
