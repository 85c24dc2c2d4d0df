"""What happens to clusters by itself: one that cannot use its key loses its disks some time later.

What revocation does is documented nowhere: that it takes an hour is our choice. Nothing follows a new version of a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.access import covers
from cmk_remediate.simulator.declare import Event, Json, Say, Schedule, SetHidden, Switch
from cmk_remediate.simulator.providers.common import CONSUMERS, VAULT, parse_key_uri
from cmk_remediate.simulator.providers.redis.keyuse import usable
from cmk_remediate.simulator.providers.redis.names import CLUSTER, key_url, reads_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

LOOKS = "redis.looks-at-its-key"
LOST = "withoutDisks"
CONSEQUENCES = Switch("redis-loses-disks", "A cluster that cannot use its key cannot read its disks an hour later.")
_AFTER = (1800.0, 3600.0)
_AGAIN = 1800.0
_GIVES_UP = 7 * 86400.0


def _concerned(world: World, changed: str) -> Iterator[ResourceId]:
    """Go through the clusters whose key *changed* (an id in lower case) may have touched."""
    vaults = [key for key in world.index.of_type(VAULT.lower()) if covers(changed, key) or covers(key, changed)]
    names = {key.rsplit("/", 1)[1] for key in vaults}
    for cluster, body in world.by_type(CLUSTER):
        uri = parse_key_uri(key_url(body))
        if uri is not None and (uri.vault in names or changed in (cluster.key, reads_with(body))):
            yield cluster


def review(world: World, changed: str) -> Iterator[Change]:
    """Look again at the clusters that what *changed* may concern."""
    for cluster in _concerned(world, changed):
        if world.switch(CONSEQUENCES.name) and bool(world.hidden(cluster).get(LOST)) == usable(world, cluster):
            seconds = world.draw(*_AFTER, "looks", cluster.key, int(world.stamp))
            yield Schedule(seconds, LOOKS, {"cluster": str(cluster)}, f"looks:{cluster.key}")


def _look(world: World, data: Json) -> Iterator[Change]:
    """Let the disks go, or come back; look again while they are gone: that a right has arrived nobody tells."""
    cluster = world.spelled(data["cluster"])
    lost, works = bool(world.hidden(cluster).get(LOST)), usable(world, cluster)
    since = float(data.get("since", world.stamp))
    if lost == works:
        yield SetHidden(cluster, {LOST: not works})
        yield Say(
            f"the cluster {cluster.name} {'can read its disks again' if works else 'cannot read its disks any more'}"
        )
    if not works and world.stamp - since < _GIVES_UP:
        yield Schedule(_AGAIN, LOOKS, {**data, "since": since}, f"looks:{cluster.key}")


CONSUMERS.append(review)

EVENTS = (Event(LOOKS, _look),)
