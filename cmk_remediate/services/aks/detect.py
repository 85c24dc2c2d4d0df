"""Reads what there is to know about a cluster, its nodes and volumes, and about the cluster that replaces it; only reads.

A refusal is a fact: what Azure would not show is named in the facts, and the limits judge it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.wishes import wishes
from cmk_remediate.services.aks import cluster
from cmk_remediate.services.aks.choice import new_cluster
from cmk_remediate.services.aks.facts import ClusterFacts, TargetFacts
from cmk_remediate.services.disk_sets.found import read_sets
from cmk_remediate.steps import asking, reads
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.facts import disk_facts
from cmk_remediate.steps.disks.restore_disk import snapshots
from cmk_remediate.steps.key_facts import read_key

if TYPE_CHECKING:
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry


async def detect(reader: Reader, entry: TargetEntry, plan: PlanFile) -> TargetFacts:
    """Return what is there to know about *entry*."""
    target = ResourceId.parse(entry.resource_id)
    wanted = wishes(plan, entry)
    refusals: list[str] = []
    old = await _cluster(reader, target, refusals)
    place = new_cluster(wanted, target)
    new = await _cluster(reader, place, refusals) if place is not None else ClusterFacts(target, None)
    group = await asking.body_of(reader, target.group_id, [])
    used = [cluster.encryption_set(one.body) for one in (old, new)]
    used += [bodies.encryption(disk)[1] for one in (old, new) for disk in one.disks]
    sets = await read_sets(reader, wanted, target, used)
    granted = {}
    for one in (sets.ordinary, sets.direct):
        if one is not None:
            listed = await asking.items_of(reader, reads.role_assignments(one.id), refusals)
            granted[one.id.key] = tuple(listed)
    key = await read_key(reader, wanted.key_id(target))
    return TargetFacts(old, new, group, sets, granted, key, reader.now(), "; ".join(refusals))


async def _cluster(reader: Reader, place: ResourceId, refusals: list[str]) -> ClusterFacts:
    body = await asking.body_of(reader, place, refusals) if place.is_type(cluster.CLUSTER) else None
    nodes = cluster.node_group(place, body)
    if body is None or nodes is None:
        return ClusterFacts(place, body)
    scale_sets = await asking.items_of(reader, cluster.scale_sets_in(nodes), refusals)
    disks = await asking.items_of(reader, cluster.disks_in(nodes), refusals)
    volumes = cluster.volumes(disks)
    listed = await asking.items_of(reader, snapshots(place), refusals) if volumes else ()
    found = tuple(disk_facts(ResourceId.parse(str(one["id"])), one, listed) for one in volumes)
    return ClusterFacts(place, body, nodes, tuple(scale_sets), tuple(disks), found)
