"""Azure SQL on the embedded Azure. If these fail, a dry run misjudges servers although each rule alone is right."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import simulator
from cmk_remediate.connection import Session
from cmk_remediate.engine.project import project
from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.model.decisions import Change
from cmk_remediate.model.graph import GraphBuilder
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.load import load
from cmk_remediate.planfile.schema import PlanFile
from cmk_remediate.services.service import Candidate, RecipeContext
from cmk_remediate.services.sql.service import SqlService

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.engine.project import Projected
    from cmk_remediate.model.protocols import Connection

REFERENCE = os.environ.get("CMK_REMEDIATE_REFERENCE", "")
RECORDED = Path(REFERENCE) / "recordings" / "estates" / "sql.json"
PLANS = Path(__file__).parents[3] / "plans"
SERVICE = SqlService()


def looked_at(connection: Connection, plan: PlanFile) -> tuple[tuple[Candidate, ...], tuple[Projected, ...]]:
    """Return what a dry run of *plan* judges, through the real SDK clients."""

    async def look() -> tuple[tuple[Candidate, ...], tuple[Projected, ...]]:
        reader = EachOnce(Session(connection, read_only=True, vaults=_vaults(plan)))
        facts = [await SERVICE.detect(reader, target, plan) for target in plan.targets]
        candidates = SERVICE.candidates(facts, plan)
        builder = GraphBuilder()
        for candidate in candidates:
            if candidate.blocked is None:
                SERVICE.recipe(candidate, plan, builder, RecipeContext("review-1"))
        return candidates, tuple((await project(builder.build(), reader)).values())

    return connection.run(look)


def _vaults(plan: PlanFile) -> list[ResourceId]:
    keys = [plan.customer_managed_key]
    keys += [
        one.overrides.customer_managed_key
        for one in plan.targets
        if one.overrides and one.overrides.customer_managed_key
    ]
    return [ResourceId.parse(key.key_vault_resource_id) for key in keys]


def test_the_demo_plan_finds_the_states_its_estate_was_made_with() -> None:
    azure = simulator.azure()
    candidates, _ = looked_at(azure.connection(), load(PLANS / "sql.yaml").documents[0].plan)
    found = {one.id.name: (one.state, one.compliant, one.blocked and one.blocked.code) for one in candidates}
    assert found == {
        "sql-orders-weu": ("platform", False, None),
        "sql-billing-weu": ("platform", False, None),
        "sql-ledger-weu": ("customer (healthy)", True, None),
        "sql-legacy-weu": ("customer (wrong)", False, None),
        "sql-locked-weu": ("platform", False, None),  # the lock is the preflight's to find
        "sql-synapse-weu": ("foreign", False, "CMK405"),
    }
    pair = next(one for one in candidates if one.id.name == "sql-billing-weu")
    assert [member.name for member in pair.members] == ["sql-billing-neu", "sql-billing-weu"]


def test_a_compliant_server_gets_no_write() -> None:
    plan = load(PLANS / "sql.yaml").documents[0].plan
    ledger = plan.model_copy(update={"targets": tuple(one for one in plan.targets if "ledger" in one.resource_id)})
    _, steps = looked_at(simulator.azure().connection(), ledger)
    assert [one.node.step.kind for one in steps if isinstance(one.decision, Change)] == []


@pytest.mark.skipif(not RECORDED.is_file(), reason="CMK_REMEDIATE_REFERENCE names no folder with recordings")
def test_of_the_25_recorded_servers_17_can_be_moved_two_of_them_only_by_name(
    figures: Callable[[str], None],
) -> None:
    estate = _with_vault(json.loads(RECORDED.read_text(encoding="utf-8")))
    candidates, steps = looked_at(simulator.azure(estate=estate).connection(), _plan(estate))
    movable = [one.id.name for one in candidates if one.blocked is None]
    states = Counter(one.state for one in candidates)
    refused = Counter(str(one.blocked.code) for one in candidates if one.blocked is not None)
    figures(f"{len(candidates)} recorded servers: {dict(states)}; refused: {dict(refused)}")
    assert len(candidates) == 25
    assert len(movable) == 17
    assert refused == {"CMK409": 4, "CMK407": 2, "CMK405": 1, "CMK404": 1}
    assert states == {"platform": 18, "customer, not checkable": 4, "cross-tenant": 2, "foreign": 1}
    assert _displaced(steps) == {"querysrv-000", "mi-tooling-server-010"}


def _displaced(steps: tuple[Projected, ...]) -> set[str]:
    lines = [line for one in steps if isinstance(one.decision, Change) for line in one.decision.lines]
    accepted = [line.acceptance for line in lines if line.acceptance is not None]
    assert {one.kind for one in accepted} == {"server-identity"}
    return {one.resource.name for one in accepted}


def _with_vault(estate: dict[str, Any]) -> dict[str, Any]:
    vault = {
        "id": f"{_group(estate)}/providers/Microsoft.KeyVault/vaults/kv-cmk",
        "location": "eastus",
        "properties": {
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
            "enablePurgeProtection": True,
        },
    }
    return {**estate, "resources": [vault, *estate["resources"]]}


def _group(estate: dict[str, Any]) -> str:
    return f"/subscriptions/{estate['subscriptions'][0]['subscriptionId']}/resourceGroups/rg-keys"


def _plan(estate: dict[str, Any]) -> PlanFile:
    group = _group(estate)
    servers = [one["id"] for one in estate["resources"] if "/Microsoft.Sql/servers/" in one["id"]]
    plan = {
        "service": "sql",
        "tenant": estate["subscriptions"][0]["tenantId"],
        "owner": "tests",
        "customer_managed_key": {
            "key_vault_resource_id": f"{group}/providers/Microsoft.KeyVault/vaults/kv-cmk",
            "key_name": "cmk-{target}",
            "user_assigned_identity": {
                "resource_id": f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-{{target}}"
            },
        },
        "targets": [{"resource_id": one} for one in servers],
    }
    return PlanFile.model_validate_json(json.dumps(plan))
