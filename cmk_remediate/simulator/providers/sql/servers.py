"""Microsoft.Sql/servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts, identities
from cmk_remediate.simulator.declare import (
    SYNC,
    UNCONFIRMED,
    Answer,
    ArmError,
    Child,
    Json,
    ResourceType,
    Rule,
    SetResource,
    Write,
)
from cmk_remediate.simulator.providers.common import access_changed, bad_request, parse_key_uri, properties_of
from cmk_remediate.simulator.providers.sql import georules, protector, serverkeys
from cmk_remediate.simulator.providers.sql.keyuse import key_refusal
from cmk_remediate.simulator.providers.sql.names import (
    API_VERSIONS,
    KEY_VAULT,
    SERVER,
    SERVER_OPERATION,
    key_name,
    on_customer_key,
    protector_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

_CLI = "Azure/azure-cli src/azure-cli/azure/cli/command_modules/sql/custom.py server_update"


def identity_after(write: Write) -> Json:
    """Return the body with its identities under the doubt whether a PATCH merges or replaces them."""
    body = write.new or {}
    asked = (write.sent.get("identity") or {}).get("userAssignedIdentities")
    if write.method != "PATCH" or asked is None or write.world.doubt(doubts.SQL_IDENTITY_PATCH) == "merge":
        return body
    named = {name.lower() for name, value in asked.items() if value is not None}
    identity = body.get("identity") or {}
    users = {name: value for name, value in identities.attached(identity).items() if name.lower() in named}
    return {**body, "identity": {**identity, "userAssignedIdentities": users}}


def _prepare(write: Write) -> Json:
    body = identity_after(write)
    properties = {name: value for name, value in properties_of(body).items() if name != "administratorLoginPassword"}
    if write.creates:
        suffix = write.world.cloud.suffixes["sql"]
        properties.setdefault("minimalTlsVersion", "1.2")
        properties.setdefault("administratorLogin", f"CloudSA{write.world.new_hex('login', write.id.key)[:8]}")
        properties |= {
            "state": "Ready",
            "fullyQualifiedDomainName": f"{write.id.name}.{suffix}",
            "privateEndpointConnections": [],
            "externalGovernanceStatus": "Disabled",
        }
        if not properties.get("administrators"):
            properties.pop("administrators", None)
        body = {**body, "kind": "v12.0"}
    return {**body, "properties": properties}


def _primary(write: Write) -> ArmError | None:
    new = write.new or {}
    primary = str(properties_of(new).get("primaryUserAssignedIdentityId") or "")
    attached = {name.lower() for name in identities.attached(new.get("identity"))}
    if primary and primary.lower() not in attached:
        if primary.lower() == str(properties_of(write.old).get("primaryUserAssignedIdentityId") or "").lower():
            text = "Unexpected error occurred while processing the request."
            source = "learn.microsoft.com: Managed identities for transparent data encryption with customer-managed key"
            return ArmError(500, "InternalServerError", text, source)
        text = f"The primary user assigned identity '{primary}' is not among the server's user assigned identities."
        return bad_request("InvalidPrimaryUserAssignedIdentityId", text, UNCONFIRMED)
    if attached and not primary and "systemassigned" not in identities.kinds(new.get("identity")):
        text = "A server with user assigned identities only needs a primary user assigned identity."
        return bad_request("PrimaryUserAssignedIdentityIdRequired", text, UNCONFIRMED)
    return None


def _carries_primary(write: Write) -> ArmError | None:
    old = properties_of(write.old).get("primaryUserAssignedIdentityId")
    sent = properties_of(write.sent)
    asks = "identity" in write.sent or bool(sent)
    if write.method != "PATCH" or not old or not asks or "primaryUserAssignedIdentityId" in sent:
        return None
    if on_customer_key(write.world, write.id) is None or write.world.doubt(doubts.SQL_UPDATE_NEEDS_PRIMARY) == "no":
        return None
    text = "The primary user assigned identity is required for a server whose encryption key is customer-managed."
    return bad_request(
        "PrimaryUserAssignedIdentityIdRequired", text, "github.com/hashicorp/terraform-provider-azurerm/issues/24235"
    )


def _new_key(write: Write) -> str:
    """Return the key that a write's ``keyId`` sets, or empty for none."""
    asked = properties_of(write.sent).get("keyId")
    return str(asked) if asked and asked != properties_of(write.old).get("keyId") else ""


def _key_needs_primary(write: Write) -> ArmError | None:
    if not _new_key(write) or properties_of(write.new).get("primaryUserAssignedIdentityId"):
        return None
    return bad_request("PrimaryUserAssignedIdentityIdRequired", "keyId needs a primary user assigned identity.", _CLI)


def _key_usable(write: Write) -> ArmError | None:
    text = _new_key(write)
    if not text:
        return None
    refused = key_refusal(write.world, write.id, write.new, text, protector=True)
    if refused is None and write.world.switch(protector.GEO.name) and write.old is not None:
        refused = georules.geo_refusal(write.world, write.id, {"serverKeyType": KEY_VAULT, "uri": text})
    return refused


def _still_usable(write: Write) -> ArmError | None:
    """Refuse a primary identity that may not use the key in use: facts of the documentation on managed identities."""
    used = on_customer_key(write.world, write.id) if write.old is not None else None
    old, new = properties_of(write.old), properties_of(write.new)
    same = old.get("primaryUserAssignedIdentityId") == new.get("primaryUserAssignedIdentityId")
    if used is None or same or _new_key(write) or not new.get("primaryUserAssignedIdentityId"):
        return None
    return key_refusal(write.world, write.id, write.new, str(used.get("uri")), protector=False)


def key_written(write: Write) -> Iterator[Change]:
    """Go through what follows from a written server: its new key, and what its new identity can reach."""
    world = write.world
    if write.method == "DELETE":
        return
    text = _new_key(write)
    uri = parse_key_uri(text)
    if uri is not None:
        registered = write.id.child("keys", key_name(uri))
        if world.get(registered) is None:
            yield SetResource(registered, serverkeys.body_of(world, write.new, text))
        rotates = bool((on_customer_key(world, write.id) or {}).get("autoRotationEnabled"))
        body = protector.body_of(world, KEY_VAULT, key_name(uri), text, rotates=rotates)
        yield SetResource(protector_of(write.id), body)
        yield from (
            one
            for one in protector.set_changes(world, write.id, body)
            if not (isinstance(one, SetResource) and one.id == write.id)
        )
    if on_customer_key(world, write.id) is not None:
        yield from access_changed(world, write.id)


def _master(_server: ResourceId, body: Json, world: World) -> Json:
    return {
        "sku": {"name": "System", "tier": "System", "capacity": 0},
        "kind": "v12.0,system",
        "location": body.get("location"),
        "properties": {
            "collation": "SQL_Latin1_General_CP1_CI_AS",
            "status": "Online",
            "databaseId": world.new_guid("database"),
        },
    }


def _administrator(_server: ResourceId, body: Json, _world: World) -> Json | None:
    found = properties_of(body).get("administrators")
    return (
        {"properties": {"administratorType": "ActiveDirectory", **found}} if isinstance(found, dict) and found else None
    )


ADMINISTRATOR_CHILD = Child("administrators", "ActiveDirectory", _administrator)
"""The Entra administrator of a server that has one."""

IDENTITY_AND_KEY = (
    Rule(_primary),
    Rule(_carries_primary),
    Rule(_key_needs_primary),
    Rule(_key_usable, arrives=doubts.SQL_REFUSAL_ARRIVES),
    Rule(_still_usable, arrives=doubts.SQL_REFUSAL_ARRIVES),
)
"""What a server's identities and its keyId have to be."""

SERVERS = ResourceType(
    type=SERVER,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, body="operation", operation=SERVER_OPERATION),
        "PATCH": Answer(status=202, body="operation", operation=SERVER_OPERATION),
        "DELETE": Answer(status=202, body="operation", operation=SERVER_OPERATION),
    },
    read_only=(
        "kind",
        "properties.state",
        "properties.fullyQualifiedDomainName",
        "properties.privateEndpointConnections",
        "properties.workspaceFeature",
        "properties.externalGovernanceStatus",
        "identity.principalId",
        "identity.tenantId",
    ),
    create_only=("properties.administratorLogin", "properties.administrators"),
    since={"properties.externalGovernanceStatus": "2022-08-01"},
    kept=("properties.keyId", "properties.primaryUserAssignedIdentityId", "properties.federatedClientId"),
    defaults={
        "properties": {
            "version": "12.0",
            "publicNetworkAccess": "Enabled",
            "restrictOutboundNetworkAccess": "Disabled",
        }
    },
    prepare=_prepare,
    rules=IDENTITY_AND_KEY,
    on_write=(key_written,),
    children=(
        Child("databases", "master", _master),
        serverkeys.SERVICE_MANAGED_KEY,
        protector.PROTECTOR_CHILD,
        ADMINISTRATOR_CHILD,
    ),
    identity=True,
    trusted=True,
)
"""azure-mgmt-sql ServersOperations; servers have no provisioningState. That SQL is a trusted service: learn.microsoft.com,
"Virtual network service endpoints for Azure Key Vault"."""

ADMINISTRATORS = ResourceType(
    type=f"{SERVER}/administrators", api_versions=API_VERSIONS, answers={"GET": SYNC, "LIST": SYNC}, tracked=False
)
"""azure-mgmt-sql ServerAzureADAdministratorsOperations."""
