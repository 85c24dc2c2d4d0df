"""Hazard 22: every review says whether the use of each vault's keys leaves a trace.

Fails: a key is refused to a database on a Sunday, and on Monday nobody can say by whom, since when, or why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes, simulator
from cmk_remediate.simulator.faults import Fault
from tests.e2e.desk import adding, several
from tests.e2e.estates import OLD_VAULT, OPERATOR, VAULT, Scene, one_server, previous_cmk
from tests.e2e.stage import path

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure

WORKSPACE = "/subscriptions/x/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/w"
AUDIT_CODES = frozenset(
    {codes.notes.AUDIT_LOGGING_MISSING, codes.notes.AUDIT_LOGGING_ON, codes.notes.AUDIT_LOGGING_UNKNOWN}
)
LIST = "/providers/microsoft.insights/diagnosticsettings"


def _logging(scene: Scene, *logs: dict[str, Any], vault: str = VAULT) -> Scene:
    setting = f"{vault}/providers/Microsoft.Insights/diagnosticSettings/to-siem"
    return adding(scene, "resources", {"id": setting, "properties": {"workspaceId": WORKSPACE, "logs": list(logs)}})


def _said(review: Review) -> dict[str, tuple[str, str]]:
    found = [note for note in review.notes if note.code in AUDIT_CODES]
    assert len({note.scope.lower() for note in found}) == len(found), "one a vault"
    return {note.scope.lower(): (note.code, note.text) for note in found}


@pytest.mark.parametrize(
    ("log", "on"),
    [
        ({"category": "AuditEvent", "enabled": True}, True),
        ({"category": "auditevent", "enabled": True}, True),
        ({"categoryGroup": "audit", "enabled": True}, True),
        ({"categoryGroup": "allLogs", "enabled": True}, True),
        ({"category": "AuditEvent", "enabled": False}, False),
        ({"categoryGroup": "allLogs", "enabled": False}, False),
        ({"category": "AzurePolicyEvaluationDetails", "enabled": True}, False),
    ],
)
def test_what_counts_as_logging(azure: Azure, log: dict[str, Any], *, on: bool) -> None:
    code, text = _said(azure(_logging(one_server(), log)).dry_run())[VAULT.lower()]
    assert code == (codes.notes.AUDIT_LOGGING_ON if on else codes.notes.AUDIT_LOGGING_MISSING)
    assert ("to-siem" in text) == on


def test_each_vault_is_asked_once_whatever_the_targets(azure: Azure) -> None:
    for count in (1, 4):
        stage = azure(several(count))
        stage.dry_run()
        assert len([one for one in stage.since(0) if LIST in path(one)]) == 1


def test_the_vault_of_the_previous_key_is_judged_too(azure: Azure) -> None:
    review = azure(_logging(previous_cmk(), {"categoryGroup": "audit", "enabled": True}, vault=OLD_VAULT)).dry_run()
    said = _said(review)
    assert said[VAULT.lower()][0] == codes.notes.AUDIT_LOGGING_MISSING
    assert said[OLD_VAULT.lower()][0] == codes.notes.AUDIT_LOGGING_ON, "backups made on that key are restored with it"


def test_what_may_not_be_read_is_not_known_and_why(azure: Azure) -> None:
    stage = azure(one_server())
    fault = Fault("status", method="GET", url="diagnosticSettings", nth=0, status=403, code="AuthorizationFailed")
    stage.azure.faults.add(fault)
    review, _ = stage.moved()
    code, text = _said(review)[VAULT.lower()]
    assert code == codes.notes.AUDIT_LOGGING_UNKNOWN
    assert "AuthorizationFailed" in text


def test_the_printed_role_is_enough_to_know(azure: Azure) -> None:
    scene = one_server()
    roles = cmk.permissions(scene.plan, connection=azure(scene).connection)
    operator = {"object_id": OPERATOR, "role": [dict(one) for one in roles]}
    stage = azure(Scene({**scene.estate, "operator": operator}, scene.plan, scene.servers, scene.keys))
    assert _said(stage.dry_run())[VAULT.lower()][0] == codes.notes.AUDIT_LOGGING_MISSING


def test_the_demo_estate_has_one_of_each(tmp_path: Path) -> None:
    review = cmk.dry_run("plans/sql.yaml", connection=simulator.open(tmp_path / "az.json"), runs=tmp_path / "runs")
    found = {scope.rpartition("/")[2]: code for scope, (code, _) in _said(review).items()}
    assert found["kv-cmk-weu"] == codes.notes.AUDIT_LOGGING_ON
    assert codes.notes.AUDIT_LOGGING_MISSING in found.values()
