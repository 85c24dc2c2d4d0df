"""Clusters as users of customer-managed keys: the version they name, and nothing else of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.consumers import CURRENT, Consumer, KeyUse
from cmk_remediate.simulator.providers.redis.clock import LOST
from cmk_remediate.simulator.providers.redis.keyuse import usable
from cmk_remediate.simulator.providers.redis.names import CLUSTER, key_url, principal_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World


def _principal(world: World, cluster: ResourceId) -> str:
    return principal_of(world, world.get(cluster))


def _uses(world: World, cluster: ResourceId) -> Iterator[KeyUse]:
    text = key_url(world.get(cluster))
    if text:
        yield KeyUse(text.lower(), text, CURRENT)


def _points(_world: World, _path: str, sent: Json) -> str:
    found = (sent.get("encryption") or {}).get("customerManagedKeyEncryption") or {}
    return str(found.get("keyEncryptionKeyUrl") or "")


def _ailing(world: World, cluster: ResourceId) -> Iterator[tuple[ResourceId, str]]:
    if world.hidden(cluster).get(LOST):
        yield cluster, "cannot read its disks"


CLUSTERS = Consumer(CLUSTER, _principal, _uses, _points, usable, _ailing)
"""What the monitor asks about clusters."""
