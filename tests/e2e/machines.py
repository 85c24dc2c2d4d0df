"""Estates with a machine and its disks."""

from __future__ import annotations

from typing import Any

from tests.e2e.estates import Scene
from tests.simulator.compute import MACHINE, disk, with_machine
from tests.simulator.raw import GROUP, IDENTITY, KEY, TENANT, VAULT

SET = f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/des-new"
OURS = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-disks"
OLD_SET = f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/des-old"
LOOSE = f"{GROUP}/providers/Microsoft.Compute/disks/on-old-set"
INTERFACE = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic"
ADDRESS = f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/pip"


def one_machine(*more: dict[str, Any]) -> Scene:
    """Return one running machine with two disks; identity, grant and set are still to be made."""
    plan = {
        "service": "managed-disks",
        "tenant": TENANT,
        "owner": "tests",
        "customer_managed_key": {
            "key_vault_resource_id": VAULT,
            "key_name": KEY.rsplit("/", 1)[1],
            "user_assigned_identity": {"resource_id": OURS},
        },
        "disk_encryption_set": {"resource_id": SET},
        "allow_downtime": True,
        "targets": [{"resource_id": MACHINE}],
    }
    return Scene(with_machine(*more), plan, (), ())


def reachable_machine() -> Scene:
    """Return the same with a public address that changes when the machine is deallocated."""
    configuration = {"name": "ipconfig1", "properties": {"publicIPAddress": {"id": ADDRESS}}}
    scene = one_machine(
        {"id": INTERFACE, "location": "westeurope", "properties": {"ipConfigurations": [configuration]}},
        {"id": ADDRESS, "location": "westeurope", "properties": {"publicIPAllocationMethod": "Dynamic"}},
    )
    vm = next(one for one in scene.estate["resources"] if one["id"] == MACHINE)
    vm["properties"]["networkProfile"] = {"networkInterfaces": [{"id": INTERFACE}]}
    return scene


def on_previous_set() -> Scene:
    """Return a loose disk on another encryption set, whose key is in the plan's vault too."""
    scene = one_machine()
    uri = f"https://{VAULT.rsplit('/', 1)[1]}.vault.azure.net/keys/{KEY.rsplit('/', 1)[1]}"
    old = {
        "id": OLD_SET,
        "location": "westeurope",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
        "properties": {
            "encryptionType": "EncryptionAtRestWithCustomerKey",
            "activeKey": {"keyUrl": uri},
            "rotationToLatestKeyVersionEnabled": True,
        },
    }
    named = {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": OLD_SET}
    estate = {
        **scene.estate,
        "resources": [*scene.estate["resources"], old, disk(LOOSE, properties={"encryption": named})],
    }
    wanted = {**scene.plan["customer_managed_key"], "key_name": "cmk-disks-new"}
    plan = {**scene.plan, "customer_managed_key": wanted, "targets": [{"resource_id": LOOSE}]}
    return Scene(estate, plan, (), ())
