"""Microsoft.Cache: clusters of Redis Enterprise and Azure Managed Redis, and their databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Provider, SetResource
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.redis import clock, clusters, consumer, databases, keyuse
from cmk_remediate.simulator.providers.redis.names import CLUSTER, DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World


def _seed(world: World) -> Iterator[Change]:
    """Give clusters and databases the states of those at rest, and clusters what all of them show."""
    rest = {"provisioningState": "Succeeded", "resourceState": "Running"}
    for kind, shown in ((CLUSTER, {**rest, "publicNetworkAccess": "Enabled"}), (DATABASE, rest)):
        for place, body in world.by_type(kind):
            properties = {**shown, **properties_of(body)}
            if properties != properties_of(body):
                yield SetResource(place, {**body, "properties": properties})


REDIS = Provider(
    namespace="Microsoft.Cache",
    types=(clusters.CLUSTERS, databases.DATABASES),
    events=clock.EVENTS,
    doubts=doubts.REDIS,
    switches=(keyuse.CHECKS_PROTECTION, clock.CONSEQUENCES),
    consumers=(consumer.CLUSTERS,),
    seed=_seed,
)
"""The resource provider."""
