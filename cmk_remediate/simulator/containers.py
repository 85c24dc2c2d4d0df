"""Subscriptions, resource groups, registered providers, tags and the list of all resources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator import locks, policy
from cmk_remediate.simulator.bodies import merge_patch
from cmk_remediate.simulator.builtin import CORE, GROUPS, RESOURCES_VERSIONS
from cmk_remediate.simulator.declare import ArmError, Json, SetResource
from cmk_remediate.simulator.eventual import seen
from cmk_remediate.simulator.request import ArmRequest, Refusal, not_found, subscription_not_found
from cmk_remediate.simulator.resources import paged, view
from cmk_remediate.simulator.wire import Outgoing

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

SUBSCRIPTIONS = "microsoft.resources/subscriptions"
_ENGINES = frozenset(provider.namespace.lower() for provider in CORE)
"""Namespaces of which the engine itself keeps what no provider declares: subscriptions, for one."""
_SHOWN = ("id", "name", "type", "location", "tags", "kind", "sku", "identity", "managedBy", "plan", "zones")


def subscription(request: ArmRequest, resource: ResourceId) -> Outgoing:
    """Answer GET /subscriptions/{id}."""
    request.need_version("subscriptions", RESOURCES_VERSIONS)
    body = request.world.get(resource)
    if body is None:
        raise Refusal(subscription_not_found(resource.subscription))
    request.need("Microsoft.Resources/subscriptions/read", resource)
    return Outgoing(200, body, read=True)


def subscriptions(request: ArmRequest) -> Outgoing:
    """Answer GET /subscriptions: those in which the caller has any right."""
    world = request.world
    items = [
        body
        for resource, body in world.by_type(SUBSCRIPTIONS)
        if world.may(request.caller, "Microsoft.Resources/subscriptions/read", resource)
    ]
    return paged(request, items, 100)


def descendants(request: ArmRequest, group: ResourceId) -> Outgoing:
    """Answer what is below the management group *group*: every subscription, whether the caller may read it or not.

    Shape: learn.microsoft.com, REST API reference, "Management Groups - Get Descendants".
    """
    request.need_version("managementGroups", ("2020-05-01", "2021-04-01", "2023-04-01"))
    request.need("Microsoft.Management/managementGroups/descendants/read", group)
    items = [
        {
            "id": str(resource),
            "type": "/subscriptions",
            "name": resource.subscription,
            "properties": {"displayName": body.get("displayName"), "parent": {"id": str(group)}},
        }
        for resource, body in request.world.by_type(SUBSCRIPTIONS)
    ]
    return paged(request, items, 100)


def tenants(request: ArmRequest) -> Outgoing:
    """Answer GET /tenants."""
    found = dict.fromkeys(str(body["tenantId"]) for _, body in request.world.by_type(SUBSCRIPTIONS))
    return paged(request, [{"id": f"/tenants/{one}", "tenantId": one} for one in found], 100)


def groups(request: ArmRequest, scope: ResourceId) -> Outgoing:
    """Answer the list of a subscription's resource groups."""
    request.need_version("resourceGroups", RESOURCES_VERSIONS)
    request.need(GROUPS.permissions["LIST"], scope)
    found = (seen(request.world, key, "list") for key in request.world.index.children(scope.key, GROUPS.type.lower()))
    return paged(request, [body for body in found if body is not None], GROUPS.page)


def provider(request: ArmRequest, scope: ResourceId, namespace: str, action: str = "") -> Outgoing:
    """Answer GET .../providers/{namespace} and its ``register`` and ``unregister``."""
    request.need_version("providers", RESOURCES_VERSIONS)
    world = request.world
    name = world.registry.namespaces.get(namespace.lower())
    if name is None:
        text = f"The resource namespace '{namespace}' is invalid."
        raise Refusal(ArmError(404, "InvalidResourceNamespace", text, "unconfirmed"))
    if action:
        request.need(f"{name}/{action}/action", scope)
        closed = [one for one in _closed(world, scope.subscription) if one != name.lower()]
        if action == "unregister":
            closed.append(name.lower())
        everywhere = {**world.store.get("meta", "unregistered", {}), scope.subscription.lower(): closed}
        world.store.put("meta", "unregistered", everywhere)
    else:
        request.need("Microsoft.Resources/subscriptions/providers/read", scope)
    return Outgoing(200, _provider(world, scope, name), read=not action)


def providers(request: ArmRequest, scope: ResourceId) -> Outgoing:
    """Answer the list of providers."""
    request.need_version("providers", RESOURCES_VERSIONS)
    request.need("Microsoft.Resources/subscriptions/providers/read", scope)
    return paged(
        request, [_provider(request.world, scope, name) for name in request.world.registry.namespaces.values()], 100
    )


def need_registered(world: World, resource: ResourceId) -> None:
    """Refuse a write to a provider that the subscription has not registered."""
    namespace = resource.type.split("/")[0]
    if namespace.lower() in _closed(world, resource.subscription):
        raise Refusal(
            ArmError(
                409,
                "MissingSubscriptionRegistration",
                f"The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to "
                "register subscriptions.",
                "learn.microsoft.com: Resolve errors for resource provider registration",
            )
        )


def _closed(world: World, subscription_id: str) -> list[str]:
    found: list[str] = world.store.get("meta", "unregistered", {}).get(subscription_id.lower(), [])
    return found


def _provider(world: World, scope: ResourceId, name: str) -> Json:
    closed = name.lower() in _closed(world, scope.subscription)
    return {
        "id": f"/subscriptions/{scope.subscription}/providers/{name}",
        "namespace": name,
        "authorizations": [],
        "registrationState": "NotRegistered" if closed else "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [
            {
                "resourceType": one.type.split("/", 1)[1],
                "locations": [],
                "apiVersions": list(one.api_versions),
                "defaultApiVersion": one.api_versions[0],
                "apiProfiles": [],
                "capabilities": "SupportsTags, SupportsLocation" if one.tracked else "None",
            }
            for one in world.registry.types.values()
            if one.type.lower().startswith(name.lower() + "/")
        ],
    }


def tracked(world: World) -> list[str]:
    """Return the types of what there is that Azure lists as resources, in lower case.

    Declared ones that have a location, databases among them: learn.microsoft.com, "Azure Resource Graph table and resource type
    reference". Of types that nobody declares (an estate's bystanders) those at the top: what is below may be anything.
    """
    found: dict[str, None] = {}
    for record in world.store.tables["resources"].values():
        kind = str(record["body"].get("type", "")).lower()
        declared = world.registry.types.get(kind)
        if declared is not None:
            listed = declared.tracked and declared is not GROUPS
        else:
            listed = kind.count("/") == 1 and kind.split("/")[0] not in _ENGINES
        if listed:
            found[kind] = None
    return sorted(found)


def all_resources(request: ArmRequest, scope: ResourceId) -> Outgoing:
    """Answer the list of tracked resources in a group or subscription."""
    request.need_version("resources", RESOURCES_VERSIONS)
    request.need("Microsoft.Resources/subscriptions/resources/read", scope)
    world = request.world
    tests = _filter(request.incoming.query.get("$filter", ""))
    items = []
    for kind in tracked(world):
        for resource, _ in world.below(scope, kind):
            body = seen(world, resource.key, "list")
            if body is None:
                continue
            shown = view(world, resource, body)
            if all(_passes(shown, resource, name, wanted) for name, wanted in tests):
                items.append({name: shown[name] for name in _SHOWN if name in shown})
    return paged(request, items, 1000)


def _filter(text: str) -> list[tuple[str, str]]:
    return [
        (name.lower(), value.lower()) for name, value in re.findall(r"([\w/]+)\s+eq\s+'([^']*)'", text, re.IGNORECASE)
    ]


def _passes(body: Json, resource: ResourceId, name: str, wanted: str) -> bool:
    tags = {str(tag).lower(): str(value).lower() for tag, value in (body.get("tags") or {}).items()}
    if name == "tagname":
        return wanted in tags
    if name == "tagvalue":
        return wanted in tags.values()
    found: Any = {
        "resourcetype": resource.type,
        "resourcegroup": resource.resource_group,
        "name": resource.name,
        "location": body.get("location", ""),
    }.get(name, wanted)
    return str(found).lower() == wanted


def tags(request: ArmRequest, scope: ResourceId) -> Outgoing:
    """Answer GET, PUT and PATCH of ``{scope}/providers/Microsoft.Resources/tags/default``."""
    request.need_version("tags", RESOURCES_VERSIONS)
    world = request.world
    body = world.get(scope)
    if body is None:
        raise Refusal(not_found(scope))
    if request.method == "GET":
        request.need("Microsoft.Resources/tags/read", scope)
    else:
        request.need("Microsoft.Resources/tags/write", scope)
        refusal = locks.refusal(world, scope, request.method)
        if refusal is not None:
            raise Refusal(refusal)
        asked = (request.sent.get("properties") or {}).get("tags") or {}
        operation = str(request.sent.get("operation", "Merge")).lower()
        before = body.get("tags") or {}
        after = asked if request.method == "PUT" or operation == "replace" else merge_patch(before, asked)
        if request.method == "PATCH" and operation == "delete":
            after = {name: value for name, value in before.items() if name not in asked}
        body = policy.modified(world, scope, {**body, "tags": after})
        refusal = policy.refusal(world, scope, body)
        if refusal is not None:
            raise Refusal(refusal)
        world.apply([SetResource(world.spelled(scope), body)], by=request.caller)
    answer = {
        "id": f"{scope}/providers/Microsoft.Resources/tags/default",
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": body.get("tags") or {}},
    }
    return Outgoing(200, answer, read=request.method == "GET")
