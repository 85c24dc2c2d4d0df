"""What callers ask about rights: their permissions, role definitions, and what policy would say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmk_remediate.simulator import access
from cmk_remediate.simulator.builtin import RESTRICTIONS_VERSIONS, ROLE_DEFINITIONS
from cmk_remediate.simulator.declare import Json, RoleDefinition, Write
from cmk_remediate.simulator.policy import restrictions
from cmk_remediate.simulator.request import ArmRequest, Refusal, not_found
from cmk_remediate.simulator.resources import paged
from cmk_remediate.simulator.wire import Outgoing

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId


def permissions(request: ArmRequest, scope: ResourceId) -> Outgoing:
    """Answer the permissions API: the caller's own sets at *scope*, whatever conditions, deny assignments or locks say."""
    request.need("Microsoft.Authorization/permissions/read", scope)
    return paged(request, [one.to_json() for one in access.effective_sets(request.world, request.caller, scope)], 100)


def role_definition(request: ArmRequest, resource: ResourceId) -> Outgoing:
    """Answer a GET of a role definition: a built-in one exists at every scope."""
    request.need("Microsoft.Authorization/roleDefinitions/read", resource)
    stored = _custom(request, resource.name)
    if stored is not None:
        return Outgoing(200, stored, read=True)
    role = request.world.registry.roles.get(resource.name.lower())
    if role is None:
        raise Refusal(not_found(resource))
    return Outgoing(200, _shown(role), read=True)


def role_definitions(request: ArmRequest, scope: ResourceId) -> Outgoing:
    """Answer the list of role definitions, by ``roleName eq '...'`` or ``type eq '...'``."""
    request.need("Microsoft.Authorization/roleDefinitions/read", scope)
    items = [_shown(one) for one in request.world.registry.roles.values()]
    items += [body for _, body in request.world.by_type(ROLE_DEFINITIONS.type)]
    for name, value in re.findall(r"(\w+)\s+eq\s+'([^']*)'", request.incoming.query.get("$filter", ""), re.IGNORECASE):
        items = [one for one in items if str(one["properties"].get(name, "")).lower() == value.lower()]
    return paged(request, items, 1000)


def policy_restrictions(request: ArmRequest, scope: ResourceId) -> Outgoing:
    """Answer ``checkPolicyRestrictions``."""
    request.need_version("policyRestrictions", RESTRICTIONS_VERSIONS)
    request.need("Microsoft.PolicyInsights/checkPolicyRestrictions/read", scope)
    write = Write(scope, "POST", None, None, request.sent, request.caller, request.api_version, request.world)
    return Outgoing(200, restrictions(write), read=True)


def _custom(request: ArmRequest, guid: str) -> Json | None:
    for resource, body in request.world.by_type(ROLE_DEFINITIONS.type):
        if resource.name.lower() == guid.lower():
            return body
    return None


def _shown(role: RoleDefinition) -> Json:
    return {
        "id": f"/providers/Microsoft.Authorization/roleDefinitions/{role.guid}",
        "name": role.guid,
        "type": ROLE_DEFINITIONS.type,
        "properties": {
            "roleName": role.title,
            "type": "BuiltInRole",
            "description": "",
            "assignableScopes": ["/"],
            "permissions": [
                access.Permission(role.actions, role.not_actions, role.data_actions, role.not_data_actions).to_json()
            ],
        },
    }
