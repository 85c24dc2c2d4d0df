"""What a write to a vault is refused for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import ArmError, Rule, Switch
from cmk_remediate.simulator.providers.common import bad_request, properties_of, vault_named

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Write

NEEDS_SOFT_DELETE = Switch(
    "vault-needs-soft-delete", "A new vault cannot be made without soft delete (in 2020 it could)."
)
_MAX_POLICIES = 1024  # azure-mgmt-keyvault VaultProperties.access_policies


def _one_way(write: Write) -> ArmError | None:
    source = "azure-mgmt-keyvault VaultPatchProperties"
    sent, old, new = properties_of(write.sent), properties_of(write.old), properties_of(write.new)
    if sent.get("enablePurgeProtection") is False:
        text = (
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a '
            "vault is an irreversible action."
        )
        return bad_request("BadRequest", text, source)
    needed = write.creates and write.world.switch(NEEDS_SOFT_DELETE.name)
    if sent.get("enableSoftDelete") is False and (old.get("enableSoftDelete") or needed):
        text = (
            'The property "enableSoftDelete" can be set to false only for creating new vault. Enabling the '
            "'soft delete' functionality is an irreversible action."
        )
        return bad_request("BadRequest", text, source)
    if new.get("enablePurgeProtection") and not new.get("enableSoftDelete"):
        text = 'The property "enablePurgeProtection" cannot be set to true when "enableSoftDelete" is not set to true.'
        return bad_request("BadRequest", text, source)
    return None


def _retention(write: Write) -> ArmError | None:
    days = properties_of(write.sent).get("softDeleteRetentionInDays")
    before = properties_of(write.old).get("softDeleteRetentionInDays")
    if days is None or days == before:
        return None
    if before is not None:
        text = 'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.'
        return bad_request(
            "BadRequest", text, "hashicorp/terraform-provider-azurerm internal/services/keyvault/key_vault_resource.go"
        )
    if not isinstance(days, int) or not 7 <= days <= 90:  # noqa: PLR2004 - the range of azure-mgmt-keyvault VaultProperties
        text = f'The property "softDeleteRetentionInDays" has the invalid value {days}; it must be between 7 and 90.'
        return bad_request("BadRequest", text, "azure-mgmt-keyvault VaultProperties.soft_delete_retention_in_days")
    return None


def _name_taken(write: Write) -> ArmError | None:
    if not write.creates:
        return None
    if vault_named(write.world, write.id.name) is not None:
        text = f"The vault name '{write.id.name}' is already in use. Vault names are globally unique."
        return ArmError(409, "VaultAlreadyExists", text, "learn.microsoft.com: Common error codes for Azure Key Vault")
    for gone, _ in write.world.by_type("Microsoft.KeyVault/locations/deletedVaults"):
        if gone.name.lower() == write.id.name.lower() and properties_of(write.sent).get("createMode") != "recover":
            text = (
                "A vault with the same name already exists in deleted state. You need to either recover or "
                "purge existing key vault. "
                "Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete."
            )
            return ArmError(409, "ConflictError", text, "github.com/alan-turing-institute/data-safe-haven/issues/2523")
    return None


def _too_many(write: Write) -> ArmError | None:
    if len(properties_of(write.new).get("accessPolicies") or ()) <= _MAX_POLICIES:
        return None
    text = f"The vault can have at most {_MAX_POLICIES} access policy entries."
    return bad_request("BadRequest", text, "azure-mgmt-keyvault VaultProperties.access_policies")


RULES = (Rule(_name_taken), Rule(_one_way), Rule(_retention), Rule(_too_many))
"""In the order they are asked."""
