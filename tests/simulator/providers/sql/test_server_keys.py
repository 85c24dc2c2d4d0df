"""SQL server keys: how they are registered and what refuses them, under every reading."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.providers.sql.servers import PROTECTOR, failed, put_key
from tests.simulator.raw import IDENTITY, KEY, PARTNER, SERVER, VAULT, estate, raw


def test_a_server_key_as_recorded() -> None:
    client = raw()
    given = put_key(client)
    assert (given.status, given.body["operation"]) == (202, "UpsertLogicalServerEncryptionKeys")
    assert "/locations/westeurope/serverKeyAzureAsyncOperation/" in given.headers["Azure-AsyncOperation"]
    assert "/locations/westeurope/serverKeyOperationResults/" in given.headers["Location"]
    client.wait(20)
    kept = client.get(f"{SERVER}/keys/kv-main_cmk_{client.key_uri().rsplit('/', 1)[1]}")
    assert (kept["kind"], kept["location"]) == ("azurekeyvault", "West Europe")
    assert len(kept["properties"]["thumbprint"]) == 40
    assert kept["properties"]["autoRotationEnabled"] is False


@pytest.mark.parametrize(("reading", "status"), [("after", 404), ("before", 200)])
def test_a_server_key_meanwhile_under_both_readings(reading: str, status: int) -> None:
    client = raw(doubts={"sql-server-key-meanwhile": reading})
    put_key(client)
    assert client.send("GET", f"{SERVER}/keys/kv-main_cmk_{client.key_uri().rsplit('/', 1)[1]}").status == status


@pytest.mark.parametrize(("reading", "status"), [("accepted", 202), ("exists", 409)])
def test_a_server_key_again_under_both_readings(reading: str, status: int) -> None:
    client = raw(doubts={"sql-server-key-again": reading})
    client.register()
    assert put_key(client).status == status


def test_a_registration_that_fails_late_takes_no_later_one_with_it() -> None:
    """A user's second attempt has succeeded, and the protector may stand on it."""
    grants = [one for one in estate()["role_assignments"] if one["principal"] != IDENTITY]
    client = raw(estate(role_assignments=grants))
    client.azure.with_settings(operation_seconds=300.0)
    first = put_key(client)
    client.grant(KEY, client.properties(IDENTITY)["principalId"])
    client.azure.with_settings(operation_seconds=5.0)
    name = client.register()
    client.wait(300)
    assert failed(client.send("GET", first.headers["Azure-AsyncOperation"]).body) == "AzureKeyVaultMissingPermissions"
    assert client.properties(f"{SERVER}/keys/{name}")["serverKeyType"] == "AzureKeyVault"


def test_names_and_kinds_of_server_keys() -> None:
    client = raw()
    uri = client.key_uri()
    good = {"serverKeyType": "AzureKeyVault", "uri": uri}
    cases = [
        ("ServiceManaged", good, "InvalidUpsertKeyType"),
        ("kv-main_cmk", good, "SecurityAzureKeyVaultInvalidKeyName"),
        ("x", {**good, "uri": "https://kv-main.vault.azure.net/secrets/x"}, "AzureKeyVaultMalformedVaultUri"),
        ("x", {**good, "serverKeyType": "Other"}, "InvalidKeyType"),
        ("x", {"serverKeyType": "ServiceManaged"}, "InvalidUpsertKeyType"),
    ]
    for name, properties, code in cases:
        assert client.send("PUT", f"{SERVER}/keys/{name}", {"properties": properties}).body["error"]["code"] == code
    plain = uri.rsplit("/", 1)[0]
    ended = client.done(
        "PUT", f"{SERVER}/keys/kv-main_cmk", {"properties": {"serverKeyType": "AzureKeyVault", "uri": plain}}
    )
    assert ended["status"] == "Succeeded"
    client.protect("kv-main_cmk")
    assert client.properties(PROTECTOR)["uri"] == plain


@pytest.mark.parametrize(("reading", "at_once"), [("operation", False), ("reply", True)])
@pytest.mark.parametrize(
    ("code_reading", "code"), [("vault", "AzureKeyVaultMissingPermissions"), ("identity", "UmiMissingAkvPermissions")]
)
def test_a_missing_right_under_its_readings(reading: str, code_reading: str, code: str, *, at_once: bool) -> None:
    grants = [one for one in estate()["role_assignments"] if one["principal"] != IDENTITY]
    client = raw(
        estate(role_assignments=grants),
        doubts={"sql-key-refusal-arrives": reading, "sql-missing-permission-code": code_reading},
    )
    given = put_key(client)
    if at_once:
        assert (given.status, given.body["error"]["code"]) == (400, code)
        return
    assert given.status == 202
    client.wait(60)
    ended = client.send("GET", given.headers["Azure-AsyncOperation"]).body
    assert failed(ended) == code
    assert "requires the following Azure Key Vault permissions: 'Get, WrapKey, UnwrapKey'" in ended["error"]["message"]
    assert client.send("GET", f"{SERVER}/keys/kv-main_cmk_{client.key_uri().rsplit('/', 1)[1]}").status == 404


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"kty": "RSA", "keySize": 4096}, "AzureKeyVaultRsaKeyNotSupported"),
        ({"kty": "EC"}, "AzureKeyVaultRsaKeyNotSupported"),
        ({"kty": "RSA", "attributes": {"enabled": False}}, "AzureKeyVaultKeyDisabled"),
        ({"kty": "RSA", "attributes": {"exp": 1000}}, "AzureKeyVaultInvalidExpirationDate"),
        ({"kty": "RSA", "attributes": {"nbf": 4000000000}}, "AzureKeyVaultInvalidExpirationDate"),
        ({"kty": "RSA", "keyOps": ["sign"]}, "AkvKeyOperationNotAllowed"),
    ],
)
def test_keys_sql_does_not_take(properties: dict[str, Any], code: str) -> None:
    content = estate()
    content["resources"][1]["properties"] = properties
    client = raw(content, doubts={"sql-key-refusal-arrives": "reply"})
    assert put_key(client).body["error"]["code"] == code


def test_vaults_sql_does_not_reach() -> None:
    client = raw(doubts={"sql-key-refusal-arrives": "reply"})
    client.send("PATCH", VAULT, {"properties": {"networkAcls": {"bypass": "None", "defaultAction": "Deny"}}})
    assert put_key(client).body["error"]["code"] == "AzureKeyVaultMissingPermissions"
    body = {"properties": {"serverKeyType": "AzureKeyVault", "uri": "https://nowhere.vault.azure.net/keys/k/v"}}
    assert client.send("PUT", f"{SERVER}/keys/nowhere_k_v", body).body["error"]["code"] == "AkvHostNotResolvingFromNode"
    assert put_key(client, server=PARTNER).body["error"]["code"] == "AzureKeyVaultNoServerIdentity"


def test_a_used_server_key_cannot_be_deleted() -> None:
    client = raw()
    name = client.switched()
    assert client.send("DELETE", f"{SERVER}/keys/{name}").body["error"]["code"] == "AzureKeyVaultKeyInUse"
    assert client.send("DELETE", f"{SERVER}/keys/ServiceManaged").status == 400


@pytest.mark.parametrize(("reading", "status"), [("yes", 400), ("no", 202)])
def test_synapse_servers_under_both_readings(reading: str, status: int) -> None:
    content = estate()
    content["resources"][6]["kind"] = "v12.0,analytics"
    client = raw(content, doubts={"sql-analytics-kind": reading})
    assert put_key(client).status == status
