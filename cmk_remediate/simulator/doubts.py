"""The open questions about Azure that our path meets: each with its source, its readings and a default.

A provider declares those that concern it; `ALL` lists them for ``--doubt`` and for the page made from it. A doubt leaves only
with a source that settles it.
"""

from __future__ import annotations

from cmk_remediate.simulator.declare import Doubt

# -- Key Vault -----------------------------------------------------------------------------------------------------------

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

# -- identities and grants -----------------------------------------------------------------------------------------------

PRINCIPAL_TYPE = Doubt(
    name="principal-type-skips-lookup",
    sentence="Does principalType in a role assignment spare a fresh principal the look-up that answers PrincipalNotFound?",
    source="learn.microsoft.com: Troubleshoot Azure RBAC, says so; public code still retries for minutes",
    readings={"skips": "yes: accepted at once", "looks-up": "no: PrincipalNotFound until the directory knows it"},
    default="looks-up",
)

# -- Azure SQL -----------------------------------------------------------------------------------------------------------

SQL_REFUSAL_ARRIVES = Doubt(
    name="sql-key-refusal-arrives",
    sentence="When SQL cannot use a key, is the first answer the error, or does an accepted operation fail with it?",
    source="azure-mgmt-sql ServerKeysOperations is long-running; its specification lists the codes for the request",
    readings={"operation": "202, then the operation fails", "reply": "the first answer is the error"},
    default="operation",
)
SQL_PERMISSION_CODE = Doubt(
    name="sql-missing-permission-code",
    sentence="With which code does SQL say that its user-assigned identity may not use a key?",
    source="Azure/azure-rest-api-specs Microsoft.Sql EncryptionProtectors.json lists both",
    readings={"vault": "AzureKeyVaultMissingPermissions", "identity": "UmiMissingAkvPermissions"},
    default="vault",
)
SQL_PROTECTOR_MEANWHILE = Doubt(
    name="sql-protector-meanwhile",
    sentence="Which protector does a GET show while a change of it runs?",
    source="unconfirmed: encryptionProtector has no provisioningState",
    readings={"after": "the old one until the operation ends", "before": "the new one at once"},
    default="after",
)
SQL_KEY_MEANWHILE = Doubt(
    name="sql-server-key-meanwhile",
    sentence="Does a GET show a server key whose registration still runs?",
    source="unconfirmed: servers/keys has no provisioningState",
    readings={"after": "no, 404 until the operation ends", "before": "yes, at once"},
    default="after",
)
SQL_KEY_AGAIN = Doubt(
    name="sql-server-key-again",
    sentence="What does a PUT of a server key that is already registered answer?",
    source=(
        "Azure/azure-rest-api-specs Microsoft.Sql ServerKeys.json lists 409 ServerKeyNameAlreadyExists; "
        "Azure/azure-cli repeats the PUT"
    ),
    readings={"accepted": "it is accepted and changes nothing", "exists": "409 ServerKeyNameAlreadyExists"},
    default="accepted",
)
SQL_KEY_ID = Doubt(
    name="sql-server-key-id",
    sentence="Does a server show keyId once its protector was set through encryptionProtector?",
    source="inferred from github.com/hashicorp/terraform-provider-azurerm/issues/24235",
    readings={"shown": "yes, the key's URI", "absent": "no, only where keyId itself was sent"},
    default="shown",
)
SQL_IDENTITY_PATCH = Doubt(
    name="sql-identity-patch",
    sentence="Does a PATCH of a server merge userAssignedIdentities, or replace the map?",
    source="learn.microsoft.com describes the merge for resource providers in general; for Microsoft.Sql unconfirmed",
    readings={"merge": "identities that are not named stay", "replace": "identities that are not named are detached"},
    default="merge",
)
SQL_UPDATE_NEEDS_PRIMARY = Doubt(
    name="sql-update-needs-primary",
    sentence="Must a PATCH of a server on a customer-managed key carry its primary user-assigned identity?",
    source="github.com/hashicorp/terraform-provider-azurerm/issues/24235",
    readings={"yes": "a PATCH of properties or identity without it is refused", "no": "it may be left out"},
    default="yes",
)
SQL_PRIMARY_SWITCH = Doubt(
    name="sql-primary-switch",
    sentence="When is a server's new primary identity the one that SQL reaches the vault with?",
    source="unconfirmed",
    readings={"at-once": "when the PATCH's operation has ended", "late": "up to two minutes later"},
    default="at-once",
)
SQL_MASTER_TDE = Doubt(
    name="sql-master-tde",
    sentence="What does the transparentDataEncryption of the database master answer?",
    source=(
        "Azure/azure-rest-api-specs TransparentDataEncryptions.json: AttemptedEncryptionOnSystemDatabase for "
        "writes; reads unconfirmed"
    ),
    readings={
        "disabled": "200, state Disabled",
        "missing": "404",
        "refused": "400 AttemptedEncryptionOnSystemDatabase",
    },
    default="disabled",
)
SQL_GEO_ROLLBACK = Doubt(
    name="sql-geo-rollback-order",
    sentence="In which order may geo partners go back to service-managed keys?",
    source="learn.microsoft.com documents secondary first for setting a customer-managed key only",
    readings={
        "either": "in any order",
        "secondary-first": "the primary is refused while a secondary is still on a customer-managed key",
        "primary-first": "a secondary is refused while its primary is still on a customer-managed key",
    },
    default="either",
)
SQL_ROTATION_LAG = Doubt(
    name="sql-auto-rotation-lag",
    sentence="How soon does a protector with automatic rotation follow a new key version?",
    source="learn.microsoft.com: Rotate the TDE protector, within 24 hours; older text: 60 minutes",
    readings={"day": "within 24 hours", "hour": "within one hour"},
    default="day",
)
SQL_INACCESSIBLE_READS = Doubt(
    name="sql-inaccessible-reads",
    sentence="Do reads below an inaccessible database answer?",
    source="github.com/hashicorp/terraform-provider-azurerm/issues/22358 (a retention policy's GET answers 400)",
    readings={"answer": "as ever", "refuse": "400"},
    default="refuse",
)
SQL_ANALYTICS_KIND = Doubt(
    name="sql-analytics-kind",
    sentence="Is the kind `analytics` the sign of a server whose encryption belongs to a Synapse workspace?",
    source=(
        "Azure/azure-policy 0a370ff3-6cab-4e85-8995-295fd854c5b8 goes by the group's managedBy; recorded kinds: "
        "`v12.0,analytics`"
    ),
    readings={"yes": "writes of keys and protector are refused", "no": "they are accepted"},
    default="yes",
)
SQL_PROTECTOR_VERSION = Doubt(
    name="sql-protector-key-version",
    sentence="Does a protector show keyVersion and thumbprint?",
    source="azure-mgmt-sql EncryptionProtectorProperties has both, read-only; recorded answers of older api-versions have neither",
    readings={"shown": "yes", "absent": "no"},
    default="shown",
)

# -- Azure Cosmos DB -----------------------------------------------------------------------------------------------------

COSMOS_KEY_MEANWHILE = Doubt(
    name="cosmos-key-meanwhile",
    sentence="What does a GET of an account show while it is being encrypted with its first customer-managed key?",
    source=(
        "recorded for identities: the former body, Updating (Azure/azure-cli, test_cosmosdb_managed_service_identity); for keys "
        "unconfirmed"
    ),
    readings={
        "old-updating": "no key yet, provisioningState Updating",
        "new-updating": "the key at once, provisioningState Updating",
        "new-succeeded": "the key at once, provisioningState Succeeded: only the operation shows that it runs",
    },
    default="old-updating",
)
COSMOS_REFUSAL_ARRIVES = Doubt(
    name="cosmos-key-refusal-arrives",
    sentence="When Cosmos DB cannot use a key, is the first answer the error, or does an accepted operation fail with it?",
    source="learn.microsoft.com: Azure Cosmos DB, troubleshooting guide for customer-managed keys, names the errors only",
    readings={"reply": "the first answer is the error", "operation": "200, then the operation fails"},
    default="reply",
)
COSMOS_NO_RIGHT = Doubt(
    name="cosmos-missing-right",
    sentence="What does Cosmos DB answer when its identity has no right to the key?",
    source="learn.microsoft.com: Azure Cosmos DB, troubleshooting guide for cross-tenant customer-managed keys, has both",
    readings={
        "forbidden": "403 Forbidden with the inner error ForbiddenByRbac",
        "unavailable": "503 ServiceUnavailable: Error contacting the Azure Key Vault resource",
    },
    default="forbidden",
)
COSMOS_KEY_CHANGE = Doubt(
    name="cosmos-key-change",
    sentence="How long does it take to give an account on a customer-managed key another key?",
    source="unconfirmed",
    readings={"seconds": "as long as any update", "hours": "as long as its first key"},
    default="seconds",
)
COSMOS_IDENTITY_RESETS = Doubt(
    name="cosmos-identity-resets-default-to",
    sentence="What is an account's default identity after its identities were changed?",
    source="github.com/hashicorp/terraform-provider-azurerm/issues/22466 and 28095",
    readings={"first-party": "FirstPartyIdentity", "undefined": "Undefined"},
    default="first-party",
)
COSMOS_FLAGS = Doubt(
    name="cosmos-feature-flags",
    sentence="Do preview api-versions show the flags of the full-fidelity change feed and of materialized views?",
    source="recorded with some accounts and not with others (Azure/azure-cli, api-versions 2023-03-01-preview to 2024-11-15)",
    readings={"shown": "yes, also where they are off", "absent": "no"},
    default="shown",
)

# -- managed disks -------------------------------------------------------------------------------------------------------

SET_REFUSAL_ARRIVES = Doubt(
    name="disk-set-refusal-arrives",
    sentence="When a disk encryption set may not use its key, is the first answer the error, or does an accepted operation fail?",
    source="github.com/ansible-collections/azure/issues/1676 shows the code, not how it came",
    readings={"operation": "202, then the operation fails", "reply": "the first answer is the error"},
    default="operation",
)
DISK_TO_PLATFORM_KEY = Doubt(
    name="disk-to-platform-key",
    sentence="Must the PATCH that returns a disk to the platform's key name diskEncryptionSetId as null?",
    source="github.com/Azure/azure-cli/pull/22484 saw InvalidParameter while the id was still there",
    readings={
        "needs-null": "yes: left out it stays, and Azure refuses both together",
        "either": "no: left out it goes as well",
    },
    default="needs-null",
)
DISK_ACTIVE_SAS = Doubt(
    name="disk-active-sas",
    sentence="Can a disk's encryption change while a shared access signature of it is out (ActiveSAS)?",
    source="unconfirmed",
    readings={"refused": "no, OperationNotAllowed", "accepted": "yes"},
    default="refused",
)
DIRECT_DRIVE_IDENTITY = Doubt(
    name="direct-drive-user-assigned",
    sentence="Do Ultra and Premium SSD v2 disks take a disk encryption set with a user-assigned identity?",
    source="learn.microsoft.com: Restrictions of customer-managed keys for managed disks calls it a preview",
    readings={"refused": "no, DirectDriveDiskNotSupportUserAssignedIdentityDes", "accepted": "yes"},
    default="refused",
)
INCREMENTAL_SNAPSHOTS = Doubt(
    name="disk-incremental-snapshots",
    sentence="Can a disk with incremental snapshots on the platform's key move to a customer's key?",
    source=(
        "learn.microsoft.com: Restrictions of customer-managed keys for managed disks: a disk and its incremental snapshots must "
        "have one set"
    ),
    readings={"accepted": "yes, new snapshots then have the set", "refused": "no, OperationNotAllowed"},
    default="accepted",
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

AUTHORIZATION = (PRINCIPAL_TYPE,)
"""The doubts of Microsoft.Authorization/roleAssignments."""

SQL = (
    SQL_REFUSAL_ARRIVES,
    SQL_PERMISSION_CODE,
    SQL_PROTECTOR_MEANWHILE,
    SQL_KEY_MEANWHILE,
    SQL_KEY_AGAIN,
    SQL_KEY_ID,
    SQL_IDENTITY_PATCH,
    SQL_UPDATE_NEEDS_PRIMARY,
    SQL_PRIMARY_SWITCH,
    SQL_MASTER_TDE,
    SQL_GEO_ROLLBACK,
    SQL_ROTATION_LAG,
    SQL_INACCESSIBLE_READS,
    SQL_ANALYTICS_KIND,
    SQL_PROTECTOR_VERSION,
)
"""The doubts of Microsoft.Sql."""

COSMOSDB = (
    COSMOS_KEY_MEANWHILE,
    COSMOS_REFUSAL_ARRIVES,
    COSMOS_NO_RIGHT,
    COSMOS_KEY_CHANGE,
    COSMOS_IDENTITY_RESETS,
    COSMOS_FLAGS,
)
"""The doubts of Microsoft.DocumentDB."""

COMPUTE = (
    SET_REFUSAL_ARRIVES,
    DISK_TO_PLATFORM_KEY,
    DISK_ACTIVE_SAS,
    DIRECT_DRIVE_IDENTITY,
    INCREMENTAL_SNAPSHOTS,
)
"""The doubts of Microsoft.Compute."""

ALL: tuple[Doubt, ...] = (*KEYVAULT, *AUTHORIZATION, *SQL, *COSMOSDB, *COMPUTE)
"""Every doubt of the providers, in the order of the page."""
