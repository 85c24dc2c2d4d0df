"""What the embedded Azure does because the real service was recorded doing it. Fails: a client sees here what Azure never shows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.raw import DATABASE, GROUP, IDENTITY, KEY, SERVER, SUB, TENANT, VAULT, Raw, raw

DELETED = f"/subscriptions/{SUB}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-brief"
BRIEF = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-brief"
NEW_VAULT: dict[str, Any] = {
    "location": "westeurope",
    "properties": {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True},
}


def with_brief_vault(**settings: Any) -> Raw:
    """Return a client of an Azure with a vault that has a key and no purge protection."""
    client = raw(off=("vault-registers-dns",), **settings)
    client.done("PUT", BRIEF, NEW_VAULT)
    client.done("PUT", f"{BRIEF}/keys/k", {"properties": {"kty": "RSA"}})
    return client


def test_a_status_of_sql_shows_name_status_and_start_and_always_says_when_to_ask_again() -> None:
    client = raw(operation_seconds=60)
    given = client.send("PATCH", SERVER, {"tags": {"a": "b"}})
    assert {"Azure-AsyncOperation", "Location", "Retry-After"} <= set(given.headers)
    running = client.send("GET", given.headers["Azure-AsyncOperation"])
    client.wait(61)
    ended = client.send("GET", given.headers["Azure-AsyncOperation"])
    assert [one.body["status"] for one in (running, ended)] == ["InProgress", "Succeeded"]
    assert [set(one.body) for one in (running, ended)] == [{"name", "status", "startTime"}] * 2
    assert "Retry-After" in running.headers
    assert "Retry-After" in ended.headers


def test_the_status_of_encryption_says_nothing_of_when_to_ask_again() -> None:
    client = raw(operation_seconds=60)
    given = client.send("PUT", f"{DATABASE}/transparentDataEncryption/current", {"properties": {"state": "Enabled"}})
    assert "Retry-After" in given.headers
    assert "Retry-After" not in client.send("GET", given.headers["Azure-AsyncOperation"]).headers


@pytest.mark.parametrize(
    ("target", "path", "first", "before"),
    [
        (VAULT, "publicNetworkAccess", "2022-07-01", "2021-06-01-preview"),
        (VAULT, "enableRbacAuthorization", "2021-06-01-preview", "2019-09-01"),
        (f"{SERVER}/encryptionProtector/current", "thumbprint", "2025-01-01", "2021-11-01"),
        (f"{SERVER}/encryptionProtector/current", "keyVersion", "2025-01-01", "2020-11-01-preview"),
        (f"{DATABASE}/transparentDataEncryption/current", "scanState", "2025-01-01", "2021-11-01"),
    ],
)
def test_an_older_api_version_does_not_show_what_came_later(target: str, path: str, first: str, before: str) -> None:
    client = raw()
    client.send("PATCH", VAULT, {"properties": {"publicNetworkAccess": "Enabled"}})
    client.protect(client.register())
    shown = [client.send("GET", target, api=version).body["properties"] for version in (first, before)]
    assert [path in one for one in shown] == [True, False]


def test_network_rules_that_are_the_default_are_not_shown() -> None:
    client = raw()
    rules = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []}
    given = client.send("PATCH", VAULT, {"properties": {"networkAcls": rules}})
    assert given.status == 200
    assert "networkAcls" not in given.body["properties"]
    assert "networkAcls" not in client.properties(VAULT)
    client.send("PATCH", VAULT, {"properties": {"networkAcls": {**rules, "defaultAction": "Deny"}}})
    assert client.properties(VAULT)["networkAcls"]["defaultAction"] == "Deny"


def test_purging_a_vault_is_an_operation_that_tells_its_status() -> None:
    client = with_brief_vault(operation_seconds=30)
    assert client.send("GET", DELETED).body["error"]["code"] == "DeletedVaultNotFound"
    client.send("DELETE", BRIEF)
    given = client.send("POST", f"{DELETED}/purge")
    assert (given.status, given.body, "Azure-AsyncOperation" in given.headers) == (202, None, False)
    running = client.send("GET", given.headers["Location"])
    assert (running.status, running.body["status"], running.headers["Location"]) == (
        202,
        "NotStarted",
        given.headers["Location"],
    )
    client.wait(31)
    ended = client.send("GET", given.headers["Location"])
    assert (ended.status, ended.body["status"]) == (200, "Succeeded")
    assert client.send("GET", DELETED).status == 404


def test_a_recovered_vault_has_its_keys_and_settings_again_and_no_role_assignments() -> None:
    client = with_brief_vault()
    before, uri = client.get(BRIEF), client.key_uri(f"{BRIEF}/keys/k")
    client.grant(BRIEF, client.properties(IDENTITY)["principalId"])
    client.send("DELETE", BRIEF)
    again = {**NEW_VAULT, "properties": {**NEW_VAULT["properties"], "createMode": "recover"}}
    del again["properties"]["enableRbacAuthorization"]
    given = client.send("PUT", BRIEF, again)
    assert given.status == 200
    assert "createMode" not in given.body["properties"]
    assert client.get(BRIEF)["properties"] == before["properties"]
    assert client.key_uri(f"{BRIEF}/keys/k") == uri
    assert client.send("GET", DELETED).status == 404
    grants = client.send("GET", f"{BRIEF}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01")
    assert [one for one in grants.body["value"] if one["properties"]["scope"].lower() == BRIEF.lower()] == []


def test_keys_show_what_their_api_version_knows() -> None:
    client = raw()
    url = f"https://kv-main.vault.azure.net/keys/{KEY.rpartition('/')[2]}?api-version="
    shown = {
        version: set(client.send("GET", url + version).body["attributes"])
        for version in ("7.3", "7.4", "7.6", "2025-07-01")
    }
    known = {version: names & {"exportable", "hsmPlatform"} for version, names in shown.items()}
    everything = {"exportable", "hsmPlatform"}
    assert known == {"7.3": set(), "7.4": {"exportable"}, "7.6": everything, "2025-07-01": everything}
    assert client.properties(KEY)["attributes"]["exportable"] is False


def test_a_new_identity_says_where_it_is() -> None:
    client = raw()
    place = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-new"
    made, again = (client.send("PUT", place, {"location": "westeurope"}) for _ in range(2))
    assert (made.status, made.headers["Location"]) == (201, place)
    assert (again.status, "Location" in again.headers) == (200, False)


def test_removing_a_group_takes_a_while_and_then_nothing_is_found_in_it() -> None:
    client = raw(operation_seconds=60)
    given = client.send("DELETE", GROUP)
    assert (given.status, given.body) == (202, None)
    assert client.send("GET", given.headers["Location"]).status == 202
    client.wait(61)
    assert client.send("GET", given.headers["Location"]).status == 200
    for method, target in (("GET", SERVER), ("DELETE", IDENTITY), ("DELETE", GROUP)):
        refused = client.send(method, target)
        assert (refused.status, refused.body["error"]["code"]) == (404, "ResourceGroupNotFound"), target


def test_what_a_new_server_and_database_have_that_nobody_asked_for() -> None:
    client = raw()
    server = f"{GROUP}/providers/Microsoft.Sql/servers/sql-new"
    client.done("PUT", server, {"location": "westeurope", "properties": {"administrators": {}}})
    properties = client.properties(server)
    assert properties["administratorLogin"].startswith("CloudSA")
    assert (properties["minimalTlsVersion"], "administrators" in properties) == ("1.2", False)
    client.done("PUT", f"{server}/databases/db", {"location": "westeurope"})
    database = client.get(f"{server}/databases/db")
    assert database["sku"]["name"] == "GP_Gen5"
    assert database["properties"]["currentServiceObjectiveName"] == "GP_Gen5_2"


def test_a_vault_keeps_its_system_data_through_a_put() -> None:
    client = with_brief_vault()
    made = client.get(BRIEF)["systemData"]["createdAt"]
    client.wait(60)
    client.done("PUT", BRIEF, NEW_VAULT)
    assert client.get(BRIEF)["systemData"]["createdAt"] == made


@pytest.mark.parametrize("on", [True, False])
def test_a_new_vault_cannot_be_without_soft_delete(*, on: bool) -> None:
    client = raw(off=() if on else ("vault-needs-soft-delete",))
    body = {**NEW_VAULT, "properties": {**NEW_VAULT["properties"], "enableSoftDelete": False}}
    assert client.send("PUT", BRIEF, body).status == (400 if on else 200)
