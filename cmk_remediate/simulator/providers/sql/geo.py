"""Failover groups and replication links: what an estate leaves out is supplied, and roles can swap at any moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import (
    SYNC,
    Action,
    Answer,
    ArmError,
    Event,
    Json,
    Reply,
    ResourceType,
    Say,
    Schedule,
    SetResource,
    Write,
)
from cmk_remediate.simulator.providers.common import bad_request, display_region, properties_of
from cmk_remediate.simulator.providers.sql.names import API_VERSIONS, GROUP, GROUP_OPERATION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

FAILOVER = "sql.failover"
"""Swaps the roles of a failover group: ``{"group": id of the group on either server}``. Tests schedule it in mid-run."""

_OTHER = {"Primary": "Secondary", "Secondary": "Primary"}


def _refused(write: Write) -> ArmError | None:
    if properties_of(write.old).get("replicationRole") == "Secondary":
        return None
    text = "A planned failover is asked of the secondary server; this server is the primary already."
    return bad_request("FailoverGroupNotSecondary", text, "unconfirmed")


def _failover(write: Write) -> Reply | ArmError:
    refused = _refused(write)
    if refused is not None:
        return refused
    swap = (Schedule(0.0, FAILOVER, {"group": str(write.id)}),)
    return Reply(status=202, changes=swap, operation=GROUP_OPERATION)


def _twin(world: World, group: ResourceId, body: Json) -> ResourceId | None:
    for one in properties_of(body).get("partnerServers") or ():
        twin = world.spelled(ResourceId(str(one["id"])).child("failoverGroups", group.name))
        if world.get(twin) is not None:
            return twin
    return None


def _swapped(body: Json) -> Json:
    properties = dict(properties_of(body))
    properties["replicationRole"] = _OTHER.get(str(properties.get("replicationRole")), "Primary")
    properties["partnerServers"] = [
        {**one, "replicationRole": _OTHER.get(str(one.get("replicationRole")), "Secondary")}
        for one in properties.get("partnerServers") or ()
    ]
    return {**body, "properties": properties}


def failed_over(world: World, data: Json) -> Iterator[Change]:
    """Swap the roles of a failover group and of its databases' links, on both servers."""
    group = world.spelled(ResourceId(str(data["group"])))
    body = world.get(group)
    if body is None:
        return
    sides = [group, _twin(world, group, body)]
    for side in sides:
        kept = world.get(side) if side is not None else None
        if side is None or kept is None:
            continue
        yield SetResource(side, _swapped(kept))
        for database, _ in world.children(side.top_level, "databases"):
            for link, linked in world.children(database, "replicationLinks"):
                properties = dict(properties_of(linked))
                properties["role"] = _OTHER.get(str(properties.get("role")), "Primary")
                properties["partnerRole"] = _OTHER.get(str(properties.get("partnerRole")), "Secondary")
                yield SetResource(link, {**linked, "properties": properties})
    yield Say(f"the failover group {group.name} swapped its roles")


GROUPS = ResourceType(
    type=GROUP,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, body="operation", operation=GROUP_OPERATION),
        "DELETE": Answer(status=202, body="operation", operation=GROUP_OPERATION),
    },
    read_only=("location", "properties.replicationRole", "properties.replicationState"),
    actions=(Action("failover", _failover), Action("forceFailoverAllowDataLoss", _failover)),
    tracked=False,
)
"""azure-mgmt-sql FailoverGroupsOperations."""


def seeded(world: World) -> Iterator[Change]:
    """Complete the failover groups of the estate: the partner's view, the secondaries' databases, the links."""
    for group, body in world.by_type(GROUP):
        properties = properties_of(body)
        server = world.get(group.top_level) or {}
        whole = {
            "readWriteEndpoint": {"failoverPolicy": "Manual"},
            "readOnlyEndpoint": {"failoverPolicy": "Disabled"},
            "replicationRole": "Primary",
            "replicationState": "CATCH_UP",
            "databases": [],
            **properties,
        }
        whole["partnerServers"] = [_partner(world, one) for one in properties.get("partnerServers") or ()]
        region = display_region(str(server.get("location", "")))
        yield SetResource(group, {"location": region, **body, "properties": whole})
        if whole["replicationRole"] == "Primary":
            for one in whole["partnerServers"]:
                yield from _partner_side(world, group, whole, ResourceId(str(one["id"])))
    for link, body in world.by_type("Microsoft.Sql/servers/databases/replicationLinks"):
        yield SetResource(link, {**body, "properties": {**_LINK, **properties_of(body)}})


_LINK: Json = {
    "replicationMode": "ASYNC",
    "percentComplete": 100,
    "replicationState": "CATCH_UP",
    "isTerminationAllowed": False,
    "linkType": "GEO",
}


def _partner(world: World, one: Json) -> Json:
    body = world.get(str(one["id"])) or {}
    return {"location": display_region(str(body.get("location", ""))), "replicationRole": "Secondary", **one}


def _partner_side(world: World, group: ResourceId, whole: Json, partner: ResourceId) -> Iterator[Change]:
    here = group.top_level
    there = world.get(partner)
    if there is None:
        return
    home = world.get(here) or {}
    twin = partner.child("failoverGroups", group.name)
    databases = [ResourceId(str(one)) for one in whole["databases"]]
    if world.get(twin) is None:
        mirrored = {
            **whole,
            "replicationRole": "Secondary",
            "partnerServers": [
                {
                    "id": str(here),
                    "location": display_region(str(home.get("location", ""))),
                    "replicationRole": "Primary",
                }
            ],
            "databases": [str(partner.child("databases", one.name)) for one in databases],
        }
        yield SetResource(twin, {"location": display_region(str(there.get("location", ""))), "properties": mirrored})
    for database in databases:
        copy = partner.child("databases", database.name)
        body = world.get(database) or {}
        if world.get(copy) is None:
            kept = {name: value for name, value in body.items() if name not in ("id", "type")}
            yield SetResource(copy, {**kept, "location": there.get("location")})
        yield from _linked(world, database, copy)


def _linked(world: World, database: ResourceId, copy: ResourceId) -> Iterator[Change]:
    if world.children(database, "replicationLinks"):
        return
    name = world.new_guid("link", database.key)
    for one, other, role in ((database, copy, "Primary"), (copy, database, "Secondary")):
        place = display_region(str((world.get(other.top_level) or {}).get("location", "")))
        properties = {
            "partnerServer": other.top_level.name,
            "partnerDatabase": other.name,
            "partnerDatabaseId": str(other),
            "partnerLocation": place,
            "role": role,
            "partnerRole": _OTHER[role],
            "startTime": world.iso(-30 * 86400),
            **_LINK,
        }
        yield SetResource(one.child("replicationLinks", name), {"properties": properties})


EVENTS = (Event(FAILOVER, failed_over),)
