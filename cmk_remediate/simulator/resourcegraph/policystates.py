"""The states of Azure Policy as Resource Graph shows them: each assigned definition on each resource it is about.

Judged anew at every query; the service scans about once a day and after writes (learn.microsoft.com, "Get compliance data of Azure
resources"). Shape: learn.microsoft.com, "Azure Resource Graph sample queries for Azure Policy" (``PolicyResources``).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator import policy
from cmk_remediate.simulator.resources import view

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World

STATES = "microsoft.policyinsights/policystates"
_READ = "Microsoft.PolicyInsights/policyStates/queryResults/read"
_JUDGED = ("audit", "deny")


def rows(world: World, caller: str, wanted: frozenset[str] | None) -> list[dict[str, Any]]:
    """Return the states that *caller* may read of resources in the subscriptions *wanted* (None: all)."""
    if not world.index.of_type(policy.ASSIGNMENTS):
        return []
    return [row for resource, body in world.resources() for row in _of(world, caller, wanted, resource, body)]


def _of(
    world: World, caller: str, wanted: frozenset[str] | None, resource: ResourceId, body: Json
) -> Iterator[dict[str, Any]]:
    if wanted is not None and resource.subscription.lower() not in wanted:
        return
    for one in policy.assigned(world, resource):
        about = json.dumps(one.rule["if"]).lower()
        if one.effect not in _JUDGED or f'"{resource.type.lower()}"' not in about:
            continue
        if not world.may(caller, _READ, resource):
            continue
        hit = one.hits(world, resource, view(world, resource, body))
        yield _row(resource, one, "NonCompliant" if hit else "Compliant")


def _row(resource: ResourceId, one: policy.Assigned, state: str) -> dict[str, Any]:
    name = hashlib.sha256(f"{resource.key} {one.assignment['id']} {one.definition}".lower().encode()).hexdigest()
    return {
        "id": f"{resource}/providers/Microsoft.PolicyInsights/policyStates/{name}",
        "name": name,
        "type": STATES,
        "subscriptionId": resource.subscription,
        "resourceGroup": resource.resource_group.lower(),
        "properties": {
            "resourceId": str(resource),
            "resourceType": resource.type.lower(),
            "complianceState": state,
            "policyAssignmentId": str(one.assignment["id"]).lower(),
            "policyDefinitionId": one.definition.lower(),
            "policyDefinitionName": one.definition.rpartition("/")[2].lower(),
            "policyDefinitionAction": one.effect,
        },
    }
