"""4xx: Azure SQL logical servers."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

NOT_A_SERVER = Code(
    "CMK401",
    title="target is not an Azure SQL logical server",
    meaning="The resource id is of another type than Microsoft.Sql/servers.",
    next="Name a server; managed instances are targets of the service sql-managed-instance, databases are none.",
)
SERVER_ABSENT = Code(
    "CMK402",
    title="server not found",
    meaning="The plan names a server that does not exist, or that the caller may not see.",
    next="Correct the target's resource_id, or give the caller Microsoft.Sql/servers/read.",
)
SERVER_UNREADABLE = Code(
    "CMK403",
    title="server cannot be judged",
    meaning="Azure refused to show something about the server that the judgement needs.",
    next="Give the caller the role printed by `cmk-remediate permissions PLAN`, then make a new dry run.",
)
SERVER_NOT_READY = Code(
    "CMK404",
    title="server is not ready",
    meaning="The server's properties.state is not Ready, so Azure takes no change to its protector.",
    next="Bring the server back to Ready, or take it out of the plan.",
)
SERVER_OF_SYNAPSE = Code(
    "CMK405",
    title="server belongs to a Synapse workspace",
    meaning="The server's kind names analytics: its encryption is that of the workspace (Microsoft.Synapse/workspaces).",
    next="Set the customer-managed key on the workspace; take the server out of the plan.",
)
SERVER_MANAGED_BY = Code(
    "CMK406",
    title="server is managed by another resource",
    meaning="managedBy of the server or of its resource group names the service that owns it.",
    next="Change it through the resource that manages it.",
)
CROSS_TENANT = Code(
    "CMK407",
    title="server uses a cross-tenant key",
    meaning="properties.federatedClientId is set: the key lives in another tenant, where nothing can be checked.",
    next="Move it by hand together with the owner of the other tenant's vault.",
)
DATABASE_INACCESSIBLE = Code(
    "CMK408",
    title="a database is inaccessible",
    meaning="A database has lost its key. Azure refuses to change the protector while that lasts.",
    next="Give the server access to the database's key again and revalidate the protector, then make a new dry run.",
)
CURRENT_KEY_OUT_OF_REACH = Code(
    "CMK409",
    title="server's present customer key is out of our reach",
    meaning="The vault or key the protector uses was not found or may not be read, so nothing shows that a way back exists.",
    next="Let the caller read that vault and key, then make a new dry run.",
)
MANAGED_HSM = Code(
    "CMK410",
    title="server uses a key in a managed HSM",
    meaning="The protector's uri is in a managed HSM, which is recognised but not supported yet.",
    next="Leave it: a key in a managed HSM is customer-managed already.",
)
KEY_NAME_TOO_LONG = Code(
    "CMK411",
    title="names of vault and key together exceed 94 characters",
    meaning="A server key is called <vault>_<key>_<version>; Azure SQL takes 94 characters for vault and key together.",
    next="Choose a shorter key name.",
)
VERSIONLESS_NOT_HERE = Code(
    "CMK412",
    title="versionless key outside the public cloud",
    meaning="Azure SQL takes keys without a version in the public cloud only.",
    next="Leave customer_managed_key.versionless out: versioned with auto-rotation follows new versions too.",
)
REPLICATION_UNHEALTHY = Code(
    "CMK416",
    title="a replication link is not healthy",
    meaning="While a link is pending, seeding or suspended the partner may not get the key in time.",
    next="Wait for CATCH_UP, or resume the link, then make a new dry run.",
)
PARTNER_OUT_OF_REACH = Code(
    "CMK417",
    title="a geo partner is out of reach",
    meaning="Servers joined by a failover group or replication links move together, and one of them cannot be read.",
    next="Give the caller rights on the partner named, in its own subscription.",
)
GEO_CHAIN = Code(
    "CMK418",
    title="replication is chained, or has more than four secondaries",
    meaning="Azure SQL refuses customer keys there (SecurityAzureKeyVaultGeoChainError).",
    next="Make every secondary replicate from the primary directly, four at most.",
)
PARTNERS_DISAGREE = Code(
    "CMK419",
    title="geo partners with different settings",
    meaning="Servers that move together have overrides that differ in key, versioning or identity kind.",
    next="Give all of them the same overrides.",
)
POOL_PAUSED = Code(
    "CMK420",
    title="a dedicated SQL pool is paused",
    meaning="Azure refuses to change the protector while a dedicated SQL pool on the server is paused.",
    next="Resume the pool, then make a new dry run.",
)
IDENTITY_NOT_NAMED = Code(
    "CMK421",
    title="no identity named for a server that needs one",
    meaning="The server has no primary user-assigned identity and the plan names none.",
    next="Name customer_managed_key.user_assigned_identity.resource_id, or set identity: system-assigned.",
)
PRIMARY_IDENTITY_TAKEN = Code(
    "CMK422",
    title="server has another primary identity now",
    meaning="A server that has a primary user-assigned identity keeps it: it is what SQL looks up Entra users with.",
    next="Make a new dry run: that identity gets the grant.",
)
IDENTITY_DISPLACED = Code(
    "CMK423",
    title="another identity looks up Entra users afterwards",
    meaning="The primary identity is what SQL queries Microsoft Graph with; ours lacks the rights the present one may hold. "
    "It needs Directory Readers, or User.Read.All, GroupMember.Read.All and Application.Read.All, first.",
    next="Give the new identity those rights, then accept it by name: --accept server-identity:<server>.",
)
PREVIOUS_KEY_ONE_WAY = Code(
    "CMK424",
    title="no way back to the previous key",
    meaning="The key the server uses now could not be selected again, so rollback cannot return to it.",
    next="Restore that key first, or accept it by name: --accept previous-key:<server>.",
)
SERVER_KEY_KEPT = Code(
    "CMK425",
    title="a registered server key stays after a rollback",
    meaning="Backups and active log files need the key that was protector when they were made.",
    next="Remove it by hand after the longest backup retention.",
)
SERVER_IDENTITY_KEPT = Code(
    "CMK426",
    title="the server's identity stays after a rollback",
    meaning="Backups made on the customer key can be restored only while the server's primary identity has access to that key.",
    next="Set the former primary identity by hand after the longest backup retention.",
)
TDE_KEPT = Code(
    "CMK427",
    title="encryption that was switched on stays on",
    meaning="Rollback never decrypts a database.",
    next="Nothing.",
)
TDE_SCAN_STOPPED = Code(
    "CMK428",
    kind="state",
    title="the encryption scan of a database stopped",
    meaning="Transparent data encryption is enabled but its scan was suspended or aborted, so the data is not all encrypted.",
    next="Resume the scan: ALTER DATABASE ... SET ENCRYPTION RESUME.",
)
DATABASE_ABSENT = Code(
    "CMK429",
    title="database not found",
    meaning="The database was there when the review was made.",
    next="Make a new dry run.",
)
IDENTITY_IN_USE = Code(
    "CMK430",
    title="the identity still serves a key",
    meaning="The server's protector is a customer key that our identity unlocks.",
    next="Roll the protector back first.",
)
ROLLBACK_DONE = Code(
    "CMK431",
    title="a rollback is not rolled back",
    meaning="The run, or a step of it, is a rollback: undoing an undo would be a change nobody reviewed.",
    next="Make a new dry run of the plan.",
)
PROTECTOR_ABSENT = Code(
    "CMK432",
    title="protector not found",
    meaning="Every server has a protector named current; Azure showed none.",
    next="Make a new dry run; where this was a rollback, roll back again.",
)
SOME_RIGHTS_UNKNOWN = Code(
    "CMK433",
    title="Entra administrator not known",
    meaning="Whether the server has an Entra administrator could not be read, so it is treated as if it had one.",
    next="Let the caller read the server with its administrators, or accept the change of identity by name.",
)
DATABASE_OWN_KEY = Code(
    "CMK450",
    kind="state",
    title="a database has its own key",
    meaning="A database-level protector overrides the server's; this run does not touch it.",
    next="Nothing; keep that key and its identity as they are. Such databases are moved with service: sql-database.",
)
TDE_OFF = Code(
    "CMK451",
    kind="state",
    title="a database is not encrypted",
    meaning="Its transparent data encryption is off, so the server's protector does not protect it.",
    next="Set enable_tde: true in the plan to switch it on: a long, IO-heavy scan.",
)
TDE_UNREADABLE = Code(
    "CMK452",
    kind="state",
    title="a database's encryption state is not known",
    meaning="Azure refused to show the database's transparent data encryption.",
    next="Look at the database: it may be inaccessible.",
)
DATABASES_PER_VAULT = Code(
    "CMK453",
    kind="note",
    title="many databases on one vault",
    meaning="Azure's guidance is at most 500 General Purpose or 200 Business Critical databases per vault.",
    next="Spread the servers over several vaults.",
)
PAUSED_DATABASE_RESUMES = Code(
    "CMK454",
    kind="note",
    title="a paused database is resumed",
    meaning="Changing the key resumes paused serverless databases; they cost money until they pause again.",
    next="Nothing.",
)
PARTNER_INCLUDED = Code(
    "CMK455",
    kind="note",
    title="geo partners move together",
    meaning="The servers are joined by failover groups or replication links and are one target.",
    next="Nothing; the partners need the same rights.",
)
GEO_ROLLBACK_ORDER = Code(
    "CMK456",
    kind="note",
    title="the order of a geo rollback is not documented",
    meaning=(
        "Azure documents secondary-first for setting a customer key, not for going back; "
        "a server it refuses waits for the other."
    ),
    next="Nothing.",
)
ONE_PATCH = Code(
    "CMK457",
    kind="note",
    title="identity and key are set in one request",
    meaning="A policy denies the server a body without a key, so identity and key are sent together.",
    next="Going back to platform keys will be denied by the same policy.",
)
SYSTEM_ASSIGNED = Code(
    "CMK458",
    kind="state",
    title="server uses its system-assigned identity",
    meaning="Its key works; a user-assigned identity is a preference, not a requirement.",
    next="Nothing.",
)
OLD_SERVER_KEYS = Code(
    "CMK459",
    kind="note",
    title="the previous key is still needed",
    meaning="Backups, log files and replicas made so far need the key the server uses now, in all its versions.",
    next="Keep it enabled, and the identity's access to it, for the longest backup retention.",
)
