"""Databases with keys of their own: what Azure refuses, under every reading, and what happens by itself."""

from __future__ import annotations

from typing import Any

import pytest

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.providers.keyvault.rotation import new_version
from tests.simulator.providers.sql.servers import DAY, OTHER, failed, pair
from tests.simulator.raw import DATABASE, IDENTITY, KEY, PARTNER, SERVER, VAULT, Raw, estate, raw

REPLICA = f"{PARTNER}/databases/db"
SECOND = f"{VAULT}/keys/second"
EXPANDED = f"{DATABASE}?$expand=keys"


def body(uri: str, *, protector: bool = True, identity: str = IDENTITY, keys: tuple[str, ...] = ()) -> dict[str, Any]:
    properties: dict[str, Any] = {"keys": {one: {} for one in (uri, *keys)}}
    if protector:
        properties |= {"encryptionProtector": uri, "encryptionProtectorAutoRotation": True}
    return {"identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}, "properties": properties}


def own(client: Raw, database: str = DATABASE, **more: Any) -> dict[str, Any]:
    return client.done("PATCH", database, body(client.key_uri(), **more))


def grant(client: Raw, key: str) -> None:
    principal = client.properties(IDENTITY)["principalId"]
    assert client.grant(key, principal, name="10000000-0000-4000-8000-000000000009").status == 201


def code(given: Any) -> str:
    assert given.status >= 400, given.body
    return str(given.body["error"]["code"])


def second(client: Raw) -> str:
    client.done("PUT", SECOND, {"properties": {"kty": "RSA", "keySize": 3072}})
    grant(client, SECOND)
    client.wait(900)
    return client.key_uri(SECOND)


def test_keys_are_shown_only_where_they_are_asked_for() -> None:
    client = raw()
    assert own(client)["status"] == "Succeeded"
    uri = client.key_uri()
    shown = client.properties(DATABASE)
    assert (shown["encryptionProtector"], shown["encryptionProtectorAutoRotation"]) == (uri, True)
    assert "keys" not in shown
    assert list(client.properties(EXPANDED)["keys"]) == [uri]
    assert client.properties(EXPANDED)["keys"][uri]["type"] == "AzureKeyVault"


def test_exactly_one_user_assigned_identity() -> None:
    client = raw()
    client.send("PUT", OTHER, {"location": "westeurope"})
    own(client)
    assert code(client.send("PATCH", DATABASE, body(client.key_uri(), identity=OTHER))) == (
        "MultipleIdentityDelegationsOnDatabase"
    )
    system = {"identity": {"type": "SystemAssigned"}}
    assert code(client.send("PATCH", DATABASE, system)) == "InvalidIdentityType"
    without = {"properties": {"encryptionProtector": client.key_uri()}}
    assert code(raw().send("PATCH", DATABASE, without)) == "MissingPrimaryDelegatedIdentityClientId"
    assert code(client.send("PATCH", f"{SERVER}/databases/master", body(client.key_uri()))) == "InvalidDatabaseName"


def test_a_pool_takes_no_key() -> None:
    content = estate()
    next(one for one in content["resources"] if one["id"] == DATABASE)["sku"] = {"tier": "DataWarehouse"}
    client = raw(content)
    assert code(client.send("PATCH", DATABASE, body(client.key_uri()))) == "PerDatabaseCMKDWNotSupported"


def test_the_identity_must_be_able_to_use_every_key_that_is_named() -> None:
    client = raw()
    client.done("PUT", SECOND, {"properties": {"kty": "RSA", "keySize": 3072}})
    ended = own(client, keys=(client.key_uri(SECOND),), protector=False)
    assert failed(ended) == "AzureKeyVaultMissingPermissions"
    assert "keys" not in client.properties(EXPANDED)


@pytest.mark.parametrize(("reading", "shown"), [("after", False), ("before", True)])
def test_a_database_meanwhile_under_both_readings(reading: str, *, shown: bool) -> None:
    client = raw(doubts={"sql-database-meanwhile": reading})
    client.send("PATCH", DATABASE, body(client.key_uri()))
    assert ("encryptionProtector" in client.properties(DATABASE)) is shown
    client.wait(120)
    assert "encryptionProtector" in client.properties(DATABASE)


@pytest.mark.parametrize(("reading", "left"), [("merge", 2), ("replace", 1)])
def test_a_patch_of_the_keys_under_both_readings(reading: str, left: int) -> None:
    client = raw(doubts={"sql-database-keys-patch": reading})
    uri = second(client)
    own(client, keys=(uri,), protector=False)
    own(client, protector=False)
    assert len(client.properties(EXPANDED)["keys"]) == left


def test_null_removes_a_key() -> None:
    client = raw()
    uri = second(client)
    own(client, keys=(uri,))
    client.done("PATCH", DATABASE, {"properties": {"keys": {uri: None}}})
    assert list(client.properties(EXPANDED)["keys"]) == [client.key_uri()]


@pytest.mark.parametrize(("reading", "left"), [("all", True), ("nothing", False)])
def test_what_a_revert_leaves_under_both_readings(reading: str, *, left: bool) -> None:
    client = raw(doubts={"sql-database-revert-leaves": reading})
    own(client)
    assert client.done("POST", f"{DATABASE}/encryptionProtector/current/revert")["status"] == "Succeeded"
    client.wait(1)
    assert "encryptionProtector" not in client.properties(DATABASE)
    assert ("keys" in client.properties(EXPANDED), "identity" in client.get(DATABASE)) == (left, left)


def test_a_revert_needs_a_key_of_its_own_and_a_platform_server() -> None:
    client = raw()
    revert = f"{DATABASE}/encryptionProtector/current/revert"
    assert code(client.send("POST", revert)) == "InvalidDatabaseEncryptionProtector"
    own(client)
    client.switched()
    assert code(client.send("POST", revert)) == "RevertDatabaseLevelKeyOnlySupportedWithSMK"


@pytest.mark.parametrize(
    ("reading", "refused"),
    [("either", ()), ("secondary-first", (DATABASE,)), ("primary-first", (REPLICA,))],
)
def test_the_order_of_a_geo_revert_under_its_readings(reading: str, refused: tuple[str, ...]) -> None:
    client = raw(pair(), doubts={"sql-database-geo-revert-order": reading})
    own(client, REPLICA, protector=False)
    own(client)
    own(client, REPLICA)
    given = {
        one: client.clone().send("POST", f"{one}/encryptionProtector/current/revert") for one in (DATABASE, REPLICA)
    }
    assert tuple(one for one, answer in given.items() if answer.status >= 400) == refused


def test_a_secondary_has_the_key_first_and_the_primary_its_protector() -> None:
    client = raw(pair())
    assert failed(own(client)) == "SameKeyMaterialNotFoundOnRemoteServer"
    assert failed(own(client, REPLICA)) == (
        "PerDatabaseCMKGeoPrimaryIsNotConfiguredWithDatabaseLevelEncryptionProtector"
    )
    assert own(client, REPLICA, protector=False)["status"] == "Succeeded"
    assert own(client)["status"] == "Succeeded"
    assert own(client, REPLICA)["status"] == "Succeeded"


@pytest.mark.parametrize(("reading", "status"), [("taken", 202), ("refused", 400)])
@pytest.mark.parametrize("doubt", ["sql-database-long-term-retention", "sql-database-hyperscale"])
def test_what_the_sources_disagree_on_under_both_readings(doubt: str, reading: str, status: int) -> None:
    content = estate()
    next(one for one in content["resources"] if one["id"] == DATABASE)["sku"] = {"tier": "Hyperscale"}
    policy = {"id": f"{DATABASE}/backupLongTermRetentionPolicies/default", "properties": {"weeklyRetention": "P1W"}}
    content["resources"].append(policy)
    client = raw(content, doubts={doubt: reading})
    assert client.send("PATCH", DATABASE, body(client.key_uri())).status == status


@pytest.mark.parametrize("on", [True, False])
def test_switch_active_log_files_need_their_keys(*, on: bool) -> None:
    client = raw(off=() if on else ("sql-database-log",))
    own(client)
    uri = second(client)
    held_up = "PerDatabaseCMKKeyRotationAttemptedWhileOldThumbprintInUse"
    change = {"properties": {"encryptionProtector": uri}}
    assert client.done("PATCH", DATABASE, change)["status"] == "Succeeded"
    back = {"properties": {"encryptionProtector": client.key_uri()}}
    ended = client.done("PATCH", DATABASE, back)
    assert (failed(ended) == held_up) if on else (ended["status"] == "Succeeded")
    client.wait(2 * 3600)
    assert client.done("PATCH", DATABASE, back)["status"] == "Succeeded"


def test_the_key_of_the_server_has_to_come_along() -> None:
    client = raw()
    client.switched()
    uri = second(client)
    identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    alone = {"identity": identity, "properties": {"encryptionProtector": uri}}
    assert failed(client.done("PATCH", DATABASE, alone)) == "PerDatabaseCMKKeyRotationAttemptedWhileOldThumbprintInUse"
    both = {"identity": identity, "properties": {"encryptionProtector": uri, "keys": {client.key_uri(): {}}}}
    assert client.done("PATCH", DATABASE, both)["status"] == "Succeeded"


def test_a_new_version_is_followed_within_a_day() -> None:
    client = raw()
    own(client)
    before = client.key_uri()
    client.azure.world.apply(new_version(client.azure.world, ResourceId(KEY)))
    assert client.properties(DATABASE)["encryptionProtector"] == before
    client.wait(1.1 * DAY)
    assert client.properties(DATABASE)["encryptionProtector"] == client.key_uri()
    assert list(client.properties(EXPANDED)["keys"]) == [before, client.key_uri()]
    assert client.broken(8) == []


def test_the_monitor_sees_a_right_of_the_databases_identity_go() -> None:
    client = raw()
    own(client)
    grants = [str(one) for one, _ in client.azure.world.by_type("Microsoft.Authorization/roleAssignments")]
    gone = next(one for one in grants if one.lower().startswith(KEY.lower() + "/"))
    client.send("DELETE", gone)
    assert any("the right to use the key" in one for one in client.broken(4))
    client.wait(2 * 3600)
    assert client.properties(DATABASE)["status"] == "Inaccessible"
    assert code(client.send("POST", f"{DATABASE}/encryptionProtector/current/revert")) == "CMKOperationNotAllowed"
    grant(client, KEY)
    client.wait(900)
    client.done("POST", f"{DATABASE}/encryptionProtector/current/revalidate")
    client.wait(60)
    assert client.properties(DATABASE)["status"] == "Online"
