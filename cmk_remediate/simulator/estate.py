"""Estate files: what is there before anybody asks.

``operator, subscriptions, resources`` and, where wanted, ``role_assignments, policies, locks, principals, network, settings,
seed, now``. Unknown properties of bodies are kept. Supplied: resource groups, the user-assigned identities that bodies
name, the principals behind identities, the children every resource has.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError

from cmk_remediate import codes, files
from cmk_remediate.clock import is_utc, parse_utc
from cmk_remediate.errors import CmkError, InputError
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.nesting import is_bounded, is_shallow
from cmk_remediate.simulator import identities
from cmk_remediate.simulator.declare import Json, SetPrincipal, SetResource
from cmk_remediate.simulator.roles import role_ids

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cmk_remediate.simulator.world import World

OPERATOR = "0a000000-0000-4000-8000-000000000001"
"""The operator's object id where the estate names none."""
TENANT = "0a000000-0000-4000-8000-00000000000f"
_MOST = 3_000_000
_LARGEST = 512 << 20
_FLOW = 1000
_DEEPEST = 60
_ZERO = "00000000-0000-0000-0000-000000000000"
_KNOWN = {
    "operator", "subscriptions", "resources", "role_assignments", "policies", "locks", "principals", "network", "settings",
    "seed", "now",
}  # fmt: skip


def read(path: Path) -> Json:
    """Return the estate written in *path*, YAML or JSON.

    Raises:
        InputError: CMK106.
    """
    try:
        text = files.read(path, _LARGEST).decode("utf-8-sig")
        if not is_shallow(text, deepest=_FLOW):
            raise invalid("it is nested too deeply", files.shown(path))
        data = json.loads(text) if path.suffix == ".json" else _yaml().load(text)
    except (OSError, ValueError, YAMLError, RecursionError, TypeError, AttributeError, LookupError) as error:
        # The last three: the parser's own slips over files that nobody writes by hand.
        raise invalid(f"it cannot be read: {files.why(error)}", files.shown(path)) from error
    if not is_bounded(data, most=_MOST, deepest=_DEEPEST):
        raise invalid("it has too many values, or is nested too deeply", str(path))
    if not isinstance(data, dict):
        raise invalid("it is not an object", str(path))
    return data


class _Constructor(SafeConstructor):
    """YAML 1.2's core schema has no timestamps: ``2026-11-22`` is text, quoted or not."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    return yaml


def check_json(estate: Mapping[str, Any]) -> None:
    """Refuse what Azure's bodies, which are JSON, cannot hold: bytes, sets, moments, NaN, halves of characters.

    Raises:
        InputError: CMK106.
    """
    try:
        json.dumps(estate, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid(f"it holds what is not JSON: {error}") from error


def invalid(cause: str, where: str = "") -> InputError:
    """Return the error of an estate that is not of the schema."""
    return InputError(codes.input_.ESTATE_INVALID, cause, resource=where)


def begins(text: Any) -> float:
    """Return the stamp of an estate's ``now``.

    Raises:
        InputError: CMK106.
    """
    if not is_utc(str(text)):
        raise invalid(f"`now` is no time such as 2030-01-07T08:00:00Z: {text!r}")
    return parse_utc(str(text)).timestamp()


def load(world: World, estate: Mapping[str, Any]) -> None:
    """Fill a fresh *world* with *estate*.

    Raises:
        InputError: CMK106.
    """
    check_json(estate)
    unknown = sorted(map(repr, set(estate) - _KNOWN))
    if unknown:
        raise invalid(f"unknown member {', '.join(unknown)}")
    try:
        _subscriptions(world, estate)
        _operator(world, estate)
        _principals(world, estate)
        _resources(world, estate)
        _locks(world, estate)
        _policies(world, estate)
        _grants(world, estate)
        network = {str(key).lower(): dict(one) for key, one in (estate.get("network") or {}).items()}
        world.store.put("meta", "network", network)
        for provider in world.registry.providers:
            if provider.seed is not None:
                world.apply(provider.seed(world))
    except (
        LookupError,
        TypeError,
        AttributeError,
        ValueError,
        RecursionError,
        AssertionError,
        ArithmeticError,
    ) as error:
        raise invalid(f"a member is missing or of the wrong type: {error!r}") from error


def _subscriptions(world: World, estate: Mapping[str, Any]) -> None:
    closed: dict[str, list[str]] = {}
    for one in estate.get("subscriptions") or ():
        _subscription(world, one)
        closed[one["subscriptionId"].lower()] = [str(name).lower() for name in one.get("unregistered") or ()]
    if not closed:
        raise invalid("`subscriptions` names none")
    world.store.put("meta", "unregistered", closed)


def _subscription(world: World, one: Mapping[str, Any]) -> None:
    name = str(one["subscriptionId"])
    body = {
        "id": f"/subscriptions/{name}",
        "subscriptionId": name,
        "tenantId": one.get("tenantId") or TENANT,
        "displayName": one.get("displayName") or name,
        "state": one.get("state") or "Enabled",
        "authorizationSource": "RoleBased",
    }
    world.apply([SetResource(ResourceId(f"/subscriptions/{name}"), body)])


def _operator(world: World, estate: Mapping[str, Any]) -> None:
    operator = estate.get("operator") or {"role": "Owner"}
    object_id = str(operator.get("object_id") or OPERATOR).lower()
    first = str(estate["subscriptions"][0].get("tenantId") or TENANT)
    tenant = operator.get("tenant") or first
    world.store.put("meta", "operator", {"object_id": object_id, "tenant": tenant})
    world.apply([SetPrincipal(object_id, {"kind": "ServicePrincipal", "name": "operator", "tenantId": tenant})])
    asked = operator.get("scopes") or ([operator["scope"]] if operator.get("scope") else None)
    everywhere = [f"/subscriptions/{one['subscriptionId']}" for one in estate["subscriptions"]]
    for role in operator["role"] if isinstance(operator.get("role"), list) else [operator.get("role", "Owner")]:
        _grant(world, object_id, role, asked, everywhere)


def _grant(
    world: World, principal: str, role: Any, scopes: list[str] | None, otherwise: list[str], **extra: Any
) -> None:
    """Assign *role*: a name, a GUID, or a custom role as JSON (then at its own assignable scopes, if none are given)."""
    try:
        guid, own = role_ids(world, role)
    except ValueError as error:
        raise invalid(str(error)) from error
    for scope in scopes or own or otherwise:
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}|{guid}|{principal}".lower()))
        properties = {
            "roleDefinitionId": f"/subscriptions/{scope.split('/')[2]}/providers/Microsoft.Authorization/roleDefinitions/{guid}",
            "principalId": principal,
            "principalType": str(world.principals.get(principal.lower(), {}).get("kind", "ServicePrincipal")),
            "scope": scope,
            "createdOn": "2029-06-01T00:00:00.0000000Z",
            **extra,
        }
        place = ResourceId(f"{scope.rstrip('/')}/providers/Microsoft.Authorization/roleAssignments/{name}")
        world.apply([SetResource(place, {"properties": properties})])


def _principals(world: World, estate: Mapping[str, Any]) -> None:
    for object_id, data in (estate.get("principals") or {}).items():
        world.apply([SetPrincipal(str(object_id), {"kind": "ServicePrincipal", **data})])


def _resources(world: World, estate: Mapping[str, Any]) -> None:
    for body in estate.get("resources") or ():
        try:
            resource = ResourceId.parse(str(body["id"]))
        except CmkError as error:
            raise invalid(error.cause) from error
        if world.get(resource.subscription_id) is None:
            raise invalid(f"`subscriptions` does not name the subscription of {resource}")
        if _built_in(world, resource):
            continue
        location = str(body.get("location") or "")
        _group(world, resource, location)
        for name, ids in identities.attached(body.get("identity")).items():
            _identity(world, name, ids or {}, location)
        if body.get("identity") and identities.kinds(body["identity"]) & {"systemassigned"}:
            principal = body["identity"].get("principalId")
            if principal:
                data = {"kind": "ServicePrincipal", "name": resource.name, "resource": str(resource)}
                world.apply([SetPrincipal(principal, data)])
        if resource.type.lower() == identities.IDENTITY.lower():
            _identity(world, str(resource), body.get("properties") or {}, location)
        world.apply([SetResource(resource, _own(world, resource, body))])


def _built_in(world: World, resource: ResourceId) -> bool:
    """Say whether *resource* is the definition of a role that is here anyway."""
    return resource.is_type("Microsoft.Authorization/roleDefinitions") and resource.name.lower() in world.registry.roles


def _own(world: World, resource: ResourceId, body: Json) -> Json:
    """Return *body*, an identity with the ids it was given."""
    if resource.type.lower() != identities.IDENTITY.lower():
        return dict(body)
    before = (world.get(resource) or {}).get("properties", {})
    return {**body, "properties": {**before, **(body.get("properties") or {})}}


def _group(world: World, resource: ResourceId, location: str) -> None:
    if not resource.resource_group or resource.group_id == resource or world.get(resource.group_id) is not None:
        return
    if world.get(resource.subscription_id) is None:
        first = next(iter(world.by_type("Microsoft.Resources/subscriptions")))[1]
        _subscription(world, {"subscriptionId": resource.subscription, "tenantId": first["tenantId"]})
    body = {
        "id": str(resource.group_id),
        "name": resource.resource_group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location or "westeurope",
        "properties": {"provisioningState": "Succeeded"},
    }
    world.apply([SetResource(resource.group_id, body)])


def _identity(world: World, name: str, ids: Mapping[str, Any], location: str) -> None:
    """Supply a user-assigned identity, and the principal behind it."""
    resource = ResourceId(name)
    _group(world, resource, location)
    if world.get(resource) is None:
        taken = world.principals
        principal = str(ids.get("principalId") or _ZERO).lower()
        if principal == _ZERO or taken.get(principal, {}).get("resource"):
            principal = world.new_guid("identity", resource.key)
        client = str(ids.get("clientId") or _ZERO).lower()
        if client == _ZERO:
            client = world.new_guid("client", resource.key)
        body = {
            "id": name,
            "name": resource.name,
            "type": identities.IDENTITY,
            "location": location or "westeurope",
            "tags": {},
            "properties": {"tenantId": world.tenant(resource), "principalId": principal, "clientId": client},
        }
        world.apply([SetResource(resource, body)])
        data = {"kind": "ServicePrincipal", "name": resource.name, "resource": name, "clientId": client}
        world.apply([SetPrincipal(principal, data)])


def _locks(world: World, estate: Mapping[str, Any]) -> None:
    for one in estate.get("locks") or ():
        place = ResourceId(f"{one['scope']}/providers/Microsoft.Authorization/locks/{one.get('name', 'lock')}")
        properties = {"level": one["level"], "notes": one.get("notes", "")}
        world.apply([SetResource(place, {"properties": properties})])


def _policies(world: World, estate: Mapping[str, Any]) -> None:
    """Keep each ``{name, scope, rule: {if, then}, parameters, enforcement, not_scopes}`` as definition and assignment."""
    for one in estate.get("policies") or ():
        subscription = "/".join(one["scope"].split("/")[:3])
        definition = (
            f"{subscription}/providers/Microsoft.Authorization/policyDefinitions/{one.get('definition') or one['name']}"
        )
        declared = {name: {"type": "String"} for name in one.get("parameters") or {}}
        body: Json = {
            "properties": {
                "displayName": one.get("title", one["name"]),
                "policyRule": one["rule"],
                "parameters": declared,
            }
        }
        if world.get(definition) is None:
            world.apply([SetResource(ResourceId(definition), body)])
        properties = {
            "displayName": one.get("title", one["name"]),
            "policyDefinitionId": definition,
            "scope": one["scope"],
            "notScopes": one.get("not_scopes") or [],
            "parameters": {name: {"value": value} for name, value in (one.get("parameters") or {}).items()},
            "enforcementMode": one.get("enforcement", "Default"),
        }
        place = ResourceId(f"{one['scope']}/providers/Microsoft.Authorization/policyAssignments/{one['name']}")
        world.apply([SetResource(place, {"properties": properties})])


def _grants(world: World, estate: Mapping[str, Any]) -> None:
    for one in estate.get("role_assignments") or ():
        principal = str(one.get("principal") or one["principalId"])
        if principal.startswith("/"):
            principal = str((world.get(principal) or {})["properties"]["principalId"])
        extra = {"condition": one["condition"], "conditionVersion": "2.0"} if one.get("condition") else {}
        _grant(world, principal, one["role"], [one["scope"]], [], **extra)
