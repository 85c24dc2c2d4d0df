"""What an assessment shows of a cluster, its nodes and volumes; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.findings import Cost, Evidence
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.services import sets_in_use
from cmk_remediate.services.aks import cluster, state
from cmk_remediate.services.aks.judging import without_role
from cmk_remediate.services.insight import Insight, shown
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.encrypt_disk import ONE_WAY
from cmk_remediate.steps.disks.facts import DiskFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.services.aks.choice import Wish

_OF_NODES = "properties.virtualMachineProfile.storageProfile.osDisk.managedDisk.diskEncryptionSet.id"


def of_target(wish: Wish) -> Insight:
    """Return what proves the state of the cluster in *wish*, and what moving it takes."""
    facts, old = wish.facts, wish.facts.old
    current = cluster.encryption_set(old.body)
    # The cluster's own set comes first: its node disks outnumber the volumes in what a plan would want of it.
    disks = ([_node_disk(old.id, current)] * (len(old.volumes) + 1) if current is not None else []) + [*old.volumes]
    places = sets_in_use.named_by(disks)
    uses = tuple(one for place in places for one in sets_in_use.uses(facts.sets, facts.wanted, place))
    wanted, of_all = sets_in_use.as_found(facts.sets, facts.wanted, disks)
    apart = "" if of_all or not wish.in_place else state.as_found(wish)
    covers = () if old.nodes is None else (old.nodes,)
    as_found = wanted if current is not None else None
    return Insight(tuple(_proofs(wish)), uses, _cost(wish), as_found, covers, apart)


def _node_disk(place: ResourceId, current: ResourceId) -> DiskFacts:
    """Return the disks of a cluster's nodes, which AKS puts on the cluster's set *current*."""
    encryption = {"type": bodies.CUSTOMER, "diskEncryptionSetId": current.text}
    return DiskFacts(place, {"properties": {"encryption": encryption}}, (), 0)


def _proofs(wish: Wish) -> Iterator[Evidence]:
    facts, old = wish.facts, wish.facts.old
    current = cluster.encryption_set(old.body)
    yield from shown(old.id, old.body, (cluster.SET_PATH,))
    yield from (one for one in shown(old.id, old.body, ("properties.provisioningState",)) if one.value != "Succeeded")
    for one in old.scale_sets:
        yield from shown(ResourceId.parse(str(one["id"])), one, (_OF_NODES,))
    for disk in old.disks:
        if cluster.is_volume(disk) or current not in (None, bodies.encryption(disk)[1]):
            yield from shown(ResourceId.parse(str(disk["id"])), disk, sets_in_use.OF_DISK)
    if wish.in_place and current is not None:
        # Whoever attaches volumes reads the set: which grants there are on it is read of the set that is wanted only.
        for principal in without_role(old.body or {}, facts.granted.get(current.key, ()), current):
            yield Evidence(resource=current.text, path=f"roleAssignments of {principal}", value=None)
    for place in dict.fromkeys([*([] if current is None else [current]), *sets_in_use.named_by(old.volumes)]):
        yield from sets_in_use.proofs(facts.sets, facts.wanted, place)
    yield from (one for one in shown(old.id.group_id, facts.group, ("managedBy",)) if one.value)


def _cost(wish: Wish) -> Cost:
    """Return what moving it takes: the disks of nodes are on the set that the cluster was made with, for good."""
    if cluster.encryption_set(wish.facts.old.body) is None:
        return Cost(downtime="new cluster", one_way="", text="a new cluster takes its place, built by hand")
    left = [one for one in wish.facts.old.volumes if bodies.encryption(one.body)[1] is None]
    no_way_back = ONE_WAY.why if any(one.incremental for one in left) else ""
    text = "its set is put right by hand; volumes that hang on nothing are changed, the others once they do"
    return Cost(downtime="none", one_way=no_way_back, text=text)
