"""Azure Kubernetes Service, and what of Microsoft.Compute is in a node resource group."""

from __future__ import annotations

from cmk_remediate.connection.rowsets.wording import GROUP, sdk

_CLUSTERS = ("azure.mgmt.containerservice.aio:ContainerServiceClient", "2026-08-01")
_COMPUTE = "azure.mgmt.compute.aio:ComputeManagementClient"
_DISKS = (_COMPUTE, "2026-03-02")
_SCALE_SETS = (_COMPUTE, "2026-04-01")

_CLUSTER = "microsoft.containerservice/managedclusters"
_SCALE_SET = "microsoft.compute/virtualmachinescalesets"

ROWS = (
    sdk(_CLUSTERS, _CLUSTER, "get", "managed_clusters.get", "resource_group_name=group resource_name=name"),
    sdk(_DISKS, GROUP, "list:disks", "disks.list_by_resource_group", "resource_group_name=group"),
    sdk(
        _SCALE_SETS,
        _SCALE_SET,
        "get",
        "virtual_machine_scale_sets.get",
        "resource_group_name=group vm_scale_set_name=name",
    ),
    sdk(
        _SCALE_SETS,
        GROUP,
        "list:virtualMachineScaleSets",
        "virtual_machine_scale_sets.list",
        "resource_group_name=group",
    ),
)
