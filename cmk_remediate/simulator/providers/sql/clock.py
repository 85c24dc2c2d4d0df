"""What happens to servers by itself: keys rotate, keys become unreachable, databases go and come back.

learn.microsoft.com, "Transparent data encryption with customer-managed key", "Inaccessible TDE protector": connections are
refused after 10 minutes, the state follows within 30; access regained within 30 minutes heals by itself, later it has to be
revalidated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.access import covers
from cmk_remediate.simulator.declare import (
    Event,
    Json,
    Say,
    Schedule,
    SetHidden,
    SetResource,
    Switch,
)
from cmk_remediate.simulator.providers.common import CONSUMERS, VAULT, key_id, parse_key_uri, properties_of
from cmk_remediate.simulator.providers.sql import backups, protector, serverkeys
from cmk_remediate.simulator.providers.sql.keyuse import key_refusal, usable
from cmk_remediate.simulator.providers.sql.names import (
    INSTANCE_PROTECTOR,
    KEY_VAULT,
    PROTECTOR,
    key_name,
    on_customer_key,
    partners,
    protector_of,
    thumb_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

GOES = "sql.database-inaccessible"
HEALS = "sql.heal"
ONLINE = "sql.database-online"

CONSEQUENCES = Switch(
    "sql-inaccessible", "A server that cannot reach its key loses its databases after 10 to 30 minutes."
)
ROTATION = Switch("sql-auto-rotation", "A protector with automatic rotation follows new key versions by itself.")

_SERVERS = ("/providers/microsoft.sql/servers/", "/providers/microsoft.sql/managedinstances/")
_VAULTS = "/providers/microsoft.keyvault/vaults/"
_IDENTITIES = "/providers/microsoft.managedidentity/userassignedidentities/"
GONE_AFTER = (600.0, 1800.0)
HEALS_WITHIN = 1800.0
LOOKS_EVERY = 600.0
_BACK_AFTER = (300.0, 3600.0)
GIVES_UP = 7 * 86400.0


def _servers(world: World, changed: str) -> Iterator[tuple[ResourceId, str]]:
    """Go through the servers whose key *changed* (an id in lower case) may have taken away, with the key's URI."""
    if any(mark in changed for mark in _SERVERS):
        server = world.spelled(changed)
        text = _text(world, server.top_level)
        if text:
            yield server.top_level, text
        return
    vaults = {
        key.rsplit("/", 1)[1]
        for key in world.index.of_type(VAULT.lower())
        if covers(changed, key) or covers(key, changed)
    }
    key_name = (
        changed.split("/keys/")[1].split("/", maxsplit=1)[0] if _VAULTS in changed and "/keys/" in changed else ""
    )
    protectors = (*world.index.of_type(PROTECTOR.lower()), *world.index.of_type(INSTANCE_PROTECTOR.lower()))
    for place in protectors:
        text = str(properties_of(world.get(place)).get("uri") or "")
        uri = parse_key_uri(text) if text else None
        if uri is None:
            continue
        server_key = place.rsplit("/", 2)[0]
        named = uri.vault in vaults and key_name in ("", uri.key)
        if named or (_IDENTITIES in changed and _attached(world, changed, server_key)):
            yield world.spelled(server_key), text


def _attached(world: World, identity: str, server: str) -> bool:
    users = ((world.get(server) or {}).get("identity") or {}).get("userAssignedIdentities") or {}
    return identity in {name.lower() for name in users}


def review(world: World, changed: str) -> Iterator[Change]:
    """Look again at the servers that what *changed* may concern."""
    if not world.switch(CONSEQUENCES.name):
        return
    for server, text in _servers(world, changed):
        place = protector_of(server)
        if world.hidden(place).get("lostAt") is None and not usable(world, server, text):
            yield SetHidden(place, {"lostAt": world.stamp})
            yield Say(f"the server {server.name} cannot use its key any more")
            yield Schedule(world.draw(*GONE_AFTER, "gone", server.key, int(world.stamp)), GOES, {"server": str(server)})


def _text(world: World, server: ResourceId) -> str:
    return str((on_customer_key(world, server) or {}).get("uri") or "")


def _goes(world: World, data: Json) -> Iterator[Change]:
    server = world.spelled(data["server"])
    place = protector_of(server)
    text = _text(world, server)
    if world.hidden(place).get("lostAt") is None:
        return
    if not text or usable(world, server, text):
        yield SetHidden(place, {"lostAt": None})
        return
    for database, body in _protected(world, server):
        yield SetResource(database, {**body, "properties": {**properties_of(body), "status": "Inaccessible"}})
        yield Say(f"the database {database.name} on {server.name} is inaccessible")
    yield Schedule(LOOKS_EVERY, HEALS, {"server": str(server)})


def _protected(world: World, server: ResourceId) -> Iterator[tuple[ResourceId, Json]]:
    for database, body in world.children(server, "databases"):
        own = properties_of(body).get("encryptionProtector")
        if backups.is_user(database) and not own and backups.encrypted(world, database):
            yield database, body


def _heals(world: World, data: Json) -> Iterator[Change]:
    server = world.spelled(data["server"])
    lost = world.hidden(protector_of(server)).get("lostAt")
    if lost is None or world.stamp - lost > GIVES_UP:
        return
    if not usable(world, server, _text(world, server)):
        yield Schedule(LOOKS_EVERY, HEALS, data)
    elif world.stamp - lost <= HEALS_WITHIN + LOOKS_EVERY:
        yield Schedule(world.draw(*_BACK_AFTER, "back", server.key, int(lost)), ONLINE, data)
    else:
        yield Say(
            f"the server {server.name} can use its key again, too late to heal by itself: revalidate its protector"
        )


def _online(world: World, data: Json) -> Iterator[Change]:
    server = world.spelled(data["server"])
    if not usable(world, server, _text(world, server)):
        return
    yield SetHidden(protector_of(server), {"lostAt": None})
    for database, body in world.children(server, "databases"):
        own = properties_of(body).get("encryptionProtector")
        if properties_of(body).get("status") == "Inaccessible" and not own:
            yield SetResource(database, {**body, "properties": {**properties_of(body), "status": "Online"}})
            yield Say(f"the database {database.name} on {server.name} is online again")


def _follow(world: World, data: Json) -> Iterator[Change]:
    """Take a new version of the key as protector, and look again later."""
    server = world.spelled(data["server"])
    properties = on_customer_key(world, server)
    if properties is None or not properties.get("autoRotationEnabled") or not world.switch(ROTATION.name):
        return
    yield Schedule(protector.lag(world, server), protector.FOLLOW, data, f"follow:{server.key}")
    text = str(properties.get("uri") or "")
    uri = parse_key_uri(text)
    newest = current_uri_text(world, text)
    if uri is None or not newest or newest == text or world.running(protector_of(server)) is not None:
        return
    if _partner_stays(world, server, text):
        yield SetHidden(protector_of(server), {"rotationStuck": True})
        yield Say(f"automatic rotation of {server.name} is in error: its partner shares the key and does not rotate")
        return
    if key_refusal(world, server, world.get(server), newest, protector=True) is not None:
        return
    following = parse_key_uri(newest)
    if following is None:
        return
    name = key_name(following)
    place = server.child("keys", name)
    if world.get(place) is None:
        yield SetResource(place, serverkeys.body_of(world, world.get(server), newest))
    body = protector.body_of(world, KEY_VAULT, name, newest, rotates=True)
    yield SetResource(protector_of(server), body)
    yield from protector.followed(world, server, body)
    yield Say(f"the protector of {server.name} follows its key to the version {following.version}")


def current_uri_text(world: World, text: str) -> str:
    """Return the URI of the newest version of the key *text*; empty for a key without version or one not known."""
    uri = parse_key_uri(text)
    key = key_id(world, uri) if uri is not None and uri.versioned else None
    body = world.get(key) if key is not None else None
    newest = str(properties_of(body).get("keyUriWithVersion") or "").replace(":443", "")
    return newest if thumb_of(world, newest) != thumb_of(world, text) else ""


def _partner_stays(world: World, server: ResourceId, text: str) -> bool:
    mine = parse_key_uri(text)
    for partner, _ in partners(world, server):
        theirs = on_customer_key(world, partner)
        uri = parse_key_uri(str((theirs or {}).get("uri") or ""))
        same = mine is not None and uri is not None and (mine.vault, mine.key) == (uri.vault, uri.key)
        if theirs is not None and same and not theirs.get("autoRotationEnabled"):
            return True
    return False


CONSUMERS.append(review)

EVENTS = (
    Event(GOES, _goes),
    Event(HEALS, _heals),
    Event(ONLINE, _online),
    Event(protector.REVALIDATED, _online),
    Event(protector.FOLLOW, _follow),
)
