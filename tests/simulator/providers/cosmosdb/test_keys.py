"""The key of a Cosmos DB account: its one-way door and what refuses it, under every reading."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.providers.cosmosdb.accounts import (
    KEY_PATCH,
    URI,
    USER,
    opened,
    ready,
    refusal,
    switched,
    with_account,
)
from tests.simulator.raw import ACCOUNT, IDENTITY, KEY, TENANT, VAULT


def test_the_key_is_set_confirmed_and_its_version_shown() -> None:
    client = switched()
    shown = client.properties(ACCOUNT)
    assert shown["keyVaultKeyUri"] == URI
    assert shown["customerManagedKeyStatus"].startswith("Access to the configured customer managed key confirmed.")
    assert client.key_uri().endswith(shown["keyVaultKeyUriVersion"])


@pytest.mark.parametrize("on", [True, False])
def test_the_key_goes_alone(*, on: bool) -> None:
    client = ready(off=() if on else ("cosmos-key-alone",))
    given = client.send("PATCH", ACCOUNT, {"properties": {"keyVaultKeyUri": URI, "defaultIdentity": USER}})
    assert given.status == (400 if on else 200)
    if on:
        assert given.body["error"]["message"].startswith("Cannot update Customer Managed Key settings and other")
        assert refusal(client, {**KEY_PATCH, "tags": {}})[0] == 400


def test_what_az_sends_with_every_update_is_no_other_property() -> None:
    sent = {"properties": {"keyVaultKeyUri": URI, "apiProperties": {"ServerVersion": None}}}
    assert ready().send("PATCH", ACCOUNT, sent).status == 200


def test_no_write_takes_the_key_away() -> None:
    client = switched()
    for value in (None, ""):
        assert refusal(client, {"properties": {"keyVaultKeyUri": value}}) == (
            400,
            "Updating KeyVaultKeyUri is not supported",
        )


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({"capabilities": [{"name": "EnableCassandra"}]}, "Cassandra"),
        ({"capabilities": [{"name": "EnableNoSQLVectorSearch"}]}, "vector search"),
        ({"enableFullFidelityChangeFeed": True}, "Full Fidelity Change Feed cannot be enabled together"),
        ({"enableMaterializedViews": True}, "Materialized View"),
    ],
)
def test_what_excludes_a_key(properties: dict[str, Any], text: str) -> None:
    assert text in refusal(ready(with_account(**properties)), KEY_PATCH)[1]


@pytest.mark.parametrize(
    "properties",
    [{"backupPolicy": {"type": "Continuous"}}, {"enableAnalyticalStorage": True}],
    ids=["backup", "analytics"],
)
def test_the_services_own_identity_does_not_do_for_backup_and_analytics(properties: dict[str, Any]) -> None:
    client = opened(with_account(**properties))
    assert refusal(client, KEY_PATCH)[1].startswith("Setting Non-FPI default identity is required")
    assert switched(with_account(**properties)).properties(ACCOUNT)["keyVaultKeyUri"] == URI


@pytest.mark.parametrize(
    ("reading", "code", "inner"), [("forbidden", 403, "ForbiddenByRbac"), ("unavailable", 503, "")]
)
def test_access_is_judged_when_the_key_is_set(reading: str, code: int, inner: str) -> None:
    content = with_account()
    content["role_assignments"] = content["role_assignments"][:2]
    client = ready(content, doubts={"cosmos-missing-right": reading})
    given = client.send("PATCH", ACCOUNT, KEY_PATCH)
    assert (given.status, given.body["error"].get("innererror", {}).get("code", "")) == (code, inner)
    client.grant(KEY, client.properties(IDENTITY)["principalId"])
    assert client.send("PATCH", ACCOUNT, KEY_PATCH).status == 200


def test_a_refusal_arrives_as_a_failed_operation_under_the_other_reading() -> None:
    content = with_account()
    content["role_assignments"] = content["role_assignments"][:2]
    client = ready(content, doubts={"cosmos-key-refusal-arrives": "operation"})
    ended = client.done("PATCH", ACCOUNT, KEY_PATCH)
    assert (ended["status"], ended["error"]["innererror"]["code"]) == ("Failed", "ForbiddenByRbac")
    shown = client.properties(ACCOUNT)
    assert (shown["provisioningState"], shown.get("keyVaultKeyUri")) == ("Succeeded", None)


def test_a_key_out_of_reach_or_unfit_is_refused() -> None:
    client = ready()
    for text in ("https://kv-main.vault.azure.net/secrets/cmk", "kv-main"):
        assert "is Invalid" in refusal(client, {"properties": {"keyVaultKeyUri": text}})[1]
    gone = {"properties": {"keyVaultKeyUri": URI + "-gone"}}
    assert refusal(client, gone)[0] == 503
    content = with_account()
    next(one for one in content["resources"] if one["id"] == VAULT)["properties"]["networkAcls"] = {
        "bypass": "None",
        "defaultAction": "Deny",
    }
    given = ready(content).send("PATCH", ACCOUNT, KEY_PATCH)
    assert given.body["error"]["innererror"]["code"] == "ForbiddenByFirewall"
    assert refusal(opened(with_account(defaultIdentity="Undefined")), KEY_PATCH)[0] == 400


@pytest.mark.parametrize(
    ("change", "inner"),
    [
        ({"attributes": {"enabled": False}}, "KeyDisabled"),
        ({"attributes": {"exp": 1}}, "KeyExpired"),
        ({"kty": "EC"}, "KeyOperationForbidden"),
    ],
)
def test_a_key_that_cannot_wrap_is_refused(change: dict[str, Any], inner: str) -> None:
    content = with_account()
    next(one for one in content["resources"] if one["id"] == KEY)["properties"] |= change
    given = ready(content).send("PATCH", ACCOUNT, KEY_PATCH)
    assert given.body["error"]["innererror"]["code"] == inner


@pytest.mark.parametrize("on", [True, False])
def test_a_vault_without_purge_protection_is_refused(*, on: bool) -> None:
    content = with_account()
    del next(one for one in content["resources"] if one["id"] == VAULT)["properties"]["enablePurgeProtection"]
    client = ready(content, off=() if on else ("cosmos-checks-protection",))
    given = client.send("PATCH", ACCOUNT, KEY_PATCH)
    assert given.status == (400 if on else 200)


def test_a_vault_of_another_tenant_is_refused() -> None:
    content = with_account()
    far = "77777777-7777-4777-8777-777777777709"
    content["subscriptions"].append({"subscriptionId": far, "tenantId": TENANT.replace("f", "e")})
    vault = f"/subscriptions/{far}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-far"
    content["resources"] += [
        {"id": vault, "location": "westeurope", "properties": {"enableRbacAuthorization": True}},
        {"id": f"{vault}/keys/cmk", "properties": {"kty": "RSA", "keySize": 3072}},
    ]
    body = {"properties": {"keyVaultKeyUri": "https://kv-far.vault.azure.net/keys/cmk"}}
    assert "does not match" in refusal(ready(content), body)[1]
