"""Every runbook of `runbooks/` does its plan's whole job on the demo estate; without these an hourly schedule is broken unseen."""

from __future__ import annotations

import json
import runpy
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import simulator
from cmk_remediate.errors import CmkError, InputError

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


class AutomationAssetNotFound(Exception):  # noqa: N818 - Automation's own name
    """What Automation raises where there is no variable of that name; its text is the name."""


def assets(monkeypatch: pytest.MonkeyPatch, raised: type[Exception] | None, value: str = "") -> None:
    """Be an Automation account: its variables raise *raised*, or hold *value*."""

    def get_automation_variable(name: str) -> str:
        if raised is not None:
            raise raised(name)
        return value

    module = types.ModuleType("automationassets")
    module.get_automation_variable = get_automation_variable  # type: ignore[attr-defined]
    module.AutomationAssetNotFound = AutomationAssetNotFound  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "automationassets", module)


@pytest.mark.parametrize(
    ("argument", "raised", "said"),
    [
        ("no-such-variable", AutomationAssetNotFound, "'no-such-variable' is neither a JSON object nor the name of"),
        ("", AutomationAssetNotFound, "it is empty"),
        ("plan", ConnectionError, "Automation does not give the variable 'plan': ConnectionError: plan"),
        ("plan", None, "the Automation variable 'plan' is empty"),
    ],
)
def test_a_variable_that_is_not_there_is_named_with_what_to_do(
    argument: str,
    raised: type[Exception] | None,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A job's output is all that an operator has of it: a name alone says nothing."""
    assets(monkeypatch, raised)

    with pytest.raises(InputError):
        cmk.run_job(argument, service="sql", simulated=simulator.open)

    out = capsys.readouterr().out
    assert "ERROR: [CMK119] the runbook's argument" in out
    assert said in out
    assert "ERROR: next: Compare it with docs/runbook.md" in out
    assert "see above" not in out
