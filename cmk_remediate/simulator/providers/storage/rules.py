"""Conditions under which a write of an account is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import UNCONFIRMED, ArmError, Switch
from cmk_remediate.simulator.identities import attached, kinds
from cmk_remediate.simulator.providers.common import bad_request, properties_of
from cmk_remediate.simulator.providers.storage.keyuse import key_refusal, unusable
from cmk_remediate.simulator.providers.storage.names import (
    encryption_of,
    key_text,
    on_customer_key,
    principal_of,
    reads_as,
)

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Write

ONE_IDENTITY = Switch("storage-one-identity", "An account takes one user-assigned identity.")
ONE_AT_A_TIME = Switch(
    "storage-one-at-a-time", "An account on a customer's key takes a change of its key or of its identity, not of both."
)
INFRASTRUCTURE = Switch(
    "storage-infrastructure-encryption",
    "A PATCH of the encryption that leaves infrastructure encryption out is refused where it is on.",
)
_TF = "github.com/hashicorp/terraform-provider-azurerm"


def too_many(write: Write) -> ArmError | None:
    """Refuse a second user-assigned identity."""
    after = attached((write.new or {}).get("identity"))
    sent = attached(write.sent.get("identity"))
    count = len(after)
    if write.world.doubt(doubts.STORAGE_IDENTITY_NULL) == "full":
        had = attached((write.old or {}).get("identity"))
        count += sum(name in had and name not in after for name in sent)
    if count < 2 or not write.world.switch(ONE_IDENTITY.name):  # noqa: PLR2004 - one is permitted
        return None
    text = "Too many user-assigned identities specified on the resource."
    return bad_request("TooManyUserAssignedIdentities", text, f"{_TF}/issues/19717; the code is unconfirmed")


def identity_missing(write: Write) -> ArmError | None:
    """Refuse a customer's key to an account that has no identity to read it with, or not the one it names."""
    if not _names_encryption(write) or not on_customer_key(write.new):
        return None
    identity = (write.new or {}).get("identity")
    if not kinds(identity):
        text = "Managed Service Identity (MSI) is not set for this account."
        return bad_request("BadRequest", text, f"{_TF}/issues/6111; the code is unconfirmed")
    named = reads_as(write.new)
    if named and named not in {one.lower() for one in attached(identity)}:
        text = "Values for request parameters are invalid: properties.encryption.identity."
        return bad_request("InvalidValuesForRequestParameters", text, f"{_TF}/issues/16374")
    if not named and "systemassigned" not in kinds(identity):
        text = (
            "Missing pre-requisites to enable EncryptionAtRest/Customer Managed Key for this storage account. "
            "Please refer aka.ms/storagecmkconfiguration for more details."
        )
        return bad_request(
            "BadRequest", text, "github.com/Azure/azure-sdk-for-java/issues/38854; the code is unconfirmed"
        )
    return None


def both_at_once(write: Write) -> ArmError | None:
    """Refuse another key together with another identity where a customer's key is in use."""
    if not (on_customer_key(write.old) and on_customer_key(write.new)) or not write.world.switch(ONE_AT_A_TIME.name):
        return None
    if key_text(write.old).lower() == key_text(write.new).lower() or reads_as(write.old) == reads_as(write.new):
        return None
    text = (
        "The properties 'encryption.identity, encryption.keyvaultproperties' cannot be updated in a single operation."
    )
    source = "github.com/Azure/bicep-registry-modules/issues/4467; the code is unconfirmed"
    return bad_request("InvalidRequestPropertyValue", text, source)


def infrastructure(write: Write) -> ArmError | None:
    """Refuse a PATCH that leaves out what was chosen for good when the account was made."""
    asked = properties_of(write.sent).get("encryption")
    had = encryption_of(write.old).get("requireInfrastructureEncryption")
    if not isinstance(asked, dict) or not had or not write.world.switch(INFRASTRUCTURE.name):
        return None
    if asked.get("requireInfrastructureEncryption"):
        return None
    text = "The property 'requireInfrastructureEncryption' was specified in the input, but it cannot be updated."
    return bad_request(
        "InvalidRequestPropertyValue",
        text,
        "hashicorp/terraform-provider-azurerm storage_account_resource.go says that it must be sent; the text is unconfirmed",
    )


def key(write: Write) -> ArmError | None:
    """Refuse a key that the account cannot use; or another one where the present one cannot open the account any more."""
    if not _names_encryption(write):
        return None
    world, principal = write.world, principal_of(write.world, write.new)
    before, after = key_text(write.old), key_text(write.new)
    if before and before.lower() != after.lower():
        opens = principal_of(world, write.old)
        refused = unusable(world, write.id, opens, before, old=True)
        needed = bool(after) or world.doubt(doubts.STORAGE_WAY_BACK) == "needed"
        if refused is not None and needed:
            return refused
    changed = before.lower() != after.lower() or reads_as(write.old) != reads_as(write.new)
    return key_refusal(world, write.id, principal, after) if after and changed else None


def source_known(write: Write) -> ArmError | None:
    """Refuse a key source of another name, and a customer's key without a name."""
    if not _names_encryption(write):
        return None
    source = str(encryption_of(write.new).get("keySource") or "").lower()
    if source not in ("microsoft.storage", "microsoft.keyvault") or (
        on_customer_key(write.new) and not key_text(write.new)
    ):
        text = "Values for request parameters are invalid: properties.encryption."
        return bad_request("InvalidValuesForRequestParameters", text, UNCONFIRMED)
    return None


def _names_encryption(write: Write) -> bool:
    return isinstance(properties_of(write.sent).get("encryption"), dict)
