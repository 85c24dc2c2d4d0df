"""What happens by itself: encryption sets follow their keys, machines whose key is gone are shut down.

learn.microsoft.com, "Server-side encryption of Azure Disk Storage": a key that is disabled, deleted or out of reach shuts machines
down about an hour later; a new version is followed within an hour, and what follows stops at an error until that is mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.access import covers
from cmk_remediate.simulator.declare import Event, Json, Say, Schedule, SetHidden, SetResource, Switch
from cmk_remediate.simulator.providers.common import (
    CONSUMERS,
    VAULT,
    key_id,
    latest_version,
    parse_key_uri,
    properties_of,
)
from cmk_remediate.simulator.providers.compute.keyuse import key_refusal, usable
from cmk_remediate.simulator.providers.compute.names import (
    DISK,
    RUNNING,
    SET,
    STOPPED,
    holders,
    key_url,
    on_set,
    power,
    with_power,
)
from cmk_remediate.simulator.providers.compute.sets import FOLLOW, REWRAPPED, following, rewrapping, turned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

GOES = "compute.machines-shut-down"
CONSEQUENCES = Switch(
    "compute-shut-down", "A machine whose disk's key is out of reach is shut down about an hour later."
)
ROTATION = Switch("compute-auto-rotation", "A disk encryption set follows new versions of its key by itself.")

_SHUT_AFTER = (3000.0, 4200.0)
_IDENTITIES = "/providers/microsoft.managedidentity/userassignedidentities/"


def _concerned(world: World, changed: str) -> Iterator[ResourceId]:
    """Go through the encryption sets whose key *changed* (an id in lower case) may have taken away."""
    vaults = {
        key.rsplit("/", 1)[1]
        for key in world.index.of_type(VAULT.lower())
        if covers(changed, key) or covers(key, changed)
    }
    for place, body in world.by_type(SET):
        uri = parse_key_uri(key_url(body))
        attached = {name.lower() for name in (body.get("identity") or {}).get("userAssignedIdentities") or {}}
        if (
            place.key == changed
            or (uri is not None and uri.vault in vaults)
            or (_IDENTITIES in changed and changed in attached)
        ):
            yield place


def review(world: World, changed: str) -> Iterator[Change]:
    """Look again at the encryption sets that what *changed* may concern."""
    if not world.switch(CONSEQUENCES.name):
        return
    for place in _concerned(world, changed):
        if world.hidden(place).get("lostAt") is None and not usable(world, place):
            yield SetHidden(place, {"lostAt": world.stamp})
            yield Say(f"the disk encryption set {place.name} cannot use its key any more")
            seconds = world.draw(*_SHUT_AFTER, "shut", place.key, int(world.stamp))
            yield Schedule(seconds, GOES, {"set": str(place)})


def _goes(world: World, data: Json) -> Iterator[Change]:
    place = world.spelled(data["set"])
    if world.hidden(place).get("lostAt") is None:
        return
    yield SetHidden(place, {"lostAt": None})
    if usable(world, place):
        return
    machines = {name: None for disk, body in on_set(world, place) if disk.is_type(DISK) for name in holders(body)}
    for name in machines:
        body = world.get(name)
        if body is not None and power(body) == RUNNING:
            yield SetResource(world.spelled(name), with_power(body, STOPPED))
            yield SetHidden(world.spelled(name), {"shutDown": True})
            yield Say(f"the virtual machine {world.spelled(name).name} was shut down: its disk's key is out of reach")


def _follow(world: World, data: Json) -> Iterator[Change]:
    """Take a new version of the key, and look again later; an error ends it until the set is written again."""
    place = world.spelled(data["set"])
    body = world.get(place)
    if body is None or not properties_of(body).get("rotationToLatestKeyVersionEnabled"):
        return
    text = key_url(body)
    uri = parse_key_uri(text)
    key = key_id(world, uri) if uri is not None else None
    known = world.get(key) if key is not None else None
    newest = str(properties_of(known).get("keyUriWithVersion") or "").replace(":443", "")
    old = uri.version if uri is not None else ""
    if known is None or not newest or latest_version(known) == old or not world.switch(ROTATION.name):
        yield following(world, place)
        return
    refused = key_refusal(world, place, body, newest, access=True)
    properties = dict(properties_of(body))
    if refused is not None:
        properties["autoKeyRotationError"] = {"code": refused.code, "message": refused.message}
        yield SetResource(place, {**body, "properties": properties})
        yield Say(f"automatic rotation of the disk encryption set {place.name} failed: {refused.code}")
        return
    active = dict(properties["activeKey"])
    properties["activeKey"] = {**active, "keyUrl": newest}
    yield SetResource(place, {**body, "properties": turned(world, place, properties, active)})
    yield from rewrapping(world, place)
    yield Say(f"the disk encryption set {place.name} follows its key to the version {latest_version(known)}")
    yield following(world, place)


def _rewrapped(world: World, data: Json) -> Iterator[Change]:
    place = world.spelled(data["set"])
    body = world.get(place)
    if body is not None:
        properties = {name: value for name, value in properties_of(body).items() if name != "previousKeys"}
        yield SetResource(place, {**body, "properties": properties})


CONSUMERS.append(review)

EVENTS = (Event(GOES, _goes), Event(FOLLOW, _follow), Event(REWRAPPED, _rewrapped))
