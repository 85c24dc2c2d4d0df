"""Codes of Azure SQL databases with a customer-managed key of their own."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

NOT_A_DATABASE = Code(
    "CMK470",
    title="not a database of an Azure SQL server",
    meaning="The id leads to another type; managed instances keep one key for all their databases.",
    next="Correct targets[].resource_id.",
)
SYSTEM_DATABASE = Code(
    "CMK471",
    title="a system database",
    meaning="Azure assigns neither an identity nor a key to master (CannotAssignIdentityToMaster).",
    next="Take it out of the plan.",
)
DATABASE_ABSENT = Code(
    "CMK472",
    title="database not found",
    meaning="There is no such database, or the caller may not see it.",
    next="Correct targets[].resource_id, or give the caller rights to read it.",
)
DATABASE_UNREADABLE = Code(
    "CMK473",
    title="database was not shown",
    meaning="Azure refused a read that the judgement rests on.",
    next="Read the reason; give the caller the right that is missing.",
)
DATABASE_IS_POOL = Code(
    "CMK474",
    title="a dedicated SQL pool takes no key of its own",
    meaning="Azure refuses it (PerDatabaseCMKDWNotSupported).",
    next="Move its server instead: service: sql.",
)
DATABASE_NOT_READY = Code(
    "CMK475",
    title="database is neither online nor paused",
    meaning="It is being created, restored, scaled or moved, or it is offline.",
    next="Wait until it is online, then make a new dry run.",
)
DATABASE_IDENTITIES = Code(
    "CMK476",
    title="database does not have exactly one user-assigned identity",
    meaning="A database takes one user-assigned identity, and no system-assigned one (MultipleIdentityDelegationsOnDatabase).",
    next="Leave it the one that reads its keys.",
)
DATABASE_IDENTITY_TAKEN = Code(
    "CMK477",
    title="database has another identity now",
    meaning="A database that has an identity keeps it: its keys are read through it.",
    next="Make a new dry run: that identity gets the grant.",
)
DATABASE_IDENTITY_NOT_NAMED = Code(
    "CMK478",
    title="no identity named for a database that needs one",
    meaning="The database has no identity and the plan names none; a database does not use its server's.",
    next="Name customer_managed_key.user_assigned_identity.resource_id.",
)
DATABASE_CROSS_TENANT = Code(
    "CMK479",
    title="the database's key is in another tenant",
    meaning="federatedClientId is set: its keys are reached across tenants.",
    next="Move it by hand.",
)
DATABASE_MANAGED_HSM = Code(
    "CMK480",
    title="the database's key is in a managed HSM",
    meaning="Keys in a managed HSM are recognised and not moved.",
    next="Leave it as it is, or move it by hand.",
)
HELD_KEY_OUT_OF_REACH = Code(
    "CMK481",
    title="a key that the database may still need cannot be read",
    meaning="Azure does not show which keys active log files still need, so all go along, and this one cannot be looked at.",
    next="Give the caller rights to read that key's vault; or take a key that is gone for good off the server.",
)
SERVER_KEY_DOOR = Code(
    "CMK482",
    title="no way back to the server's customer key",
    meaning="Azure takes a database's own key away only on a server with a service-managed key "
    "(RevertDatabaseLevelKeyOnlySupportedWithSMK).",
    next="Accept it by name: --accept database-key:<database>. Restoring a backup without a key of its own is the only way back.",
)
REVERT_NEEDS_PLATFORM_SERVER = Code(
    "CMK483",
    title="the database's server uses a customer key",
    meaning="Azure takes a database's own key away only on a server with a service-managed key.",
    next="Roll the server back first, then roll this back again.",
)
DATABASE_KEYS_KEPT = Code(
    "CMK484",
    title="a database's keys and identity stay after a rollback",
    meaning="Active log files and backups need the keys that were protector when they were written.",
    next="Remove them by hand after the longest backup retention.",
)
DATABASE_PREVIOUS_KEY_ONE_WAY = Code(
    "CMK485",
    title="no way back to the database's previous key",
    meaning="The key the database uses now could not be selected again, so rollback cannot return to it.",
    next="Restore that key first, or accept it by name: --accept previous-key:<database>.",
)
LONG_TERM_RETENTION = Code(
    "CMK486",
    kind="note",
    title="long-term retention with a key of its own is not confirmed",
    meaning="Azure's list of errors says that it is refused (PerDBCMKNotSupportedWithLTR), its documentation describes how to "
    "restore such a backup. Long-term backups do not list their keys.",
    next="Accept it by name: --accept long-term-retention:<database>; keep a list of the keys.",
)
HYPERSCALE = Code(
    "CMK487",
    kind="note",
    title="Hyperscale with a key of its own is not confirmed",
    meaning="Azure's list of errors says that it is refused (PerDatabaseCMKHSNotSupported), its documentation says that every tier "
    "takes one.",
    next="Accept it by name: --accept hyperscale:<database>.",
)
SERVER_STATE = Code(
    "CMK488",
    kind="state",
    title="what the database's server uses",
    meaning="A database's own key overrides its server's; the server's other databases go on with the server's. Azure Policy "
    "0a370ff3-6cab-4e85-8995-295fd854c5b8 judges servers only: it does not see a database's key.",
    next="Nothing; move the server with service: sql.",
)
HELD_KEYS = Code(
    "CMK489",
    kind="note",
    title="keys that are carried along",
    meaning="Active log files may still be encrypted with the keys used until now. Azure shows that only inside of the database "
    "(sys.dm_db_log_info), so all of them are registered on the database, and its identity may use them.",
    next="Keep these keys enabled for the longest backup retention.",
)
HELD_KEY_LEFT_OUT = Code(
    "CMK490",
    kind="note",
    title="a registered key is not carried along",
    meaning="It does not exist any more or cannot be used, and Azure takes no key that the identity cannot use.",
    next="Look at sys.dm_db_log_info for a thumbprint of that key first.",
)
ROTATION_HELD_UP = Code(
    "CMK491",
    kind="note",
    title="Azure may refuse the key until the log is truncated",
    meaning="While active log files are encrypted with an older key than the present one, Azure refuses a further change "
    "(PerDatabaseCMKKeyRotationAttemptedWhileOldThumbprintInUse): the way here soon after another, and the way back soon after it.",
    next="If it is refused, run the same again once the log has been truncated.",
)
DATABASE_PAUSED = Code(
    "CMK492",
    kind="note",
    title="the paused database is resumed",
    meaning="A change of its key resumes a serverless database; it costs money until it pauses again.",
    next="Nothing.",
)
REPLICAS_INCLUDED = Code(
    "CMK493",
    kind="note",
    title="geo replicas move together",
    meaning="Every replica gets identity and keys first; then the primary's protector is set, then the secondaries'. The order "
    "of the way back is not documented.",
    next="Nothing; the replicas need the same rights. A failover group makes no secondary of such a database by itself.",
)
RENAME = Code(
    "CMK494",
    kind="note",
    title="a database with its own key cannot simply be renamed",
    meaning="The identity has to be taken off before, and assigned again afterwards.",
    next="Rename it first, if you mean to.",
)
HELD_KEY_UNUSABLE = Code(
    "CMK495",
    title="a key that goes along cannot be used, or could be lost for good",
    meaning="Active log files may need it, so the request names it. It is disabled or has expired, or its vault lacks soft delete "
    "or purge protection: Azure takes no such key, and nothing is pointed at one.",
    next="Enable the key, or turn its vault's protection on; then make a new dry run.",
)
