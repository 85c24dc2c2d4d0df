"""Laws 5 and 11, broken by raw requests and seen named: what was somebody else's stays theirs."""

from __future__ import annotations

from tests.simulator.monitor.lawless import NETWORK_OPEN
from tests.simulator.raw import (
    APP,
    IDENTITY,
    OLD_VAULT,
    SERVER,
    TENANT,
    VAULT,
    raw,
)


def test_law_5_a_put_of_the_protector_forgets_automatic_rotation() -> None:
    client = raw()
    name = client.register()
    client.protect(name, rotates=True)
    client.monitor._owned.forget()  # as if the owner had set it
    client.done(
        "PUT",
        f"{SERVER}/encryptionProtector/current",
        {"properties": {"serverKeyType": "AzureKeyVault", "serverKeyName": name}},
    )
    assert client.broken(5) == ["lost a setting that the request did not name: properties.autoRotationEnabled"]


def test_law_5_a_put_of_the_vault_drops_access_policies() -> None:
    client = raw()
    body = {"location": "westeurope", "properties": {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}}}
    client.send("PUT", OLD_VAULT, body)
    assert any("accessPolicies" in one for one in client.broken(5))


def test_law_5_half_of_network_acls_drops_the_other_half() -> None:
    client = raw(doubts={"vault-network-acls-patch": "replace"})
    client.send("PATCH", VAULT, {"properties": {"networkAcls": {"bypass": "AzureServices"}}})
    assert client.broken(5) == [
        'lost a setting that the request did not name: properties.networkAcls.ipRules: {"value": "203.0.113.10"}'
    ]


def test_law_5_half_of_network_acls_is_harmless_where_it_is_merged() -> None:
    client = raw(doubts={"vault-network-acls-patch": "merge"})
    client.send("PATCH", VAULT, {"properties": {"networkAcls": {"bypass": "AzureServices"}}})
    assert client.monitor.violations == []


def test_law_5_a_system_assigned_identity_is_dropped() -> None:
    client = raw()
    body = {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
        "properties": {"primaryUserAssignedIdentityId": IDENTITY},
    }
    client.done("PATCH", SERVER, body)
    assert client.broken(5) == ["lost a setting that the request did not name: identity.type: systemassigned"]


def test_law_5_one_may_take_back_what_one_added() -> None:
    client = raw()
    entry = {
        "tenantId": TENANT,
        "objectId": client.properties(IDENTITY)["principalId"],
        "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
    }
    client.send("PUT", f"{OLD_VAULT}/accessPolicies/add", {"properties": {"accessPolicies": [entry]}})
    client.send("PUT", f"{OLD_VAULT}/accessPolicies/remove", {"properties": {"accessPolicies": [entry]}})
    assert client.monitor.violations == []
    assert len(client.properties(OLD_VAULT)["accessPolicies"]) == 2


def test_law_11_the_permission_model_voids_every_access_policy() -> None:
    client = raw()
    client.done("PATCH", OLD_VAULT, {"properties": {"enableRbacAuthorization": True}})
    assert client.broken(11) == [
        "app could keys/read, keys/wrap/action, secrets/getSecret/action before the request and cannot after it",
        "office could keys/read before the request and cannot after it",
    ]


def test_law_11_an_entry_with_an_equivalent_role_loses_nothing() -> None:
    client = raw()
    client.grant(OLD_VAULT, APP, "00482a5a-887f-4fb3-b363-3b7fe8e74483")
    client.done("PATCH", OLD_VAULT, {"properties": {"enableRbacAuthorization": True}})
    assert all("app" not in one for one in client.broken(11))
    assert any("office" in one for one in client.broken(11))


def test_law_11_a_firewall_shuts_out_a_caller_by_address() -> None:
    client = raw()
    client.done("PATCH", VAULT, {"properties": {"networkAcls": {**NETWORK_OPEN, "defaultAction": "Deny"}}})
    assert [one.split(" could")[0] for one in client.broken(11)] == ["operator", "office"]
    assert client.broken(4) == []


def test_law_11_the_second_consumer_of_an_identity() -> None:
    client = raw()
    client.send("DELETE", IDENTITY)
    assert "used the identity id-cmk, which was deleted" in client.broken(11)


def test_law_11_is_silent_where_the_consequence_was_accepted() -> None:
    client = raw()
    client.monitor.accept(11, OLD_VAULT)
    client.done("PATCH", OLD_VAULT, {"properties": {"enableRbacAuthorization": True}})
    assert client.broken(11) == []
