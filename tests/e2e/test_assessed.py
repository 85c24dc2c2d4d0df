"""What our plans have moved, assessed by somebody who knows no plan. Fails: what is right is accused, or what is not is praised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import cmk_remediate as cmk
from cmk_remediate.services import states
from tests.e2e.stage import told
from tests.faults.plans import Case, shipped

if TYPE_CHECKING:
    from tests.e2e.conftest import Azure

SHIPPED = [case for case in shipped() if case.scene.plan.get("service") not in (None, "aks", "sql-database")]
"""Clusters are built by hand, and databases are found with their servers."""


@pytest.mark.parametrize("case", SHIPPED, ids=lambda case: case.name)
def test_an_assessment_finds_what_a_plan_has_moved_as_the_plan_does(azure: Azure, case: Case) -> None:
    stage = azure(case.scene)
    result = stage.apply(stage.dry_run())
    assert result.exit_code == 0, told(result)
    stage.at_rest()
    planned = {one.id.lower(): one.state for one in stage.dry_run().targets}
    found = cmk.assess(list(planned), connection=stage.connection)
    assert {one.id.lower(): one.state for one in found.findings} == planned
    assert {states.HEALTHY, states.SYSTEM_ASSIGNED} & set(planned.values())
    assert all(one.keys for one in found.findings if one.verdict == "compliant")
