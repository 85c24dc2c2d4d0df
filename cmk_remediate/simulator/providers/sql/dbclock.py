"""What happens by itself to databases with keys of their own: keys rotate, become unreachable, and come back.

As for servers (DOC there); learn.microsoft.com, "Transparent data encryption with customer-managed keys at the database level".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.access import covers
from cmk_remediate.simulator.declare import Event, Json, Say, Schedule, SetHidden, SetResource
from cmk_remediate.simulator.providers.common import CONSUMERS, VAULT, parse_key_uri, properties_of
from cmk_remediate.simulator.providers.key_access import hindrance
from cmk_remediate.simulator.providers.sql import clock, dbkeys
from cmk_remediate.simulator.providers.sql.dbprotector import REVALIDATED
from cmk_remediate.simulator.providers.sql.keyuse import database_refusal
from cmk_remediate.simulator.providers.sql.names import DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

GOES = "sql.own-key-inaccessible"
HEALS = "sql.own-key-heals"
_IDENTITIES = "/providers/microsoft.managedidentity/userassignedidentities/"


def usable(world: World, database: ResourceId) -> bool:
    """Say whether *database* can unwrap with the key of its own at this moment; without one there is nothing to miss."""
    text = dbkeys.in_force(world, database)
    return not text or not hindrance(world, database, dbkeys.principal_of(world, world.get(database)), text)


def _concerned(world: World, changed: str) -> Iterator[ResourceId]:
    """Go through the databases whose own key *changed* (an id in lower case) may have taken away."""
    vaults = {key.rsplit("/", 1)[1] for key in world.index.of_type(VAULT.lower()) if _touches(changed, key)}
    for place in world.index.of_type(DATABASE.lower()):
        text = dbkeys.own_uri(world.get(place))
        uri = parse_key_uri(text) if text else None
        users = ((world.get(place) or {}).get("identity") or {}).get("userAssignedIdentities") or {}
        theirs = _IDENTITIES in changed and changed in {name.lower() for name in users}
        if uri is not None and (theirs or uri.vault in vaults or changed == place):
            yield world.spelled(place)


def _touches(changed: str, vault: str) -> bool:
    return covers(changed, vault) or covers(vault, changed)


def review(world: World, changed: str) -> Iterator[Change]:
    """Look again at the databases that what *changed* may concern."""
    if not world.switch(clock.CONSEQUENCES.name):
        return
    for database in _concerned(world, changed):
        if world.hidden(database).get("lostAt") is None and not usable(world, database):
            yield SetHidden(database, {"lostAt": world.stamp})
            yield Say(f"the database {database.name} cannot use its own key any more")
            seconds = world.draw(*clock.GONE_AFTER, "gone", database.key, int(world.stamp))
            yield Schedule(seconds, GOES, {"database": str(database)})


def _goes(world: World, data: Json) -> Iterator[Change]:
    database = world.spelled(data["database"])
    body = world.get(database)
    if body is None or world.hidden(database).get("lostAt") is None:
        return
    if usable(world, database):
        yield SetHidden(database, {"lostAt": None})
        return
    yield SetResource(database, {**body, "properties": {**properties_of(body), "status": "Inaccessible"}})
    yield Say(f"the database {database.name} on {database.top_level.name} is inaccessible")
    yield Schedule(clock.LOOKS_EVERY, HEALS, data)


def _heals(world: World, data: Json) -> Iterator[Change]:
    database = world.spelled(data["database"])
    lost = world.hidden(database).get("lostAt")
    if lost is None or world.stamp - lost > clock.GIVES_UP:
        return
    if not usable(world, database):
        yield Schedule(clock.LOOKS_EVERY, HEALS, data)
    elif world.stamp - lost <= clock.HEALS_WITHIN + clock.LOOKS_EVERY:
        yield from _online(world, data)
    else:
        yield Say(f"the database {database.name} can use its key again, too late to heal by itself: revalidate it")


def _online(world: World, data: Json) -> Iterator[Change]:
    database = world.spelled(data["database"])
    body = world.get(database)
    if body is not None and usable(world, database):
        yield SetHidden(database, {"lostAt": None})
        if properties_of(body).get("status") == "Inaccessible":
            yield SetResource(database, {**body, "properties": {**properties_of(body), "status": "Online"}})
            yield Say(f"the database {database.name} on {database.top_level.name} is online again")


def _follow(world: World, data: Json) -> Iterator[Change]:
    """Take a new version of the key as protector, and look again later."""
    database = world.spelled(data["database"])
    body = world.get(database)
    text = dbkeys.own_uri(body)
    rotates = properties_of(body).get("encryptionProtectorAutoRotation") and world.switch(clock.ROTATION.name)
    if body is None or not text or not rotates:
        return
    yield dbkeys.follows(world, database)
    newest = clock.current_uri_text(world, text)
    if not newest or world.running(database) is not None or dbkeys.log_thumb(world, database):
        return
    if database_refusal(world, database, body, newest, protector=True) is not None:
        return
    new = dbkeys.completed(world, {**body, "properties": {**properties_of(body), "encryptionProtector": newest}})
    yield SetResource(database, new)
    yield from dbkeys.changed(world, database, body, new)
    yield Say(f"the database {database.name} follows its own key to a new version")


CONSUMERS.append(review)

EVENTS = (
    Event(GOES, _goes),
    Event(HEALS, _heals),
    Event(REVALIDATED, _online),
    Event(dbkeys.FOLLOW, _follow),
)
