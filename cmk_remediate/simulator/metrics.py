"""Metrics: how a vault's data plane answered in the last day, an hour a point.

Shape: learn.microsoft.com, REST API reference, Azure Monitor "Metrics - List". Of vaults only ``ServiceApiResult`` is kept, of its
status codes only 403. What services do with keys is not among it: they do not go through the data plane here.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World

_TABLE = "refusals"
_HOUR, _DAY = 3600, 86400
_MOST = 1000
_VAULT = "microsoft.keyvault/vaults"


def note_refusal(world: World, host: str) -> None:
    """Keep that *host* refused a request now."""
    kept: list[float] = world.store.get("meta", f"{_TABLE} {host}", [])
    world.store.put_quietly("meta", f"{_TABLE} {host}", [*kept, world.stamp][-_MOST:])


def of_vault(scope: ResourceId, world: World) -> list[Json]:
    """Return the metric of the vault *scope*; nothing of any other resource."""
    body = world.get(scope)
    if body is None or scope.type.lower() != _VAULT:
        return []
    host = str(body["properties"].get("vaultUri") or "").removeprefix("https://").strip("/")
    kept: list[float] = world.store.get("meta", f"{_TABLE} {host}", [])
    hours = Counter(int(at // _HOUR) for at in kept if at > world.stamp - _DAY)
    data = [
        {
            "timeStamp": datetime.fromtimestamp(hour * _HOUR, timezone.utc).isoformat().replace("+00:00", "Z"),
            "count": number,
        }
        for hour, number in sorted(hours.items())
    ]
    series = {"metadatavalues": [{"name": {"value": "statuscode"}, "value": "403"}], "data": data}
    return [
        {
            "id": f"{scope}/providers/Microsoft.Insights/metrics/ServiceApiResult",
            "type": "Microsoft.Insights/metrics",
            "name": {"value": "ServiceApiResult", "localizedValue": "Total Service Api Results"},
            "unit": "Count",
            "timeseries": [series] if data else [],
        }
    ]
