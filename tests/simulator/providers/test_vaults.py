"""Vaults: what a PATCH and a PUT do, what they refuse, what takes effect late."""

from __future__ import annotations

import pytest

from tests.simulator.raw import (
    APP,
    GROUP,
    IDENTITY,
    KEY,
    OFFICE,
    OLD_VAULT,
    OPERATOR,
    SERVER,
    SUB,
    TENANT,
    VAULT,
    estate,
    raw,
)

ONE_WAY = [
    ({"enablePurgeProtection": False}, "cannot be set to false"),
    ({"enableSoftDelete": False}, "can be set to false only for creating"),
    ({"softDeleteRetentionInDays": 7}, "has been set already"),
]


@pytest.mark.parametrize(("properties", "text"), ONE_WAY)
def test_what_only_ever_goes_one_way(properties: dict[str, object], text: str) -> None:
    given = raw().send("PATCH", VAULT, {"properties": properties})
    assert (given.status, given.body["error"]["code"]) == (400, "BadRequest")
    assert text in given.body["error"]["message"]


def test_retention_may_be_sent_again_or_set_where_it_never_was() -> None:
    client = raw()
    assert client.send("PATCH", VAULT, {"properties": {"softDeleteRetentionInDays": 90}}).status == 200
    assert client.send("PATCH", OLD_VAULT, {"properties": {"softDeleteRetentionInDays": 30}}).status == 200
    assert client.properties(OLD_VAULT)["softDeleteRetentionInDays"] == 30


def test_purge_protection_needs_soft_delete() -> None:
    content = estate()
    del content["resources"][2]["properties"]["enableSoftDelete"]
    client = raw(content)
    assert client.send("PATCH", OLD_VAULT, {"properties": {"enablePurgeProtection": True}}).status == 400
    assert (
        client.send(
            "PATCH", OLD_VAULT, {"properties": {"enableSoftDelete": True, "enablePurgeProtection": True}}
        ).status
        == 200
    )


def test_a_patch_leaves_what_it_does_not_name() -> None:
    client = raw()
    before = client.get(OLD_VAULT)
    client.send("PATCH", OLD_VAULT, {"properties": {"enablePurgeProtection": True}})
    after = client.get(OLD_VAULT)
    assert after["properties"] == {**before["properties"], "enablePurgeProtection": True}
    assert after["systemData"]["lastModifiedBy"] == OPERATOR


def test_a_put_keeps_protection_and_forgets_the_rest() -> None:
    client = raw()
    client.send(
        "PUT",
        VAULT,
        {"location": "westeurope", "properties": {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}}},
    )
    after = client.properties(VAULT)
    assert after["enablePurgeProtection"] is True
    assert after["softDeleteRetentionInDays"] == 90
    assert "networkAcls" not in after


@pytest.mark.parametrize(("reading", "bypass"), [("merge", "None"), ("replace", "AzureServices")])
def test_network_acls_in_a_patch_under_both_readings(reading: str, bypass: str) -> None:
    client = raw(doubts={"vault-network-acls-patch": reading})
    client.send("PATCH", VAULT, {"properties": {"networkAcls": {"bypass": "None"}}})
    client.send("PATCH", VAULT, {"properties": {"networkAcls": {"defaultAction": "Deny"}}})
    assert client.properties(VAULT)["networkAcls"]["bypass"] == bypass


@pytest.mark.parametrize(("reading", "left"), [("ignored", True), ("cleared", False)])
def test_null_in_a_patch_under_both_readings(reading: str, *, left: bool) -> None:
    client = raw(doubts={"vault-patch-null": reading})
    client.send("PATCH", VAULT, {"properties": {"networkAcls": None, "enablePurgeProtection": None}})
    after = client.properties(VAULT)
    assert after["enablePurgeProtection"] is True
    assert ("networkAcls" in after) is left


def test_access_policies_survive_the_flip_but_are_void() -> None:
    client = raw()
    assert client.send("GET", "https://kv-policies.vault.azure.net/keys/other", who=APP).status == 200
    client.send("PATCH", OLD_VAULT, {"properties": {"enableRbacAuthorization": True}})
    assert len(client.properties(OLD_VAULT)["accessPolicies"]) == 2
    given = client.send("GET", "https://kv-policies.vault.azure.net/keys/other", who=APP)
    assert (given.status, given.body["error"]["innererror"]["code"]) == (403, "ForbiddenByRbac")
    client.send("PATCH", OLD_VAULT, {"properties": {"enableRbacAuthorization": False}})
    assert client.send("GET", "https://kv-policies.vault.azure.net/keys/other", who=APP).status == 200


@pytest.mark.parametrize(("reading", "status"), [("role-assignments-write", 403), ("vault-write", 200)])
def test_who_may_flip_the_permission_model_under_both_readings(reading: str, status: int) -> None:
    grants = [*estate()["role_assignments"], {"principal": APP, "role": "Key Vault Contributor", "scope": OLD_VAULT}]
    client = raw(estate(role_assignments=grants), doubts={"vault-permission-model-rights": reading})
    given = client.send("PATCH", OLD_VAULT, {"properties": {"enableRbacAuthorization": True}}, who=APP)
    assert given.status == status


def _entry(who: str, *keys: str) -> dict[str, object]:
    return {
        "properties": {"accessPolicies": [{"tenantId": TENANT, "objectId": who, "permissions": {"keys": list(keys)}}]}
    }


def test_access_policies_are_added_to_and_taken_from() -> None:
    client = raw()
    client.send("PUT", f"{OLD_VAULT}/accessPolicies/add", _entry(APP, "unwrapKey", "get"))
    assert client.properties(OLD_VAULT)["accessPolicies"][0]["permissions"] == {
        "keys": ["get", "wrapKey", "unwrapKey"],
        "secrets": ["get"],
    }
    client.send("PUT", f"{OLD_VAULT}/accessPolicies/remove", _entry(APP, "unwrapKey"))
    assert client.properties(OLD_VAULT)["accessPolicies"][0]["permissions"] == {
        "keys": ["get", "wrapKey"],
        "secrets": ["get"],
    }
    client.send("PUT", f"{OLD_VAULT}/accessPolicies/replace", _entry(OFFICE, "list"))
    assert client.properties(OLD_VAULT)["accessPolicies"][1]["permissions"] == {"keys": ["list"]}
    assert client.send("PUT", f"{OLD_VAULT}/accessPolicies/merge", _entry(OFFICE, "list")).status == 400
    assert client.send("GET", f"{OLD_VAULT}/accessPolicies/add").status == 405


@pytest.mark.parametrize(("reading", "left"), [("permissions", 2), ("entry", 1)])
def test_removing_permissions_under_both_readings(reading: str, left: int) -> None:
    client = raw(doubts={"access-policy-remove": reading})
    client.send("PUT", f"{OLD_VAULT}/accessPolicies/remove", _entry(APP, "wrapKey"))
    assert len(client.properties(OLD_VAULT)["accessPolicies"]) == left


@pytest.mark.parametrize("on", [True, False])
def test_switch_two_writes_at_one_time_conflict(*, on: bool) -> None:
    client = raw(off=() if on else ("vault-conflicts",))
    client.send("PATCH", VAULT, {"tags": {"a": "b"}})
    client.azure.clock.catch_up(client.azure.world.stamp)
    client.azure.world.store.put(
        "hidden", VAULT.lower(), {**client.azure.world.hidden(VAULT), "touched": client.azure.clock.stamp()}
    )
    given = client.send("PUT", f"{VAULT}/keys/second", {"properties": {"kty": "RSA"}})
    assert given.status == (409 if on else 200)
    if on:
        assert given.body["error"]["code"] == "ConflictError"
        assert client.send("PUT", f"{VAULT}/keys/second", {"properties": {"kty": "RSA"}}).status == 200


@pytest.mark.parametrize("on", [True, False])
def test_switch_protection_is_seen_late(*, on: bool) -> None:
    content = estate()
    del content["resources"][0]["properties"]["enablePurgeProtection"]
    client = raw(content, off=() if on else ("vault-protection-late",), vault_delay=(600.0, 600.0))
    client.send("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})
    uri = client.key_uri()
    name = "kv-main_cmk_" + uri.rsplit("/", 1)[1]
    body = {"properties": {"serverKeyType": "AzureKeyVault", "uri": uri}}
    assert client.done("PUT", f"{SERVER}/keys/{name}", body)["status"] == ("Failed" if on else "Succeeded")
    client.wait(600)
    assert client.done("PUT", f"{SERVER}/keys/{name}", body)["status"] == "Succeeded"


@pytest.mark.parametrize("on", [True, False])
def test_switch_a_new_vault_registers_its_name(*, on: bool) -> None:
    client = raw(off=() if on else ("vault-registers-dns",))
    place = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-new"
    made = client.send(
        "PUT",
        place,
        {"location": "westeurope", "properties": {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}}},
    )
    assert made.status == 200
    assert made.body["properties"]["provisioningState"] == ("RegisteringDns" if on else "Succeeded")
    assert made.body["properties"]["enableRbacAuthorization"] is True
    client.wait(30)
    assert client.properties(place)["provisioningState"] == "Succeeded"


def test_network_rules_take_effect_late() -> None:
    client = raw(vault_delay=(120.0, 120.0))
    client.send(
        "PATCH",
        VAULT,
        {
            "properties": {
                "networkAcls": {
                    "bypass": "AzureServices",
                    "defaultAction": "Deny",
                    "ipRules": [],
                    "virtualNetworkRules": [],
                }
            }
        },
    )
    assert client.send("GET", "https://kv-main.vault.azure.net/keys/cmk", who=OFFICE).status == 200
    client.wait(130)
    given = client.send("GET", "https://kv-main.vault.azure.net/keys/cmk", who=OFFICE)
    assert given.body["error"]["innererror"]["code"] == "ForbiddenByFirewall"
    assert client.get(KEY)["name"] == "cmk"  # the control plane has no firewall


def test_a_deleted_vault_is_found_among_the_deleted_ones_and_blocks_its_name() -> None:
    client = raw()
    client.send("DELETE", VAULT)
    place = f"/subscriptions/{SUB}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-main"
    assert client.properties(place)["purgeProtectionEnabled"] is True
    listed = client.get(f"/subscriptions/{SUB}/providers/Microsoft.KeyVault/deletedVaults")["value"]
    assert [one["name"] for one in listed] == ["kv-main"]
    given = client.send("PUT", VAULT, {"location": "westeurope", "properties": {"tenantId": TENANT}})
    assert (given.status, given.body["error"]["code"]) == (409, "ConflictError")
    assert client.send("POST", f"{place}/purge").status == 403


def test_a_vault_name_is_taken_everywhere() -> None:
    client = raw()
    client.send("PUT", f"/subscriptions/{SUB}/resourceGroups/other", {"location": "westeurope"})
    place = f"/subscriptions/{SUB}/resourceGroups/other/providers/Microsoft.KeyVault/vaults/kv-main"
    given = client.send("PUT", place, {"location": "westeurope", "properties": {"tenantId": TENANT}})
    assert given.body["error"]["code"] == "VaultAlreadyExists"


def test_a_role_on_a_policy_vault_is_accepted_and_useless() -> None:
    client = raw()
    principal = client.properties(IDENTITY)["principalId"]
    assert client.grant(OLD_VAULT, principal).status == 201
    assert not client.azure.world.may(
        principal, "Microsoft.KeyVault/vaults/keys/read", f"{OLD_VAULT}/keys/other", data=True
    )
