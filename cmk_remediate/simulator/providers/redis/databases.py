"""Microsoft.Cache/redisEnterprise/databases: what of them the path of a key meets. Recorded as the clusters are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import SYNC, Answer, Json, LongRunning, ResourceType, Write
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.redis.names import API_VERSIONS, DATABASE, RESOURCE_STATE

if TYPE_CHECKING:
    from typing import Any

_OPERATION = LongRunning(
    seconds=(120.0, 180.0),
    path="locations/{location}/operationsStatus/{id}",
    style="resource",
    under="subscription",
    retry_after=None,
    end_all_along=True,
    running=("Pending", "InProgress"),
    states=("Creating", "Updating"),
    settle_path=RESOURCE_STATE,
    final="Running",
    tells=doubts.REDIS_OPERATION_TELLS,
)


def _prepare(write: Write) -> Json:
    body = write.new or {}
    properties: dict[str, Any] = {**properties_of(body), "provisioningState": "Succeeded", "resourceState": "Running"}
    properties.setdefault("redisVersion", "6.2")
    geo = properties.get("geoReplication")
    if isinstance(geo, dict):
        linked = [{**one, "state": "Linked"} for one in geo.get("linkedDatabases") or ()]
        properties["geoReplication"] = {**geo, "linkedDatabases": linked}
    return {**body, "properties": properties}


DATABASES = ResourceType(
    type=DATABASE,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=200, created=201, operation=_OPERATION),
        "PATCH": Answer(status=202, operation=_OPERATION),
        "DELETE": Answer(status=202, body="none", operation=_OPERATION),
    },
    read_only=("properties.provisioningState", "properties.resourceState", "properties.redisVersion"),
    defaults={
        "properties": {
            "clientProtocol": "Encrypted",
            "port": 10000,
            "clusteringPolicy": "OSSCluster",
            "evictionPolicy": "VolatileLRU",
            "deferUpgrade": "NotDeferred",
            "keySpaceNotification": "",
        }
    },
    prepare=_prepare,
    since={
        "properties.deferUpgrade": "2024-02-01",
        "properties.redisVersion": "2024-02-01",
        "properties.keySpaceNotification": "2024-02-01",
    },
    tracked=False,
)
"""azure-mgmt-redisenterprise DatabasesOperations."""
