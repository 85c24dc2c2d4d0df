"""Without these the first thing a user tries could fail, or an exit code mean something else than the page says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cmk_remediate.report.ends import read_or_write

if TYPE_CHECKING:
    from tests.cli.console import Console

ROOT = Path(__file__).parents[2]
PLAN = ROOT / "plans" / "sql.yaml"
DOOR = "purge-protection:kv-cmk-weu"


def simulated(console: Console, *arguments: object) -> tuple[int, str, str]:
    outcome = console("--simulate", "az.json", "--quiet", *arguments)
    return outcome.code, outcome.out, outcome.err


def writes(console: Console) -> int:
    rows = simulated(console, "requests", "--format", "ndjson")[1].splitlines()
    return sum(read_or_write(json.loads(row)) == "write" for row in rows)


def reviewed(console: Console) -> str:
    assert simulated(console, "dry-run", PLAN, "-o", "review.json")[0] == 0
    return str(json.loads(Path("review.json").read_text(encoding="utf-8"))["digest"])


def test_the_demo_does_the_whole_job(console: Console) -> None:
    outcome = console("--quiet", "demo", "--keep", "here")

    assert outcome.code == 0, outcome.out + outcome.err
    assert "CANNOT BE UNDONE" in outcome.out
    assert ", 0 writes." in outcome.out
    assert "rollback: 3 done" in outcome.out
    assert "everything is as it was" not in outcome.out, "keys, identities and grants stay"
    assert re.search(r"right +sql-orders-weu +its key setting is as it was before the run; 6 things stay", outcome.out)
    assert (Path("here") / "rollback.json").exists()
    assert console("demo", "--keep", "here").code == 64


def test_apply_verify_and_rollback_and_their_exit_codes(console: Console) -> None:
    run = reviewed(console)
    assert simulated(console, "dry-run", PLAN, "--detailed-exitcode")[0] == 2
    code, out, _ = simulated(console, "verify", PLAN, "--format", "junit")
    assert code == 2
    assert '<testsuite name="sql" tests="6" failures="3" errors="0" skipped="2">' in out

    for arguments in (
        ["--yes"],
        ["--yes", "--accept", "purge-protection:other"],
        ["--yes", "--accept", DOOR, "--accept", "vault-firewall:kv-cmk-weu"],
        ["--accept", DOOR],
    ):
        code, out, err = simulated(console, "apply", "review.json", *arguments)
        assert code == 4, err
        assert "error[CMK5" in err
        assert out == ""
    assert writes(console) == 0

    assert simulated(console, "apply", "review.json", "--yes", "--accept", DOOR)[0] == 0
    sent = writes(console)
    assert sent > 0
    assert simulated(console, "apply", "review.json", "--yes", "--accept", DOOR)[0] == 0
    assert simulated(console, "resume", run[:8])[0] == 0
    code, out, _ = simulated(console, "verify", PLAN, "--format", "junit")
    assert code == 0
    assert '<testsuite name="sql" tests="6" failures="0" errors="0" skipped="2">' in out
    code, out, _ = simulated(console, "verify", run[:8], "--format", "html")
    assert code == 0
    assert out.startswith("<!DOCTYPE html>")
    assert simulated(console, "dry-run", PLAN, "--detailed-exitcode")[0] == 0
    assert writes(console) == sent

    assert simulated(console, "rollback", run[:8])[0] == 4
    assert simulated(console, "rollback", run[:8], "-o", "back.json")[0] == 0
    assert writes(console) == sent
    code, out, err = simulated(console, "--json", "rollback", run[:8], "--yes")
    assert code == 0, err
    assert json.loads(out)["exit_code"] == 0
    assert simulated(console, "verify", run[:8])[0] == 0
    assert simulated(console, "verify", PLAN)[0] == 2
    code, _, err = simulated(console, "apply", "review.json", "--yes", "--accept", DOOR)
    assert code == 3
    assert "error[CMK113]" in err
    assert [summary["state"] for summary in json.loads(simulated(console, "runs", "--json")[1])] == [
        "rolled back",
        "finished",
    ]


def test_an_expired_review_is_3(console: Console) -> None:
    reviewed(console)
    assert simulated(console, "advance", "8d")[0] == 0
    code, _, err = simulated(console, "apply", "review.json", "--yes", "--accept", DOOR)

    assert code == 3
    assert "error[CMK111]" in err
    assert writes(console) == 0


def test_a_plan_whose_every_target_is_blocked_is_4(console: Console) -> None:
    head, _, tail = PLAN.read_text(encoding="utf-8").partition("targets:\n")
    locked = next(line for line in tail.splitlines() if line.endswith("/sql-locked-weu"))
    Path("plan.yaml").write_text(f"{head}targets:\n{locked}\n", encoding="utf-8")
    code, out, _ = simulated(console, "dry-run", "plan.yaml")

    assert code == 4
    assert "BLOCKED: " in out
    assert simulated(console, "verify", "plan.yaml")[0] == 0


def test_a_plan_for_another_tenant_is_1(console: Console) -> None:
    text = PLAN.read_text(encoding="utf-8")
    Path("plan.yaml").write_text(
        text.replace("11111111-1111-4111-8111-111111111111", "9" * 8 + "-9999-4999-8999-" + "9" * 12)
    )
    code, _, err = simulated(console, "dry-run", "plan.yaml")

    assert code == 1
    assert "error[CMK104]" in err


def test_another_run_store_than_the_reviews_is_3(console: Console) -> None:
    reviewed(console)
    code, _, err = simulated(console, "apply", "review.json", "--yes", "--accept", DOOR, "--runs", "elsewhere")

    assert code == 3
    assert "error[CMK114]" in err


def test_permissions_are_importable_roles(console: Console) -> None:
    roles = json.loads(simulated(console, "permissions", PLAN)[1])

    assert {"Name", "Actions", "AssignableScopes"} <= set(roles[0])
    code, out, _ = simulated(console, "permissions", PLAN, "-o", "roles")
    assert code == 0
    assert [json.loads(Path(line).read_text(encoding="utf-8")) for line in out.splitlines()] == roles


def runbook(**job: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "runbooks" / "remediate_sql.py"), json.dumps(job)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)})


def test_the_runbook_reviews_applies_and_has_nothing_left_to_do(console: Console) -> None:  # console: its folder
    made = runbook(do="dry-run", plan=str(PLAN), runs="runs", simulate="az.json")
    assert made.returncode == 0, made.stdout
    pointer = made.stdout.splitlines()[0]
    path, digest = pointer.removeprefix("The whole review: ").split(", digest ")

    apply = {"do": "apply", "review": path, "digest": digest, "runs": "runs", "simulate": "az.json"}
    refused = runbook(**apply)
    assert refused.returncode == 1
    assert "ERROR: [CMK502]" in refused.stdout

    assert runbook(**apply, accept=[DOOR]).returncode == 0
    again = runbook(**apply, accept=[DOOR])
    assert again.returncode == 0
    assert len(again.stdout.splitlines()) == 1
    assert runbook(do="verify", plan=str(PLAN), runs="runs", simulate="az.json").returncode == 0


@pytest.mark.parametrize("job", [{"do": "dry-run", "plan": "https://store.example/plan.yaml"}, {"do": "dry-run"}, {}])
def test_the_runbook_raises_on_what_it_is_not_made_for(console: Console, job: dict[str, object]) -> None:
    done = runbook(**job)

    assert done.returncode == 1
    assert done.stdout.startswith("ERROR: [CMK1")
