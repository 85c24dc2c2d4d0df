"""Each law is broken by raw requests and seen named; an orderly run breaks none."""

from __future__ import annotations

from typing import Any

import pytest

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import merge_patch
from cmk_remediate.simulator.declare import SetResource
from cmk_remediate.simulator.monitor import check, watch
from cmk_remediate.simulator.providers.compute.names import STOPPED, with_power
from tests.simulator.compute import DATA_DISK, MACHINE, OS_DISK, SET, TO_SET, client_of, make_set
from tests.simulator.raw import (
    APP,
    DATABASE,
    IDENTITY,
    KEY,
    OLD_VAULT,
    OPERATOR,
    PARTNER,
    SERVER,
    SUB,
    TENANT,
    VAULT,
    Raw,
    estate,
    raw,
)

NETWORK_OPEN = {
    "bypass": "AzureServices",
    "defaultAction": "Allow",
    "ipRules": [{"value": "203.0.113.10/32"}],
    "virtualNetworkRules": [],
}


def _unprotected(**more: Any) -> dict[str, Any]:
    content = estate(**more)
    del content["resources"][0]["properties"]["enablePurgeProtection"]
    return content


def _grant_of(client: Raw, scope: str) -> str:
    found = [
        one
        for one in client.get(f"{scope}/providers/Microsoft.Authorization/roleAssignments")["value"]
        if one["id"].lower().startswith(f"{scope}/providers/microsoft.authorization".lower())
    ]
    return str(found[0]["id"])


def test_an_orderly_move_and_the_way_back_break_nothing() -> None:
    client = raw()
    client.switched()
    client.done("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})
    client.protect("ServiceManaged")
    assert client.azure.violations is client.monitor.violations
    assert check(client.azure, client.monitor) == ()


def test_polls_and_reads_are_not_judged() -> None:
    client = raw()
    client.get(SERVER)
    assert client.monitor.violations == []


# -- law 3 ---------------------------------------------------------------------------------------------------------------------


def test_law_3_a_protector_in_a_vault_without_purge_protection() -> None:
    client = raw(_unprotected(), off=("sql-checks-protection",))
    client.protect(client.register())
    assert client.broken(3) == ["is pointed at a key in kv-main, which lacks soft delete or purge protection"] * 2


def test_law_3_a_server_patched_with_a_key_azure_then_refuses() -> None:
    client = raw(_unprotected())
    body = {"properties": {"primaryUserAssignedIdentityId": IDENTITY, "keyId": client.key_uri()}}
    assert client.done("PATCH", SERVER, body)["status"] == "Failed"
    assert client.broken(3)
    assert client.properties(f"{SERVER}/encryptionProtector/current")["serverKeyType"] == "ServiceManaged"


def test_law_3_is_kept_where_the_vault_is_protected_first() -> None:
    client = raw(_unprotected())
    client.done("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})
    client.switched()
    assert client.monitor.violations == []


# -- law 4 ---------------------------------------------------------------------------------------------------------------------


def test_law_4_the_grant_of_a_key_in_use_is_removed() -> None:
    client = raw()
    client.switched()
    client.send("DELETE", _grant_of(client, KEY))
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
    client.send("DELETE", _grant_of(client, KEY))
    assert client.monitor.violations == []


# -- law 5 ---------------------------------------------------------------------------------------------------------------------


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


# -- law 8 ---------------------------------------------------------------------------------------------------------------------


def test_law_8_the_way_back_takes_the_grant_too_early() -> None:
    client = raw()
    client.switched()
    client.send("DELETE", _grant_of(client, KEY))
    assert client.broken(8) == ["has no usable key: it lacks the right to use the key"]


def test_law_8_after_the_way_back_backups_lose_their_key() -> None:
    client = raw()
    client.switched()
    client.wait(600)
    client.protect("ServiceManaged")
    client.send("DELETE", _grant_of(client, KEY))
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
    client.send("DELETE", _grant_of(client, KEY))
    found = check(client.azure, client.monitor)
    assert [one.resource for one in found if "when all is quiet" in one.sentence] == [DATABASE]


# -- law 10 --------------------------------------------------------------------------------------------------------------------


def test_law_10_a_machine_is_deallocated_and_never_started() -> None:
    client = client_of()
    client.done("POST", f"{MACHINE}/deallocate")
    assert client.broken(10) == []
    check(client.azure, client.monitor)
    assert client.broken(10) == ["ran before the operator stopped it, and does not run when all is quiet"]


def test_law_10_a_start_that_finds_no_room_leaves_it_down() -> None:
    client = client_of(off=("compute-has-room",))
    client.done("POST", f"{MACHINE}/deallocate")
    client.done("POST", f"{MACHINE}/start")
    copy = client.clone()
    copy.monitor.remember(client.monitor)
    for one in (client, copy):
        check(one.azure, one.monitor)
        assert one.broken(10)


def test_law_10_is_kept_where_the_machine_runs_again_or_never_ran() -> None:
    client = client_of()
    make_set(client)
    client.done("POST", f"{MACHINE}/deallocate")
    client.done("PATCH", DATA_DISK, TO_SET)
    client.done("POST", f"{MACHINE}/start")
    assert check(client.azure, client.monitor) == ()
    stopped = with_power(client.azure.world.get(MACHINE) or {}, STOPPED)
    client.azure.world.apply([SetResource(ResourceId(MACHINE), stopped)])
    client.monitor.rebase()
    client.done("POST", f"{MACHINE}/deallocate")
    assert check(client.azure, client.monitor) == ()


# -- disks under the other laws --------------------------------------------------------------------------------------------------


def test_law_3_a_disk_s_set_in_a_vault_without_purge_protection() -> None:
    client = client_of(off=("compute-checks-protection",))
    vault = client.azure.world.get(VAULT) or {}
    properties = {name: value for name, value in vault["properties"].items() if name != "enablePurgeProtection"}
    client.azure.world.apply([SetResource(ResourceId(VAULT), {**vault, "properties": properties})])
    client.monitor.rebase()
    make_set(client)
    client.done("POST", f"{MACHINE}/deallocate")
    client.done("PATCH", OS_DISK, TO_SET)
    assert len(client.broken(3)) == 2


def test_law_8_the_grant_of_a_disk_s_set_is_removed() -> None:
    client = client_of()
    make_set(client)
    client.done("POST", f"{MACHINE}/deallocate")
    client.done("PATCH", OS_DISK, TO_SET)
    client.done("POST", f"{MACHINE}/start")
    client.send("DELETE", _grant_of(client, KEY))
    lacking = "has no usable key: it lacks the right to use the key"
    assert client.broken(8) == [lacking, lacking]
    assert {one.resource for one in client.monitor.violations if one.law == 8} == {SET, OS_DISK}


# -- law 11 --------------------------------------------------------------------------------------------------------------------


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


def test_what_others_do_is_not_ours() -> None:
    client = raw(
        estate(
            role_assignments=[
                *estate()["role_assignments"],
                {"principal": APP, "role": "Owner", "scope": f"/subscriptions/{SUB}"},
            ]
        )
    )
    client.switched()
    client.send("DELETE", _grant_of(client, KEY), who=APP)
    assert client.monitor.violations == []
    assert check(client.azure, client.monitor) == ()


@pytest.mark.parametrize("server", [SERVER, PARTNER])
def test_a_world_changed_by_hand_is_taken_as_it_is(server: str) -> None:
    client = raw()
    client.monitor.rebase()
    client.get(server)
    assert client.monitor.violations == []


def test_a_copy_s_monitor_knows_what_was_ours() -> None:
    client = raw()
    entry = {
        "tenantId": TENANT,
        "objectId": client.properties(IDENTITY)["principalId"],
        "permissions": {"keys": ["get"]},
    }
    body = {"properties": {"accessPolicies": [entry]}}
    client.send("PUT", f"{OLD_VAULT}/accessPolicies/add", body)
    for after, laws in ((client.monitor, []), (None, [5, 11])):
        copy = Raw(client.azure.clone())
        copy.azure.observers.clear()
        copy.monitor = watch(copy.azure, OPERATOR, after=after)
        copy.send("PUT", f"{OLD_VAULT}/accessPolicies/remove", body)
        assert sorted({one.law for one in copy.monitor.violations}) == laws


def test_a_fresh_monitor_knows_the_operator_s_own_grants() -> None:
    client = raw()
    made = client.grant(VAULT, client.properties(IDENTITY)["principalId"])
    copy = Raw(client.azure.clone())
    copy.send("DELETE", made.body["id"])
    assert copy.monitor.violations == []


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
