"""Failover groups of managed instances: they lie under a region, and each of the two regions has its own view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import (
    SYNC,
    Action,
    Answer,
    Event,
    Json,
    Reply,
    ResourceType,
    Say,
    Schedule,
    SetResource,
)
from cmk_remediate.simulator.providers.common import display_region, properties_of
from cmk_remediate.simulator.providers.sql.names import API_VERSIONS, INSTANCE_GROUP
from cmk_remediate.simulator.providers.sql_instances import operations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change, Write
    from cmk_remediate.simulator.world import World

FAILOVER = "sql.instance-failover"
"""Swaps the roles of an instance failover group: ``{"group": id of either view}``. Tests schedule it in mid-run."""

_OTHER = {"Primary": "Secondary", "Secondary": "Primary"}


def _failover(write: Write) -> Reply:
    swap = (Schedule(0.0, FAILOVER, {"group": str(write.id)}),)
    return Reply(status=202, changes=swap, operation=operations.GROUP)


GROUPS = ResourceType(
    type=INSTANCE_GROUP,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, body="operation", operation=operations.GROUP),
        "DELETE": Answer(status=202, body="operation", operation=operations.GROUP),
    },
    read_only=("properties.replicationRole", "properties.replicationState"),
    actions=(Action("failover", _failover), Action("forceFailoverAllowDataLoss", _failover)),
    tracked=False,
)
"""azure-mgmt-sql InstanceFailoverGroupsOperations."""


def _views(world: World, name: str, pairs: object) -> list[tuple[ResourceId, Json]]:
    return [
        (group, body)
        for group, body in world.by_type(INSTANCE_GROUP)
        if group.name.lower() == name.lower() and properties_of(body).get("managedInstancePairs") == pairs
    ]


def failed_over(world: World, data: Json) -> Iterator[Change]:
    """Swap the roles of a failover group in both its views."""
    group = world.spelled(ResourceId(str(data["group"])))
    pairs = properties_of(world.get(group)).get("managedInstancePairs")
    swapped = [
        {
            "primaryManagedInstanceId": pair["partnerManagedInstanceId"],
            "partnerManagedInstanceId": pair["primaryManagedInstanceId"],
        }
        for pair in pairs or ()
    ]
    for view, body in _views(world, group.name, pairs):
        properties = dict(properties_of(body))
        properties["replicationRole"] = _OTHER[str(properties["replicationRole"])]
        properties["managedInstancePairs"] = swapped
        properties["partnerRegions"] = [
            {**one, "replicationRole": _OTHER[str(one["replicationRole"])]} for one in properties["partnerRegions"]
        ]
        yield SetResource(view, {**body, "properties": properties})
    yield Say(f"the failover group {group.name} swapped its roles")


def seeded(world: World) -> Iterator[Change]:
    """Complete the failover groups of the estate, and supply the view from the partner's region and its databases."""
    for group, body in world.by_type(INSTANCE_GROUP):
        properties = {
            "readWriteEndpoint": {"failoverPolicy": "Manual"},
            "readOnlyEndpoint": {"failoverPolicy": "Disabled"},
            "secondaryType": "Geo",
            "replicationRole": "Primary",
            "replicationState": "CATCH_UP",
            **properties_of(body),
        }
        pair = properties["managedInstancePairs"][0]
        first, second = (
            world.spelled(ResourceId(str(pair[f"{side}ManagedInstanceId"]))) for side in ("primary", "partner")
        )
        if (
            world.get(first) is None or world.get(second) is None
        ):  # a copy of an estate without the partner's subscription
            yield SetResource(group, {**body, "properties": properties})
            continue
        near, far = (first, second) if properties["replicationRole"] == "Primary" else (second, first)
        other = _OTHER[properties["replicationRole"]]
        properties["partnerRegions"] = [{"location": _region(world, far), "replicationRole": other}]
        yield SetResource(group, {**body, "properties": properties})
        twin = _place(world, far, group.name)
        if world.get(twin) is None:
            mirrored = {
                **properties,
                "replicationRole": other,
                "partnerRegions": [
                    {"location": _region(world, near), "replicationRole": properties["replicationRole"]}
                ],
            }
            yield SetResource(twin, {"properties": mirrored})
        for database, kept in world.children(first, "databases"):
            copy = second.child("databases", database.name)
            if world.get(copy) is None:
                shown = {name: value for name, value in kept.items() if name not in ("id", "type")}
                yield SetResource(copy, {**shown, "location": (world.get(second) or {}).get("location")})


def _region(world: World, instance: ResourceId) -> str:
    return display_region(str((world.get(instance) or {}).get("location", "")))


def _place(world: World, instance: ResourceId, name: str) -> ResourceId:
    """Return where the view from the region of *instance* lies."""
    region = str((world.get(instance) or {}).get("location", "")).replace(" ", "").lower()
    return ResourceId(
        f"{instance.group_id}/providers/{INSTANCE_GROUP.replace('/locations/', f'/locations/{region}/')}/{name}"
    )


EVENTS = (Event(FAILOVER, failed_over),)
