"""Servers joined by failover groups or replication links: who is joined with whom, in which role, and how healthily.

Sources: SDK `FailoverGroup.properties` (``replicationRole``, ``replicationState``, ``partnerServers[].id``) and
`ReplicationLinkProperties` (``role``, ``partnerServer``, ``partnerDatabaseId``, ``replicationState``, ``linkType``);
learn.microsoft.com, "TDE with customer-managed key": at most four secondaries, no chains.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cmk_remediate import codes
from cmk_remediate.errors import InputError
from cmk_remediate.model.decisions import Blocked, Line
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps.sql import sorts

Body = Mapping[str, Any]
MOST_SECONDARIES = 4
_UNHEALTHY = frozenset({"pending", "seeding", "suspended"})


def shown(server: ResourceId, listed: Sequence[Sequence[Body]]) -> tuple[Sequence[Body], Sequence[Body]]:
    """Return the failover groups and the replication links of *server*, out of the answers to `sorts.geo_reads`.

    An instance's group names pairs of instances instead of partners, and lies in a region beside groups of other instances: it
    is given the shape of a server's (SDK `InstanceFailoverGroupProperties`).
    """
    if sorts.is_instance(server):
        return tuple(group for group in (_of_instance(server, body) for body in listed[0]) if group is not None), ()
    return listed[0], listed[1]


def _of_instance(instance: ResourceId, body: Body) -> Body | None:
    """Return an instance failover group as its member *instance* sees it; None for one it is not in."""
    others: list[Body] = []
    for pair in at_path(body, "properties.managedInstancePairs") or ():
        both = [pair.get("primaryManagedInstanceId"), pair.get("partnerManagedInstanceId")]
        ids = [ResourceId.parse(one) for one in both if one]
        if instance in ids:
            others.extend({"id": one.text} for one in ids if one != instance)
    if not others:
        return None
    properties = {**(at_path(body, "properties") or {}), "partnerServers": others}
    return {"id": body.get("id"), "name": body.get("name"), "properties": properties}


def partners(
    server: ResourceId, groups: Iterable[Body], links: Iterable[Body]
) -> tuple[tuple[ResourceId, ...], tuple[str, ...]]:
    """Return the servers *server* is joined with, and the names of partners that no resource id leads to."""
    found: dict[ResourceId, None] = {}
    lost: dict[str, None] = {}
    for group in groups:
        for partner in at_path(group, "properties.partnerServers") or ():
            found[ResourceId.parse(partner["id"])] = None
    for link in links:
        database = at_path(link, "properties.partnerDatabaseId")
        if database:
            found[ResourceId.parse(database).top_level] = None
        else:
            lost[str(at_path(link, "properties.partnerServer") or "unnamed")] = None
    found.pop(server, None)
    names = {item.name.lower() for item in (server, *found)}
    return tuple(found), tuple(name for name in lost if name.lower() not in names)


def is_primary(groups: Iterable[Body], links: Iterable[Body]) -> bool:
    """Say whether a server is the primary of a failover group or of a link."""
    roles = [at_path(item, "properties.replicationRole") for item in groups]
    roles += [at_path(item, "properties.role") for item in links]
    return any(str(role).lower() == "primary" for role in roles)


def judge(server: ResourceId, groups: Sequence[Body], links: Sequence[Body]) -> Blocked | None:
    """Return what about *server*'s replication forbids a change of the protector, or None."""
    for item, kind in [(group, "failover group") for group in groups] + [(link, "replication link") for link in links]:
        state = str(at_path(item, "properties.replicationState") or "")
        if state.lower() in _UNHEALTHY:
            why = f"properties.replicationState of the {kind} {_label(item)} of {server.name} is {state}"
            return Blocked(codes.sql.REPLICATION_UNHEALTHY, why, resource=server.text)
    replicating = [link for link in links if str(at_path(link, "properties.role")).lower() == "primary"]
    chained = sorted(receiving(links) & {_database(link) for link in replicating})
    if chained:
        why = f"the database {chained[0]} of {server.name} is both secondary and primary"
        return Blocked(codes.sql.GEO_CHAIN, why, resource=server.text)
    found, _ = partners(server, (), replicating)
    if len(found) > MOST_SECONDARIES:
        why = f"{server.name} replicates to {len(found)} servers; Azure SQL takes {MOST_SECONDARIES}"
        return Blocked(codes.sql.GEO_CHAIN, why, resource=server.text)
    return None


def receiving(links: Iterable[Body]) -> frozenset[str]:
    """Return the lower-case names of the databases that are secondaries: what they are is decided at their primary."""
    return frozenset(
        _database(link) for link in links if str(at_path(link, "properties.role")).lower().endswith("secondary")
    )


def lines(groups: Sequence[Body], links: Sequence[Body]) -> tuple[Line, ...]:
    """Return the roles and partner ids that a decision rests on, so that a failover in between is drift."""
    shown_groups = sorted(
        f"{_label(group)}: {at_path(group, 'properties.replicationRole')} with "
        + ", ".join(sorted(str(item["id"]).lower() for item in at_path(group, "properties.partnerServers") or ()))
        for group in groups
    )
    shown_links = sorted(
        f"{_label(link)}: {at_path(link, 'properties.role')} with "
        + str(at_path(link, "properties.partnerDatabaseId") or at_path(link, "properties.partnerServer")).lower()
        for link in links
    )
    return (
        Line("failoverGroups", shown_groups, shown_groups, "relied_on"),
        Line("replicationLinks", shown_links, shown_links, "relied_on"),
    )


def _label(item: Body) -> str:
    database = _database(item)
    return f"{database}/{item.get('name')}" if database else str(item.get("name"))


def _database(item: Body) -> str:
    """Return the database a link belongs to; empty for a failover group."""
    try:
        names = ResourceId.parse(str(item.get("id") or "")).names
    except InputError:
        return ""
    return names[1].lower() if len(names) > 2 else ""  # noqa: PLR2004 - server, database, link
