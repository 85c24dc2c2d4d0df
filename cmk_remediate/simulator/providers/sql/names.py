"""What the modules of Microsoft.Sql share: types, api-versions, how operations look, and reading servers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import ArmError, Json, LongRunning
from cmk_remediate.simulator.providers.common import (
    KeyUri,
    key_id,
    latest_version,
    parse_key_uri,
    properties_of,
    thumbprint,
)

if TYPE_CHECKING:
    from cmk_remediate.simulator.world import World

API_VERSIONS = (
    "2025-01-01",
    "2024-11-01-preview",
    "2024-05-01-preview",
    "2023-08-01",
    "2023-08-01-preview",
    "2022-08-01-preview",
    "2021-11-01",
    "2020-11-01-preview",
)
"""azure-mgmt-sql 4.0 asks for the first."""

SERVER = "Microsoft.Sql/servers"
KEY = f"{SERVER}/keys"
PROTECTOR = f"{SERVER}/encryptionProtector"
DATABASE = f"{SERVER}/databases"
TDE = f"{DATABASE}/transparentDataEncryption"
LINK = f"{DATABASE}/replicationLinks"
GROUP = f"{SERVER}/failoverGroups"
DATABASE_PROTECTOR = f"{DATABASE}/encryptionProtector"

INSTANCE = "Microsoft.Sql/managedInstances"
INSTANCE_KEY = f"{INSTANCE}/keys"
INSTANCE_PROTECTOR = f"{INSTANCE}/encryptionProtector"
MANAGED_DATABASE = f"{INSTANCE}/databases"
MANAGED_TDE = f"{MANAGED_DATABASE}/transparentDataEncryption"
INSTANCE_GROUP = "Microsoft.Sql/locations/instanceFailoverGroups"

SERVICE_MANAGED = "ServiceManaged"
KEY_VAULT = "AzureKeyVault"
UNENCRYPTED = "none"
"""The thumbprint of a backup that is not encrypted."""

# Names of operations, paths and bodies of their status, which polls have Retry-After: as recorded by the tests of
# Azure/azure-cli (`az sql server tde-key`) and Azure/azure-service-operator.
_SHOWS = ("name", "status", "startTime")


def _operation(
    name: str, kind: str, seconds: tuple[float, float], retry_on: Literal["all", "none"] = "all"
) -> LongRunning:
    return LongRunning(
        name=name,
        seconds=seconds,
        path=f"locations/{{location}}/{kind}AzureAsyncOperation/{{id}}",
        result_path=f"locations/{{location}}/{kind}OperationResults/{{id}}",
        retry_on=retry_on,
        shows=_SHOWS,
    )


SERVER_OPERATION = _operation("UpsertLogicalServer", "server", (5.0, 40.0))
DATABASE_OPERATION = _operation("CreateLogicalDatabase", "database", (20.0, 90.0))
TDE_OPERATION = _operation("UpdateLogicalDatabaseEncryption", "transparentDataEncryption", (5.0, 30.0), "none")
UPDATE_OPERATION = replace(
    _operation("UpdateLogicalDatabase", "database", (20.0, 90.0)), visible=doubts.SQL_DATABASE_MEANWHILE
)
REVERT_OPERATION = _operation("RevertDatabaseEncryptionProtector", "databaseEncryptionProtectorRevert", (10.0, 60.0))
"""The names of both are unconfirmed."""
GROUP_OPERATION = _operation("FailoverGroup", "failoverGroup", (10.0, 60.0))
DELETE_KEY_OPERATION = _operation("DeleteLogicalServerEncryptionKeys", "serverKey", (3.0, 10.0))
REVALIDATE_OPERATION = _operation("RevalidateEncryptionProtector", "encryptionProtector", (5.0, 30.0))
KEY_OPERATION = LongRunning(
    name="UpsertLogicalServerEncryptionKeys",
    seconds=(5.0, 15.0),
    path="locations/{location}/serverKeyAzureAsyncOperation/{id}",
    result_path="locations/{location}/serverKeyOperationResults/{id}",
    retry_on="all",
    shows=_SHOWS,
    visible=doubts.SQL_KEY_MEANWHILE,
)
PROTECTOR_OPERATION = LongRunning(
    name="UpsertLogicalServerEncryptionprotector",
    seconds=(5.0, 30.0),
    path="locations/{location}/encryptionProtectorAzureAsyncOperation/{id}",
    result_path="locations/{location}/encryptionProtectorOperationResults/{id}",
    retry_on="all",
    shows=_SHOWS,
    visible=doubts.SQL_PROTECTOR_MEANWHILE,
)

_CODES = "Azure/azure-rest-api-specs Microsoft.Sql 2024-05-01-preview EncryptionProtectors.json"


def refusal(status: int, code: str, message: str, source: str = _CODES) -> ArmError:
    """Return an error that the specification lists for servers' keys and protectors."""
    return ArmError(status, code, message, source)


def protector_of(server: ResourceId) -> ResourceId:
    """Return the id of a server's protector."""
    return server.child("encryptionProtector", "current")


def key_name(uri: KeyUri) -> str:
    """Return the name a server key must have: ``vault_key_version``, or ``vault_key`` for a key without version."""
    return "_".join(part for part in (uri.vault, uri.spelled, uri.version) if part)


def primary_principal(world: World, server: Json | None) -> str:
    """Return the object id that SQL reaches a vault with: the primary user-assigned identity's, else the server's own."""
    body = server or {}
    primary = properties_of(body).get("primaryUserAssignedIdentityId")
    identity = body.get("identity") or {}
    if primary:
        known = properties_of(world.get(primary)).get("principalId")
        return str(known or "")
    return str(identity.get("principalId") or "")


def current_uri(world: World, uri: KeyUri) -> KeyUri:
    """Return *uri* with the version it means now."""
    if uri.versioned:
        return uri
    key = key_id(world, uri)
    body = world.get(key) if key else None
    return replace(uri, version=latest_version(body) if body else "")


def thumb_of(world: World, text: object) -> str:
    """Return the thumbprint of the key that a server key's or protector's ``uri`` names; empty for none."""
    uri = parse_key_uri(str(text or ""))
    return thumbprint(current_uri(world, uri)) if uri else ""


def server_of(resource: ResourceId) -> ResourceId:
    """Return the server that *resource* belongs to."""
    return resource.top_level


def on_customer_key(world: World, server: ResourceId) -> Json | None:
    """Return the properties of a server's protector where it is a customer's key, else None."""
    properties = properties_of(world.get(protector_of(server)))
    return properties if properties.get("serverKeyType") == KEY_VAULT else None


def in_force(world: World, server: ResourceId) -> Json | None:
    """Return the properties of the customer's key that encrypts *server* now, else None.

    A protector may show before the operation that sets it has ended, and be refused at that end.
    """
    running = world.running(protector_of(server))
    if running is None or running["visible"] != "before":
        return on_customer_key(world, server)
    properties = properties_of(running["old"])
    return properties if properties.get("serverKeyType") == KEY_VAULT else None


def partners(world: World, server: ResourceId) -> list[tuple[ResourceId, str]]:
    """Return the servers that replicate with *server*, each with its role seen from there; each server once."""
    if server.is_type(INSTANCE):
        return instance_partners(world, server)
    found: dict[str, tuple[ResourceId, str]] = {}
    for _, body in world.children(server, "failoverGroups"):
        for one in properties_of(body).get("partnerServers") or ():
            partner = world.spelled(ResourceId(str(one["id"])))
            found[partner.key] = (partner, str(one.get("replicationRole", "Secondary")))
    for database, _ in world.children(server, "databases"):
        for _, body in world.children(database, "replicationLinks"):
            link = properties_of(body)
            partner = world.spelled(ResourceId(str(link.get("partnerDatabaseId", ""))).top_level)
            found.setdefault(partner.key, (partner, str(link.get("partnerRole", "Secondary"))))
    return list(found.values())


def instance_partners(world: World, instance: ResourceId) -> list[tuple[ResourceId, str]]:
    """Return the instances in a failover group with *instance*, each with its role seen from there; each once."""
    found: dict[str, tuple[ResourceId, str]] = {}
    for _, body in world.by_type(INSTANCE_GROUP):
        for pair in properties_of(body).get("managedInstancePairs") or ():
            primary, partner = (ResourceId(str(pair[f"{side}ManagedInstanceId"])) for side in ("primary", "partner"))
            if instance == primary:
                found[partner.key] = (world.spelled(partner), "Secondary")
            elif instance == partner:
                found[primary.key] = (world.spelled(primary), "Primary")
    return list(found.values())
