"""Every runbook of `runbooks/` does its plan's whole job on the demo estate; without these an hourly schedule is broken unseen."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from cmk_remediate.errors import CmkError

ROOT = Path(__file__).parents[2]
RUNBOOKS = sorted((ROOT / "runbooks").glob("remediate_*.py"))


def plan_of(runbook: Path) -> Path:
    name = runbook.stem.removeprefix("remediate_").replace("_", "-")
    return ROOT / "plans" / f"{name}.yaml"


class Automation:
    """Starts *runbook* as Azure Automation would: one argument, and what it prints."""

    def __init__(self, runbook: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._runbook = runbook
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def job(self, **fields: Any) -> tuple[str, Exception | None]:
        argument = json.dumps({**fields, "runs": "runs", "simulate": "az.json"})
        self._monkeypatch.setattr(sys, "argv", [str(self._runbook), argument])
        failure = None
        try:
            runpy.run_path(str(self._runbook), run_name="__main__")
        except (CmkError, RuntimeError) as error:
            failure = error
        return self._capsys.readouterr().out, failure


@pytest.fixture
def automation(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Automation:
    monkeypatch.chdir(tmp_path)
    return Automation(request.param, monkeypatch, capsys)


def test_every_plan_has_its_runbook() -> None:
    assert sorted(plan_of(path).name for path in RUNBOOKS) == sorted(
        path.name for path in (ROOT / "plans").glob("*.yaml")
    )


@pytest.mark.parametrize("automation", RUNBOOKS, ids=lambda path: path.stem, indirect=True)
def test_a_runbook_reviews_applies_and_goes_on(automation: Automation, request: pytest.FixtureRequest) -> None:
    plan = plan_of(request.node.callspec.params["automation"])
    made, failure = automation.job(do="dry-run", plan=str(plan))
    assert failure is None, made
    path, digest = made.splitlines()[0].removeprefix("The whole review: ").split(", digest ")
    review = json.loads(Path(path).read_bytes())
    apply = {"do": "apply", "review": path, "digest": digest}

    refused, failure = automation.job(**apply)
    assert isinstance(failure, CmkError)
    assert "ERROR: [CMK502]" in refused

    apply["accept"] = review["acknowledgements_required"]
    for _ in range(5):  # what Azure still works on when a job ends, the next one goes on with
        printed, failure = automation.job(**apply)
        if failure is None:
            break
    assert failure is None, printed
    again, failure = automation.job(**apply)
    assert failure is None, again
    assert len(again.splitlines()) == 1
    printed, failure = automation.job(do="verify", plan=str(plan))
    assert (failure is None) == ("not as it should be" not in printed)
    assert "wrong" not in printed
    assert failure is None or "in progress" in printed, printed


def test_a_runbook_takes_only_its_services_plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sql = ROOT / "runbooks" / "remediate_sql.py"
    argument = {"do": "dry-run", "plan": str(ROOT / "plans" / "cosmosdb.yaml"), "simulate": "az.json"}
    monkeypatch.setattr(sys, "argv", [str(sql), json.dumps(argument)])
    with pytest.raises(CmkError, match="this runbook is for sql; the plan or review is for cosmosdb"):
        runpy.run_path(str(sql), run_name="__main__")
    assert not list(tmp_path.iterdir())
