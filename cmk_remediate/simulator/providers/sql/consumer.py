"""Servers as users of customer-managed keys: protector, backups within retention, replicas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import CURRENT, Consumer, Json, KeyUse
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.sql import backups, dbclock, dbkeys
from cmk_remediate.simulator.providers.sql.keyuse import usable
from cmk_remediate.simulator.providers.sql.names import (
    DATABASE,
    INSTANCE,
    SERVER,
    in_force,
    partners,
    primary_principal,
    thumb_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

BACKUP, REPLICA = "a backup within retention", "a replica"


def _principal(world: World, server: ResourceId) -> str:
    return primary_principal(world, world.get(server))


def _uses(world: World, server: ResourceId) -> Iterator[KeyUse]:
    reasons: dict[str, str] = {}
    used = in_force(world, server)
    if used:
        reasons[thumb_of(world, used.get("uri"))] = CURRENT
    for database, _ in world.children(server, "databases"):
        own = dbkeys.known(world, database)
        for thumb in backups.needed(world, database):
            if thumb not in own:
                reasons.setdefault(thumb, BACKUP)
    known = {
        str(properties_of(one).get("thumbprint") or ""): str(properties_of(one).get("uri") or "")
        for _, one in world.children(server, "keys")
    }
    if reasons or len(known) > 1:
        for partner, role in partners(world, server):
            theirs = in_force(world, partner)
            thumb = thumb_of(world, theirs.get("uri")) if theirs and role == "Primary" else ""
            if thumb in known:
                reasons.setdefault(thumb, REPLICA)
    for thumb, why in reasons.items():
        text = known.get(thumb, "")
        yield KeyUse(thumb, text, why, "" if text else "its server key")


def _points(world: World, path: str, sent: Json) -> str:
    if "/encryptionprotector/" in path and sent.get("serverKeyType") == "AzureKeyVault":
        server = path.split("/encryptionprotector/", maxsplit=1)[0]
        kept = world.get(f"{server}/keys/{str(sent.get('serverKeyName') or '').lower()}")
        return str(properties_of(kept).get("uri") or "")
    return str(sent.get("keyId") or sent.get("uri") or "")


def _usable(world: World, server: ResourceId) -> bool:
    used = in_force(world, server)
    return used is None or usable(world, server, str(used.get("uri") or ""))


def _ailing(world: World, server: ResourceId) -> Iterator[tuple[ResourceId, str]]:
    for database, body in world.children(server, "databases"):
        if properties_of(body).get("status") == "Inaccessible":
            yield database, "is inaccessible"


def _database_principal(world: World, database: ResourceId) -> str:
    """Return whom a database reaches its keys as; once its identity is gone, whoever restores its backups reaches them as."""
    return dbkeys.principal_of(world, world.get(database)) or str(world.hidden(database).get("reader") or "")


def _database_uses(world: World, database: ResourceId) -> Iterator[KeyUse]:
    own, reasons = dbkeys.known(world, database), {}
    text = dbkeys.in_force(world, database)
    if text:
        reasons[thumb_of(world, text)] = CURRENT
    for thumb in backups.needed(world, database):
        if thumb in own:
            reasons.setdefault(thumb, BACKUP)
    registered = {thumb_of(world, one) for one in dbkeys.keys_of(world.get(database))}
    for _, body in world.children(database, "replicationLinks"):
        link = properties_of(body)
        theirs = thumb_of(world, dbkeys.own_uri(world.get(str(link.get("partnerDatabaseId", "")))))
        if link.get("partnerRole") == "Primary" and theirs in registered:
            reasons.setdefault(theirs, REPLICA)
    for thumb, why in reasons.items():
        yield KeyUse(thumb, own.get(thumb, text), why, "")


def _database_points(_world: World, _path: str, sent: Json) -> str:
    return str(sent.get("encryptionProtector") or "")


def _database_holds(sent: Json) -> Iterator[str]:
    """Yield the keys that go along: a null takes one away."""
    named: Mapping[str, Json | None] = dbkeys.keys_of({"properties": sent})
    yield from (uri for uri, body in named.items() if body is not None)


def _database_ailing(world: World, database: ResourceId) -> Iterator[tuple[ResourceId, str]]:
    body = world.get(database)
    if dbkeys.own_uri(body) and properties_of(body).get("status") == "Inaccessible":
        yield database, "is inaccessible"


DATABASES = Consumer(
    DATABASE, _database_principal, _database_uses, _database_points, dbclock.usable, _database_ailing, _database_holds
)
"""What it asks about databases with keys of their own."""

SERVERS = Consumer(SERVER, _principal, _uses, _points, _usable, _ailing)
"""What the monitor asks about servers."""

INSTANCES = replace(SERVERS, type=INSTANCE)
"""The same about managed instances."""
