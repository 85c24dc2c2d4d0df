"""Microsoft.Sql/servers/databases and what hangs below: encryption, retention, the lists of inaccessible ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import (
    SYNC,
    UNCONFIRMED,
    Answer,
    ArmError,
    Change,
    Child,
    Json,
    ResourceType,
    Rule,
    Say,
    Schedule,
    SetResource,
    Write,
)
from cmk_remediate.simulator.providers.common import bad_request, properties_of
from cmk_remediate.simulator.providers.sql import backups, dbkeys, dbprotector, dbrules
from cmk_remediate.simulator.providers.sql.names import (
    API_VERSIONS,
    DATABASE,
    DATABASE_OPERATION,
    LINK,
    SERVER,
    TDE,
    TDE_OPERATION,
    UPDATE_OPERATION,
    refusal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

SCANNED = "sql.tde-scanned"
_SCAN = (1800.0, 14400.0)  # a scan of all data; its duration depends on the database: unconfirmed
_SKU = {"name": "GP_Gen5", "tier": "GeneralPurpose", "family": "Gen5", "capacity": 2}
"""What a database is made with where nothing is asked for: recorded by Azure/azure-cli's tests, as all in `_database`."""
_MAINTENANCE = "providers/Microsoft.Maintenance/publicMaintenanceConfigurations/SQL_Default"
_CODES = "Azure/azure-rest-api-specs Microsoft.Sql 2024-05-01-preview TransparentDataEncryptions.json"


def _database(write: Write) -> Json:
    body, world = write.new or {}, write.world
    properties = dict(properties_of(body))
    if not write.creates:
        return dbkeys.completed(world, {**body, "properties": properties})
    sku = {**_SKU, **(body.get("sku") or {})}
    objective = f"{sku['name']}_{sku['capacity']}"
    properties = {
        "collation": "SQL_Latin1_General_CP1_CI_AS",
        "maxSizeBytes": 34359738368,
        "status": "Online",
        "databaseId": world.new_guid("database", write.id.key),
        "creationDate": world.iso(),
        "currentServiceObjectiveName": objective,
        "requestedServiceObjectiveName": objective,
        "defaultSecondaryLocation": "westus",
        "catalogCollation": "SQL_Latin1_General_CP1_CI_AS",
        "zoneRedundant": False,
        "licenseType": "LicenseIncluded",
        "maxLogSizeBytes": 193273528320,
        "readScale": "Disabled",
        "currentSku": sku,
        "currentBackupStorageRedundancy": "Geo",
        "requestedBackupStorageRedundancy": "Geo",
        "maintenanceConfigurationId": f"{write.id.subscription_id}/{_MAINTENANCE}",
        "isLedgerOn": False,
        "isInfraEncryptionEnabled": False,
        "availabilityZone": "NoPreference",
        **properties,
    }
    return dbkeys.completed(world, {"kind": "v12.0,user,vcore", **body, "sku": sku, "properties": properties})


def _not_master(write: Write) -> ArmError | None:
    if backups.is_user(write.id):
        return None
    return bad_request("InvalidDatabaseName", "The system database master cannot be written.", UNCONFIRMED)


def created(write: Write) -> Iterator[Change]:
    """Start the chain once the children are there: a moment later."""
    if write.creates and write.method == "PUT":
        yield Schedule(0.0, SCANNED, {"database": str(write.id), "begins": True})


def _tde_default(database: ResourceId, body: Json, world: World) -> Json | None:
    if backups.is_user(database):
        data_warehouse = "datawarehouse" in str(body.get("kind", "")).lower()
        return {"properties": {"state": "Disabled" if data_warehouse else "Enabled", "scanState": "None"}}
    if world.doubt(doubts.SQL_MASTER_TDE) == "missing":
        return None
    return {"properties": {"state": "Disabled"}}


def _retention_default(database: ResourceId, _body: Json, _world: World) -> Json | None:
    return {"properties": {"retentionDays": 7, "diffBackupIntervalInHours": 24}} if backups.is_user(database) else None


def _long_term_default(database: ResourceId, _body: Json, _world: World) -> Json | None:
    never = {"weeklyRetention": "PT0S", "monthlyRetention": "PT0S", "yearlyRetention": "PT0S", "weekOfYear": 0}
    return {"properties": never} if backups.is_user(database) else None


DATABASES = ResourceType(
    type=DATABASE,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, body="operation", operation=DATABASE_OPERATION),
        "PATCH": Answer(status=202, body="operation", operation=UPDATE_OPERATION),
        "DELETE": Answer(status=202, body="operation", operation=DATABASE_OPERATION),
    },
    read_only=("kind", "properties.status", "properties.databaseId", "properties.creationDate"),
    prepare=_database,
    rules=(Rule(_not_master, verbs=frozenset({"PUT", "PATCH", "DELETE"})), *dbrules.RULES),
    on_write=(created, dbkeys.written),
    merge=dbkeys.merged,
    expands={"keys": ("properties.keys",)},
    children=(
        Child("transparentDataEncryption", "current", _tde_default),
        Child("backupShortTermRetentionPolicies", "default", _retention_default),
        Child("backupLongTermRetentionPolicies", "default", _long_term_default),
        dbprotector.CURRENT,
    ),
    since={"properties.availabilityZone": "2022-08-01"},
    identity=True,
    trusted=True,
)
"""azure-mgmt-sql DatabasesOperations; that SQL is a trusted service: as for servers."""


def _tde_prepare(write: Write) -> Json:
    sent, old = properties_of(write.sent), properties_of(write.old)
    state = sent.get("state")
    changed = state == "Enabled" and old.get("state") != "Enabled"
    scan = "Running" if changed else old.get("scanState", "None")
    return {**(write.new or {}), "properties": {**old, "state": state, "scanState": scan}}


def _tde_refused(write: Write) -> ArmError | None:
    database = write.id.parent or write.id
    if not backups.is_user(database):
        text = (
            "Cannot encrypt a system database. Database encryption operations cannot be performed for 'master', 'model', 'tempdb', "
            "'msdb', or 'resource' databases."
        )
        return bad_request("AttemptedEncryptionOnSystemDatabase", text, _CODES)
    if properties_of(write.sent).get("state") not in ("Enabled", "Disabled"):
        text = 'Please enter a valid state. Please use "Enabled" or "Disabled".'
        return bad_request("InvalidTransparentDataEncryptionUpdateRequest", text, _CODES)
    links = write.world.children(database, "replicationLinks")
    if any(properties_of(body).get("role") == "Secondary" for _, body in links):
        text = "Please modify Transparent Data Encryption on the primary databases."
        return bad_request("CanNotDropAlterOnMirror", text, _CODES)
    if properties_of(write.old).get("scanState") == "Running":
        return refusal(
            409, "EncryptionInProgress", "Cannot modify encryption while an encryption scan in progress.", _CODES
        )
    return None


def _tde_written(write: Write) -> Iterator[Change]:
    database = write.id.parent or write.id
    if properties_of(write.new).get("scanState") == "Running":
        yield Schedule(write.world.draw(*_SCAN, "scan", database.key), SCANNED, {"database": str(database)})


def scanned(world: World, data: Json) -> Iterator[Change]:
    """End the scan of a database whose encryption was switched on, or begin a new database's chain."""
    database = world.spelled(data["database"])
    current = database.child("transparentDataEncryption", "current")
    body = world.get(current)
    if body is None:
        return
    if not data.get("begins"):
        yield SetResource(current, {**body, "properties": {**properties_of(body), "scanState": "Completed"}})
        yield Say(f"the encryption scan of {database.name} on {database.top_level.name} has ended")
    yield from backups.begun(world, database)


def _master_read(resource: ResourceId, _body: Json, world: World) -> ArmError | None:
    database = resource.parent
    if database is None or backups.is_user(database) or world.doubt(doubts.SQL_MASTER_TDE) != "refused":
        return None
    return bad_request("AttemptedEncryptionOnSystemDatabase", "Cannot encrypt a system database.", UNCONFIRMED)


def _inaccessible_read(resource: ResourceId, _body: Json, world: World) -> ArmError | None:
    if world.doubt(doubts.SQL_INACCESSIBLE_READS) == "answer":
        return None
    database = world.get(resource.parent) if resource.parent else None
    if properties_of(database).get("status") != "Inaccessible":
        return None
    text = "The database is inaccessible because the server cannot reach its customer-managed key."
    return bad_request("DatabaseInaccessible", text, "github.com/hashicorp/terraform-provider-azurerm/issues/22358")


ENCRYPTION = ResourceType(
    type=TDE,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, body="operation", operation=TDE_OPERATION),
    },
    read_only=("properties.scanState",),
    since={"properties.scanState": "2024-11-01"},
    prepare=_tde_prepare,
    rules=(Rule(_tde_refused),),
    read_rules=(_master_read, _inaccessible_read),
    on_write=(_tde_written,),
    tracked=False,
)
"""azure-mgmt-sql TransparentDataEncryptionsOperations."""

RETENTION = ResourceType(
    type=f"{DATABASE}/backupShortTermRetentionPolicies",
    api_versions=API_VERSIONS,
    answers={"GET": SYNC, "LIST": SYNC},
    read_rules=(_inaccessible_read,),
    tracked=False,
)
"""azure-mgmt-sql BackupShortTermRetentionPoliciesOperations."""

LONG_TERM = ResourceType(
    type=f"{DATABASE}/backupLongTermRetentionPolicies",
    api_versions=API_VERSIONS,
    answers={"GET": SYNC, "LIST": SYNC},
    read_rules=(_inaccessible_read,),
    tracked=False,
)
"""azure-mgmt-sql LongTermRetentionPoliciesOperations."""


def _unreachable(scope: ResourceId, world: World) -> list[ResourceId]:
    return [
        one for one, body in world.children(scope, "databases") if properties_of(body).get("status") == "Inaccessible"
    ]


INACCESSIBLE = ResourceType(
    type=f"{SERVER}/inaccessibleDatabases",
    api_versions=API_VERSIONS,
    answers={"LIST": SYNC},
    list_under=_unreachable,
    permissions={"LIST": f"{DATABASE}/read"},
    tracked=False,
)
"""azure-mgmt-sql DatabasesOperations.list_inaccessible_by_server."""

LINKS = ResourceType(type=LINK, api_versions=API_VERSIONS, answers={"GET": SYNC, "LIST": SYNC}, tracked=False)
"""azure-mgmt-sql ReplicationLinksOperations, a database's."""


def _server_links(scope: ResourceId, world: World) -> list[ResourceId]:
    return [
        link
        for database, _ in world.children(scope, "databases")
        for link, _ in world.children(database, "replicationLinks")
    ]


SERVER_LINKS = ResourceType(
    type=f"{SERVER}/replicationLinks",
    api_versions=API_VERSIONS,
    answers={"LIST": SYNC},
    list_under=_server_links,
    tracked=False,
)
"""azure-mgmt-sql ReplicationLinksOperations.list_by_server."""
