"""Why Azure refuses keys and identities of a database's own.

Codes and texts: Azure/azure-rest-api-specs Microsoft.Sql 2024-05-01-preview, Databases.json and EncryptionProtectors.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator import doubts, identities
from cmk_remediate.simulator.declare import UNCONFIRMED, ArmError, Rule
from cmk_remediate.simulator.providers.common import bad_request, properties_of
from cmk_remediate.simulator.providers.sql import backups, dbkeys
from cmk_remediate.simulator.providers.sql.keyuse import DATABASES, database_refusal
from cmk_remediate.simulator.providers.sql.names import SERVICE_MANAGED, UNENCRYPTED, on_customer_key, refusal, thumb_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Write
    from cmk_remediate.simulator.world import World


def _about_keys(write: Write) -> bool:
    """Say whether a write names identity, keys or protector."""
    named = ("keys", "encryptionProtector", "encryptionProtectorAutoRotation", "federatedClientId")
    return "identity" in write.sent or any(name in properties_of(write.sent) for name in named)


def _identity(write: Write) -> ArmError | None:
    identity = (write.new or {}).get("identity")
    if "systemassigned" in identities.kinds(identity):
        text = "A system assigned identity is not supported at the database level."
        return bad_request("InvalidIdentityType", text, UNCONFIRMED)
    if len(identities.attached(identity)) > 1:
        text = "Only one identity delegation is supported at the Database Level."
        return refusal(400, "MultipleIdentityDelegationsOnDatabase", text, DATABASES)
    if not backups.is_user(write.id) and identities.attached(identity):
        text = "Cannot assign an identity to a system database."
        return refusal(400, "CannotAssignIdentityToMaster", text, DATABASES)
    if dbkeys.keys_of(write.new) and not identities.attached(identity):
        text = "In order to use delegated identities please provide a primary delegated identity client id."
        return refusal(400, "MissingPrimaryDelegatedIdentityClientId", text, DATABASES)
    return None


def _taken(write: Write) -> ArmError | None:
    """Refuse what the service takes no key of its own for, or may not take one for."""
    if not dbkeys.keys_of(write.new):
        return None
    tier = str(((write.new or {}).get("sku") or {}).get("tier") or "").lower()
    if tier == "datawarehouse":
        text = "Database-level CMK in preview is not supported for Datawarehouse edition."
        return refusal(400, "PerDatabaseCMKDWNotSupported", text, DATABASES)
    if tier == "hyperscale" and write.world.doubt(doubts.SQL_DATABASE_HYPERSCALE) == "refused":
        text = "Database-level CMK in preview is not supported for Hyperscale edition."
        return refusal(400, "PerDatabaseCMKHSNotSupported", text, DATABASES)
    kept = properties_of(write.world.get(write.id.child("backupLongTermRetentionPolicies", "default")))
    keeps = any(str(kept.get(f"{one}Retention") or "PT0S") != "PT0S" for one in ("weekly", "monthly", "yearly"))
    if keeps and write.world.doubt(doubts.SQL_DATABASE_LTR) == "refused":
        text = "Database-level CMK is not supported when Long-term Backup Retention is enabled on the database."
        return refusal(400, "PerDBCMKNotSupportedWithLTR", text, DATABASES)
    return None


def _usable(write: Write) -> ArmError | None:
    """The identity must be able to use every key that is named: DBDOC, "Migration of existing databases"."""
    if not _about_keys(write):
        return None
    protector = dbkeys.own_uri(write.new)
    for text in dbkeys.keys_of(write.new):
        chosen = text.lower() == protector.lower() and protector.lower() != dbkeys.own_uri(write.old).lower()
        refused = database_refusal(write.world, write.id, write.new, text, protector=chosen)
        if refused is not None:
            return refused
    return None


def _log(write: Write) -> ArmError | None:
    """Active log files need the keys they were written with: DBDOC, "Limitations" and "Migration of existing databases"."""
    old, new = dbkeys.own_uri(write.old), dbkeys.own_uri(write.new)
    if not new or old.lower() == new.lower() or not write.world.switch(dbkeys.LOG.name):
        return None
    text = (
        "Key Rotation for the TDE Protector at the database level is blocked when active transactions are holding up the log "
        "encrypted with old keys."
    )
    held_up = refusal(400, "PerDatabaseCMKKeyRotationAttemptedWhileOldThumbprintInUse", text, DATABASES)
    needed = backups.thumb_with(write.world, write.id, old)
    named = {thumb_of(write.world, one) for one in dbkeys.keys_of(write.new)}
    if needed not in (SERVICE_MANAGED, UNENCRYPTED) and needed not in named:
        return held_up
    older = dbkeys.log_thumb(write.world, write.id)
    return held_up if older not in ("", needed) else None


def _replicas(world: World, database: ResourceId) -> Iterator[tuple[ResourceId, str]]:
    for _, body in world.children(database, "replicationLinks"):
        link = properties_of(body)
        partner = world.spelled(ResourceId(str(link.get("partnerDatabaseId", ""))))
        yield partner, str(link.get("partnerRole", "Secondary"))


def _geo(write: Write) -> ArmError | None:
    new = dbkeys.own_uri(write.new)
    if not new or new.lower() == dbkeys.own_uri(write.old).lower():
        return None
    world = write.world
    for partner, role in _replicas(world, write.id):
        theirs = world.get(partner)
        if role == "Primary" and not dbkeys.in_force(world, partner):
            text = (
                "The geo-primary database must be configured with a database level encryption protector before setting a database "
                "level encryption protector on the geo-secondary."
            )
            code = "PerDatabaseCMKGeoPrimaryIsNotConfiguredWithDatabaseLevelEncryptionProtector"
            return refusal(400, code, text, DATABASES)
        named = {thumb_of(world, one) for one in dbkeys.keys_of(theirs)}
        if role == "Secondary" and thumb_of(world, new) not in named:
            text = "Secondary server does not have the key material of the primary server's encryption protector."
            return refusal(400, "SameKeyMaterialNotFoundOnRemoteServer", text)
    return None


def revert_refusal(write: Write) -> ArmError | None:
    """Return why a database's own protector cannot be reverted to its server's."""
    world, database = write.world, write.id.parent or write.id
    body = world.get(database)
    if not dbkeys.own_uri(body):
        return bad_request("InvalidDatabaseEncryptionProtector", "There is no protector of its own.", UNCONFIRMED)
    if properties_of(body).get("status") == "Inaccessible":
        text = "User tried to perform an operation on the server when the server did not have Azure Key Vault Access."
        return refusal(400, "CMKOperationNotAllowed", text)
    if on_customer_key(world, database.top_level) is not None:
        text = (
            "Database-level encryption protector can only be reverted to the server level encryption when the server is configured "
            "with Microsoft Managed Key."
        )
        return refusal(400, "RevertDatabaseLevelKeyOnlySupportedWithSMK", text)
    order = world.doubt(doubts.SQL_DATABASE_GEO_REVERT)
    waits_for = {"secondary-first": "Secondary", "primary-first": "Primary"}.get(order, "")
    if any(role == waits_for and dbkeys.own_uri(world.get(one)) for one, role in _replicas(world, database)):
        text = "Remote server does not have access to key material used as a TDE protector."
        return refusal(400, "KeyMaterialNotFoundOnRemoteServer", text)
    return None


RULES = (
    Rule(_identity),
    Rule(_taken),
    Rule(_usable, arrives=doubts.SQL_REFUSAL_ARRIVES),
    Rule(_geo, arrives="operation"),
    Rule(_log, arrives="operation"),
)
"""Of databases' own keys."""
