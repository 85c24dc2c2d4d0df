"""How often a vault refused somebody in the last day, by its own metric.

Facts: Key Vault's metric ``ServiceApiResult`` counts the answers of its data plane by ``StatusCode``, whoever asked; it needs no
diagnostic setting (learn.microsoft.com, "Monitoring data reference for Azure Key Vault"; REST API reference, Azure Monitor
"Metrics - List"). Who was refused, and of which key, is in the vault's logs only, which lie outside of Resource Manager.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from cmk_remediate.clock import format_utc
from cmk_remediate.engine.schedule import each
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.findings import FailedAccesses
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps import asking

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cmk_remediate.model.findings import Finding
    from cmk_remediate.model.outcomes import Reader

_METRIC = "ServiceApiResult"


async def failed_accesses(reader: Reader, findings: Sequence[Finding]) -> tuple[FailedAccesses, ...]:
    """Return, for each vault that holds a key named in *findings*, how many requests it refused in the last day.

    One request a vault; of one whose metrics may not be read, why.
    """
    named = {key.vault.lower(): key.vault for one in findings for key in one.keys if key.vault}
    vaults = [ResourceId.parse(text) for _, text in sorted(named.items())]
    return tuple(await each(vaults, partial(_of, reader)))


async def _of(reader: Reader, vault: ResourceId) -> FailedAccesses:
    refused: list[str] = []
    items = await asking.items_of(reader, _question(vault, reader.now()), refused)
    if refused:
        return FailedAccesses(vault=vault.text, number=None, why=refused[0])
    return FailedAccesses(vault=vault.text, number=sum(_count(item) for item in items), why="")


def _question(vault: ResourceId, now: datetime) -> Read:
    hour = now.replace(minute=0, second=0, microsecond=0)
    query = (
        ("filter", "StatusCode eq '403'"),
        ("metricnames", _METRIC),
        ("timespan", f"{format_utc(hour - timedelta(days=1))}/{format_utc(hour + timedelta(hours=1))}"),
        ("interval", "PT1H"),
        ("aggregation", "Count"),
    )
    return Read(vault, "list:metrics", query)


def _count(metric: Any) -> int:
    points = [point for series in at_path(metric, "timeseries") or () for point in at_path(series, "data") or ()]
    return sum(int(at_path(point, "count") or 0) for point in points)
