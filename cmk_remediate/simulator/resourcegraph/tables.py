"""The tables of Resource Graph: a row for each resource that the caller may read.

Types, locations and resource groups are in lower case, ids as Azure keeps them: learn.microsoft.com, "Understanding the Azure
Resource Graph query language" and the sample queries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator.builtin import GROUPS
from cmk_remediate.simulator.containers import SUBSCRIPTIONS, tracked
from cmk_remediate.simulator.eventual import seen
from cmk_remediate.simulator.resourcegraph import policystates
from cmk_remediate.simulator.resources import view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World

Rows = list[dict[str, Any]]

_COPIED = ("kind", "managedBy", "sku", "plan", "properties", "tags", "identity", "zones", "extendedLocation")
_GRANTS = "Microsoft.Authorization/roleAssignments"
_ROLES = "Microsoft.Authorization/roleDefinitions"


def _resources(world: World, caller: str, wanted: frozenset[str] | None) -> Rows:
    return [
        _row(world, resource, body)
        for kind in tracked(world)
        for resource, body in _readable(world, caller, kind, wanted)
    ]


def _containers(world: World, caller: str, wanted: frozenset[str] | None) -> Rows:
    rows = []
    for kind in (SUBSCRIPTIONS, GROUPS.type):
        for resource, body in _readable(world, caller, kind, wanted, "Microsoft.Resources/subscriptions/read"):
            row = _row(world, resource, body)
            if kind == SUBSCRIPTIONS:
                shown: Json = {"managementGroupAncestorsChain": [], "state": body.get("state")}
                row |= {"type": SUBSCRIPTIONS, "name": body.get("displayName"), "properties": shown}
            else:
                row["type"] = "microsoft.resources/subscriptions/resourcegroups"
            rows.append(row)
    return rows


def _authorization(world: World, caller: str, wanted: frozenset[str] | None) -> Rows:
    return [
        _row(world, resource, body)
        for kind in (_GRANTS, _ROLES)
        for resource, body in _readable(world, caller, kind, wanted)
    ]


def _readable(
    world: World, caller: str, kind: str, wanted: frozenset[str] | None, action: str = ""
) -> Iterator[tuple[ResourceId, Json]]:
    for resource, _ in world.by_type(kind):
        if wanted is not None and resource.subscription.lower() not in wanted:
            continue
        body = seen(world, resource.key, "list")
        if body is not None and world.may(caller, action or f"{resource.type}/read", resource):
            yield resource, view(world, resource, body)


def _row(world: World, resource: ResourceId, body: Json) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": body.get("id", str(resource)),
        "name": body.get("name", resource.name),
        "type": resource.type.lower(),
        "tenantId": world.tenant(resource),
        "location": str(body.get("location") or "").lower().replace(" ", ""),
        "resourceGroup": resource.resource_group.lower(),
        "subscriptionId": resource.subscription,
    }
    return row | {name: body.get(name) for name in _COPIED}


TABLES: Mapping[str, Callable[[World, str, frozenset[str] | None], Rows]] = {
    "resources": _resources,
    "resourcecontainers": _containers,
    "authorizationresources": _authorization,
    "policyresources": policystates.rows,
}
"""By name: the rows that a caller sees in the subscriptions it asks for (None: all)."""
