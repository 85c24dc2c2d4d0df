"""Microsoft.Sql/servers/keys: registering a key is the harmless way to make SQL use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import SYNC, Answer, ArmError, Child, Json, ResourceType, Rule, Write
from cmk_remediate.simulator.providers.common import display_region, parse_key_uri, properties_of
from cmk_remediate.simulator.providers.sql.keyuse import key_refusal
from cmk_remediate.simulator.providers.sql.names import (
    API_VERSIONS,
    DELETE_KEY_OPERATION,
    KEY,
    KEY_OPERATION,
    KEY_VAULT,
    SERVICE_MANAGED,
    key_name,
    on_customer_key,
    partners,
    refusal,
    server_of,
    thumb_of,
)

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

_MAX_NAMES = (
    94  # learn.microsoft.com: Transparent data encryption with customer-managed key, vault and key name together
)


def body_of(world: World, server: Json | None, text: str) -> Json:
    """Return the body of the server key for the key *text*."""
    uri = parse_key_uri(text)
    properties: Json = {
        "serverKeyType": KEY_VAULT,
        "uri": text,
        "thumbprint": thumb_of(world, text),
        "creationDate": world.iso(),
        "autoRotationEnabled": False,
    }
    if uri is not None and uri.versioned:
        properties["keyVersion"] = uri.version
    return {
        "kind": "azurekeyvault",
        "location": display_region(str((server or {}).get("location", ""))),
        "properties": properties,
    }


def prepared(write: Write) -> Json:
    """Return the server key that a PUT leaves: what is there already stays."""
    sent, old = properties_of(write.sent), properties_of(write.old)
    if old:
        return write.old or {}
    fresh = body_of(write.world, write.world.get(server_of(write.id)), str(sent.get("uri") or ""))
    fresh["properties"]["serverKeyType"] = sent.get("serverKeyType")
    return {**(write.new or {}), **fresh}


def _kind(write: Write) -> ArmError | None:
    kind = properties_of(write.sent).get("serverKeyType")
    if kind == SERVICE_MANAGED or write.id.name.lower() == SERVICE_MANAGED.lower():
        text = (
            "Service-managed TDE keys are managed by the service. Service-managed TDE keys don't support Create "
            "or Update by the user."
        )
        return refusal(400, "InvalidUpsertKeyType", text)
    if kind != KEY_VAULT:
        return refusal(400, "InvalidKeyType", "The create server key type is not supported.")
    return None


def _name(write: Write) -> ArmError | None:
    uri = parse_key_uri(str(properties_of(write.sent).get("uri") or ""))
    if uri is None:
        return refusal(400, "AzureKeyVaultMalformedVaultUri", "The provided Key Vault uri is not valid.")
    if write.id.name.lower() != key_name(uri).lower() or len(uri.vault) + len(uri.key) > _MAX_NAMES:
        text = "The operation could not be completed because of an invalid Server Key name."
        return refusal(400, "SecurityAzureKeyVaultInvalidKeyName", text)
    return None


def _again(write: Write) -> ArmError | None:
    if write.old is None:
        return None
    uri = properties_of(write.sent).get("uri")
    if str(uri).lower() != str(properties_of(write.old).get("uri")).lower():
        return refusal(409, "ServerKeyNameAlreadyExists", "The server key already exists on the server.")
    if write.world.doubt(doubts.SQL_KEY_AGAIN) == "exists":
        return refusal(409, "ServerKeyNameAlreadyExists", "The server key already exists on the server.")
    return None


def _readable(write: Write) -> ArmError | None:
    server = server_of(write.id)
    text = str(properties_of(write.sent).get("uri") or "")
    return key_refusal(write.world, server, write.world.get(server), text, protector=False)


def not_synapse(write: Write) -> ArmError | None:
    """Refuse keys and protector of a server that belongs to a Synapse workspace."""
    server = write.world.get(server_of(write.id)) or {}
    if "analytics" not in str(server.get("kind", "")).lower() or write.world.doubt(doubts.SQL_ANALYTICS_KIND) == "no":
        return None
    text = "The encryption of this server is managed by its Azure Synapse workspace."
    return ArmError(400, "CMKOperationNotAllowed", text, "unconfirmed")


def _unused(write: Write) -> ArmError | None:
    if write.id.name.lower() == SERVICE_MANAGED.lower():
        text = "Service-managed TDE keys are managed by the service."
        return refusal(400, "InvalidUpsertKeyType", text)
    world, server = write.world, server_of(write.id)
    used = on_customer_key(world, server)
    if used and str(used.get("serverKeyName", "")).lower() == write.id.name.lower():
        return refusal(409, "AzureKeyVaultKeyInUse", "The key is currently being used by the server.")
    thumb = properties_of(write.old).get("thumbprint")
    for partner, role in partners(world, server):
        other = on_customer_key(world, partner)
        if role == "Primary" and other and thumb_of(world, other.get("uri")) == thumb:
            text = (
                f"The operation could not be completed because the Azure Key Vault Key name {write.id.name} is "
                "currently set as encryption protector on geo-primary."
            )
            return refusal(400, "AzureKeyVaultKeyUsedOnGeoPrimary", text)
    return None


def _service_managed(_server: ResourceId, _body: Json, _world: World) -> Json:
    return {"kind": "servicemanaged", "properties": {"serverKeyType": SERVICE_MANAGED, "autoRotationEnabled": False}}


SERVICE_MANAGED_KEY = Child("keys", SERVICE_MANAGED, _service_managed)
"""The key every server has."""

KEYS = ResourceType(
    type=KEY,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, body="operation", operation=KEY_OPERATION),
        "DELETE": Answer(status=202, body="operation", operation=DELETE_KEY_OPERATION),
    },
    since={"properties.keyVersion": "2024-11-01"},
    read_only=(
        "location",
        "kind",
        "properties.thumbprint",
        "properties.creationDate",
        "properties.autoRotationEnabled",
        "properties.keyVersion",
        "properties.subregion",
    ),
    prepare=prepared,
    rules=(
        Rule(_kind),
        Rule(_name),
        Rule(_again),
        Rule(not_synapse),
        Rule(_readable, arrives=doubts.SQL_REFUSAL_ARRIVES),
        Rule(_unused, verbs=frozenset({"DELETE"})),
    ),
    tracked=False,
)
"""azure-mgmt-sql ServerKeysOperations."""
