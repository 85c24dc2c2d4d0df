"""The rows of the catalog. tests/connection/test_catalog.py asks the installed SDKs whether each is right."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from cmk_remediate.connection.catalog import ANY, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.connection.calls import Kind

_VAULT = ("azure.mgmt.keyvault.aio:KeyVaultManagementClient", "2026-05-15")
_IDENTITY = ("azure.mgmt.msi.aio:ManagedServiceIdentityClient", "2024-11-30")
_ROLES = ("azure.mgmt.authorization.v2022_04_01.aio:AuthorizationManagementClient", "2022-04-01")
_LOCKS = ("azure.mgmt.resource.locks.aio:ManagementLockClient", "2020-05-01")
_RESOURCES = ("azure.mgmt.resource.resources.aio:ResourceManagementClient", "2025-04-01")
_POLICY = ("azure.mgmt.policyinsights.aio:PolicyInsightsClient", "2020-07-01")
_DISKS = ("azure.mgmt.compute.aio:ComputeManagementClient", "2026-03-02")
_MACHINES = (_DISKS[0], "2026-04-01")
"""One client, whose groups of operations have api-versions of their own."""
_SQL = ("azure.mgmt.sql.aio:SqlManagementClient", "2025-01-01")
_COSMOS = ("azure.mgmt.cosmosdb.aio:CosmosDBManagementClient", "2026-03-15")

SEARCH = "search"
"""The row that asks Azure Resource Graph, whatever resource it is asked about."""

KEYS_API = "2025-07-01"
"""Of the keys data plane: the default of `azure.keyvault.keys.ApiVersion`."""

_SUBSCRIPTION = "microsoft.resources/subscriptions"
_GROUP = "microsoft.resources/resourcegroups"
_KEY = "microsoft.keyvault/vaults/keys"
_REST = "learn.microsoft.com, REST API reference, "


def _sdk(client: tuple[str, str], kind: str, name: str, operation: str, arguments: str) -> Row:
    """Return a row with an SDK method; *arguments* is ``parameter=source ...``."""
    pairs = tuple((parameter, source) for parameter, _, source in (one.partition("=") for one in arguments.split()))
    method, counts_as = _words(name)
    return Row(
        type=kind,
        name=name,
        method=method,
        api_version=client[1],
        client=client[0],
        operation=operation,
        arguments=pairs,
        kind=counts_as,
        paged=name.startswith("list:") or name == "permissions",
    )


def _words(name: str) -> tuple[str, Kind]:
    """Return the HTTP method and the kind of a row called *name*."""
    if name in ("put", "access-policy-add", "access-policy-remove", "access-policy-replace", "rotation-policy-put"):
        return "PUT", "write"
    if name == "patch":
        return "PATCH", "write"
    if name == "delete":
        return "DELETE", "delete"
    if name in ("deallocate", "start"):
        return "POST", "write"
    return ("POST" if name in ("check-policy", SEARCH) else "GET"), "read"


def _path(
    kind: str, name: str, path: str, api_version: str, source: str, *, vault: bool = False, filtered: bool = False
) -> Row:
    """Return a row that words its own path."""
    method, counts_as = _words(name)
    return Row(
        type=kind,
        name=name,
        method=method,
        api_version=api_version,
        path=path,
        plane="vault" if vault else "arm",
        kind=counts_as,
        paged=name.startswith("list:") or name == "permissions",
        searches=name == SEARCH,
        filtered=filtered,
        source=source,
    )


_IN_VAULT = "resource_group_name=group vault_name=names.0"
_IN_SERVER = "resource_group_name=group server_name=names.0"
_IN_DATABASE = f"{_IN_SERVER} database_name=names.1"

_KEY_VAULT_ROWS = (
    _sdk(_VAULT, "microsoft.keyvault/vaults", "get", "vaults.get", _IN_VAULT),
    _sdk(_VAULT, "microsoft.keyvault/vaults", "patch", "vaults.update", f"{_IN_VAULT} parameters=body"),
    _sdk(
        _VAULT,
        "microsoft.keyvault/vaults",
        "access-policy-add",
        "vaults.update_access_policy",
        f"{_IN_VAULT} operation_kind==add parameters=body",
    ),
    _sdk(
        _VAULT,
        "microsoft.keyvault/vaults",
        "access-policy-remove",
        "vaults.update_access_policy",
        f"{_IN_VAULT} operation_kind==remove parameters=body",
    ),
    _sdk(
        _VAULT,
        "microsoft.keyvault/vaults",
        "access-policy-replace",
        "vaults.update_access_policy",
        f"{_IN_VAULT} operation_kind==replace parameters=body",
    ),
    _sdk(_VAULT, "microsoft.keyvault/vaults", "list:keys", "keys.list", _IN_VAULT),
    _sdk(
        _VAULT,
        "microsoft.keyvault/locations/deletedvaults",
        "get",
        "vaults.get_deleted",
        "vault_name=names.1 location=names.0",
    ),
    _sdk(_VAULT, _SUBSCRIPTION, "list:deletedVaults", "vaults.list_deleted", ""),
    _sdk(_VAULT, _SUBSCRIPTION, "list:vaults", "vaults.list_by_subscription", ""),
    _sdk(_VAULT, _KEY, "get", "keys.get", f"{_IN_VAULT} key_name=names.1"),
    _sdk(_VAULT, _KEY, "put", "keys.create_if_not_exist", f"{_IN_VAULT} key_name=names.1 parameters=body"),
    _sdk(_VAULT, _KEY, "list:versions", "keys.list_versions", f"{_IN_VAULT} key_name=names.1"),
    _sdk(
        _VAULT,
        "microsoft.keyvault/vaults/keys/versions",
        "get",
        "keys.get_version",
        f"{_IN_VAULT} key_name=names.1 key_version=names.2",
    ),
    _path(_KEY, "list:data-versions", "/keys/{names.1}/versions", KEYS_API, f"{_REST}Get Key Versions", vault=True),
    _path(
        _KEY,
        "rotation-policy-get",
        "/keys/{names.1}/rotationpolicy",
        KEYS_API,
        f"{_REST}Get Key Rotation Policy",
        vault=True,
    ),
    _path(
        _KEY,
        "rotation-policy-put",
        "/keys/{names.1}/rotationpolicy",
        KEYS_API,
        f"{_REST}Update Key Rotation Policy",
        vault=True,
    ),
    _path(_KEY, "deleted-get", "/deletedkeys/{names.1}", KEYS_API, f"{_REST}Get Deleted Key", vault=True),
)

_ASSIGNMENT = "microsoft.authorization/roleassignments"
_IDENTITY_TYPE = "microsoft.managedidentity/userassignedidentities"

_ACCESS_ROWS = (
    _sdk(
        _IDENTITY, _IDENTITY_TYPE, "get", "user_assigned_identities.get", "resource_group_name=group resource_name=name"
    ),
    _sdk(
        _IDENTITY,
        _IDENTITY_TYPE,
        "put",
        "user_assigned_identities.create_or_update",
        "resource_group_name=group resource_name=name parameters=body",
    ),
    _sdk(_ROLES, _ASSIGNMENT, "get", "role_assignments.get", "scope=scope role_assignment_name=name"),
    _sdk(
        _ROLES, _ASSIGNMENT, "put", "role_assignments.create", "scope=scope role_assignment_name=name parameters=body"
    ),
    _sdk(_ROLES, _ASSIGNMENT, "delete", "role_assignments.delete", "scope=scope role_assignment_name=name"),
    _sdk(_ROLES, ANY, "list:roleAssignments", "role_assignments.list_for_scope", "scope=id filter=query.filter"),
    _sdk(_ROLES, ANY, "list:denyAssignments", "deny_assignments.list_for_scope", "scope=id filter=query.filter"),
    _sdk(
        _ROLES,
        "microsoft.authorization/roledefinitions",
        "get",
        "role_definitions.get",
        "scope=scope role_definition_id=name",
    ),
    _sdk(_ROLES, ANY, "list:roleDefinitions", "role_definitions.list", "scope=id filter=query.filter"),
    _sdk(_ROLES, _GROUP, "permissions", "permissions.list_for_resource_group", "resource_group_name=group"),
    # The SDK's method words a top-level resource with an empty path segment.
    _path(
        ANY,
        "permissions",
        "/{id}/providers/Microsoft.Authorization/permissions",
        _ROLES[1],
        f"{_REST}Permissions - List For Resource",
    ),
    # The SDK's list_by_scope quotes the slashes of the scope.
    _path(
        ANY,
        "list:locks",
        "/{id}/providers/Microsoft.Authorization/locks",
        _LOCKS[1],
        f"{_REST}Management Locks - List By Scope",
        filtered=True,
    ),
    _sdk(
        _LOCKS,
        _GROUP,
        "list:locks",
        "management_locks.list_at_resource_group_level",
        "resource_group_name=group filter=query.filter",
    ),
    _sdk(_LOCKS, _SUBSCRIPTION, "list:locks", "management_locks.list_at_subscription_level", "filter=query.filter"),
)

_AROUND_ROWS = (
    _sdk(_RESOURCES, _GROUP, "get", "resource_groups.get", "resource_group_name=group"),
    _sdk(_RESOURCES, _SUBSCRIPTION, "provider", "providers.get", "resource_provider_namespace=query.namespace"),
    _path(
        ANY,
        "list:diagnosticSettings",
        "/{id}/providers/Microsoft.Insights/diagnosticSettings",
        "2021-05-01-preview",
        f"{_REST}Azure Monitor: Diagnostic Settings - List",
    ),
    _path(_SUBSCRIPTION, "get", "/{id}", "2022-12-01", f"{_REST}Subscriptions - Get"),
    # Without `subscriptions` in the body it is asked of all that the caller may read in the tenant.
    _path(
        ANY,
        SEARCH,
        "/providers/Microsoft.ResourceGraph/resources",
        "2021-03-01",
        f"{_REST}Azure Resource Graph: Resources - Resources",
    ),
    _sdk(
        _POLICY,
        ANY,
        "check-policy",
        "policy_restrictions.check_at_resource_group_scope",
        "resource_group_name=group parameters=body",
    ),
    _sdk(_POLICY, _SUBSCRIPTION, "check-policy", "policy_restrictions.check_at_subscription_scope", "parameters=body"),
    _path(
        ANY,
        "list:policyAssignments",
        "/{id}/providers/Microsoft.Authorization/policyAssignments",
        "2022-06-01",
        f"{_REST}Policy Assignments - List For Resource",
    ),
    _path(
        _SUBSCRIPTION,
        "built-in-policy-definition",
        "/providers/Microsoft.Authorization/policyDefinitions/{query.name}",
        "2021-06-01",
        f"{_REST}Policy Definitions - Get Built In",
    ),
    _path(
        "microsoft.authorization/policydefinitions",
        "get",
        "/{id}",
        "2021-06-01",
        f"{_REST}Policy Definitions - Get",
    ),
    _path(
        "microsoft.authorization/policysetdefinitions",
        "get",
        "/{id}",
        "2021-06-01",
        f"{_REST}Policy Set Definitions - Get",
    ),
)

_PROTECTOR = "microsoft.sql/servers/encryptionprotector"
_TDE = "microsoft.sql/servers/databases/transparentdataencryption"
_SERVER = "microsoft.sql/servers"
_DATABASE = "microsoft.sql/servers/databases"

_SQL_ROWS = (
    _sdk(_SQL, _SERVER, "get", "servers.get", f"{_IN_SERVER} expand=query.expand"),
    _sdk(_SQL, _SERVER, "patch", "servers.begin_update", f"{_IN_SERVER} parameters=body"),
    _sdk(_SQL, _GROUP, "list:servers", "servers.list_by_resource_group", "resource_group_name=group"),
    _sdk(_SQL, _SUBSCRIPTION, "list:servers", "servers.list", ""),
    _sdk(_SQL, "microsoft.sql/servers/keys", "get", "server_keys.get", f"{_IN_SERVER} key_name=names.1"),
    _sdk(
        _SQL,
        "microsoft.sql/servers/keys",
        "put",
        "server_keys.begin_create_or_update",
        f"{_IN_SERVER} key_name=names.1 parameters=body",
    ),
    _sdk(_SQL, _SERVER, "list:keys", "server_keys.list_by_server", _IN_SERVER),
    _sdk(_SQL, _PROTECTOR, "get", "encryption_protectors.get", f"{_IN_SERVER} encryption_protector_name=names.1"),
    _sdk(
        _SQL,
        _PROTECTOR,
        "put",
        "encryption_protectors.begin_create_or_update",
        f"{_IN_SERVER} encryption_protector_name=names.1 parameters=body",
    ),
    _sdk(_SQL, _DATABASE, "get", "databases.get", f"{_IN_DATABASE} expand=query.expand"),
    _sdk(_SQL, _SERVER, "list:databases", "databases.list_by_server", _IN_SERVER),
    _sdk(_SQL, _SERVER, "list:inaccessibleDatabases", "databases.list_inaccessible_by_server", _IN_SERVER),
    _sdk(_SQL, _TDE, "get", "transparent_data_encryptions.get", f"{_IN_DATABASE} tde_name=names.2"),
    _sdk(
        _SQL,
        _TDE,
        "put",
        "transparent_data_encryptions.begin_create_or_update",
        f"{_IN_DATABASE} tde_name=names.2 parameters=body",
    ),
    _sdk(_SQL, _SERVER, "list:failoverGroups", "failover_groups.list_by_server", _IN_SERVER),
    _sdk(
        _SQL,
        "microsoft.sql/servers/failovergroups",
        "get",
        "failover_groups.get",
        f"{_IN_SERVER} failover_group_name=names.1",
    ),
    _sdk(_SQL, _SERVER, "list:replicationLinks", "replication_links.list_by_server", _IN_SERVER),
    _sdk(_SQL, _DATABASE, "list:replicationLinks", "replication_links.list_by_database", _IN_DATABASE),
    _sdk(
        _SQL,
        "microsoft.sql/servers/databases/replicationlinks",
        "get",
        "replication_links.get",
        f"{_IN_DATABASE} link_id=names.2",
    ),
)

_ACCOUNT = "microsoft.documentdb/databaseaccounts"
_OF_ACCOUNT = "resource_group_name=group account_name=name"

_COSMOS_ROWS = (
    _sdk(_COSMOS, _ACCOUNT, "get", "database_accounts.get", _OF_ACCOUNT),
    _sdk(_COSMOS, _ACCOUNT, "patch", "database_accounts.begin_update", f"{_OF_ACCOUNT} update_parameters=body"),
    _sdk(
        _COSMOS,
        _GROUP,
        "list:databaseAccounts",
        "database_accounts.list_by_resource_group",
        "resource_group_name=group",
    ),
    _sdk(_COSMOS, _SUBSCRIPTION, "list:databaseAccounts", "database_accounts.list", ""),
    # What excludes a customer-managed key is not on the models of stable versions: recorded answers of this preview have it.
    _path(_ACCOUNT, "features", "/{id}", "2024-09-01-preview", f"{_REST}Database Accounts - Get"),
)

_ENCRYPTION_SET = "microsoft.compute/diskencryptionsets"
_DISK = "microsoft.compute/disks"
_MACHINE = "microsoft.compute/virtualmachines"
_IN_SET = "resource_group_name=group disk_encryption_set_name=name"
_ONE_DISK = "resource_group_name=group disk_name=name"
_ONE_MACHINE = "resource_group_name=group vm_name=name"
_NETWORK_API = "2025-01-01"

_COMPUTE_ROWS = (
    _sdk(_DISKS, _ENCRYPTION_SET, "get", "disk_encryption_sets.get", _IN_SET),
    _sdk(
        _DISKS,
        _ENCRYPTION_SET,
        "put",
        "disk_encryption_sets.begin_create_or_update",
        f"{_IN_SET} disk_encryption_set=body",
    ),
    _sdk(_DISKS, _DISK, "get", "disks.get", _ONE_DISK),
    _sdk(_DISKS, _DISK, "patch", "disks.begin_update", f"{_ONE_DISK} disk=body"),
    _sdk(_DISKS, "microsoft.compute/snapshots", "get", "snapshots.get", "resource_group_name=group snapshot_name=name"),
    _sdk(_DISKS, _SUBSCRIPTION, "list:snapshots", "snapshots.list", ""),
    # The power state stands in the instance view, which only an answer to $expand shows.
    _sdk(_MACHINES, _MACHINE, "get", "virtual_machines.get", f"{_ONE_MACHINE} expand==instanceView"),
    _sdk(_MACHINES, _MACHINE, "deallocate", "virtual_machines.begin_deallocate", _ONE_MACHINE),
    _sdk(_MACHINES, _MACHINE, "start", "virtual_machines.begin_start", _ONE_MACHINE),
    _path(
        "microsoft.network/networkinterfaces",
        "get",
        "/{id}",
        _NETWORK_API,
        f"{_REST}Virtual Network: Network Interfaces - Get",
    ),
    _path(
        "microsoft.network/publicipaddresses",
        "get",
        "/{id}",
        _NETWORK_API,
        f"{_REST}Virtual Network: Public IP Addresses - Get",
    ),
)

ROWS: Mapping[tuple[str, str], Row] = MappingProxyType(
    {
        (row.type, row.name): row
        for row in (*_KEY_VAULT_ROWS, *_ACCESS_ROWS, *_AROUND_ROWS, *_SQL_ROWS, *_COMPUTE_ROWS, *_COSMOS_ROWS)
    }
)
"""Every row, by lower-case type and name."""
