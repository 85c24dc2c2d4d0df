"""Azure SQL: logical servers and managed instances."""

from __future__ import annotations

from cmk_remediate.connection.rowsets.wording import GROUP, SUBSCRIPTION, VALIDATE, sdk

_SQL = ("azure.mgmt.sql.aio:SqlManagementClient", "2025-01-01")
_IN_SERVER = "resource_group_name=group server_name=names.0"
_IN_DATABASE = f"{_IN_SERVER} database_name=names.1"

_PROTECTOR = "microsoft.sql/servers/encryptionprotector"
_TDE = "microsoft.sql/servers/databases/transparentdataencryption"
_SERVER = "microsoft.sql/servers"
_DATABASE = "microsoft.sql/servers/databases"

_INSTANCE = "microsoft.sql/managedinstances"
_IN_INSTANCE = "resource_group_name=group managed_instance_name=names.0"
_IN_MANAGED_DATABASE = f"{_IN_INSTANCE} database_name=names.1"
_INSTANCE_KEY = f"{_INSTANCE}/keys"
_INSTANCE_PROTECTOR = f"{_INSTANCE}/encryptionprotector"
_PROTECTOR_NAME = "encryption_protector_name=names.1"
_MANAGED_TDE = f"{_INSTANCE}/databases/transparentdataencryption"
_IN_LOCATION = "resource_group_name=group location_name=names.0"

ROWS = (
    sdk(_SQL, _SERVER, "get", "servers.get", f"{_IN_SERVER} expand=query.expand"),
    sdk(_SQL, _SERVER, "patch", "servers.begin_update", f"{_IN_SERVER} parameters=body"),
    sdk(_SQL, GROUP, "list:servers", "servers.list_by_resource_group", "resource_group_name=group"),
    sdk(_SQL, SUBSCRIPTION, "list:servers", "servers.list", ""),
    sdk(_SQL, "microsoft.sql/servers/keys", "get", "server_keys.get", f"{_IN_SERVER} key_name=names.1"),
    sdk(
        _SQL,
        "microsoft.sql/servers/keys",
        "put",
        "server_keys.begin_create_or_update",
        f"{_IN_SERVER} key_name=names.1 parameters=body",
    ),
    sdk(_SQL, _SERVER, "list:keys", "server_keys.list_by_server", _IN_SERVER),
    sdk(_SQL, _PROTECTOR, "get", "encryption_protectors.get", f"{_IN_SERVER} encryption_protector_name=names.1"),
    sdk(
        _SQL,
        _PROTECTOR,
        "put",
        "encryption_protectors.begin_create_or_update",
        f"{_IN_SERVER} encryption_protector_name=names.1 parameters=body",
    ),
    sdk(_SQL, _DATABASE, "get", "databases.get", f"{_IN_DATABASE} expand=query.expand"),
    sdk(_SQL, _DATABASE, "patch", "databases.begin_update", f"{_IN_DATABASE} parameters=body"),
    sdk(
        _SQL,
        _DATABASE,
        "revert",
        "database_encryption_protectors.begin_revert",
        f"{_IN_DATABASE} encryption_protector_name==current",
    ),
    sdk(
        _SQL,
        "microsoft.sql/servers/databases/backuplongtermretentionpolicies",
        "get",
        "long_term_retention_policies.get",
        f"{_IN_DATABASE} policy_name=names.2",
    ),
    sdk(_SQL, _SERVER, "list:databases", "databases.list_by_server", _IN_SERVER),
    sdk(_SQL, _SERVER, "list:inaccessibleDatabases", "databases.list_inaccessible_by_server", _IN_SERVER),
    sdk(_SQL, _TDE, "get", "transparent_data_encryptions.get", f"{_IN_DATABASE} tde_name=names.2"),
    sdk(
        _SQL,
        _TDE,
        "put",
        "transparent_data_encryptions.begin_create_or_update",
        f"{_IN_DATABASE} tde_name=names.2 parameters=body",
    ),
    sdk(_SQL, _SERVER, "list:failoverGroups", "failover_groups.list_by_server", _IN_SERVER),
    sdk(
        _SQL,
        "microsoft.sql/servers/failovergroups",
        "get",
        "failover_groups.get",
        f"{_IN_SERVER} failover_group_name=names.1",
    ),
    sdk(_SQL, _SERVER, "list:replicationLinks", "replication_links.list_by_server", _IN_SERVER),
    sdk(_SQL, _DATABASE, "list:replicationLinks", "replication_links.list_by_database", _IN_DATABASE),
    sdk(
        _SQL,
        "microsoft.sql/servers/databases/replicationlinks",
        "get",
        "replication_links.get",
        f"{_IN_DATABASE} link_id=names.2",
    ),
    sdk(_SQL, _INSTANCE, "get", "managed_instances.get", f"{_IN_INSTANCE} expand=query.expand"),
    sdk(_SQL, _INSTANCE, "patch", "managed_instances.begin_update", f"{_IN_INSTANCE} parameters=body"),
    sdk(
        _SQL,
        GROUP,
        "list:managedInstances",
        "managed_instances.list_by_resource_group",
        "resource_group_name=group",
    ),
    sdk(_SQL, SUBSCRIPTION, "list:managedInstances", "managed_instances.list", ""),
    sdk(
        _SQL,
        _INSTANCE,
        VALIDATE,
        "managed_instances.begin_validate_azure_key_vault_encryption_key",
        f"{_IN_INSTANCE} parameters=body",
    ),
    sdk(_SQL, _INSTANCE_KEY, "get", "managed_instance_keys.get", f"{_IN_INSTANCE} key_name=names.1"),
    sdk(
        _SQL,
        _INSTANCE_KEY,
        "put",
        "managed_instance_keys.begin_create_or_update",
        f"{_IN_INSTANCE} key_name=names.1 parameters=body",
    ),
    sdk(_SQL, _INSTANCE, "list:keys", "managed_instance_keys.list_by_instance", _IN_INSTANCE),
    sdk(
        _SQL,
        _INSTANCE_PROTECTOR,
        "get",
        "managed_instance_encryption_protectors.get",
        f"{_IN_INSTANCE} {_PROTECTOR_NAME}",
    ),
    sdk(
        _SQL,
        _INSTANCE_PROTECTOR,
        "put",
        "managed_instance_encryption_protectors.begin_create_or_update",
        f"{_IN_INSTANCE} {_PROTECTOR_NAME} parameters=body",
    ),
    sdk(_SQL, f"{_INSTANCE}/databases", "get", "managed_databases.get", _IN_MANAGED_DATABASE),
    sdk(_SQL, _INSTANCE, "list:databases", "managed_databases.list_by_instance", _IN_INSTANCE),
    sdk(
        _SQL,
        _MANAGED_TDE,
        "get",
        "managed_database_transparent_data_encryption.get",
        f"{_IN_MANAGED_DATABASE} tde_name=names.2",
    ),
    sdk(
        _SQL,
        _MANAGED_TDE,
        "put",
        "managed_database_transparent_data_encryption.create_or_update",
        f"{_IN_MANAGED_DATABASE} tde_name=names.2 parameters=body",
    ),
    sdk(
        _SQL,
        "microsoft.sql/locations",
        "list:instanceFailoverGroups",
        "instance_failover_groups.list_by_location",
        _IN_LOCATION,
    ),
    sdk(
        _SQL,
        "microsoft.sql/locations/instancefailovergroups",
        "get",
        "instance_failover_groups.get",
        f"{_IN_LOCATION} failover_group_name=names.1",
    ),
)
