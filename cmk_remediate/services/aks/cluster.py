"""What the bodies of clusters and of what is in their node resource group say.

Facts: azure-mgmt-containerservice `ManagedCluster`; azure-mgmt-compute `VirtualMachineScaleSet`, `Disk`; learn.microsoft.com,
"Bring your own keys (BYOK) with Azure managed disks in Azure Kubernetes Service (AKS)".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.decisions import Read
from cmk_remediate.model.ids import ResourceId, is_safe
from cmk_remediate.model.json_types import at_path

if TYPE_CHECKING:
    from collections.abc import Iterable

Body = Mapping[str, Any]

CLUSTER = "Microsoft.ContainerService/managedClusters"
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"

SET_PATH = "properties.diskEncryptionSetID"
POLICY = "7d7be79c-23ba-4033-84dd-45e2a5ccdd67"
"""Azure/azure-policy: "Both operating systems and data disks in Azure Kubernetes Service clusters should be encrypted by
customer-managed keys": the cluster's diskEncryptionSetID is missing or empty."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
_GROUP = re.compile(r"[\w.()-]{1,90}")
"""learn.microsoft.com, "Naming rules and restrictions for Azure resources": managedClusters, resourcegroups."""
_GROUP_LENGTH = 80
"""Signs in a node resource group's name (learn.microsoft.com, "Frequently asked questions about AKS")."""


def is_name(text: str) -> bool:
    """Say whether a cluster can be called *text*."""
    return _NAME.fullmatch(text) is not None


def encryption_set(cluster: Body | None) -> ResourceId | None:
    """Return the set that a cluster's node disks and default volumes are on; None for the platform's key."""
    named = at_path(cluster, SET_PATH)
    return ResourceId.parse(str(named)) if named else None


def node_group(cluster: ResourceId, body: Body | None) -> ResourceId | None:
    """Return the group that holds a cluster's nodes and volumes; None where its body does not name one that can be."""
    name = str(at_path(body, "properties.nodeResourceGroup") or "")
    text = f"{cluster.subscription_id.text}/resourceGroups/{name}"
    return ResourceId(text) if _GROUP.fullmatch(name) and is_safe(text) else None


def planned_group(cluster: ResourceId, location: object) -> ResourceId:
    """Return the node resource group that the rebuild pack gives a new cluster: Azure's own way of naming it."""
    place = re.sub(r"\W", "", str(location)).lower()
    name = f"MC_{cluster.resource_group}_{cluster.name}_{place}"[:_GROUP_LENGTH].rstrip(".")
    return ResourceId(f"{cluster.subscription_id.text}/resourceGroups/{name}")


def disks_in(group: ResourceId) -> Read:
    """Return the list of the managed disks in a group."""
    return Read(group, "list:disks")


def scale_sets_in(group: ResourceId) -> Read:
    """Return the list of the scale sets in a group."""
    return Read(group, "list:virtualMachineScaleSets")


def principals(cluster: Body | None) -> tuple[str, ...]:
    """Return the object ids of a control plane's identities: what attaches volumes."""
    attached = (at_path(cluster, "identity.userAssignedIdentities") or {}).values()
    found = [at_path(one, "principalId") for one in attached] or [at_path(cluster, "identity.principalId")]
    return tuple(dict.fromkeys(str(one).lower() for one in found if one))


def own_identities(cluster: Body | None) -> tuple[ResourceId, ...]:
    """Return a control plane's user-assigned identities."""
    return tuple(ResourceId.parse(str(one)) for one in at_path(cluster, "identity.userAssignedIdentities") or {})


def is_service_principal(cluster: Body | None) -> bool:
    """Say whether a cluster runs as a service principal: ``msi`` stands for a managed identity."""
    client = str(at_path(cluster, "properties.servicePrincipalProfile.clientId") or "msi")
    return not principals(cluster) and client.lower() != "msi"


def pools(cluster: Body | None) -> tuple[Body, ...]:
    """Return a cluster's agent pools."""
    return tuple(at_path(cluster, "properties.agentPoolProfiles") or ())


def has_scale_sets(pool: Body) -> bool:
    """Say whether a pool's nodes are instances of a scale set."""
    return str(pool.get("type") or "VirtualMachineScaleSets").lower() == "virtualmachinescalesets"


def is_ephemeral(scale_set: Body) -> bool:
    """Say whether the nodes of a scale set have ephemeral OS disks."""
    profile = "properties.virtualMachineProfile.storageProfile.osDisk"
    return bool(at_path(scale_set, f"{profile}.diffDiskSettings.option"))


def set_of_nodes(scale_set: Body) -> ResourceId | None:
    """Return the set that the OS disks of a scale set's nodes are on; None where its body names none."""
    named = at_path(
        scale_set, "properties.virtualMachineProfile.storageProfile.osDisk.managedDisk.diskEncryptionSet.id"
    )
    return ResourceId.parse(str(named)) if named else None


def pool_of(scale_set: Body) -> str:
    """Return the name of the pool a scale set belongs to, in lower case: AKS tags it, and makes it part of the name."""
    tags = scale_set.get("tags") or {}
    tagged = tags.get("aks-managed-poolName") or tags.get("poolName")
    parts = str(scale_set.get("name") or "").split("-")
    return str(tagged or (parts[1] if len(parts) > 1 else "")).lower()


def is_volume(disk: Body) -> bool:
    """Say whether a disk of a node resource group is a volume: the others hold a node's operating system."""
    return not at_path(disk, "properties.osType")


def volumes(disks: Iterable[Body]) -> tuple[Body, ...]:
    """Return those of *disks* that are volumes."""
    return tuple(one for one in disks if is_volume(one))


def is_locked(cluster: Body | None) -> bool:
    """Say whether nobody but AKS may change what is in the node resource group."""
    level = at_path(cluster, "properties.nodeResourceGroupProfile.restrictionLevel")
    return str(level or "").lower() == "readonly"


def has_virtual_nodes(cluster: Body | None) -> bool:
    """Say whether the virtual nodes add-on is on; Azure shows its name in either casing."""
    addons = at_path(cluster, "properties.addonProfiles") or {}
    return any(str(name).lower().startswith("aciconnector") and one.get("enabled") for name, one in addons.items())
