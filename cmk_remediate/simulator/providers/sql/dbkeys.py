"""Databases with customer-managed keys of their own: what of a database's body is about them, and what a write of it changes.

learn.microsoft.com, "Transparent data encryption with customer-managed keys at the database level" (DBDOC below).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts, identities
from cmk_remediate.simulator.bodies import merge_patch
from cmk_remediate.simulator.declare import Json, Schedule, SetHidden, Switch
from cmk_remediate.simulator.providers.common import access_changed, parse_key_uri, properties_of
from cmk_remediate.simulator.providers.sql import backups
from cmk_remediate.simulator.providers.sql.names import KEY_VAULT, SERVICE_MANAGED, UNENCRYPTED, current_uri, thumb_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change, Write
    from cmk_remediate.simulator.world import World

LOG = Switch(
    "sql-database-log",
    "Active log files need the keys they were written with: a database's key changes with them in hand.",
)
FOLLOW = "sql.database-follow-rotation"
_FLUSHED = (600.0, 3600.0)  # "once enough log has been generated" (DBDOC): how long that takes depends on the database
_DAY = 86400.0


def own_uri(body: Json | None) -> str:
    """Return the URI of a database's own protector; empty for none."""
    return str(properties_of(body).get("encryptionProtector") or "")


def keys_of(body: Json | None) -> dict[str, Json]:
    """Return a database's own keys by URI."""
    found = properties_of(body).get("keys")
    return found if isinstance(found, dict) else {}


def principal_of(world: World, body: Json | None) -> str:
    """Return the object id that a database reaches vaults with; empty without an identity."""
    identity = next(iter(identities.attached((body or {}).get("identity"))), "")
    return str(properties_of(world.get(identity)).get("principalId") or "") if identity else ""


def in_force(world: World, database: ResourceId) -> str:
    """Return the URI of the key of its own that encrypts *database* now; a PATCH may show before its operation has ended."""
    running = world.running(database)
    shown = running["old"] if running is not None and running["visible"] == "before" else world.get(database)
    return own_uri(shown)


def known(world: World, database: ResourceId) -> dict[str, str]:
    """Return every key that *database* ever had of its own: URI by thumbprint."""
    return {str(thumb): str(text) for thumb, text in (world.hidden(database).get("dbKeys") or {}).items()}


def merged(old: Json, sent: Json, world: World) -> Json:
    """Return the body after a PATCH, under the doubt whether it merges the map of keys or replaces it."""
    new: Json = merge_patch(old, sent)
    asked = properties_of(sent).get("keys")
    if isinstance(asked, dict) and world.doubt(doubts.SQL_DATABASE_KEYS_PATCH) == "replace":
        named = {name.lower() for name, value in asked.items() if value is not None}
        kept = {name: value for name, value in keys_of(new).items() if name.lower() in named}
        new = {**new, "properties": {**properties_of(new), "keys": kept}}
    return new


def completed(world: World, body: Json) -> Json:
    """Return a database's *body* with what the service fills in of its keys; without keys it has none of it."""
    properties = dict(properties_of(body))
    text = own_uri(body)
    found = {name.lower(): (name, value) for name, value in keys_of(body).items()}
    if text:
        found.setdefault(text.lower(), (text, {}))
    if found:
        properties["keys"] = {name: {**_key(world, name), **(value or {})} for name, value in found.values()}
    else:
        properties.pop("keys", None)
    if not text or not properties.get("encryptionProtectorAutoRotation"):
        # Recorded by Azure/azure-cli, test_sql_db_copy_with_perdb_cmk: shown only where it is on.
        properties.pop("encryptionProtectorAutoRotation", None)
    return {**body, "properties": properties}


def _key(world: World, text: str) -> Json:
    uri = parse_key_uri(text)
    version = current_uri(world, uri).version if uri else ""
    return {"type": KEY_VAULT, "thumbprint": thumb_of(world, text), "creationDate": world.iso(), "keyVersion": version}


def written(write: Write) -> Iterator[Change]:
    """Go through what follows from a write of a database: its keys are remembered, and its backups and log need the new one."""
    if write.method != "DELETE":
        yield from changed(write.world, write.id, write.old, write.new)


def changed(world: World, database: ResourceId, old: Json | None, new: Json | None) -> Iterator[Change]:
    """Go through what follows where a database's body becomes *new*."""
    texts = keys_of(new)
    if texts:
        remembered = {**known(world, database), **{thumb_of(world, text): text for text in texts}}
        yield SetHidden(database, {"dbKeys": remembered, "reader": principal_of(world, new)})
        yield from access_changed(world, database)
    before, after = own_uri(old), own_uri(new)
    if before == after or not backups.is_user(database):
        return
    needed = backups.thumb_with(world, database, before)
    yield from backups.appended(world, database, backups.thumb_with(world, database, after))
    if needed not in (SERVICE_MANAGED, UNENCRYPTED):
        until = world.stamp + world.draw(*_FLUSHED, "log", database.key, int(world.stamp))
        yield SetHidden(database, {"log": [needed, until], "lostAt": None})
    if after and properties_of(new).get("encryptionProtectorAutoRotation"):
        yield follows(world, database)


def follows(world: World, database: ResourceId) -> Schedule:
    """Return the timer at which automatic rotation looks next: within 24 hours (DBDOC)."""
    seconds = world.draw(_DAY / 6, _DAY, "database-rotation", database.key, int(world.stamp))
    return Schedule(seconds, FOLLOW, {"database": str(database)}, f"follow:{database.key}")


def log_thumb(world: World, database: ResourceId) -> str:
    """Return the thumbprint of an older key that active log files are still encrypted with; empty for none."""
    thumb, until = world.hidden(database).get("log") or ("", 0.0)
    return str(thumb) if world.switch(LOG.name) and float(until) > world.stamp else ""


def seeded(world: World) -> Iterator[tuple[ResourceId, Json, Json]]:
    """Go through the databases of the estate that have keys of their own: (id, body, body completed)."""
    for database, body in world.by_type("Microsoft.Sql/servers/databases"):
        if own_uri(body) or keys_of(body):
            yield database, body, completed(world, body)
