"""A wrong row means: a method that is not there, found out in the middle of a change window."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.keyvault.keys import ApiVersion
from azure.keyvault.keys.aio import KeyClient

from cmk_remediate.connection import Session
from cmk_remediate.connection.catalog import ANY, Row, row_for
from cmk_remediate.connection.policies.guard import is_read
from cmk_remediate.connection.rows import ROWS
from cmk_remediate.connection.rowsets.keyvault import KEYS_API
from cmk_remediate.errors import BugError
from cmk_remediate.model.decisions import Read, Request
from cmk_remediate.model.ids import ResourceId
from tests.connection.table import GROUP, SERVER, SUB, VAULT, Say, World, world

INSTANCE = f"{GROUP}/providers/Microsoft.Sql/managedInstances/mi1"

EXAMPLES = {
    "microsoft.keyvault/vaults": VAULT.text,
    "microsoft.keyvault/vaults/keys": f"{VAULT}/keys/k1",
    "microsoft.keyvault/vaults/keys/versions": f"{VAULT}/keys/k1/versions/v1",
    "microsoft.keyvault/locations/deletedvaults": (
        f"/subscriptions/{SUB}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv1"
    ),
    "microsoft.management/managementgroups": "/providers/Microsoft.Management/managementGroups/mg1",
    "microsoft.resources/subscriptions": f"/subscriptions/{SUB}",
    "microsoft.resources/resourcegroups": GROUP,
    "microsoft.managedidentity/userassignedidentities": (
        f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1"
    ),
    "microsoft.authorization/roleassignments": f"{VAULT}/keys/k1/providers/Microsoft.Authorization/roleAssignments/g1",
    "microsoft.authorization/roledefinitions": (
        f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/g2"
    ),
    "microsoft.authorization/policydefinitions": (
        f"/subscriptions/{SUB}/providers/Microsoft.Authorization/policyDefinitions/p1"
    ),
    "microsoft.authorization/policysetdefinitions": (
        f"/subscriptions/{SUB}/providers/Microsoft.Authorization/policySetDefinitions/p1"
    ),
    "microsoft.sql/servers": SERVER.text,
    "microsoft.sql/servers/keys": f"{SERVER}/keys/kv1_k1",
    "microsoft.sql/servers/encryptionprotector": f"{SERVER}/encryptionProtector/current",
    "microsoft.sql/servers/databases": f"{SERVER}/databases/d1",
    "microsoft.sql/servers/databases/transparentdataencryption": (
        f"{SERVER}/databases/d1/transparentDataEncryption/current"
    ),
    "microsoft.sql/servers/databases/backuplongtermretentionpolicies": (
        f"{SERVER}/databases/d1/backupLongTermRetentionPolicies/default"
    ),
    "microsoft.sql/servers/failovergroups": f"{SERVER}/failoverGroups/f1",
    "microsoft.sql/servers/databases/replicationlinks": f"{SERVER}/databases/d1/replicationLinks/l1",
    "microsoft.sql/managedinstances": INSTANCE,
    "microsoft.sql/managedinstances/keys": f"{INSTANCE}/keys/kv1_k1_v1",
    "microsoft.sql/managedinstances/encryptionprotector": f"{INSTANCE}/encryptionProtector/current",
    "microsoft.sql/managedinstances/databases": f"{INSTANCE}/databases/d1",
    "microsoft.sql/managedinstances/databases/transparentdataencryption": (
        f"{INSTANCE}/databases/d1/transparentDataEncryption/current"
    ),
    "microsoft.sql/locations": f"{GROUP}/providers/Microsoft.Sql/locations/westeurope",
    "microsoft.sql/locations/instancefailovergroups": (
        f"{GROUP}/providers/Microsoft.Sql/locations/westeurope/instanceFailoverGroups/f1"
    ),
    "microsoft.documentdb/databaseaccounts": f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/cosmos1",
    "microsoft.cognitiveservices/accounts": f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/ai1",
    "microsoft.storage/storageaccounts": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stone",
    "microsoft.storage/storageaccounts/encryptionscopes": (
        f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stone/encryptionScopes/s1"
    ),
    "microsoft.compute/diskencryptionsets": f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/s1",
    "microsoft.compute/disks": f"{GROUP}/providers/Microsoft.Compute/disks/d1",
    "microsoft.compute/snapshots": f"{GROUP}/providers/Microsoft.Compute/snapshots/s1",
    "microsoft.compute/virtualmachinescalesets": f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/s1",
    "microsoft.containerservice/managedclusters": f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/c1",
    "microsoft.compute/virtualmachines": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/m1",
    "microsoft.cache/redisenterprise": f"{GROUP}/providers/Microsoft.Cache/redisEnterprise/r1",
    "microsoft.cache/redisenterprise/databases": f"{GROUP}/providers/Microsoft.Cache/redisEnterprise/r1/databases/default",
    "microsoft.network/networkinterfaces": f"{GROUP}/providers/Microsoft.Network/networkInterfaces/n1",
    "microsoft.network/publicipaddresses": f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/p1",
    ANY: SERVER.text,
}

PATHS = {  # where a row asks for something else than its resource, or for what is below it by another name
    "list:keys": "keys",
    "list:encryptionScopes": "encryptionScopes",
    "list:versions": "versions",
    "list:data-versions": "versions",
    "list:roleAssignments": "providers/Microsoft.Authorization/roleAssignments",
    "list:roleDefinitions": "providers/Microsoft.Authorization/roleDefinitions",
    "list:denyAssignments": "providers/Microsoft.Authorization/denyAssignments",
    "list:locks": "providers/Microsoft.Authorization/locks",
    "list:descendants": "descendants",
    "list:metrics": "providers/Microsoft.Insights/metrics",
    "list:diagnosticSettings": "providers/Microsoft.Insights/diagnosticSettings",
    "list:policyAssignments": "providers/Microsoft.Authorization/policyAssignments",
    "permissions": "providers/Microsoft.Authorization/permissions",
    "list:deletedVaults": "providers/Microsoft.KeyVault/deletedVaults",
    "list:accounts": "providers/Microsoft.CognitiveServices/accounts",
    "list:servers": "providers/Microsoft.Sql/servers",
    "list:managedInstances": "providers/Microsoft.Sql/managedInstances",
    "list:instanceFailoverGroups": "instanceFailoverGroups",
    "validate-key": "validateAzureKeyVaultEncryptionKey",
    "list:databases": "databases",
    "list:databaseAccounts": "providers/Microsoft.DocumentDB/databaseAccounts",
    "list:inaccessibleDatabases": "inaccessibleDatabases",
    "list:failoverGroups": "failoverGroups",
    "list:replicationLinks": "replicationLinks",
    "access-policy-add": "accessPolicies/add",
    "list:vaults": "providers/Microsoft.KeyVault/vaults",
    "list:snapshots": "providers/Microsoft.Compute/snapshots",
    "list:redisEnterprise": "providers/Microsoft.Cache/redisEnterprise",
    "list:disks": "providers/Microsoft.Compute/disks",
    "list:virtualMachineScaleSets": "providers/Microsoft.Compute/virtualMachineScaleSets",
    "deallocate": "deallocate",
    "start": "start",
    "revert": "encryptionProtector/current/revert",
}
ELSEWHERE = {
    "search": "/providers/Microsoft.ResourceGraph/resources",
    "provider": f"/subscriptions/{SUB}/providers/Microsoft.Sql",
    "check-policy": "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions",
    "built-in-policy-definition": "/providers/Microsoft.Authorization/policyDefinitions/p1",
    "rotation-policy-get": "/keys/k1/rotationpolicy",
    "rotation-policy-put": "/keys/k1/rotationpolicy",
    "deleted-get": "/deletedkeys/k1",
    "list:data-versions": "/keys/k1/versions",
}
QUERIES = {"namespace": "Microsoft.Sql", "name": "p1", "filter": "atScope()", "expand": "keys"}
QUERIES |= {"metricnames": "ServiceApiResult", "timespan": "PT1H", "interval": "PT1H", "aggregation": "Count"}

every_row = pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.label)


def client_of(one: World, row: Row) -> Any:
    session = Session(one.connection, read_only=True)
    return session._clients.typed(row.client, SUB)


@every_row
def test_sdk_has_the_method_with_these_parameters(row: Row) -> None:
    if not row.client:
        assert row.path, "a row without an SDK method words its own path"
        assert row.source, "and says where Azure documents it"
        return
    group, _, name = row.operation.partition(".")
    method = getattr(getattr(client_of(world(), row), group), name)
    parameters = inspect.signature(method).parameters

    given = {parameter for parameter, _ in row.arguments}
    needed = {
        parameter.name
        for parameter in parameters.values()
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    }
    assert given <= set(parameters)
    assert needed <= given


def test_no_row_takes_anything_away() -> None:
    """If this fails, a bug elsewhere could delete a key, an identity, or a grant that somebody needs."""
    assert {row.method for row in ROWS.values()} <= {"GET", "PUT", "PATCH", "POST"}
    assert not [row.label for row in ROWS.values() if "remove" in row.name or "replace" in row.name]


@every_row
def test_row_sends_what_the_sdk_words_with_its_default_api_version(row: Row) -> None:
    one = world()
    one.azure.rule = lambda _sent: Say(
        200, {"value": [], "data": []} if row.paged or row.searches else {"properties": {}}
    )
    resource = ResourceId(EXAMPLES[row.type])
    session = Session(one.connection, read_only=False, vaults=[VAULT])

    async def main() -> None:
        if row.kind == "read":
            query = tuple((name, QUERIES[name]) for name in sorted(row.queries))
            await session.read(Read(resource, row.name, query, "{}" if row.method == "POST" else ""))
        else:
            body = None if row.method == "POST" else {"a": None}
            request = Request(row.method, resource, body, row.name)  # type: ignore[arg-type]
            await session.send(request, client_request_id="c1")
            assert session.api_version(request) == row.api_version

    one.run(main)
    sent = one.azure.sent[0]

    assert len(one.azure.sent) == 1
    assert sent.method == row.method
    assert sent.api_version == row.api_version
    assert is_read(sent.method, sent.url) == (row.kind == "read")
    assert "//" not in urlsplit(sent.url).path
    if row.name in ELSEWHERE:
        assert sent.path.endswith(ELSEWHERE[row.name])
    else:
        below = PATHS.get(row.name, "")
        assert sent.path.lower().rstrip("/") == f"{resource.text}/{below}".rstrip("/").lower()
    for name in row.queries - {"namespace", "name"}:
        assert name in sent.url


def test_keys_data_plane_speaks_the_sdks_default_version() -> None:
    default = inspect.signature(KeyClient.__init__)
    assert default is not None
    assert next(iter(ApiVersion)).value == KEYS_API


def test_unknown_row_is_our_bug() -> None:
    with pytest.raises(BugError, match=r"no 'fly' for microsoft\.sql/servers"):
        row_for(SERVER, "fly")


def test_unknown_query_is_our_bug() -> None:
    one = world()
    session = Session(one.connection, read_only=True)
    with pytest.raises(BugError, match="takes no top"):
        one.run(lambda: session.read(Read(SERVER, "get", (("top", "1"),))))
    assert one.azure.sent == []
    assert asyncio.iscoroutinefunction(session.read)
