"""What a cluster makes in its node resource group, and what goes when it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Json, RemoveResource, SetResource
from cmk_remediate.simulator.providers.containerservice.names import node_group, pools, scale_set, set_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World


def made(world: World, cluster: ResourceId, body: Json) -> Iterator[Change]:
    """Make the group and the scale sets of a cluster's pools, as far as they are missing."""
    nodes = node_group(cluster, body)
    if world.get(nodes) is None:
        yield SetResource(
            nodes,
            {
                "id": str(nodes),
                "name": nodes.name,
                "type": "Microsoft.Resources/resourceGroups",
                "location": body.get("location"),
                "managedBy": str(cluster),
                "properties": {"provisioningState": "Succeeded"},
            },
        )
    for pool in pools(body):
        place = scale_set(nodes, pool)
        if str(pool.get("type") or "VirtualMachineScaleSets") == "VirtualMachineScaleSets" and world.get(place) is None:
            yield SetResource(place, _scale_set(world, body, pool))


def _scale_set(world: World, cluster: Json, pool: Json) -> Json:
    """Return the scale set of a pool; its OS disks are on the cluster's set (azure-mgmt-compute VirtualMachineScaleSet)."""
    ephemeral = str(pool.get("osDiskType") or "Managed").lower() == "ephemeral"
    disk: Json = {"createOption": "FromImage", "caching": "ReadOnly", "osType": pool.get("osType") or "Linux"}
    disk["managedDisk"] = {"storageAccountType": "Premium_LRS"}
    named = set_named(cluster)
    if named and not (ephemeral and world.doubt(doubts.EPHEMERAL_SHOWS_SET) == "not-shown"):
        disk["managedDisk"]["diskEncryptionSet"] = {"id": str(world.spelled(named))}
    if ephemeral:
        disk["diffDiskSettings"] = {"option": "Local"}
    return {
        "location": cluster.get("location"),
        "tags": {"aks-managed-poolName": str(pool.get("name"))},
        "sku": {"name": pool.get("vmSize"), "tier": "Standard", "capacity": pool.get("count", 1)},
        "properties": {
            "provisioningState": "Succeeded",
            "virtualMachineProfile": {"storageProfile": {"osDisk": disk}},
        },
    }


def gone(world: World, cluster: ResourceId, body: Json) -> Iterator[Change]:
    """Remove the node resource group with all that is in it, volumes too: learn.microsoft.com, "Delete an AKS cluster"."""
    nodes = node_group(cluster, body)
    prefix = f"{nodes.key}/providers/"
    for kind in ("microsoft.compute/virtualmachinescalesets", "microsoft.compute/disks", "microsoft.compute/snapshots"):
        for key in list(world.index.of_type(kind)):
            if key.startswith(prefix):
                yield RemoveResource(world.spelled(key))
    if world.get(nodes) is not None:
        yield RemoveResource(nodes)
