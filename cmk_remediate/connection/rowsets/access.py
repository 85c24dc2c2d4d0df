"""Identities, role assignments, permissions and locks."""

from __future__ import annotations

from cmk_remediate.connection.catalog import ANY
from cmk_remediate.connection.rowsets.wording import GROUP, REST, SUBSCRIPTION, path, sdk

_IDENTITY = ("azure.mgmt.msi.aio:ManagedServiceIdentityClient", "2024-11-30")
_ROLES = ("azure.mgmt.authorization.v2022_04_01.aio:AuthorizationManagementClient", "2022-04-01")
_LOCKS = ("azure.mgmt.resource.locks.aio:ManagementLockClient", "2020-05-01")

_ASSIGNMENT = "microsoft.authorization/roleassignments"
_IDENTITY_TYPE = "microsoft.managedidentity/userassignedidentities"

ROWS = (
    sdk(
        _IDENTITY, _IDENTITY_TYPE, "get", "user_assigned_identities.get", "resource_group_name=group resource_name=name"
    ),
    sdk(
        _IDENTITY,
        _IDENTITY_TYPE,
        "put",
        "user_assigned_identities.create_or_update",
        "resource_group_name=group resource_name=name parameters=body",
    ),
    sdk(_ROLES, _ASSIGNMENT, "get", "role_assignments.get", "scope=scope role_assignment_name=name"),
    sdk(_ROLES, _ASSIGNMENT, "put", "role_assignments.create", "scope=scope role_assignment_name=name parameters=body"),
    sdk(_ROLES, ANY, "list:roleAssignments", "role_assignments.list_for_scope", "scope=id filter=query.filter"),
    sdk(_ROLES, ANY, "list:denyAssignments", "deny_assignments.list_for_scope", "scope=id filter=query.filter"),
    sdk(
        _ROLES,
        "microsoft.authorization/roledefinitions",
        "get",
        "role_definitions.get",
        "scope=scope role_definition_id=name",
    ),
    sdk(_ROLES, ANY, "list:roleDefinitions", "role_definitions.list", "scope=id filter=query.filter"),
    sdk(_ROLES, GROUP, "permissions", "permissions.list_for_resource_group", "resource_group_name=group"),
    # The SDK's method words a top-level resource with an empty path segment.
    path(
        ANY,
        "permissions",
        "/{id}/providers/Microsoft.Authorization/permissions",
        _ROLES[1],
        f"{REST}Permissions - List For Resource",
    ),
    # The SDK's list_by_scope quotes the slashes of the scope.
    path(
        ANY,
        "list:locks",
        "/{id}/providers/Microsoft.Authorization/locks",
        _LOCKS[1],
        f"{REST}Management Locks - List By Scope",
        filtered=True,
    ),
    sdk(
        _LOCKS,
        GROUP,
        "list:locks",
        "management_locks.list_at_resource_group_level",
        "resource_group_name=group filter=query.filter",
    ),
    sdk(_LOCKS, SUBSCRIPTION, "list:locks", "management_locks.list_at_subscription_level", "filter=query.filter"),
)
