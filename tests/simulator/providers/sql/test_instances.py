"""Managed instances: fails, and a rehearsal shows an Azure that takes what the real one refuses, or the other way round."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.providers.sql.servers import DAY, failed
from tests.simulator.raw import GROUP, IDENTITY, KEY, Raw, estate, raw

INSTANCE = f"{GROUP}/providers/Microsoft.Sql/managedInstances/mi-one"
SECOND = f"{GROUP}/providers/Microsoft.Sql/managedInstances/mi-two"
DATABASE = f"{INSTANCE}/databases/db"
PROTECTOR = f"{INSTANCE}/encryptionProtector/current"
LOCATIONS = f"{GROUP}/providers/Microsoft.Sql/locations"
TRY = f"{INSTANCE}/validateAzureKeyVaultEncryptionKey"


def instances(**properties: Any) -> dict[str, Any]:
    """One instance whose primary identity may use the key, and one that is its partner."""
    content = estate()
    identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    shown = {"state": "Ready", "primaryUserAssignedIdentityId": IDENTITY, **properties}
    content["resources"] += [
        {"id": INSTANCE, "location": "westeurope", "identity": identity, "properties": shown},
        {"id": DATABASE, "location": "westeurope"},
        {"id": SECOND, "location": "northeurope", "identity": identity, "properties": {**shown, "state": "Ready"}},
    ]
    return content


def paired() -> dict[str, Any]:
    content = instances()
    both = {"primaryManagedInstanceId": INSTANCE, "partnerManagedInstanceId": SECOND}
    group = {"id": f"{LOCATIONS}/westeurope/instanceFailoverGroups/fg", "properties": {"managedInstancePairs": [both]}}
    content["resources"].append(group)
    return content


def tried(client: Raw, uri: str) -> dict[str, Any]:
    return client.done("POST", TRY, {"tdeKeyUri": uri})


def test_trying_a_key_changes_nothing() -> None:
    client = raw(instances())
    before = client.get(INSTANCE), client.get(f"{INSTANCE}/keys"), client.get(PROTECTOR)
    assert tried(client, client.key_uri())["status"] == "Succeeded"
    assert (client.get(INSTANCE), client.get(f"{INSTANCE}/keys"), client.get(PROTECTOR)) == before


@pytest.mark.parametrize("arrives", ["operation", "reply"])
def test_a_trial_says_what_a_write_would_say(arrives: str) -> None:
    client = raw(instances(), doubts={"sql-key-refusal-arrives": arrives})
    grant = client.get(f"{KEY}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()")["value"]
    ours = next(one for one in grant if one["properties"]["scope"].lower() == KEY.lower())
    client.done("DELETE", ours["id"])
    client.wait(3600)
    if arrives == "operation":
        assert failed(tried(client, client.key_uri())) == "AzureKeyVaultMissingPermissions"
    else:
        given = client.send("POST", TRY, {"tdeKeyUri": client.key_uri()})
        assert (given.status, given.body["error"]["code"]) == (400, "AzureKeyVaultMissingPermissions")


def test_an_instance_takes_keys_with_a_version_only() -> None:
    client = raw(instances())
    versionless = client.key_uri().rsplit("/", 1)[0]
    assert failed(tried(client, versionless)) == "AzureKeyVaultInvalidUri"
    body = {"properties": {"serverKeyType": "AzureKeyVault", "uri": versionless}}
    given = client.send("PUT", f"{INSTANCE}/keys/kv-main_cmk", body)
    assert (given.status, given.body["error"]["code"]) == (400, "SecurityAzureKeyVaultInvalidKeyName")


def test_the_protector_and_the_instance_name_the_key_and_show_no_version() -> None:
    client = raw(instances())
    name = client.register(INSTANCE)
    assert client.protect(name, INSTANCE, rotates=True)["status"] == "Succeeded"
    shown = client.properties(PROTECTOR)
    assert (shown["serverKeyName"], shown["autoRotationEnabled"]) == (name, True)
    assert "keyVersion" not in shown
    assert client.properties(INSTANCE)["keyId"] == client.key_uri()
    assert {one["name"] for one in client.get(f"{INSTANCE}/keys")["value"]} == {"ServiceManaged", name}
    assert client.protect("ServiceManaged", INSTANCE)["status"] == "Succeeded"
    assert "keyId" not in client.properties(INSTANCE)


def test_a_rotation_is_followed_by_itself() -> None:
    client = raw(instances())
    name = client.register(INSTANCE)
    client.protect(name, INSTANCE, rotates=True)
    client.send("POST", f"{client.key_uri().rsplit('/', 1)[0]}/rotate")
    client.wait(DAY + 60)
    assert client.properties(PROTECTOR)["serverKeyName"] != name
    assert client.properties(INSTANCE)["keyId"] == client.key_uri()


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("Stopped", "ManagedInstanceStoppingOrStopped"),
        ("Stopping", "ManagedInstanceStoppingOrStopped"),
        ("Starting", "ManagedInstanceStarting"),
    ],
)
def test_an_instance_that_does_not_run_takes_nothing(state: str, code: str) -> None:
    client = raw(instances(state=state))
    uri = client.key_uri()
    tde = f"{DATABASE}/transparentDataEncryption/current"
    key = {"properties": {"serverKeyType": "AzureKeyVault", "uri": uri}}
    platform = {"properties": {"serverKeyType": "ServiceManaged", "serverKeyName": "ServiceManaged"}}
    for method, place, body in (
        ("PATCH", INSTANCE, {"tags": {"a": "b"}}),
        ("PUT", f"{INSTANCE}/keys/kv-main_cmk_{uri.rsplit('/', 1)[1]}", key),
        ("PUT", PROTECTOR, platform),
        ("PUT", tde, {"properties": {"state": "Enabled"}}),
        ("POST", TRY, {"tdeKeyUri": uri}),
    ):
        given = client.send(method, place, body)
        assert (given.status, given.body["error"]["code"]) == (400, code), place


def test_an_instance_that_is_starting_is_ready_by_itself() -> None:
    client = raw(instances(state="Starting"))
    client.wait(1300)
    assert client.properties(INSTANCE)["state"] == "Ready"


def test_an_instance_is_stopped_and_started() -> None:
    client = raw(instances())
    assert client.send("POST", f"{INSTANCE}/start").body["error"]["code"] == "ManagedInstanceNotStopped"
    client.done("POST", f"{INSTANCE}/stop")
    assert client.properties(INSTANCE)["state"] == "Stopped"
    assert client.send("POST", f"{INSTANCE}/stop").body["error"]["code"] == "ManagedInstanceNotReady"
    client.done("POST", f"{INSTANCE}/start")
    assert client.properties(INSTANCE)["state"] == "Ready"


def test_encryption_of_a_database_is_switched_on_at_once() -> None:
    content = instances()
    place = f"{DATABASE}/transparentDataEncryption/current"
    content["resources"].append({"id": place, "properties": {"state": "Disabled"}})
    client = raw(content)
    assert client.send("PUT", place, {"properties": {"state": "Enabled"}}).status == 200
    assert client.properties(place) == {"state": "Enabled"}
    assert client.send("PUT", place, {"properties": {"state": "Maybe"}}).status == 400


def test_each_region_has_its_view_of_a_failover_group_and_roles_swap() -> None:
    client = raw(paired())
    (here,) = client.get(f"{LOCATIONS}/westeurope/instanceFailoverGroups")["value"]
    (there,) = client.get(f"{LOCATIONS}/northeurope/instanceFailoverGroups")["value"]
    roles = [one["properties"]["replicationRole"] for one in (here, there)]
    assert roles == ["Primary", "Secondary"]
    assert here["properties"]["managedInstancePairs"] == there["properties"]["managedInstancePairs"]
    assert client.get(f"{SECOND}/databases/db"), "all databases of the primary are replicated"
    tde = f"{SECOND}/databases/db/transparentDataEncryption/current"
    assert (
        client.send("PUT", tde, {"properties": {"state": "Enabled"}}).body["error"]["code"] == "CanNotDropAlterOnMirror"
    )
    client.done("POST", f"{there['id']}/failover")
    client.wait(1)
    after = client.properties(there["id"])
    assert after["replicationRole"] == "Primary"
    assert after["managedInstancePairs"][0]["primaryManagedInstanceId"] == SECOND


def test_a_primary_is_refused_while_its_secondary_lacks_the_key() -> None:
    client = raw(paired())
    name = client.register(INSTANCE)
    assert failed(client.protect(name, INSTANCE, rotates=True)) == "SameKeyUriNotFoundOnRemoteServer"
    client.register(SECOND)
    assert client.protect(name, INSTANCE, rotates=True)["status"] == "Succeeded"


def test_a_key_that_is_lost_makes_databases_inaccessible() -> None:
    client = raw(instances())
    client.protect(client.register(INSTANCE), INSTANCE)
    listed = client.get(f"{KEY}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()")["value"]
    ours = next(one for one in listed if one["properties"]["scope"].lower() == KEY.lower())
    client.done("DELETE", ours["id"])
    client.wait(3600)
    assert client.properties(DATABASE)["status"] == "Inaccessible"
    assert client.broken(8) or client.broken(4), "the monitor watches instances as it watches servers"
