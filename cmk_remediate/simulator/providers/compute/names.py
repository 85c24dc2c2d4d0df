"""What the modules of Microsoft.Compute share: types, api-versions, how operations look, and who hangs on what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator import identities
from cmk_remediate.simulator.declare import ArmError, Json, LongRunning
from cmk_remediate.simulator.providers.common import properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

SET = "Microsoft.Compute/diskEncryptionSets"
DISK = "Microsoft.Compute/disks"
SNAPSHOT = "Microsoft.Compute/snapshots"
MACHINE = "Microsoft.Compute/virtualMachines"

API_VERSIONS = (
    "2026-04-01", "2026-03-02", "2026-03-01", "2025-11-01", "2025-04-01", "2025-01-02", "2024-11-01", "2024-03-02", "2024-03-01",
    "2023-10-02", "2023-04-02", "2022-11-01", "2022-07-02", "2022-03-02",
)  # fmt: skip
"""azure-mgmt-compute 39 asks for 2026-03-02 (disks, snapshots, sets) and 2026-04-01 (machines)."""

PLATFORM = "EncryptionAtRestWithPlatformKey"
CUSTOMER = "EncryptionAtRestWithCustomerKey"
DOUBLE = "EncryptionAtRestWithPlatformAndCustomerKeys"
CONFIDENTIAL = "ConfidentialVmEncryptedWithCustomerKey"
"""azure-mgmt-compute EncryptionType, DiskEncryptionSetType."""

RUNNING, STOPPED, DEALLOCATED = "PowerState/running", "PowerState/stopped", "PowerState/deallocated"
"""learn.microsoft.com, "States and billing status of Azure Virtual Machines"."""

DIRECT_DRIVE = ("premiumv2_lrs", "ultrassd_lrs")
"""Disks on the storage without a cache that take fewer kinds of encryption."""

# Both headers, DiskOperations, provisioningState Updating meanwhile, the resource in the poll that ends: as recorded by
# Azure/azure-cli test_disk_encryption_set_update.yaml.
SET_OPERATION = LongRunning(
    seconds=(1.0, 10.0),
    path="locations/{location}/DiskOperations/{id}",
    under="subscription",
    retry_after=None,
    shows=("startTime", "endTime", "status", "name", "output"),
    states=("Updating", "Updating"),
)
DISK_OPERATION = LongRunning(
    seconds=(2.0, 15.0),
    path="locations/{location}/DiskOperations/{id}",
    under="subscription",
    retry_after=2,
    shows=("startTime", "endTime", "status", "name", "output"),
    states=("Updating", "Updating"),
)


def machine_operation(name: str, seconds: tuple[float, float]) -> LongRunning:
    """Return how an action on a machine runs."""
    return LongRunning(
        name=name,
        seconds=seconds,
        path="locations/{location}/operations/{id}",
        under="subscription",
        retry_after=10,
        shows=("startTime", "endTime", "status", "name"),
        gone=200,
    )


def refusal(code: str, text: str, source: str, status: int = 400) -> ArmError:
    """Return a refusal of Microsoft.Compute."""
    return ArmError(status, code, text, source)


def power(machine: Json | None) -> str:
    """Return a machine's power state, such as ``PowerState/running``; empty where its body has none."""
    for one in statuses(machine):
        code = str(one.get("code") or "")
        if code.lower().startswith("powerstate/"):
            return code
    return ""


def statuses(machine: Json | None) -> list[Json]:
    """Return the statuses of a machine's instance view."""
    view = properties_of(machine).get("instanceView")
    found = view.get("statuses") if isinstance(view, dict) else None
    return [one for one in found or () if isinstance(one, dict)]


def with_power(machine: Json, code: str) -> Json:
    """Return the machine's body with another power state."""
    shown = [one for one in statuses(machine) if not str(one.get("code") or "").lower().startswith("powerstate/")]
    shown = shown or [
        {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"}
    ]
    word = code.rpartition("/")[2]
    state = {"code": code, "level": "Info", "displayStatus": f"VM {word}"}
    properties = properties_of(machine)
    view = {**(properties.get("instanceView") or {}), "statuses": [*shown, state]}
    return {**machine, "properties": {**properties, "instanceView": view}}


def disks_of(machine: Json | None) -> list[str]:
    """Return the ids of a machine's managed disks, its operating system's first."""
    profile = properties_of(machine).get("storageProfile") or {}
    places = [profile.get("osDisk") or {}, *(profile.get("dataDisks") or ())]
    return [str((one.get("managedDisk") or {}).get("id")) for one in places if (one.get("managedDisk") or {}).get("id")]


def holders(disk: Json | None) -> list[str]:
    """Return the ids of the machines a disk is attached to."""
    found = [(disk or {}).get("managedBy"), *((disk or {}).get("managedByExtended") or ())]
    return list(dict.fromkeys(str(one).lower() for one in found if one))


def encryption_of(body: Json | None) -> dict[str, Any]:
    """Return a disk's or snapshot's ``encryption``."""
    found = properties_of(body).get("encryption")
    return found if isinstance(found, dict) else {}


def set_named(body: Json | None) -> str:
    """Return the id of the encryption set that a disk or snapshot names, lower case, or empty."""
    return str(encryption_of(body).get("diskEncryptionSetId") or "").lower()


def on_set(world: World, encryption_set: ResourceId | str) -> Iterator[tuple[ResourceId, Json]]:
    """Go through the disks and snapshots of an encryption set."""
    wanted = str(encryption_set).lower()
    for kind in (DISK, SNAPSHOT):
        yield from ((one, body) for one, body in world.by_type(kind) if set_named(body) == wanted)


def incremental_snapshots(world: World, disk: ResourceId) -> list[tuple[ResourceId, Json]]:
    """Return the incremental snapshots of *disk*."""
    found = []
    for one, body in world.by_type(SNAPSHOT):
        properties = properties_of(body)
        source = str((properties.get("creationData") or {}).get("sourceResourceId") or "").lower()
        if properties.get("incremental") and source == disk.key:
            found.append((one, body))
    return found


def key_url(encryption_set: Json | None) -> str:
    """Return the URI of the key of an encryption set."""
    return str((properties_of(encryption_set).get("activeKey") or {}).get("keyUrl") or "")


def principal_of(world: World, encryption_set: Json | None) -> str:
    """Return the object id an encryption set reaches its vault with: its user-assigned identity's, else its own."""
    identity = (encryption_set or {}).get("identity")
    for name, shown in identities.attached(identity).items():
        kept = properties_of(world.get(name)).get("principalId")
        return str(kept or (shown or {}).get("principalId") or "")
    return str((identity or {}).get("principalId") or "")
