"""Whether Cosmos DB can use a key, and what it says when it cannot; judged when the change of the key is asked for.

DOC: learn.microsoft.com, "Cross-tenant customer-managed keys for Azure Cosmos DB, troubleshooting".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import UNCONFIRMED, ArmError, Json, Switch
from cmk_remediate.simulator.providers.common import (
    KeyUri,
    key_id,
    key_version,
    parse_key_uri,
    properties_of,
    vault_named,
)
from cmk_remediate.simulator.providers.cosmosdb.names import principal_of
from cmk_remediate.simulator.providers.key_access import Hindrance, hindrance, may_use
from cmk_remediate.simulator.providers.keyvault.vaults import protected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

DOC = "learn.microsoft.com: Azure Cosmos DB, customer-managed keys, troubleshooting guide"
CHECKS_PROTECTION = Switch(
    "cosmos-checks-protection", "Cosmos DB refuses a key whose vault lacks soft delete or purge protection."
)

_TROUBLE: Mapping[Hindrance, str] = {
    "": "", "identity": "4015", "version": "4003", "network": "4016", "disabled": "4005", "expired": "4005", "right": "4002",
}  # fmt: skip
"""hashicorp/pandora, CustomerManagedKeyStatus of 2023-09-15."""


def key_refusal(world: World, account: ResourceId, body: Json | None, text: str) -> ArmError | None:
    """Return why Cosmos DB refuses the key *text* for *account*, whose body is *body*; or None."""
    uri = parse_key_uri(text)
    if uri is None:
        return ArmError(400, "BadRequest", f"Provided KeyVaultKeyUri {text} is Invalid.", DOC)
    vault, key = vault_named(world, uri.vault), key_id(world, uri)
    principal = principal_of(world, body)
    if vault is None or key is None or world.get(key) is None:
        return ArmError(
            503, "ServiceUnavailable", "Error contacting the Azure Key Vault resource. Please try again.", DOC
        )
    if world.tenant(vault) != world.tenant(account):
        text = f"The tenant for the new Key Vault {uri.host} does not match the tenant of the account."
        return ArmError(400, "BadRequest", text, DOC)
    if not principal:
        text = f"The given default identity for {account.name} is not valid."
        return ArmError(400, "BadRequest", text, "github.com/Azure/azure-cli/issues/28511")
    if not world.reachable(account, vault):
        text = (
            "Client address is not authorized and caller was ignored because bypass is set to None. "
            f"Client address: 203.0.113.77 Vault: {vault.name}"
        )
        return ArmError(403, "Forbidden", text, DOC, inner="ForbiddenByFirewall")
    if not may_use(world, principal, key):
        return _no_right(world, key)
    return _key_state(world, key, uri) or _vault_state(world, vault)


def _no_right(world: World, key: ResourceId) -> ArmError:
    if world.doubt(doubts.COSMOS_NO_RIGHT) == "unavailable":
        text = "Error contacting the Azure Key Vault resource. Please try again."
        return ArmError(503, "ServiceUnavailable", text, DOC)
    text = f"Caller is not authorized to perform action on resource. Resource: {key}"
    return ArmError(403, "Forbidden", text, DOC, inner="ForbiddenByRbac")


def _key_state(world: World, key: ResourceId, uri: KeyUri) -> ArmError | None:
    properties = properties_of(key_version(world, key, uri.version))
    attributes = properties.get("attributes") or {}
    why = ""
    if not properties:
        why = "KeyNotFound"
    elif attributes.get("enabled") is False:
        why = "KeyDisabled"
    elif attributes.get("exp") is not None and attributes["exp"] <= world.stamp:
        why = "KeyExpired"
    elif str(properties.get("kty", "")).upper() not in ("RSA", "RSA-HSM"):
        why = "KeyOperationForbidden"
    return ArmError(403, "Forbidden", f"The key {key.name} cannot be used.", UNCONFIRMED, inner=why) if why else None


def _vault_state(world: World, vault: ResourceId) -> ArmError | None:
    if not world.switch(CHECKS_PROTECTION.name) or protected(world, vault):
        return None
    text = f"The Key Vault {vault.name} must have soft delete and purge protection enabled."
    return ArmError(400, "BadRequest", text, UNCONFIRMED)


def trouble(world: World, account: ResourceId, text: str) -> str:
    """Return the number that Azure puts into the status of an account whose key *text* it cannot use now; else empty.

    A vault outside this Azure counts as well.
    """
    return _TROUBLE[hindrance(world, account, principal_of(world, world.get(account)), text)]
