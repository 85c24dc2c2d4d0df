"""The open questions about Microsoft.Storage."""

from __future__ import annotations

from cmk_remediate.simulator.declare import Doubt

STORAGE_ENCRYPTION_PATCH = Doubt(
    name="storage-encryption-patch",
    sentence="What becomes of members of an account's encryption that a PATCH of it leaves out?",
    source=(
        "recorded: keyvaultproperties go when the key source is set to Microsoft.Storage (Azure/azure-cli, "
        "test_customer_managed_key); of the others nothing is recorded"
    ),
    readings={"kept": "they stay as they were", "dropped": "they go: the object is replaced"},
    default="kept",
)
STORAGE_IDENTITY_NULL = Doubt(
    name="storage-identity-null",
    sentence="Does a PATCH that sends null for the attached identity make room for another one?",
    source="github.com/hashicorp/terraform-provider-azurerm/issues/19717 shows only that a second one is refused",
    readings={"room": "yes, the null detaches it", "full": "no, two are counted: too many"},
    default="room",
)
STORAGE_NO_RIGHT = Doubt(
    name="storage-missing-right",
    sentence="What does an account's PATCH answer when its identity has no right to the key?",
    source="github.com/hashicorp/terraform-provider-azurerm/issues/32855 and public support notes have both",
    readings={
        "authentication": "KeyVaultAuthenticationFailure",
        "access-policy": "AccessPolicyNotConfiguredForKeyVault",
    },
    default="authentication",
)
STORAGE_WAY_BACK = Doubt(
    name="storage-way-back-needs-key",
    sentence="Must a key still work when its account returns to platform keys?",
    source="github.com/Azure/azure-cli/issues/27644: a change to another key fails with HttpResourceNotFound where the old is gone",
    readings={"needed": "yes, it opens the account once more", "not-needed": "no"},
    default="needed",
)
STORAGE_SCOPE_ALONE = Doubt(
    name="storage-scope-alone",
    sentence="Can an encryption scope be on a customer's key while its account is on platform keys?",
    source="unconfirmed; azure-mgmt-storage EncryptionScopeProperties has a source of its own",
    readings={"accepted": "yes", "refused": "no: the account's own key comes first, and goes last"},
    default="accepted",
)

STORAGE = (
    STORAGE_ENCRYPTION_PATCH,
    STORAGE_IDENTITY_NULL,
    STORAGE_NO_RIGHT,
    STORAGE_WAY_BACK,
    STORAGE_SCOPE_ALONE,
)
"""The doubts of Microsoft.Storage."""
