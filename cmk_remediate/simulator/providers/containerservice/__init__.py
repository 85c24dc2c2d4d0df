"""Microsoft.ContainerService: clusters, their node resource groups and scale sets; nothing of what runs in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Provider, SetResource
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.containerservice import clusters, consumer, nodes
from cmk_remediate.simulator.providers.containerservice.names import CLUSTER, node_group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World


def _seed(world: World) -> Iterator[Change]:
    """Give clusters the node resource group they name, managed by them, and a scale set for each pool."""
    for cluster, body in list(world.by_type(CLUSTER)):
        properties = {"provisioningState": "Succeeded", **properties_of(body)}
        properties.setdefault("nodeResourceGroup", node_group(cluster, body).name)
        whole = {**body, "properties": properties}
        yield SetResource(cluster, whole)
        group = world.get(node_group(cluster, whole))
        if group is not None and not group.get("managedBy"):
            yield SetResource(node_group(cluster, whole), {**group, "managedBy": str(cluster)})
        yield from nodes.made(world, cluster, whole)


CONTAINERSERVICE = Provider(
    namespace="Microsoft.ContainerService",
    types=(clusters.CLUSTERS,),
    doubts=doubts.CONTAINERSERVICE,
    consumers=consumer.CONSUMERS,
    seed=_seed,
)
"""The resource provider."""
