"""GET and LIST of any declared type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.bodies import without
from cmk_remediate.simulator.eventual import lingering, seen
from cmk_remediate.simulator.request import ArmRequest, Refusal, group_not_found, not_found, parent_not_found
from cmk_remediate.simulator.wire import Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.simulator.declare import ArmError, Json, ResourceType
    from cmk_remediate.simulator.world import World

_GROUPS = re.compile(r"/resourcegroups/", re.IGNORECASE)


def view(world: World, resource: ResourceId, body: Json, api_version: str = "") -> Json:
    """Return *body* as an answer to a request of *api_version* shows it; empty for the newest."""
    declared = world.registry.types.get(resource.type.lower())
    shown = dict(body)
    if declared is not None and declared.on_read is not None:
        shown = declared.on_read(resource, shown, world)
    if declared is not None and declared.system_data:
        shown["systemData"] = _system_data(world, resource, shown)
    if declared is not None and api_version:
        shown = without(shown, (path for path, first in declared.since.items() if api_version[: len(first)] < first))
        shown = without(shown, (path for path, those in declared.only_in.items() if api_version not in those))
    if world.settings.id_casing == "lower-groups" and isinstance(shown.get("id"), str):
        shown = {**shown, "id": _GROUPS.sub("/resourcegroups/", shown["id"])}
    return shown


def _system_data(world: World, resource: ResourceId, body: Json) -> Json:
    record = world.record(resource)
    data = dict(body.get("systemData") or {})
    if record is None:
        return data
    made, changed = world.made_at(resource), world.changed_at(resource)
    if made is not None:
        data |= {"createdBy": record["by"][0], "createdByType": "Application", "createdAt": made.isoformat()}
    if changed is not None:
        data |= {
            "lastModifiedBy": record["by"][1],
            "lastModifiedByType": "Application",
            "lastModifiedAt": changed.isoformat(),
        }
    return data


def get(request: ArmRequest, resource: ResourceId, declared: ResourceType) -> Outgoing:
    """Answer a GET or HEAD of one resource."""
    world = request.world
    request.need(declared.permissions.get("GET", f"{declared.type}/read"), resource)
    body = seen(world, resource.key, "get")
    if body is None:
        raise Refusal(_missing(world, resource, declared))
    spelled = world.spelled(resource)
    for rule in declared.read_rules:
        refusal = rule(spelled, body, world)
        if refusal is not None:
            raise Refusal(refusal)
    shown = view(world, spelled, body, request.api_version)
    return Outgoing(200, _expanded(shown, declared, request.incoming.query.get("$expand", "")), read=True)


def _expanded(shown: Json, declared: ResourceType, asked: str) -> Json:
    """Return *shown* without what only an ``$expand`` that was not asked for shows."""
    names = {name.strip().lower() for name in asked.split(",")}
    return without(
        shown, (path for name, paths in declared.expands.items() if name.lower() not in names for path in paths)
    )


def _missing(world: World, resource: ResourceId, declared: ResourceType) -> ArmError:
    error = declared.on_missing(resource, world) if declared.on_missing else None
    if error is not None:
        return error
    if resource.resource_group and not declared.extension and world.get(resource.group_id) is None:
        return group_not_found(resource)
    parent = resource.parent
    if parent is not None and parent.type.lower() in world.registry.types and world.get(parent) is None:
        return parent_not_found(resource, "read")
    return not_found(resource)


def collection(request: ArmRequest, scope: ResourceId, declared: ResourceType) -> Outgoing:
    """Answer a LIST of *declared* at *scope*: a parent, a group, a subscription, or anything for an extension."""
    world = request.world
    request.need(declared.permissions.get("LIST", f"{declared.type}/read"), scope)
    if scope.resource_group and world.get(scope.group_id) is None:
        raise Refusal(group_not_found(scope))
    if "/providers/" in scope.key and scope.type.lower() in world.registry.types and world.get(scope) is None:
        raise Refusal(not_found(scope))
    if declared.listed is not None:
        return paged(request, declared.listed(scope, world), declared.page)
    items = []
    wanted = request.incoming.query.get("$filter", "")
    for key in _keys(world, scope, declared):
        body = seen(world, key, "list")
        if body is None:
            continue
        if wanted and declared.list_filter and not declared.list_filter(body, wanted, world, scope):
            continue
        shown = view(world, ResourceId(body.get("id", key)), body, request.api_version)
        items.append(_expanded(shown, declared, request.incoming.query.get("$expand", "")))
    return paged(request, items, declared.page)


def _keys(world: World, scope: ResourceId, declared: ResourceType) -> Iterable[str]:
    if declared.list_under is not None:
        return [one.key for one in declared.list_under(scope, world)]
    kind = declared.type.lower()
    if "/providers/" not in scope.key and not scope.resource_group:
        return [key for key in world.index.of_type(kind) if key.startswith(scope.key + "/")]
    return [*world.index.children(scope.key, kind), *lingering(world, scope.key, kind)]


def paged(request: ArmRequest, items: list[Any], size: int) -> Outgoing:
    """Answer one page of *items*, with the address of the next."""
    query = request.incoming.query
    start = int(query.get("$skiptoken", "0")) if query.get("$skiptoken", "0").isdigit() else 0
    size = min(size, int(query["$top"])) if query.get("$top", "").isdigit() and int(query["$top"]) > 0 else size
    body: Json = {"value": items[start : start + size]}
    if start + size < len(items):
        parts = urlsplit(request.incoming.url)
        kept = "&".join(
            part for part in parts.query.split("&") if not part.lower().startswith(("$skiptoken", "%24skiptoken"))
        )
        body["nextLink"] = f"https://{parts.netloc}{parts.path}?{kept}&$skiptoken={quote(str(start + size))}"
    return Outgoing(200, body, read=True)
