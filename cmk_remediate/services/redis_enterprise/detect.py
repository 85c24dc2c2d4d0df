"""Reads what there is to know about a cluster and the keys in question. Only reads; each thing once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.wishes import vaults_named, wishes
from cmk_remediate.services.redis_enterprise.cluster import CLUSTER, Cluster, databases, links
from cmk_remediate.services.redis_enterprise.facts import ClusterFacts
from cmk_remediate.steps import asking
from cmk_remediate.steps.key_facts import KeyFacts, read_key, read_named_key

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
    body = group = identity = version = None
    if target.is_type(CLUSTER):
        body = await asking.body_of(reader, target, refusals)
    if body is not None:
        group = await asking.body_of(reader, target.group_id, [])
        held = await asking.items_of(reader, databases(target), refusals)
    ours = wanted.identity_id(target)
    unseen: list[str] = []
    if ours is not None:
        identity = await asking.body_of(reader, ours, unseen)
    have = Cluster.of(body)
    current = await _current(reader, plan, target, have)
    if current is not None and current.key is not None and current.body is not None and have.key.version:
        hidden: list[str] = []
        version = await asking.body_of(reader, current.key.child("versions", have.key.version), hidden)
        current = replace(current, refused=hidden[0]) if hidden else current
    key = wanted.key_id(target)
    return ClusterFacts(
        target,
        body,
        "; ".join(refusals),
        group,
        tuple(held),
        await _partners(reader, target, held),
        current,
        version,
        current if current is not None and current.key == key else await read_key(reader, key),
        identity,
        wanted,
        reader.now(),
        identity_absent=ours is not None and identity is None and not unseen,
    )


async def _partners(
    reader: Reader, target: ResourceId, held: Sequence[JsonObject]
) -> Mapping[ResourceId, JsonObject | None]:
    """Return the clusters that the databases *held* of *target* are linked with."""
    named = sorted({linked.top_level for linked, _ in links(target, held)})
    return {partner: await asking.body_of(reader, partner, []) for partner in named}


async def _current(reader: Reader, plan: PlanFile, target: ResourceId, have: Cluster) -> KeyFacts | None:
    """Return the customer key a cluster names."""
    if not have.is_customer:
        return None
    if have.key.in_managed_hsm:
        return KeyFacts(None, None, None)
    return await read_named_key(reader, have.key.vault, have.key.key, vaults_named(plan), (target,))
