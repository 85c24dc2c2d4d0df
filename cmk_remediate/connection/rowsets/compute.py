"""Machines, disks and what a machine has of the network."""

from __future__ import annotations

from cmk_remediate.connection.rowsets.wording import REST, SUBSCRIPTION, path, sdk

_DISKS = ("azure.mgmt.compute.aio:ComputeManagementClient", "2026-03-02")
_MACHINES = (_DISKS[0], "2026-04-01")
"""One client, whose groups of operations have api-versions of their own."""

_ENCRYPTION_SET = "microsoft.compute/diskencryptionsets"
_DISK = "microsoft.compute/disks"
_MACHINE = "microsoft.compute/virtualmachines"
_IN_SET = "resource_group_name=group disk_encryption_set_name=name"
_ONE_DISK = "resource_group_name=group disk_name=name"
_ONE_MACHINE = "resource_group_name=group vm_name=name"
_NETWORK_API = "2025-01-01"

ROWS = (
    sdk(_DISKS, _ENCRYPTION_SET, "get", "disk_encryption_sets.get", _IN_SET),
    sdk(
        _DISKS,
        _ENCRYPTION_SET,
        "put",
        "disk_encryption_sets.begin_create_or_update",
        f"{_IN_SET} disk_encryption_set=body",
    ),
    sdk(_DISKS, _DISK, "get", "disks.get", _ONE_DISK),
    sdk(_DISKS, _DISK, "patch", "disks.begin_update", f"{_ONE_DISK} disk=body"),
    sdk(_DISKS, "microsoft.compute/snapshots", "get", "snapshots.get", "resource_group_name=group snapshot_name=name"),
    sdk(_DISKS, SUBSCRIPTION, "list:snapshots", "snapshots.list", ""),
    # The power state stands in the instance view, which only an answer to $expand shows.
    sdk(_MACHINES, _MACHINE, "get", "virtual_machines.get", f"{_ONE_MACHINE} expand==instanceView"),
    sdk(_MACHINES, _MACHINE, "deallocate", "virtual_machines.begin_deallocate", _ONE_MACHINE),
    sdk(_MACHINES, _MACHINE, "start", "virtual_machines.begin_start", _ONE_MACHINE),
    path(
        "microsoft.network/networkinterfaces",
        "get",
        "/{id}",
        _NETWORK_API,
        f"{REST}Virtual Network: Network Interfaces - Get",
    ),
    path(
        "microsoft.network/publicipaddresses",
        "get",
        "/{id}",
        _NETWORK_API,
        f"{REST}Virtual Network: Public IP Addresses - Get",
    ),
)
