"""Whether an account can use a key, and what it says when it cannot; judged when the change is asked for.

NOTES: public support notes. One code says that the identity has no right, that the firewall is closed and that the key has expired.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import UNCONFIRMED, ArmError, Switch
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.key_access import hindrance, named_key
from cmk_remediate.simulator.providers.keyvault.vaults import protected

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

PROTECTION = Switch(
    "storage-checks-protection", "An account refuses a key whose vault lacks soft delete or purge protection."
)
_TF = "github.com/hashicorp/terraform-provider-azurerm/issues"
_NO_ACCESS = "The operation failed because of authentication issue on the keyvault."
_SOURCES = {
    "network": f"{_TF}/32855",
    "expired": "github.com/MicrosoftDocs/azure-docs/issues/84096",
    "disabled": UNCONFIRMED,
    "right": f"{_TF}/32855",
    "identity": f"{_TF}/6111",
}


def key_refusal(world: World, resource: ResourceId, principal: str, text: str) -> ArmError | None:
    """Return why *resource*, which reaches vaults as *principal*, cannot be given the key *text*; or None."""
    named = named_key(world, text)
    if named is None:
        return absent(text)
    if world.tenant(named.vault) != world.tenant(resource):
        return ArmError(403, "KeyVaultAuthenticationFailure", _NO_ACCESS, UNCONFIRMED)
    refused = unusable(world, resource, principal, text)
    if refused is not None:
        return refused
    if str(properties_of(named.version(world)).get("kty", "")).upper() not in ("RSA", "RSA-HSM"):
        return ArmError(400, "KeyVaultKeyTypeNotSupported", "The key is not an RSA key.", UNCONFIRMED)
    if world.switch(PROTECTION.name) and not protected(world, named.vault):
        return ArmError(
            400,
            "KeyVaultPolicyError",
            "Keyvault policy recoverable is not set",
            "github.com/Azure/azure-cli/issues/12346",
        )
    return None


def unusable(world: World, resource: ResourceId, principal: str, text: str, *, old: bool = False) -> ArmError | None:
    """Return why the key *text* cannot be used now; an expired one still opens what it has closed (*old*)."""
    why = hindrance(world, resource, principal, text)
    if not why or (old and why == "expired"):
        return None
    if why == "version":
        return absent(text)
    if why == "right" and world.doubt(doubts.STORAGE_NO_RIGHT) == "access-policy":
        text = "The managed identity is forbidden to access the key vault: it needs get, wrap & unwrap permissions."
        return ArmError(403, "AccessPolicyNotConfiguredForKeyVault", text, _SOURCES[why])
    return ArmError(403, "KeyVaultAuthenticationFailure", _NO_ACCESS, _SOURCES[why])


def absent(text: str) -> ArmError:
    """Return the refusal of a key that is not there."""
    said = f"The request url {text}?api-version=2016-10-01 is not found."
    return ArmError(404, "HttpResourceNotFound", said, "github.com/Azure/azure-cli/issues/27644")
