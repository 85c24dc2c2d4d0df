"""Encryption sets, and the disks on them, as users of customer-managed keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import CURRENT, Consumer, Json, KeyUse
from cmk_remediate.simulator.providers.compute.keyuse import usable
from cmk_remediate.simulator.providers.compute.names import (
    DISK,
    SET,
    SNAPSHOT,
    holders,
    key_url,
    on_set,
    principal_of,
    set_named,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

SNAPSHOTS, IDLE = "a snapshot", "an image or a copy made of its disks"


def _key(text: str) -> str:
    """Return a key's URI without its version: a set follows versions, and needs them all."""
    return "/".join(text.split("/")[:5]).lower()


def _set_uses(world: World, place: ResourceId) -> Iterator[KeyUse]:
    body = world.get(place)
    text = key_url(body)
    if text:
        yield KeyUse(_key(text), text, IDLE if next(on_set(world, place), None) is None else CURRENT)


def _set_points(_world: World, _path: str, sent: Json) -> str:
    return str((sent.get("activeKey") or {}).get("keyUrl") or "")


def _set_ailing(world: World, place: ResourceId) -> Iterator[tuple[ResourceId, str]]:
    for disk, body in on_set(world, place):
        for name in holders(body) if disk.is_type(DISK) else ():
            if world.hidden(name).get("shutDown"):
                yield world.spelled(name), "was shut down, its disk's key out of reach,"


def _disk_principal(world: World, disk: ResourceId) -> str:
    named = set_named(world.get(disk))
    return principal_of(world, world.get(named)) if named else ""


def _disk_uses(world: World, disk: ResourceId) -> Iterator[KeyUse]:
    named = set_named(world.get(disk))
    text = key_url(world.get(named)) if named else ""
    if text:
        yield KeyUse(_key(text), text, SNAPSHOTS if disk.is_type(SNAPSHOT) else CURRENT)


def _disk_points(world: World, _path: str, sent: Json) -> str:
    named = str((sent.get("encryption") or {}).get("diskEncryptionSetId") or "")
    return key_url(world.get(named)) if named else ""


def _disk_usable(world: World, disk: ResourceId) -> bool:
    named = set_named(world.get(disk))
    return not named or world.get(named) is None or usable(world, world.spelled(named))


def _nothing(_world: World, _disk: ResourceId) -> Iterator[tuple[ResourceId, str]]:
    yield from ()


def _set_principal(world: World, place: ResourceId) -> str:
    return principal_of(world, world.get(place))


CONSUMERS = (
    Consumer(SET, _set_principal, _set_uses, _set_points, usable, _set_ailing),
    Consumer(DISK, _disk_principal, _disk_uses, _disk_points, _disk_usable, _nothing),
    Consumer(SNAPSHOT, _disk_principal, _disk_uses, _disk_points, _disk_usable, _nothing),
)
"""What the monitor asks."""
