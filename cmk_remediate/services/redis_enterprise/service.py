"""Redis Enterprise and Azure Managed Redis as the rest of the library knows them."""

from __future__ import annotations

from cmk_remediate.model.codec import Registry
from cmk_remediate.model.inventory import Child, Kind
from cmk_remediate.services.redis_enterprise import limits, remarks, state
from cmk_remediate.services.redis_enterprise.cluster import CLUSTER
from cmk_remediate.services.redis_enterprise.detect import detect
from cmk_remediate.services.redis_enterprise.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.redis_enterprise.insight import of_cluster
from cmk_remediate.services.redis_enterprise.recipe import Recipe
from cmk_remediate.services.redis_enterprise.steps.restore_cluster_key import RestoreClusterKey
from cmk_remediate.services.redis_enterprise.steps.set_cluster_key import SetClusterKey
from cmk_remediate.services.single import Parts, SingleService


class RedisEnterpriseService(SingleService):
    """Clusters of Redis Enterprise and Azure Managed Redis: the key of their disks."""

    name = "redis-enterprise"
    resource_type = CLUSTER
    steps = Registry(RestoreClusterKey, SetClusterKey)
    looked_for = (CLUSTER,)
    kinds = (Kind(CLUSTER, children=(Child("databases", "list:databases"),)),)
    called = "Redis Enterprise"
    key_types = KEY_TYPES
    key_sizes = KEY_SIZES
    parts = Parts(detect, limits.judge, state.of_cluster, remarks.of_cluster, Recipe, of_cluster)
