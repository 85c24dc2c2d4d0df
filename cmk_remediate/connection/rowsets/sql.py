"""Azure SQL."""

from __future__ import annotations

from cmk_remediate.connection.rowsets.wording import GROUP, SUBSCRIPTION, sdk

_SQL = ("azure.mgmt.sql.aio:SqlManagementClient", "2025-01-01")
_IN_SERVER = "resource_group_name=group server_name=names.0"
_IN_DATABASE = f"{_IN_SERVER} database_name=names.1"

_PROTECTOR = "microsoft.sql/servers/encryptionprotector"
_TDE = "microsoft.sql/servers/databases/transparentdataencryption"
_SERVER = "microsoft.sql/servers"
_DATABASE = "microsoft.sql/servers/databases"

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
)
