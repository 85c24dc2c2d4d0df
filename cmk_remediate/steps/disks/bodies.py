"""What the bodies of machines, disks and encryption sets say.

Facts: azure-mgmt-compute `Disk`, `VirtualMachine`, `DiskEncryptionSet`; learn.microsoft.com, "Restrictions of customer-managed keys
for managed disks", "States and billing status of Azure Virtual Machines".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.model.json_types import JsonObject

Body = Mapping[str, Any]

MACHINE = "Microsoft.Compute/virtualMachines"
DISK = "Microsoft.Compute/disks"

PLATFORM = "EncryptionAtRestWithPlatformKey"
CUSTOMER = "EncryptionAtRestWithCustomerKey"
DOUBLE = "EncryptionAtRestWithPlatformAndCustomerKeys"

RUNNING, DEALLOCATED = "running", "deallocated"
RESERVED, UNATTACHED, HELD = "Reserved", "Unattached", "Attached"

# learn.microsoft.com, "Azure VM sizes with no local temporary disk": D and E of the fifth generation on, without a d.
_WITHOUT_TEMPORARY = re.compile(r"^Standard_[DE]C?\d+(-\d+)?(?![a-z]*d)[a-z]*_v([5-9]|\d\d)$", re.IGNORECASE)


def power(machine: Body | None) -> str:
    """Return the power state of a machine (``running``, ``deallocated``, ...); empty where its body does not say."""
    for one in at_path(machine, "properties.instanceView.statuses") or ():
        code = str(one.get("code") or "")
        if code.lower().startswith("powerstate/"):
            return code.partition("/")[2].lower()
    return ""


def powered(state: str) -> JsonObject:
    """Return what a machine's body shows of the power state *state*, as a merge patch."""
    return {"properties": {"instanceView": {"statuses": [{"code": f"PowerState/{state}"}]}}}


def places(machine: Body | None) -> tuple[Body, ...]:
    """Return what a machine's body says of its disks, the operating system's first."""
    profile = at_path(machine, "properties.storageProfile") or {}
    return tuple(one for one in (profile.get("osDisk"), *(profile.get("dataDisks") or ())) if one)


def disks_of(machine: Body | None) -> tuple[ResourceId, ...]:
    """Return the ids of a machine's managed disks."""
    found = (at_path(one, "managedDisk.id") for one in places(machine))
    return tuple(ResourceId.parse(one) for one in found if one)


def encryption(disk: Body | None) -> tuple[str, ResourceId | None]:
    """Return a disk's type of encryption, and its encryption set; a disk that does not say is on the platform's key."""
    named = at_path(disk, "properties.encryption.diskEncryptionSetId")
    kind = str(at_path(disk, "properties.encryption.type") or PLATFORM)
    return kind, ResourceId.parse(named) if named else None


def holders(disk: Body | None) -> tuple[ResourceId, ...]:
    """Return the machines that a disk hangs on."""
    named = [at_path(disk, "managedBy"), *(at_path(disk, "managedByExtended") or ())]
    return tuple(dict.fromkeys(ResourceId.parse(one) for one in named if one))


def disk_state(disk: Body | None) -> str:
    """Return a disk's ``diskState``; one that does not say is held by what its body names, else by nothing."""
    return str(at_path(disk, "properties.diskState") or (HELD if holders(disk) else UNATTACHED))


def attached(encryption_set: Body | None) -> tuple[ResourceId, ...]:
    """Return the user-assigned identities of an encryption set."""
    named = at_path(encryption_set, "identity.userAssignedIdentities") or {}
    return tuple(ResourceId.parse(str(one)) for one in named)


def federated_client(encryption_set: Body | None) -> str:
    """Return the client by which an encryption set reaches a key of another tenant; empty for none (``None`` takes it away)."""
    found = str(at_path(encryption_set, "properties.federatedClientId") or "")
    return "" if found.lower() == "none" else found


def in_managed_hsm(encryption_set: Body | None) -> bool:
    """Say whether the key of an encryption set lies in a managed HSM (its host is ``<name>.managedhsm...``)."""
    return (
        ".managedhsm."
        in str(at_path(encryption_set, "properties.activeKey.keyUrl") or "").lower().partition("/keys")[0]
    )


def is_direct_drive(disk: Body | None) -> bool:
    """Say whether a disk is an Ultra disk or a Premium SSD v2."""
    return str(at_path(disk, "sku.name") or "").lower() in ("premiumv2_lrs", "ultrassd_lrs")


def incremental(snapshots: Iterable[Body], disk: ResourceId) -> tuple[str, ...]:
    """Return the names of the incremental snapshots of *disk* among *snapshots*."""
    return tuple(
        str(one.get("name"))
        for one in snapshots
        if at_path(one, "properties.incremental")
        and str(at_path(one, "properties.creationData.sourceResourceId") or "").lower() == disk.key
    )


def has_temporary_disk(machine: Body | None) -> bool:
    """Say whether a machine may have a temporary disk: only sizes that are known to have none have none."""
    size = str(at_path(machine, "properties.hardwareProfile.vmSize") or "")
    return _WITHOUT_TEMPORARY.match(size) is None


def has_reservation(machine: Body | None) -> bool:
    """Say whether a machine's capacity is reserved, so that it starts again for certain."""
    return bool(at_path(machine, "properties.capacityReservation.capacityReservationGroup.id"))


def same_place(one: Any, other: Any) -> bool:
    """Say whether two regions are the same, however spelled (``West Europe``, ``westeurope``)."""
    return str(one).replace(" ", "").lower() == str(other).replace(" ", "").lower()
