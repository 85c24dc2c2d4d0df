"""Microsoft.Insights/diagnosticSettings: which logs of a resource go where; an extension of any resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import metrics
from cmk_remediate.simulator.declare import GONE, SYNC, ArmError, Provider, ResourceType, Rule, Write
from cmk_remediate.simulator.index import owner
from cmk_remediate.simulator.providers.common import bad_request, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World

DIAGNOSTIC_SETTINGS = "Microsoft.Insights/diagnosticSettings"
_PAGE = "learn.microsoft.com: Diagnostic settings in Azure Monitor"
_MOST = 5
_SINKS = (
    "storageAccountId",
    "workspaceId",
    "eventHubAuthorizationRuleId",
    "serviceBusRuleId",
    "marketplacePartnerId",
)


def _at(scope: ResourceId, world: World) -> Iterator[ResourceId]:
    """Go through the settings of *scope* itself: they are not inherited."""
    for key in world.index.of_type(DIAGNOSTIC_SETTINGS.lower()):
        if owner(key) == scope.key:
            yield world.spelled(key)


def _whole(body: Json) -> Json:
    """Return *body* with what a GET shows where nothing was sent: nulls, and lists."""
    properties = properties_of(body)
    logs = [{"category": None, "categoryGroup": None, **one} for one in properties.get("logs") or ()]
    sinks = {name: properties.get(name) for name in (*_SINKS, "eventHubName", "logAnalyticsDestinationType")}
    return {**body, "properties": {**sinks, "metrics": properties.get("metrics") or [], "logs": logs}}


def _somewhere(write: Write) -> ArmError | None:
    if any(properties_of(write.new).get(name) for name in _SINKS):
        return None
    return bad_request("BadRequest", "At least one data sink needs to be specified.", "unconfirmed")


def _one_name(write: Write) -> ArmError | None:
    for one in properties_of(write.new).get("logs") or ():
        if bool(one.get("category")) == bool(one.get("categoryGroup")):
            text = "A log setting names either a category or a category group."
            return bad_request("BadRequest", text, "unconfirmed")
    return None


def _few(write: Write) -> ArmError | None:
    scope = write.id.scope
    if not write.creates or scope is None or len(list(_at(scope, write.world))) < _MOST:
        return None
    return ArmError(409, "Conflict", f"A resource has at most {_MOST} diagnostic settings.", _PAGE)


SETTINGS = ResourceType(
    type=DIAGNOSTIC_SETTINGS,
    api_versions=("2021-05-01-preview",),
    answers={"GET": SYNC, "LIST": SYNC, "PUT": SYNC, "DELETE": GONE},
    prepare=lambda write: _whole(write.new or {}),
    on_read=lambda _resource, body, _world: _whole(body),
    rules=(Rule(_one_name), Rule(_somewhere), Rule(_few)),
    tracked=False,
    extension=True,
    list_under=_at,
)
"""azure-rest-api-specs, monitor ``diagnosticsSettings_API.json`` (2021-05-01-preview)."""

METRICS = ResourceType(
    type="Microsoft.Insights/metrics",
    api_versions=("2018-01-01",),
    answers={"LIST": SYNC},
    tracked=False,
    extension=True,
    listed=metrics.of_vault,
    list_filter=lambda _item, _filter, _world, _scope: True,
)
"""learn.microsoft.com, REST API reference, Azure Monitor "Metrics - List"; see `metrics`."""

INSIGHTS = Provider(namespace="Microsoft.Insights", types=(SETTINGS, METRICS))
"""The part of the resource provider that says whether a vault's use is logged, and how often it refused."""
