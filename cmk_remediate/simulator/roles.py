"""Roles as estates name them: by name, by GUID, or as JSON in the portal's or the command line's shape."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import Json, SetResource

if TYPE_CHECKING:
    from cmk_remediate.simulator.world import World


def role_ids(world: World, role: Any) -> tuple[str, list[str]]:
    """Return the role's GUID and, for a custom one, its assignable scopes; a custom one is kept.

    Raises:
        ValueError: no such role.
    """
    if isinstance(role, dict):
        return _custom(world, role)
    name = str(role).lower()
    for one in world.registry.roles.values():
        if name in (one.guid.lower(), one.title.lower()):
            return one.guid, []
    for resource, body in world.by_type("Microsoft.Authorization/roleDefinitions"):
        if name in (resource.name.lower(), str(body["properties"].get("roleName", "")).lower()):
            return resource.name, []
    raise ValueError(f"no role is called {role!r}")


def _custom(world: World, role: Json) -> tuple[str, list[str]]:
    inner = role.get("properties") if isinstance(role.get("properties"), dict) else role
    assert isinstance(inner, dict)  # noqa: S101 - narrows the line above
    lower = {name.lower(): value for name, value in inner.items()}
    sets = lower.get("permissions")
    if not sets:
        names = ("actions", "notActions", "dataActions", "notDataActions")
        sets = [{name: list(lower.get(name.lower()) or ()) for name in names}]
    title = str(lower.get("rolename") or lower.get("name") or "custom role")
    scopes = [str(one) for one in lower.get("assignablescopes") or () if str(one).startswith("/subscriptions/")]
    text = json.dumps([title, sets, scopes], sort_keys=True)
    guid = str(uuid.uuid5(uuid.NAMESPACE_URL, text))
    body = {
        "properties": {
            "roleName": title,
            "type": "CustomRole",
            "permissions": sets,
            "assignableScopes": scopes or ["/"],
        }
    }
    place = ResourceId(f"/providers/Microsoft.Authorization/roleDefinitions/{guid}")
    world.apply([SetResource(place, body)])
    return guid, scopes
