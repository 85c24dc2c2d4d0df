"""Whether a cluster is right: its own property, its scale sets, every volume, and its identity's grant; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.aks import cluster
from cmk_remediate.steps import roles
from cmk_remediate.steps.disks import bodies

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.services.aks.cluster import Body


def wrong(
    place: ResourceId,
    body: Body,
    scale_sets: Sequence[Body],
    disks: Sequence[Body],
    sets: Sequence[ResourceId],
) -> Iterator[str]:
    """Yield what about the cluster *place* is not on its encryption set, each with the property that shows it.

    Args:
        place: the cluster.
        body: its body.
        scale_sets: those of its node resource group.
        disks: those of its node resource group.
        sets: the set of the cluster, first, and those that a volume may be on beside it.
    """
    found = cluster.encryption_set(body)
    if found != sets[0]:
        yield f"{cluster.SET_PATH} of {place.name} is {found.name if found else 'absent'}, not {sets[0].name}"
    state = at_path(body, "properties.provisioningState")
    if state != "Succeeded":
        yield f"properties.provisioningState of {place.name} is {state}"
    yield from uncovered(body, scale_sets, disks, sets)


def uncovered(
    body: Body, scale_sets: Sequence[Body], disks: Sequence[Body], sets: Sequence[ResourceId]
) -> Iterator[str]:
    """Yield what of a cluster's pools, nodes and volumes is not on *sets*, or not seen; as for `wrong`."""
    yield from _pools(body, scale_sets)
    for one in scale_sets:
        named = cluster.set_of_nodes(one)
        # Whether the model of ephemeral disks shows a set is unconfirmed: the cluster's own property says enough.
        if named != sets[0] and not (named is None and cluster.is_ephemeral(one)):
            shown = named.name if named else "absent"
            yield f"virtualMachineProfile.storageProfile.osDisk.managedDisk.diskEncryptionSet of {one.get('name')} is {shown}"
    for disk in disks:
        kind, current = bodies.encryption(disk)
        if current not in sets:
            yield f"properties.encryption of the disk {disk.get('name')} is {kind}, {current.name if current else 'without a set'}"


def _pools(body: Body, scale_sets: Sequence[Body]) -> Iterator[str]:
    """Yield the pools whose nodes are not seen."""
    seen = {cluster.pool_of(one) for one in scale_sets}
    if not cluster.pools(body):
        yield "properties.agentPoolProfiles is empty"
    for pool in cluster.pools(body):
        if cluster.has_scale_sets(pool) and str(pool.get("name")).lower() not in seen:
            yield f"no scale set of the pool {pool.get('name')} was shown"


def ungranted(place: ResourceId, body: Body, assignments: Collection[Any], encryption_set: ResourceId) -> Iterator[str]:
    """Yield what of the cluster *place* has no role on its set: its volumes could not be attached.

    Any role on the set or above counts: a custom one may let it be read.
    """
    for principal in without_role(body, assignments, encryption_set):
        yield f"the identity {principal} of {place.name} has no role on {encryption_set.name} or above"


def without_role(body: Body, assignments: Collection[Any], encryption_set: ResourceId) -> Iterator[str]:
    """Yield the object ids of a cluster's identities that have no role on its set; as for `ungranted`."""
    granted = {roles.principal_of(one) for one in roles.covering(assignments, encryption_set)}
    yield from (principal for principal in cluster.principals(body) if principal not in granted)
