"""7xx: Azure Cosmos DB accounts."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

NOT_AN_ACCOUNT = Code(
    "CMK700",
    title="target is not a Cosmos DB account",
    meaning="The resource id is of another type than Microsoft.DocumentDB/databaseAccounts.",
    next="Name an account; vCore clusters, PostgreSQL clusters and managed Cassandra are other services.",
)
ACCOUNT_ABSENT = Code(
    "CMK701",
    title="account not found",
    meaning="The plan names an account that does not exist, or that the caller may not see.",
    next="Correct the target's resource_id, or give the caller Microsoft.DocumentDB/databaseAccounts/read.",
)
ACCOUNT_UNREADABLE = Code(
    "CMK702",
    title="account cannot be judged",
    meaning="Azure refused to show the account.",
    next="Give the caller the role printed by `cmk-remediate permissions PLAN`, then make a new dry run.",
)
ACCOUNT_BUSY = Code(
    "CMK703",
    title="account is not at rest",
    meaning="properties.provisioningState is not Succeeded: another change of the account runs, or one has failed.",
    next="Wait for the change, or bring the account back to Succeeded, then make a new dry run, or roll back again.",
)
ACCOUNT_MANAGED_BY = Code(
    "CMK704",
    title="account is managed by another resource",
    meaning="managedBy of the account or of its resource group names the service that owns it.",
    next="Change it through the resource that manages it.",
)
CROSS_TENANT = Code(
    "CMK705",
    title="account uses a cross-tenant key",
    meaning="properties.defaultIdentity names a federated client: the key lives in another tenant, where nothing can be checked.",
    next="Move it by hand together with the owner of the other tenant's vault.",
)
CASSANDRA = Code(
    "CMK706",
    title="accounts with the Cassandra API cannot be moved",
    meaning="Azure enables customer-managed keys on existing accounts of every other API.",
    next="Create a new account with the key and copy the data.",
)
VECTOR_SEARCH = Code(
    "CMK707",
    title="accounts with vector search cannot be moved",
    meaning="The capability EnableNoSQLVectorSearch excludes a customer-managed key on an existing account.",
    next="Create a new account with the key and copy the data.",
)
CHANGE_FEED = Code(
    "CMK708",
    title="the full-fidelity change feed excludes a customer-managed key",
    meaning="properties.enableFullFidelityChangeFeed is true (the change feed of all versions and deletes).",
    next="Turn that change feed off, if nothing reads it, or take the account out of the plan.",
)
MATERIALIZED_VIEWS = Code(
    "CMK709",
    title="materialized views exclude a customer-managed key",
    meaning="properties.enableMaterializedViews is true; whether Azure refuses it still is unconfirmed, so we do.",
    next="Turn materialized views off, or take the account out of the plan.",
)
MANAGED_HSM = Code(
    "CMK710",
    title="account uses a key in a managed HSM",
    meaning="properties.keyVaultKeyUri is in a managed HSM, which is not supported yet.",
    next="Take the account out of the plan.",
)
REVOKED = Code(
    "CMK711",
    title="account has lost its key",
    meaning="properties.customerManagedKeyStatus says revoked: Azure takes no change but one of identities, and serves no data.",
    next="Give the account's identity access to its key again, wait up to an hour, then make a new dry run.",
)
IDENTITY_NOT_NAMED = Code(
    "CMK712",
    title="the account needs an identity and the plan names none",
    meaning="The account has no default identity of its own, and the plan has no user_assigned_identity.",
    next="Add customer_managed_key.user_assigned_identity to the plan.",
)
CURRENT_KEY_OUT_OF_REACH = Code(
    "CMK713",
    title="the account's present key is out of our reach",
    meaning="The vault or key the account uses was not found or may not be read; both keys must work while one replaces the other.",
    next="Let the caller read that vault and key, then make a new dry run.",
)
DOOR = Code(
    "CMK714",
    title="a customer-managed key on a Cosmos DB account is for good",
    meaning="Azure has no request that takes the key away again. From the moment it is sent there is no way back to platform keys.",
    next="Accept it by name. To leave it later, create a new account and copy the data.",
)
IDENTITY_KEPT = Code(
    "CMK715",
    title="the account keeps the identity",
    meaning="A change of identities resets the default identity; detaching ours brings nothing back.",
    next="Nothing. Before the key is set, it may be detached by hand once the default identity names another.",
)
DEFAULT_NOT_ATTACHED = Code(
    "CMK716",
    title="the default identity is not attached to the account",
    meaning="Azure takes as default only an identity that the account has.",
    next="Attach it, or make a new dry run: somebody has detached it since.",
)
PREVIOUS_KEY_ONE_WAY = Code(
    "CMK717",
    title="no way back to the account's previous key",
    meaning="The key in use before cannot be used any more, so rollback could not return to it.",
    next="Repair that key first, or accept it by name.",
)
IDENTITY_GONE = Code(
    "CMK718",
    title="the default identity does not exist any more",
    meaning="It was deleted, so no change of the account's identities can be counted on. One made again is another principal.",
    next="Detach it by hand (`az cosmosdb identity remove`), then make a new dry run.",
)
COST = Code(
    "CMK730",
    kind="note",
    title="requests cost more with a customer-managed key",
    meaning="Point reads about 5 %, writes about 6 %, queries and change feed about 15 % more request units (Azure's figures).",
    next="Raise the throughput before the change; the encryption itself uses what is spare.",
)
TERRAFORM = Code(
    "CMK731",
    kind="note",
    title="Terraform would replace the account",
    meaning="key_vault_key_id of azurerm_cosmosdb_account is ForceNew: an apply that does not know the key destroys the account.",
    next="Put the key into the configuration, or ignore_changes, before anybody plans again; see docs/cosmosdb.md.",
)
BLOCKED_MEANWHILE = Code(
    "CMK732",
    kind="note",
    title="what is blocked while the account is encrypted",
    meaning="Until the background encryption ends, Azure refuses other changes of the account, such as a new region.",
    next="Do them before. The run does not wait for it: `verify` says in progress until it has ended.",
)
FIRST_PARTY = Code(
    "CMK733",
    kind="state",
    title="the account reads its key as Cosmos DB itself",
    meaning="The default identity is FirstPartyIdentity: it works, but continuous backup and analytical store want another.",
    next="Nothing has to be done. To change it, grant another identity first, attach it, then make it the default.",
)
PINNED = Code(
    "CMK734",
    kind="state",
    title="the account is pinned to one version of its key",
    meaning="keyVaultKeyUri ends in a version, so new versions are not followed.",
    next="Plan the account: the key is set without a version.",
)
LARGE_IDS = Code(
    "CMK735",
    kind="note",
    title="documents with ids over 990 bytes",
    meaning="They stop the encryption, and Resource Manager does not show them.",
    next="Run Azure's scanner (github.com/AzureCosmosDB/Cosmos-DB-Non-CMK-to-CMK-Migration-Scanner) before accepting.",
)
FLAG_UNREAD = Code(
    "CMK736",
    kind="note",
    title="a feature that excludes the key could not be read",
    meaning="No answer shows whether the full-fidelity change feed, or materialized views, are on; absent does not mean off.",
    next="Look it up in the portal before accepting; where it is on, Azure refuses the key.",
)
OLD_BACKUPS = Code(
    "CMK737",
    kind="note",
    title="existing backups are not encrypted again",
    meaning="Periodic backups taken before stay on platform keys until they expire.",
    next="Nothing; count their retention in where everything has to be on the key.",
)
POLICY_VERDICT = Code(
    "CMK738",
    kind="state",
    title="what Azure Policy says of the account",
    meaning="The built-in definition asks whether properties.keyVaultKeyUri exists: it knows neither the key nor the identity.",
    next="Go by the state that stands beside it.",
)
