"""SQL servers' children and identities, under every reading."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.providers.sql.servers import OTHER, PROTECTOR, failed
from tests.simulator.raw import DATABASE, IDENTITY, PARTNER, SERVER, Raw, estate, raw


def test_children_every_server_has() -> None:
    client = raw()
    assert client.get(PROTECTOR)["kind"] == "servicemanaged"
    assert client.properties(PROTECTOR) == {
        "serverKeyName": "ServiceManaged",
        "serverKeyType": "ServiceManaged",
        "autoRotationEnabled": False,
    }
    assert [one["name"] for one in client.get(f"{SERVER}/keys")["value"]] == ["ServiceManaged"]
    assert {one["name"] for one in client.get(f"{SERVER}/databases")["value"]} == {"master", "db"}
    assert client.properties(f"{DATABASE}/transparentDataEncryption/current")["state"] == "Enabled"
    assert client.get(f"{SERVER}/failoverGroups")["value"] == []
    assert client.get(f"{SERVER}/replicationLinks")["value"] == []
    assert client.get(f"{SERVER}/inaccessibleDatabases")["value"] == []
    assert "provisioningState" not in client.properties(SERVER)


def test_a_server_with_a_key_id_has_its_protector_and_server_key() -> None:
    content = estate()
    uri = "https://kv-else.vault.azure.net/keys/Tde/0123456789abcdef0123456789abcdef"
    content["resources"][6]["properties"]["keyId"] = uri
    client = raw(content)
    assert client.properties(PROTECTOR)["uri"] == uri
    name = client.properties(PROTECTOR)["serverKeyName"]
    assert name == "kv-else_Tde_0123456789abcdef0123456789abcdef"
    assert client.properties(f"{SERVER}/keys/{name}")["thumbprint"] == client.properties(PROTECTOR)["thumbprint"]


@pytest.mark.parametrize(
    ("reading", "status", "code"),
    [
        ("disabled", 200, ""),
        ("missing", 404, "ResourceNotFound"),
        ("refused", 400, "AttemptedEncryptionOnSystemDatabase"),
    ],
)
def test_master_under_its_readings(reading: str, status: int, code: str) -> None:
    client = raw(doubts={"sql-master-tde": reading})
    given = client.send("GET", f"{SERVER}/databases/master/transparentDataEncryption/current")
    assert (given.status, given.body.get("error", {}).get("code", "")) == (status, code)


def attach(client: Raw, **properties: Any) -> dict[str, Any]:
    client.send("PUT", OTHER, {"location": "westeurope"})
    body = {
        "identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {OTHER: {}}},
        "properties": properties,
    }
    return client.done("PATCH", SERVER, body)


@pytest.mark.parametrize(("reading", "names"), [("merge", {"id-cmk", "id-other"}), ("replace", {"id-other"})])
def test_identities_in_a_patch_under_both_readings(reading: str, names: set[str]) -> None:
    client = raw(doubts={"sql-identity-patch": reading})
    attach(client, primaryUserAssignedIdentityId=OTHER)
    identity = client.get(SERVER)["identity"]
    assert {one.rsplit("/", 1)[1] for one in identity["userAssignedIdentities"]} == names
    assert identity["principalId"]


def test_the_primary_identity_has_to_be_attached() -> None:
    client = raw()
    given = client.send("PATCH", SERVER, {"properties": {"primaryUserAssignedIdentityId": OTHER}})
    assert given.status == 400
    given = client.send(
        "PATCH", SERVER, {"identity": {"type": "SystemAssigned", "userAssignedIdentities": {IDENTITY: None}}}
    )
    assert given.body["error"]["message"].startswith("Unexpected error occurred")
    given = client.send(
        "PATCH", PARTNER, {"identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}}
    )
    assert given.body["error"]["code"] == "PrimaryUserAssignedIdentityIdRequired"


@pytest.mark.parametrize(("reading", "status"), [("yes", 400), ("no", 202)])
def test_a_patch_without_the_primary_under_both_readings(reading: str, status: int) -> None:
    client = raw(doubts={"sql-update-needs-primary": reading})
    client.switched()
    assert client.send("PATCH", SERVER, {"properties": {"minimalTlsVersion": "1.3"}}).status == status
    assert client.send("PATCH", SERVER, {"tags": {"a": "b"}}).status == 202


def test_a_primary_identity_without_rights_is_refused_while_a_key_is_in_use() -> None:
    client = raw()
    client.switched()
    assert failed(attach(client, primaryUserAssignedIdentityId=OTHER)) == "AzureKeyVaultMissingPermissions"


@pytest.mark.parametrize(("reading", "status"), [("at-once", "Failed"), ("late", "Succeeded")])
def test_when_a_new_primary_identity_counts_under_both_readings(reading: str, status: str) -> None:
    client = raw(doubts={"sql-primary-switch": reading})
    attach(client, primaryUserAssignedIdentityId=OTHER)
    ended = client.done(
        "PUT",
        f"{SERVER}/keys/kv-main_cmk_{client.key_uri().rsplit('/', 1)[1]}",
        {"properties": {"serverKeyType": "AzureKeyVault", "uri": client.key_uri()}},
    )
    assert ended["status"] == status  # the former primary identity may use the key, the new one may not
