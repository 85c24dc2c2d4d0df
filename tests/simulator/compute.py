"""A small estate with machines, disks and encryption sets, for raw requests."""

from __future__ import annotations

from typing import Any

from tests.simulator.raw import GROUP, IDENTITY, Raw, estate, raw

SET = f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/des"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm"
OS_DISK = f"{GROUP}/providers/Microsoft.Compute/disks/vm-os"
DATA_DISK = f"{GROUP}/providers/Microsoft.Compute/disks/vm-data"
LOOSE = f"{GROUP}/providers/Microsoft.Compute/disks/loose"
SNAPSHOT = f"{GROUP}/providers/Microsoft.Compute/snapshots/loose-snap"
PLATFORM = {"type": "EncryptionAtRestWithPlatformKey"}
ON_SET = {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": SET}
BACK = {"properties": {"encryption": {"type": "EncryptionAtRestWithPlatformKey", "diskEncryptionSetId": None}}}
TO_SET = {"properties": {"encryption": ON_SET}}


def disk(place: str, **changes: Any) -> dict[str, Any]:
    properties = {"diskSizeGB": 32, "creationData": {"createOption": "Empty"}, **changes.pop("properties", {})}
    return {"id": place, "location": "westeurope", "sku": {"name": "Premium_LRS"}, **changes, "properties": properties}


def machine(place: str, *disks: str, **properties: Any) -> dict[str, Any]:
    first, *others = disks
    profile = {
        "osDisk": {"createOption": "FromImage", "managedDisk": {"id": first}},
        "dataDisks": [
            {"lun": at, "createOption": "Attach", "managedDisk": {"id": one}} for at, one in enumerate(others)
        ],
    }
    return {"id": place, "location": "westeurope", "properties": {"storageProfile": profile, **properties}}


def with_machine(*more: dict[str, Any], **content: Any) -> dict[str, Any]:
    """Return the estate of the raw tests with one running machine, its two disks and a loose one."""
    found = estate(**content)
    found["resources"] += [machine(MACHINE, OS_DISK, DATA_DISK), disk(OS_DISK), disk(DATA_DISK), disk(LOOSE), *more]
    return found


def client_of(*more: dict[str, Any], **settings: Any) -> Raw:
    return raw(with_machine(*more), **settings)


def set_body(client: Raw, *, system: bool = False, **properties: Any) -> dict[str, Any]:
    user = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    return {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"} if system else user,
        "properties": {
            "encryptionType": "EncryptionAtRestWithCustomerKey",
            "activeKey": {"keyUrl": client.key_uri()},
            "rotationToLatestKeyVersionEnabled": True,
            **properties,
        },
    }


def make_set(client: Raw, place: str = SET, **properties: Any) -> dict[str, Any]:
    return client.done("PUT", place, set_body(client, **properties))


def power(client: Raw, place: str = MACHINE) -> str:
    shown = client.properties(f"{place}?$expand=instanceView")["instanceView"]["statuses"]
    return next(str(one["code"]) for one in shown if one["code"].startswith("PowerState/"))
