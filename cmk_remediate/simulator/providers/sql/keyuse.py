"""Whether SQL can use a key, and what it says when it cannot.

One text stands for missing rights, a closed network and more: github.com/MicrosoftDocs/sql-docs/issues/7586 and 8844.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts, identities
from cmk_remediate.simulator.declare import ArmError, Json, Switch
from cmk_remediate.simulator.providers.common import (
    KeyUri,
    key_id,
    key_version,
    latest_version,
    parse_key_uri,
    properties_of,
    vault_named,
)
from cmk_remediate.simulator.providers.key_access import hindrance, may_use
from cmk_remediate.simulator.providers.keyvault.vaults import protected
from cmk_remediate.simulator.providers.sql.names import primary_principal, refusal

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

CHECKS_PROTECTION = Switch(
    "sql-checks-protection", "SQL refuses a key whose vault lacks soft delete or purge protection."
)
REFUSES_OLD_VERSION = Switch("sql-refuses-old-version", "SQL refuses an old version of a key as protector.")

_SIZES = (2048, 3072)
_NEEDED_OPS = ("wrapkey", "unwrapkey")
_SWITCH_LAG = (5.0, 120.0)
DATABASES = "Azure/azure-rest-api-specs Microsoft.Sql 2024-05-01-preview Databases.json"


def _server_body(world: World, server: ResourceId, body: Json | None) -> Json | None:
    """Return the server as it reaches the vault, under the doubt when a new primary identity counts."""
    if world.doubt(doubts.SQL_PRIMARY_SWITCH) == "at-once":
        return body
    record = world.record(server)
    version = record["version"] if record else 0
    return world.as_of(server, world.draw(*_SWITCH_LAG, "primary", server.key, version)) or body


def _missing(world: World, name: str, identity: str, text: str) -> ArmError:
    code = "AzureKeyVaultMissingPermissions"
    if identity and world.doubt(doubts.SQL_PERMISSION_CODE) == "identity":
        code = "UmiMissingAkvPermissions"
    who = f"The managed identity with ID '{identity}'" if identity else f"The server '{name}'"
    return ArmError(
        400,
        code,
        f"{who} requires the following Azure Key Vault permissions: 'Get, WrapKey, UnwrapKey' to the key "
        f"'{text}'. Please grant the "
        "missing permissions to the identity.",
        "github.com/MicrosoftDocs/sql-docs/issues/7586",
    )


def key_refusal(world: World, server: ResourceId, body: Json | None, text: str, *, protector: bool) -> ArmError | None:
    """Return why SQL refuses the key *text* for *server*, or None; *protector*: it is to be the protector."""
    seen = _server_body(world, server, body)
    principal = primary_principal(world, seen)
    missing = _missing(world, server.name, str(properties_of(seen).get("primaryUserAssignedIdentityId") or ""), text)
    if not principal and not primary_principal(world, body):
        missing = refusal(400, "AzureKeyVaultNoServerIdentity", "The server identity is not correctly configured.")
    return _refusal(world, server, principal, missing, text, protector=protector)


def database_refusal(
    world: World, database: ResourceId, body: Json | None, text: str, *, protector: bool
) -> ArmError | None:
    """Return why SQL refuses the key *text* for *database* itself, which reaches vaults as its own identity, or None."""
    identity = next(iter(identities.attached((body or {}).get("identity"))), "")
    principal = str(properties_of(world.get(identity)).get("principalId") or "") if identity else ""
    missing = _missing(world, database.top_level.name, identity, text)
    if not identity:
        missing = refusal(
            400, "MissingPrimaryDelegatedIdentityClientId", "Please provide a delegated identity.", DATABASES
        )
    return _refusal(world, database, principal, missing, text, protector=protector)


def _refusal(
    world: World, resource: ResourceId, principal: str, missing: ArmError, text: str, *, protector: bool
) -> ArmError | None:
    """Return why SQL refuses the key *text* for *resource*, which reaches vaults as *principal*; *missing*: where it may not."""
    uri = parse_key_uri(text)
    if uri is None or not uri.host.endswith("." + world.cloud.suffixes["vault"]):
        return refusal(400, "AzureKeyVaultMalformedVaultUri", "The provided Key Vault uri is not valid.")
    vault, key = vault_named(world, uri.vault), key_id(world, uri)
    if vault is None or key is None:
        words = f"AKV host '{uri.host}' is not resolvable from SQL, on server '{resource.top_level.name}'."
        return refusal(400, "AkvHostNotResolvingFromNode", words)
    if not principal or not (world.reachable(resource, vault) and may_use(world, principal, key)):
        return missing
    return (
        _key_state(world, key, uri)
        or _vault_state(world, vault)
        or (_generation(world, key, uri) if protector else None)
    )


def _key_state(world: World, key: ResourceId, uri: KeyUri) -> ArmError | None:
    if world.get(key) is None:
        text = "The operation could not be completed because the Azure Key Vault Key name does not exist."
        return refusal(409, "AzureKeyVaultKeyNameNotFound", text)
    version = key_version(world, key, uri.version)
    if version is None:
        text = "An invalid response from Azure Key Vault. Please use a valid Azure Key Vault URI."
        return refusal(400, "AzureKeyVaultInvalidUri", text)
    properties = properties_of(version)
    attributes = properties.get("attributes") or {}
    if attributes.get("enabled") is False:
        text = "The operation could not be completed on the server because the Azure Key Vault key is disabled."
        return refusal(400, "AzureKeyVaultKeyDisabled", text)
    expired = attributes.get("exp") is not None and attributes["exp"] <= world.stamp
    if expired or (attributes.get("nbf") is not None and attributes["nbf"] > world.stamp):
        text = "The operation could not be completed because the Azure Key Vault key expiration date is invalid."
        return refusal(400, "AzureKeyVaultInvalidExpirationDate", text)
    if str(properties.get("kty", "")).upper() not in ("RSA", "RSA-HSM") or properties.get("keySize") not in _SIZES:
        text = (
            "The provided key vault uses unsupported RSA Key Size or Key Type. The supported RSA key size is 2048 or 3072 and Key "
            "Type is RSA or RSA-HSM."
        )
        return refusal(400, "AzureKeyVaultRsaKeyNotSupported", text)
    ops = {str(one).lower() for one in properties.get("keyOps") or _NEEDED_OPS}
    if not ops.issuperset(_NEEDED_OPS):
        return refusal(
            400, "AkvKeyOperationNotAllowed", "The key does not permit the operations wrapKey and unwrapKey."
        )
    return None


def _vault_state(world: World, vault: ResourceId) -> ArmError | None:
    if not world.switch(CHECKS_PROTECTION.name) or protected(world, vault):
        return None
    text = (
        "The provided Key Vault uri is not valid. Please ensure the key vault has been configured with "
        "soft-delete and purge protection. "
        "(https://aka.ms/sqltdebyoksoftdelete)"
    )
    return refusal(400, "SecurityInvalidAzureKeyVaultRecoveryLevel", text)


def _generation(world: World, key: ResourceId, uri: KeyUri) -> ArmError | None:
    latest = latest_version(world.get(key) or {})
    if not uri.versioned or uri.version == latest or not world.switch(REFUSES_OLD_VERSION.name):
        return None
    text = (
        "Using an old version of AKV key as TDE protector is not allowed. Please use the latest version of the AKV key as the "
        "encryption protector"
    )
    return refusal(400, "OldGenerationOfAKVKeyBeingUsedError", text)


def usable(world: World, server: ResourceId, text: str) -> bool:
    """Say whether *server* can unwrap with the key *text* at this moment; a vault outside this Azure counts as well."""
    return not hindrance(world, server, primary_principal(world, world.get(server)), text)
