"""The open questions about Microsoft.Sql."""

from __future__ import annotations

from cmk_remediate.simulator.declare import Doubt

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
SQL_DATABASE_MEANWHILE = Doubt(
    name="sql-database-meanwhile",
    sentence="What does a GET of a database show while a PATCH of it runs?",
    source="unconfirmed: databases have no provisioningState",
    readings={"after": "the old body until the operation ends", "before": "the new one at once"},
    default="after",
)
SQL_DATABASE_KEYS_PATCH = Doubt(
    name="sql-database-keys-patch",
    sentence="Does a PATCH of a database merge the map of its keys, or replace it?",
    source=(
        "Azure/azure-rest-api-specs PatchVCoreDatabaseWithKeysAndEncryptionProtector.json removes a key by naming it with null: "
        "of a key that is not named it says nothing"
    ),
    readings={"merge": "keys that are not named stay", "replace": "keys that are not named are removed"},
    default="merge",
)
SQL_DATABASE_REVERT_LEAVES = Doubt(
    name="sql-database-revert-leaves",
    sentence="What of a database's own keys and identity is left once its protector was reverted to the server's?",
    source="unconfirmed: learn.microsoft.com, TDE with customer-managed keys at the database level, says nothing",
    readings={"all": "identity and keys stay", "nothing": "both are gone"},
    default="all",
)
SQL_DATABASE_GEO_REVERT = Doubt(
    name="sql-database-geo-revert-order",
    sentence="In which order may geo replicas go back from keys of their own to their servers'?",
    source="learn.microsoft.com documents the order for setting a key only",
    readings={
        "either": "in any order",
        "secondary-first": "the primary is refused while a secondary still has a key of its own",
        "primary-first": "a secondary is refused while its primary still has a key of its own",
    },
    default="either",
)
SQL_DATABASE_LTR = Doubt(
    name="sql-database-long-term-retention",
    sentence="Does a database with long-term retention take a key of its own?",
    source=(
        "Azure/azure-rest-api-specs Databases.json lists PerDBCMKNotSupportedWithLTR; learn.microsoft.com, TDE with "
        "customer-managed keys at the database level, describes restoring such backups"
    ),
    readings={"taken": "yes", "refused": "400 PerDBCMKNotSupportedWithLTR"},
    default="taken",
)
SQL_DATABASE_HYPERSCALE = Doubt(
    name="sql-database-hyperscale",
    sentence="Does a Hyperscale database take a key of its own?",
    source=(
        "Azure/azure-rest-api-specs lists PerDatabaseCMKHSNotSupported; learn.microsoft.com, TDE with customer-managed keys at the "
        "database level: all editions"
    ),
    readings={"taken": "yes", "refused": "400 PerDatabaseCMKHSNotSupported"},
    default="taken",
)

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
    SQL_DATABASE_MEANWHILE,
    SQL_DATABASE_KEYS_PATCH,
    SQL_DATABASE_REVERT_LEAVES,
    SQL_DATABASE_GEO_REVERT,
    SQL_DATABASE_LTR,
    SQL_DATABASE_HYPERSCALE,
)
"""The doubts of Microsoft.Sql."""
