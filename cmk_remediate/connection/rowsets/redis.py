"""Redis Enterprise and Azure Managed Redis."""

from __future__ import annotations

from cmk_remediate.connection.rowsets.wording import GROUP, SUBSCRIPTION, sdk

_REDIS = ("azure.mgmt.redisenterprise.aio:RedisEnterpriseManagementClient", "2025-07-01")
_CLUSTER = "microsoft.cache/redisenterprise"
_OF_CLUSTER = "resource_group_name=group cluster_name=names.0"

ROWS = (
    sdk(_REDIS, _CLUSTER, "get", "redis_enterprise.get", _OF_CLUSTER),
    sdk(_REDIS, _CLUSTER, "patch", "redis_enterprise.begin_update", f"{_OF_CLUSTER} parameters=body"),
    sdk(_REDIS, _CLUSTER, "list:databases", "databases.list_by_cluster", _OF_CLUSTER),
    sdk(_REDIS, f"{_CLUSTER}/databases", "get", "databases.get", f"{_OF_CLUSTER} database_name=names.1"),
    sdk(_REDIS, GROUP, "list:redisEnterprise", "redis_enterprise.list_by_resource_group", "resource_group_name=group"),
    sdk(_REDIS, SUBSCRIPTION, "list:redisEnterprise", "redis_enterprise.list", ""),
)
