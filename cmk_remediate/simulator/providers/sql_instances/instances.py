"""Microsoft.Sql/managedInstances itself: identities, its state, and the question whether it can use a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import (
    SYNC,
    Action,
    Answer,
    ArmError,
    Event,
    Json,
    Reply,
    ResourceType,
    Rule,
    Schedule,
    SetResource,
    Write,
)
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.sql import protector, serverkeys, servers
from cmk_remediate.simulator.providers.sql.keyuse import key_refusal
from cmk_remediate.simulator.providers.sql.names import API_VERSIONS, INSTANCE, refusal
from cmk_remediate.simulator.providers.sql_instances import operations
from cmk_remediate.simulator.providers.sql_instances.running import RUNNING, RUNNING_TO_TRY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

TRY = "validateAzureKeyVaultEncryptionKey"


def made(world_hex: str, instance: ResourceId, suffix: str) -> Json:
    """Return what Azure fills in for a new instance (recorded by the tests of Azure/azure-cli, `az sql mi`)."""
    zone = world_hex[:12]
    return {
        "fullyQualifiedDomainName": f"{instance.name}.{zone}.{suffix}",
        "dnsZone": zone,
        "licenseType": "LicenseIncluded",
        "vCores": 4,
        "storageSizeInGB": 32,
        "collation": "SQL_Latin1_General_CP1_CI_AS",
        "publicDataEndpointEnabled": False,
        "proxyOverride": "Redirect",
        "timezoneId": "UTC",
        "privateEndpointConnections": [],
        "minimalTlsVersion": "1.2",
        "currentBackupStorageRedundancy": "Geo",
        "requestedBackupStorageRedundancy": "Geo",
        "zoneRedundant": False,
        "provisioningState": "Succeeded",
        "state": "Ready",
    }


def _prepare(write: Write) -> Json:
    body = servers.identity_after(write)
    hidden = ("administratorLoginPassword", "managedInstanceCreateMode")
    properties = {name: value for name, value in properties_of(body).items() if name not in hidden}
    if write.creates:
        suffix = write.world.cloud.suffixes["sql"]
        properties = {**made(write.world.new_hex("zone", write.id.key), write.id, suffix), **properties}
    return {**body, "properties": properties}


def _can_use(write: Write) -> ArmError | None:
    """Refuse a key that the instance cannot use: what it says is what a write would say."""
    text = str(write.sent.get("tdeKeyUri") or "")
    if "/" not in text.partition("/keys/")[2]:
        return refusal(400, "AzureKeyVaultInvalidUri", "The Azure Key Vault key URI needs a version.")
    return key_refusal(write.world, write.id, write.old, text, protector=False)


def _tried(_write: Write) -> Reply:
    return Reply(status=202, operation=operations.VALIDATE)


def _started(write: Write) -> Reply | ArmError:
    if properties_of(write.old).get("state") != "Stopped":
        return refusal(400, "ManagedInstanceNotStopped", "The instance is not stopped.", "unconfirmed")
    return Reply(status=202, changes=(_in_state(write, "Ready"),), operation=operations.START)


def _stopped(write: Write) -> Reply | ArmError:
    if properties_of(write.old).get("state") != "Ready":
        return refusal(400, "ManagedInstanceNotReady", "The instance is not ready.", "unconfirmed")
    return Reply(status=202, changes=(_in_state(write, "Stopped"),), operation=operations.STOP)


def _in_state(write: Write, state: str) -> SetResource:
    return SetResource(write.id, {**(write.old or {}), "properties": {**properties_of(write.old), "state": state}})


INSTANCES = ResourceType(
    type=INSTANCE,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, body="operation", operation=operations.INSTANCE),
        "PATCH": Answer(status=202, body="operation", operation=operations.INSTANCE),
        "DELETE": Answer(status=202, body="operation", operation=operations.INSTANCE),
    },
    read_only=(
        "properties.state",
        "properties.provisioningState",
        "properties.fullyQualifiedDomainName",
        "properties.dnsZone",
        "properties.privateEndpointConnections",
        "properties.createTime",
        "properties.virtualClusterId",
        "identity.principalId",
        "identity.tenantId",
    ),
    create_only=("properties.administrators", "properties.administratorLogin", "properties.collation"),
    kept=("properties.keyId", "properties.primaryUserAssignedIdentityId"),
    prepare=_prepare,
    rules=(
        RUNNING,
        RUNNING_TO_TRY,
        *servers.IDENTITY_AND_KEY,
        Rule(_can_use, doubts.SQL_REFUSAL_ARRIVES, frozenset({"POST"}), frozenset({TRY})),
    ),
    on_write=(servers.key_written,),
    children=(serverkeys.SERVICE_MANAGED_KEY, protector.PROTECTOR_CHILD, servers.ADMINISTRATOR_CHILD),
    actions=(Action(TRY, _tried, reads_only=True), Action("start", _started), Action("stop", _stopped)),
    identity=True,
    trusted=True,
)
"""azure-mgmt-sql ManagedInstancesOperations. That a managed instance is a trusted service: learn.microsoft.com, "Virtual network
service endpoints for Azure Key Vault" (Azure SQL)."""

READY = "sql.instance-ready"
_STARTS = 1200.0


def seeded(world: World) -> Iterator[Change]:
    """Fill in what the estate leaves out of an instance; one that is starting will be ready."""
    for instance, body in world.by_type(INSTANCE):
        filled = {
            **made(world.new_hex("zone", instance.key), instance, world.cloud.suffixes["sql"]),
            **properties_of(body),
        }
        if filled != properties_of(body):
            yield SetResource(instance, {**body, "properties": filled})
        if filled["state"] == "Starting":
            yield Schedule(_STARTS, READY, {"instance": str(instance)})


def _ready(world: World, data: Json) -> Iterator[Change]:
    instance = world.spelled(data["instance"])
    body = world.get(instance)
    if properties_of(body).get("state") == "Starting":
        properties = {**properties_of(body), "state": "Ready", "provisioningState": "Succeeded"}
        yield SetResource(instance, {**(body or {}), "properties": properties})


EVENTS = (Event(READY, _ready),)
