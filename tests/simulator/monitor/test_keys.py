"""Laws 3, 4 and 8, broken by raw requests and seen named: what encrypts a resource or its backups stays usable."""

from __future__ import annotations

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import merge_patch
from cmk_remediate.simulator.declare import SetResource
from cmk_remediate.simulator.monitor import check
from tests.simulator.monitor.lawless import NETWORK_OPEN, grant_of, unprotected
from tests.simulator.raw import (
    APP,
    DATABASE,
    IDENTITY,
    KEY,
    SERVER,
    VAULT,
    raw,
)


def test_law_3_a_protector_in_a_vault_without_purge_protection() -> None:
    client = raw(unprotected(), off=("sql-checks-protection",))
    client.protect(client.register())
    assert client.broken(3) == ["is pointed at a key in kv-main, which lacks soft delete or purge protection"] * 2


def test_law_3_a_server_patched_with_a_key_azure_then_refuses() -> None:
    client = raw(unprotected())
    body = {"properties": {"primaryUserAssignedIdentityId": IDENTITY, "keyId": client.key_uri()}}
    assert client.done("PATCH", SERVER, body)["status"] == "Failed"
    assert client.broken(3)
    assert client.properties(f"{SERVER}/encryptionProtector/current")["serverKeyType"] == "ServiceManaged"


def test_law_3_is_kept_where_the_vault_is_protected_first() -> None:
    client = raw(unprotected())
    client.done("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})
    client.switched()
    assert client.monitor.violations == []


def test_law_3_a_database_is_given_a_key_beside_its_own() -> None:
    client = raw(unprotected())
    identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    for given, broken in ((None, 0), ({}, 1)):
        body = {"identity": identity, "properties": {"keys": {client.key_uri(): given}}}
        assert client.send("PATCH", DATABASE, body).status < 400
        assert len(client.broken(3)) == broken, "a null takes a key away"


def test_law_4_the_grant_of_a_key_in_use_is_removed() -> None:
    client = raw()
    client.switched()
    client.send("DELETE", grant_of(client, KEY))
    assert client.broken(4) == [
        "the right to use the key that its present encryption needs was removed, disabled or cut off"
    ]


def test_law_4_a_server_key_that_backups_need_is_deleted() -> None:
    client = raw()
    name = client.switched()
    client.wait(3600)
    client.protect("ServiceManaged")
    client.done("DELETE", f"{SERVER}/keys/{name}")
    assert client.broken(4) == ["its server key that a backup within retention needs was removed, disabled or cut off"]


def test_law_4_a_key_version_is_disabled() -> None:
    client = raw()
    client.switched()
    version = client.key_uri().rsplit("/", 1)[1]
    client.send("PATCH", f"https://kv-main.vault.azure.net/keys/cmk/{version}", {"attributes": {"enabled": False}})
    assert client.broken(4) == [
        "the key version, which is disabled that its present encryption needs was removed, disabled or cut off"
    ]


def test_law_4_a_key_is_deleted() -> None:
    client = raw()
    client.send("DELETE", "https://kv-policies.vault.azure.net/keys/other")
    client.send("DELETE", "https://kv-main.vault.azure.net/keys/cmk")
    assert "was deleted; whatever needs it is unknown, so something does" in client.broken(4)


def test_law_4_the_network_path_is_cut() -> None:
    client = raw()
    client.switched()
    client.done(
        "PATCH", VAULT, {"properties": {"networkAcls": {**NETWORK_OPEN, "bypass": "None", "defaultAction": "Deny"}}}
    )
    assert client.broken(4) == [
        "the network path to the vault that its present encryption needs was removed, disabled or cut off"
    ]


def test_law_4_is_not_broken_by_a_grant_nothing_needs() -> None:
    client = raw()
    made = client.grant(f"{VAULT}/keys/cmk", APP)
    client.send("DELETE", made.body["id"])
    assert client.monitor.violations == []


def test_law_4_is_not_broken_where_another_grant_remains() -> None:
    client = raw()
    client.switched()
    principal = client.properties(IDENTITY)["principalId"]
    client.grant(VAULT, principal)
    client.send("DELETE", grant_of(client, KEY))
    assert client.monitor.violations == []


def test_law_8_the_way_back_takes_the_grant_too_early() -> None:
    client = raw()
    client.switched()
    client.send("DELETE", grant_of(client, KEY))
    assert client.broken(8) == ["has no usable key: it lacks the right to use the key"]


def test_law_8_after_the_way_back_backups_lose_their_key() -> None:
    client = raw()
    client.switched()
    client.wait(600)
    client.protect("ServiceManaged")
    client.send("DELETE", grant_of(client, KEY))
    assert client.broken(8) == [
        "cannot be restored to every minute within retention: it lacks the right to use the key"
    ]


def test_law_8_what_is_out_of_retention_needs_no_key() -> None:
    client = raw()
    name = client.switched()
    client.protect("ServiceManaged")
    client.wait(8 * 86400)
    client.done("DELETE", f"{SERVER}/keys/{name}")
    assert client.monitor.violations == []


def test_law_8_a_database_gone_at_quiescence_is_named() -> None:
    client = raw()
    client.switched()
    client.send("DELETE", grant_of(client, KEY))
    found = check(client.azure, client.monitor)
    assert [one.resource for one in found if "when all is quiet" in one.sentence] == [DATABASE]


def test_law_8_looks_at_the_key_in_force_where_a_protector_shows_before_it_is_refused() -> None:
    client = raw(doubts={"sql-protector-meanwhile": "before"})
    name = client.register()
    closed = {"properties": {"networkAcls": {**NETWORK_OPEN, "bypass": "None", "defaultAction": "Deny", "ipRules": []}}}
    vault = client.azure.world.get(VAULT)
    assert vault is not None
    client.azure.world.apply([SetResource(ResourceId(VAULT), merge_patch(vault, closed))])
    client.wait(60)
    client.monitor.rebase()
    ended = client.protect(name)
    assert ended["status"] == "Failed"
    assert client.properties(f"{SERVER}/encryptionProtector/current")["serverKeyType"] == "ServiceManaged"
    assert client.monitor.violations == []


def test_law_8_is_not_broken_where_somebody_else_closes_the_vault_while_the_operation_runs() -> None:
    client = raw()
    name = client.register()
    body = {"properties": {"serverKeyType": "AzureKeyVault", "serverKeyName": name}}
    closed = {"properties": {"networkAcls": {**NETWORK_OPEN, "bypass": "None", "defaultAction": "Deny", "ipRules": []}}}
    begun = client.send("PUT", f"{SERVER}/encryptionProtector/current", body)
    client.grant(VAULT, APP, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635")  # Owner
    assert client.send("PATCH", VAULT, closed, who=APP).status == 200
    client.wait(120)
    assert client.get(begun.headers["Azure-AsyncOperation"])["status"] == "Succeeded"
    assert client.monitor.violations == []


def test_law_8_is_broken_where_the_operator_closes_it_while_the_operation_runs() -> None:
    client = raw()
    name = client.register()
    body = {"properties": {"serverKeyType": "AzureKeyVault", "serverKeyName": name}}
    closed = {"properties": {"networkAcls": {**NETWORK_OPEN, "bypass": "None", "defaultAction": "Deny", "ipRules": []}}}
    begun = client.send("PUT", f"{SERVER}/encryptionProtector/current", body)
    assert client.send("PATCH", VAULT, closed).status == 200
    client.wait(120)
    client.get(begun.headers["Azure-AsyncOperation"])
    assert client.broken(8) == ["has no usable key: it lacks the network path to the vault"]
