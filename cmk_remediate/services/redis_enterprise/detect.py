"""Reads what there is to know about a cluster and the keys in question. Only reads; each thing once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.wishes import vaults_named, wishes
from cmk_remediate.services.redis_enterprise.cluster import CLUSTER, Cluster, databases, links
from cmk_remediate.services.redis_enterprise.facts import ClusterFacts
from cmk_remediate.steps import asking
from cmk_remediate.steps.key_facts import KeyFacts, read_key
from cmk_remediate.steps.key_in_use import gone, not_permitted, read_identities, read_key_in_use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry


async def detect(reader: Reader, plan: PlanFile, entry: TargetEntry) -> ClusterFacts:
    """Return what was read about the cluster in *entry*."""
    target, wanted = ResourceId.parse(entry.resource_id), wishes(plan, entry)
    refusals: list[str] = []
    held: Sequence[JsonObject] = ()
    body = group = None
    if target.is_type(CLUSTER):
        body = await asking.body_of(reader, target, refusals)
    if body is not None:
        group = await asking.body_of(reader, target.group_id, [])
        held = await asking.items_of(reader, databases(target), refusals)
    have, ours, key = Cluster.of(body), wanted.identity_id(target), wanted.key_id(target)
    named = [*have.identities.attached, *([have.identity] if have.identity else [])]
    identities = await read_identities(reader, [*named, *([ours] if ours else [])])
    lost = gone(named, identities)
    current = await _current(reader, plan, target, have)
    return ClusterFacts(
        target,
        body,
        "; ".join(refusals),
        group,
        current,
        current if current is not None and current.key == key else await read_key(reader, key),
        None if ours is None else identities.get(ours.key),
        wanted,
        reader.now(),
        tuple(held),
        await _partners(reader, target, held),
        gone=lost,
        not_permitted=await _not_permitted(reader, current, have, lost),
    )


async def _partners(
    reader: Reader, target: ResourceId, held: Sequence[JsonObject]
) -> Mapping[ResourceId, JsonObject | None]:
    """Return the clusters that the databases *held* of *target* are linked with."""
    named = sorted({linked.top_level for linked, _ in links(target, held)})
    return {partner: await asking.body_of(reader, partner, []) for partner in named}


async def _current(reader: Reader, plan: PlanFile, target: ResourceId, have: Cluster) -> KeyFacts | None:
    """Return the customer key a cluster names, in the version it names."""
    if not have.is_customer:
        return None
    if have.key.in_managed_hsm:
        return KeyFacts(None, None, None)
    named = have.key
    return await read_key_in_use(reader, named.vault, named.key, named.version, vaults_named(plan), (target,))


async def _not_permitted(reader: Reader, current: KeyFacts | None, have: Cluster, lost: Sequence[ResourceId]) -> str:
    """Return why the identity that reads the key in use may not use it; empty where there is none, or nothing is known."""
    who = have.identity
    if current is None or who is None or who in lost:
        return ""
    return await not_permitted(reader, current, have.identities.principals.get(who.key, ""), who.name)
