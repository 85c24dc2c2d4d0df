"""Clusters as users of customer-managed keys: through the encryption set of their node disks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import CURRENT, Consumer, Json, KeyUse
from cmk_remediate.simulator.providers.compute.keyuse import usable
from cmk_remediate.simulator.providers.compute.names import key_url, principal_of
from cmk_remediate.simulator.providers.containerservice.names import CLUSTER, set_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World


def _set(world: World, cluster: ResourceId) -> Json | None:
    named = set_named(world.get(cluster))
    return world.get(named) if named else None


def _principal(world: World, cluster: ResourceId) -> str:
    return principal_of(world, _set(world, cluster))


def _uses(world: World, cluster: ResourceId) -> Iterator[KeyUse]:
    text = key_url(_set(world, cluster))
    if text:
        yield KeyUse("/".join(text.split("/")[:5]).lower(), text, CURRENT)


def _points(world: World, _path: str, sent: Json) -> str:
    named = str(sent.get("diskEncryptionSetID") or "")
    return key_url(world.get(named)) if named else ""


def _usable(world: World, cluster: ResourceId) -> bool:
    body = _set(world, cluster)
    return body is None or usable(world, world.spelled(str(body["id"])))


def _nothing(_world: World, _cluster: ResourceId) -> Iterator[tuple[ResourceId, str]]:
    yield from ()


CONSUMERS = (Consumer(CLUSTER, _principal, _uses, _points, _usable, _nothing),)
"""What the monitor asks."""
