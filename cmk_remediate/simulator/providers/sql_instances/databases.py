"""Databases of a managed instance, their encryption and retention."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import SYNC, Answer, ArmError, Child, Json, ResourceType, Rule, Write
from cmk_remediate.simulator.providers.common import bad_request, properties_of
from cmk_remediate.simulator.providers.sql import backups, databases
from cmk_remediate.simulator.providers.sql.names import (
    API_VERSIONS,
    INSTANCE,
    MANAGED_DATABASE,
    MANAGED_TDE,
    instance_partners,
)
from cmk_remediate.simulator.providers.sql_instances import operations
from cmk_remediate.simulator.providers.sql_instances.running import RUNNING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World


def _encrypted(_database: ResourceId, _body: Json, _world: World) -> Json:
    return {"properties": {"state": "Enabled"}}


def _retention(_database: ResourceId, _body: Json, _world: World) -> Json:
    return {"properties": {"retentionDays": 7}}


def _prepare(write: Write) -> Json:
    body = write.new or {}
    properties = {"collation": "SQL_Latin1_General_CP1_CI_AS", "status": "Online", **properties_of(body)}
    if write.creates:
        properties |= {"creationDate": write.world.iso(), "defaultSecondaryLocation": "northeurope"}
    return {**body, "properties": properties}


_OPERATION = replace(operations.INSTANCE, name="CreateManagedDatabase", states=("", ""))

DATABASES = ResourceType(
    type=MANAGED_DATABASE,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, body="operation", operation=_OPERATION),
        "DELETE": Answer(status=202, body="operation", operation=_OPERATION),
    },
    read_only=("properties.status", "properties.creationDate", "properties.defaultSecondaryLocation"),
    prepare=_prepare,
    rules=(RUNNING,),
    on_write=(databases.created,),
    children=(
        Child("transparentDataEncryption", "current", _encrypted),
        Child("backupShortTermRetentionPolicies", "default", _retention),
    ),
)
"""azure-mgmt-sql ManagedDatabasesOperations; its lists leave the system databases out."""


def _refused(write: Write) -> ArmError | None:
    source = "Azure/azure-rest-api-specs Microsoft.Sql 2023-08-01-preview ManagedDatabaseTransparentDataEncryption.json"
    if properties_of(write.sent).get("state") not in ("Enabled", "Disabled"):
        text = 'Please enter a valid state. Please use "Enabled" or "Disabled".'
        return bad_request("InvalidTransparentDataEncryptionUpdateRequest", text, source)
    if any(role == "Primary" for _, role in instance_partners(write.world, write.id.top_level)):
        text = "Please modify Transparent Data Encryption on the primary databases."
        return bad_request("CanNotDropAlterOnMirror", text, source)
    return None


def _written(write: Write) -> Iterator[Change]:
    database = write.id.parent or write.id
    yield from backups.begun(write.world, database)


ENCRYPTION = ResourceType(
    type=MANAGED_TDE,
    api_versions=API_VERSIONS,
    answers={"GET": SYNC, "LIST": SYNC, "PUT": Answer(status=200, created=201)},
    rules=(RUNNING, Rule(_refused)),
    on_write=(_written,),
    tracked=False,
)
"""azure-mgmt-sql ManagedDatabaseTransparentDataEncryptionOperations: no operation, and no state of the scan."""

RETENTION = replace(databases.RETENTION, type=f"{MANAGED_DATABASE}/backupShortTermRetentionPolicies", read_rules=())
"""azure-mgmt-sql ManagedBackupShortTermRetentionPoliciesOperations."""

ADMINISTRATORS = ResourceType(
    type=f"{INSTANCE}/administrators", api_versions=API_VERSIONS, answers={"GET": SYNC, "LIST": SYNC}, tracked=False
)
"""azure-mgmt-sql ManagedInstanceAdministratorsOperations."""
