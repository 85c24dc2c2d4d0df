"""How somebody else changes what a line shows in other words than a body's: a row for each path, by the service that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.model.json_types import at_path
from cmk_remediate.simulator.declare import RemoveResource, SetResource
from cmk_remediate.simulator.providers.compute.names import DOUBLE, incremental_snapshots, with_power
from cmk_remediate.simulator.providers.sql import dbkeys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

    By = Callable[[World, ResourceId, dict[str, Any]], list[Change]]

ADDRESSES = "Microsoft.Network/publicIPAddresses"
FOREIGN_SET = "/subscriptions/{}/resourceGroups/rg-else/providers/Microsoft.Compute/diskEncryptionSets/des-else"
FOREIGN_USER = (
    "/subscriptions/{}/resourceGroups/rg-else/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-else"
)

FOREIGN_KEY_NAME = "kv-else_else_0e15e0e15e0e15e0e15e0e15e0e15e00"
FOREIGN_KEY_URI = "https://kv-else.vault.azure.net/keys/else/0e15e0e15e0e15e0e15e0e15e0e15e00"


def _with(body: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {**body, "properties": {**body.get("properties", {}), **properties}}


def _powered_off(world: World, machine: ResourceId, body: dict[str, Any]) -> list[Change]:
    """Shut it down from within: it neither runs nor is deallocated."""
    del world
    return [SetResource(machine, with_power(body, "PowerState/stopped"))]


def _reserved(world: World, machine: ResourceId, body: dict[str, Any]) -> list[Change]:
    del world
    group = f"{machine.group_id}/providers/Microsoft.Compute/capacityReservationGroups/crg-else"
    return [SetResource(machine, _with(body, capacityReservation={"capacityReservationGroup": {"id": group}}))]


def _static(world: World, machine: ResourceId, body: dict[str, Any]) -> list[Change]:
    """Keep every public address when the machine is deallocated."""
    del machine, body
    return [
        SetResource(one, _with(found, publicIPAllocationMethod="Static")) for one, found in world.by_type(ADDRESSES)
    ]


def _on_another_set(world: World, disk: ResourceId, body: dict[str, Any]) -> list[Change]:
    del world
    named = FOREIGN_SET.format(disk.subscription)
    return [SetResource(disk, _with(body, encryption={"type": DOUBLE, "diskEncryptionSetId": named}))]


def _without_snapshots(world: World, disk: ResourceId, body: dict[str, Any]) -> list[Change]:
    del body
    return [RemoveResource(one) for one, _ in incremental_snapshots(world, disk)]


def _of_another_user(world: World, encryption_set: ResourceId, body: dict[str, Any]) -> list[Change]:
    del world
    named = FOREIGN_USER.format(encryption_set.subscription)
    if at_path(body, "identity.userAssignedIdentities"):
        return [SetResource(encryption_set, {**body, "identity": {"type": "SystemAssigned"}})]
    identity = {"type": "UserAssigned", "userAssignedIdentities": {named: {}}}
    return [SetResource(encryption_set, {**body, "identity": identity})]


def _another_default(world: World, account: ResourceId, body: dict[str, Any]) -> list[Change]:
    """Attach another identity and have the account use that."""
    del world
    named = FOREIGN_USER.format(account.subscription)
    attached = {**(at_path(body, "identity.userAssignedIdentities") or {}), named: {"principalId": "e15e"}}
    kind = "SystemAssigned,UserAssigned" if "SystemAssigned" in str(at_path(body, "identity.type")) else "UserAssigned"
    identity = {**(body.get("identity") or {}), "type": kind, "userAssignedIdentities": attached}
    return [
        SetResource(account, {**_with(body, defaultIdentity=f"UserAssignedIdentity={named}"), "identity": identity})
    ]


def _on_another_key(world: World, cluster: ResourceId, body: dict[str, Any]) -> list[Change]:
    del world
    named = {
        "keyEncryptionKeyUrl": f"https://kv-else.vault.azure.net/keys/else/{'e' * 32}",
        "keyEncryptionKeyIdentity": {
            "identityType": "userAssignedIdentity",
            "userAssignedIdentityResourceId": FOREIGN_USER.format(cluster.subscription),
        },
    }
    return [SetResource(cluster, _with(body, encryption={"customerManagedKeyEncryption": named}))]


def _persistence_turned(world: World, cluster: ResourceId, body: dict[str, Any]) -> list[Change]:
    """Keep what is in memory on disk where it was not kept, and the other way round."""
    del body
    changes: list[Change] = []
    for one, found in world.children(cluster, "databases"):
        kept = bool(
            at_path(found, "properties.persistence.aofEnabled") or at_path(found, "properties.persistence.rdbEnabled")
        )
        changes.append(SetResource(one, _with(found, persistence={"aofEnabled": not kept, "rdbEnabled": False})))
    return changes


def _unlinked(world: World, cluster: ResourceId, body: dict[str, Any]) -> list[Change]:
    del body
    alone = {"groupNickname": "geo", "linkedDatabases": []}
    return [SetResource(one, _with(found, geoReplication=alone)) for one, found in world.children(cluster, "databases")]


def _with_own_key(world: World, database: ResourceId, body: dict[str, Any]) -> list[Change]:
    """Give a database a key of theirs as its protector; a new version of ours would be no other key."""
    changed = _with(body, encryptionProtector=FOREIGN_KEY_URI, keys={**dbkeys.keys_of(body), FOREIGN_KEY_URI: {}})
    return [SetResource(database, dbkeys.completed(world, changed))]


def _with_another_key(world: World, database: ResourceId, body: dict[str, Any]) -> list[Change]:
    """Register one more key on a database."""
    changed = _with(body, keys={**dbkeys.keys_of(body), FOREIGN_KEY_URI: {}})
    return [SetResource(database, dbkeys.completed(world, changed))]


def _kept_longer(world: World, database: ResourceId, body: dict[str, Any]) -> list[Change]:
    """Keep a database's long-term backups for another time."""
    del body
    place = database.child("backupLongTermRetentionPolicies", "default")
    return [SetResource(place, _with(world.get(place) or {}, weeklyRetention="P9W"))]


def _another_tier(world: World, database: ResourceId, body: dict[str, Any]) -> list[Change]:
    del world
    return [SetResource(database, {**body, "sku": {"name": "BC_Gen5", "tier": "BusinessCritical"}})]


def _server_moved(world: World, database: ResourceId, body: dict[str, Any]) -> list[Change]:
    """Move a database's server to a customer key, or to another one."""
    del body
    place = database.top_level.child("encryptionProtector", "current")
    named = {"serverKeyType": "AzureKeyVault", "serverKeyName": FOREIGN_KEY_NAME, "uri": FOREIGN_KEY_URI}
    return [SetResource(place, {**_with(world.get(place) or {}, **named), "kind": "azurekeyvault"})]


_IN_REDIS = "properties.encryption.customerManagedKeyEncryption"
OTHERWISE: Mapping[str, By] = {
    "properties.instanceView.statuses": _powered_off,
    "properties.capacityReservation": _reserved,
    "publicIPAllocationMethod": _static,
    "properties.encryption.type": _on_another_set,
    "properties.encryption.diskEncryptionSetId": _on_another_set,
    "incremental snapshots": _without_snapshots,
    "identity": _of_another_user,
    f"{_IN_REDIS}.keyEncryptionKeyUrl": _on_another_key,
    f"{_IN_REDIS}.keyEncryptionKeyIdentity.userAssignedIdentityResourceId": _on_another_key,
    "databases[default].properties.persistence": _persistence_turned,
    "geoReplication.linkedDatabases": _unlinked,
    "properties.defaultIdentity": _another_default,
    "properties.encryptionProtector": _with_own_key,
    "properties.keys": _with_another_key,
    "properties of backupLongTermRetentionPolicies": _kept_longer,
    "sku.tier": _another_tier,
    "server.properties.serverKeyName": _server_moved,
}
"""By path."""

ONE_OF: Mapping[str, tuple[str, ...]] = {
    "properties.state": ("Enabled", "Disabled"),
    "properties.highAvailability": ("Enabled", "Disabled"),
    "properties.encryptionType": ("EncryptionAtRestWithCustomerKey", DOUBLE),
}
"""By path: the values that Azure takes, of TDE, of a Redis cluster and of a disk encryption set."""
