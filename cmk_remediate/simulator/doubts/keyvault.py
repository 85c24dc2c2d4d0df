"""The open questions about Microsoft.KeyVault."""

from __future__ import annotations

from cmk_remediate.simulator.declare import Doubt

NETWORK_ACLS_PATCH = Doubt(
    name="vault-network-acls-patch",
    sentence="Is networkAcls merged into or replaced by what a PATCH of a vault carries?",
    source="azure-mgmt-keyvault VaultPatchProperties does not say; hashicorp/terraform-provider-azurerm always sends it whole",
    readings={
        "merge": "members of networkAcls that the PATCH leaves out stay as they were",
        "replace": "members of networkAcls that the PATCH leaves out fall back to their defaults",
    },
    default="replace",
)
VAULT_PATCH_NULL = Doubt(
    name="vault-patch-null",
    sentence="What does a null in the PATCH of a vault do?",
    source="azure-mgmt-keyvault VaultPatchProperties.enable_purge_protection takes null as absent; for the others unconfirmed",
    readings={
        "ignored": "it is taken as not sent",
        "cleared": "the member is removed, less those that only ever go one way",
    },
    default="ignored",
)
PERMISSION_MODEL_RIGHTS = Doubt(
    name="vault-permission-model-rights",
    sentence="Does switching a vault's permission model need more than the right to write the vault?",
    source="learn.microsoft.com: Azure RBAC guide for Key Vault, against: Prepare for Key Vault access control default",
    readings={
        "role-assignments-write": "it also needs roleAssignments/write at the vault",
        "vault-write": "vaults/write is enough",
    },
    default="role-assignments-write",
)
ACCESS_POLICY_REMOVE = Doubt(
    name="access-policy-remove",
    sentence="What does accessPolicies/remove take from an entry that holds more permissions than the request names?",
    source="azure-mgmt-keyvault AccessPolicyUpdateKind names the kinds only",
    readings={
        "permissions": "the permissions named; the entry goes when none is left",
        "entry": "the whole entry of that object id",
    },
    default="permissions",
)
SOFT_DELETED_KEY = Doubt(
    name="soft-deleted-key-over-arm",
    sentence="How does Azure Resource Manager wrap the refusal to create a key whose name is soft-deleted?",
    source="data plane: github.com/external-secrets/external-secrets/issues/3519; through Resource Manager unconfirmed",
    readings={
        "inner": "409 Conflict with the inner error ObjectIsDeletedButRecoverable",
        "flat": "409 with the code ObjectIsDeletedButRecoverable itself",
        "conflict": "409 Conflict without an inner error",
    },
    default="inner",
)
KEY_URI_PORT = Doubt(
    name="key-uri-port",
    sentence="Do the key URIs that Azure Resource Manager gives carry the port?",
    source="Azure/azure-rest-api-specs Microsoft.KeyVault examples/getKey.json shows `:443`; published templates' outputs do not",
    readings={"plain": "https://vault.vault.azure.net/keys/...", "port": "https://vault.vault.azure.net:443/keys/..."},
    default="plain",
)
KEY_ON_POLICY_VAULT = Doubt(
    name="arm-key-on-policy-vault",
    sentence="May a caller with only vaults/keys/write create a key through ARM in a vault on access policies?",
    source="learn.microsoft.com: Configure cryptographic key auto-rotation, whose note speaks of vaults on role-based access",
    readings={"allowed": "yes, as in any vault", "needs-policy": "only with an access policy entry that has create"},
    default="allowed",
)

KEYVAULT = (
    NETWORK_ACLS_PATCH,
    VAULT_PATCH_NULL,
    PERMISSION_MODEL_RIGHTS,
    ACCESS_POLICY_REMOVE,
    SOFT_DELETED_KEY,
    KEY_URI_PORT,
    KEY_ON_POLICY_VAULT,
)
"""The doubts of Microsoft.KeyVault."""
