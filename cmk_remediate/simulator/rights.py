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


_MADE = "2015-02-02T21:55:09.8800000Z"
"""Of every built-in role here."""


def permissions(request: ArmRequest, scope: ResourceId) -> Outgoing:
    """Answer the permissions API: the caller's own sets at *scope*, whatever conditions, deny assignments or locks say."""
    request.need("Microsoft.Authorization/permissions/read", scope)
    return paged(request, [one.to_json() for one in access.effective_sets(request.world, request.caller, scope)], 100)


def role_definition(request: ArmRequest, resource: ResourceId) -> Outgoing:
    """Answer a GET of a role definition: a built-in one exists at every scope."""
    request.need("Microsoft.Authorization/roleDefinitions/read", resource)
    found = next((one for one in _definitions(request, resource) if one["name"].lower() == resource.name.lower()), None)
    if found is None:
        raise Refusal(not_found(resource))
    return Outgoing(200, found, read=True)


def role_definitions(request: ArmRequest, scope: ResourceId) -> Outgoing:
    """Answer the list of role definitions, by ``roleName eq '...'`` or ``type eq '...'``."""
    request.need("Microsoft.Authorization/roleDefinitions/read", scope)
    items = _definitions(request, scope)
    for name, value in re.findall(r"(\w+)\s+eq\s+'([^']*)'", request.incoming.query.get("$filter", ""), re.IGNORECASE):
        items = [one for one in items if str(one["properties"].get(name, "")).lower() == value.lower()]
    return paged(request, items, 1000)


def policy_restrictions(request: ArmRequest, scope: ResourceId) -> Outgoing:
    """Answer ``checkPolicyRestrictions``."""
    request.need_version("policyRestrictions", RESTRICTIONS_VERSIONS)
    request.need("Microsoft.PolicyInsights/checkPolicyRestrictions/read", scope)
    write = Write(scope, "POST", None, None, request.sent, request.caller, request.api_version, request.world)
    return Outgoing(200, restrictions(write), read=True)


def _definitions(request: ArmRequest, scope: ResourceId) -> list[Json]:
    """Return every definition with the id it has where *scope* is.

    Source: Azure/azure-cli vm/tests/latest/recordings/test_disk_encryption_set_update.yaml: a built-in role listed at a vault has
    the subscription in its id.
    """
    parts = scope.text.split("/")
    head = "/".join(parts[:3]) if parts[1:2] == ["subscriptions"] else ""
    built_in = (_shown(role) for role in request.world.registry.roles.values())
    stored = (body for _, body in request.world.by_type(ROLE_DEFINITIONS.type))
    return [{**one, "id": f"{head}/providers/{ROLE_DEFINITIONS.type}/{one['name']}"} for one in (*built_in, *stored)]


def _shown(role: RoleDefinition) -> Json:
    return {
        "name": role.guid,
        "type": ROLE_DEFINITIONS.type,
        "properties": {
            "roleName": role.title,
            "type": "BuiltInRole",
            "description": "",
            "assignableScopes": ["/"],
            "createdOn": _MADE,
            "updatedOn": _MADE,
            "createdBy": None,
            "updatedBy": None,
            "permissions": [
                access.Permission(role.actions, role.not_actions, role.data_actions, role.not_data_actions).to_json()
            ],
        },
    }
