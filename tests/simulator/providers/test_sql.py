"""SQL servers: identities, keys, protectors, databases, geo pairs, under every reading and with every switch off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.raw import DATABASE, GROUP, IDENTITY, KEY, PARTNER, SERVER, VAULT, Raw, estate, raw

PROTECTOR = f"{SERVER}/encryptionProtector/current"
LINKED = {
    "id": f"{SERVER}/failoverGroups/fg",
    "properties": {"partnerServers": [{"id": PARTNER}], "databases": [DATABASE]},
}
DAY = 86400
OTHER = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-other"


def pair(**more: Any) -> dict[str, Any]:
    content = estate(**more)
    content["resources"].append(LINKED)
    partner = next(one for one in content["resources"] if one["id"] == PARTNER)
    partner["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    partner["properties"]["primaryUserAssignedIdentityId"] = IDENTITY
    return content


def failed(ended: dict[str, Any]) -> str:
    assert ended["status"] == "Failed", ended
    return str(ended["error"]["code"])


def put_key(client: Raw, key: str = KEY, server: str = SERVER, **changes: Any) -> Any:
    uri = client.key_uri(key)
    name = f"kv-main_{key.rsplit('/', 1)[1]}_{uri.rsplit('/', 1)[1]}"
    body = {"properties": {"serverKeyType": "AzureKeyVault", "uri": uri, **changes}}
    return client.send("PUT", f"{server}/keys/{name}", body)


# -- what is simply there -------------------------------------------------------------------------------------------------------


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


# -- identities -------------------------------------------------------------------------------------------------------------------


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


# -- server keys ------------------------------------------------------------------------------------------------------------------


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


# -- protectors -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reading", "shown"), [("shown", True), ("absent", False)])
def test_key_id_after_the_switch_under_both_readings(reading: str, *, shown: bool) -> None:
    client = raw(doubts={"sql-server-key-id": reading})
    client.switched()
    assert ("keyId" in client.properties(SERVER)) is shown
    client.protect("ServiceManaged")
    assert "keyId" not in client.properties(SERVER)


@pytest.mark.parametrize(("reading", "shown"), [("shown", True), ("absent", False)])
def test_what_a_protector_shows_under_both_readings(reading: str, *, shown: bool) -> None:
    client = raw(doubts={"sql-protector-key-version": reading})
    client.switched()
    assert ("keyVersion" in client.properties(PROTECTOR), "thumbprint" in client.properties(PROTECTOR)) == (
        shown,
        shown,
    )


@pytest.mark.parametrize(("reading", "kind"), [("after", "ServiceManaged"), ("before", "AzureKeyVault")])
def test_a_protector_meanwhile_under_both_readings(reading: str, kind: str) -> None:
    client = raw(doubts={"sql-protector-meanwhile": reading})
    name = client.register()
    body = {"properties": {"serverKeyType": "AzureKeyVault", "serverKeyName": name}}
    given = client.send("PUT", PROTECTOR, body)
    assert (given.status, given.body["operation"]) == (202, "UpsertLogicalServerEncryptionprotector")
    assert client.properties(PROTECTOR)["serverKeyType"] == kind
    client.wait(60)
    assert client.properties(PROTECTOR)["serverKeyType"] == "AzureKeyVault"


@pytest.mark.parametrize("on", [True, False])
def test_switch_a_second_put_while_one_runs(*, on: bool) -> None:
    client = raw(off=() if on else ("sql-protector-in-progress",))
    body = {"properties": {"serverKeyType": "AzureKeyVault", "serverKeyName": client.register()}}
    client.send("PUT", PROTECTOR, body)
    given = client.send("PUT", PROTECTOR, body)
    assert given.status == (409 if on else 202)
    if on:
        assert given.body["error"]["code"] == "EncryptionProtectorChangeInProgress"


@pytest.mark.parametrize("on", [True, False])
def test_switch_an_old_version_is_refused(*, on: bool) -> None:
    client = raw(off=() if on else ("sql-refuses-old-version",))
    name = client.register()
    client.send("POST", "https://kv-main.vault.azure.net/keys/cmk/rotate")
    ended = client.protect(name)
    assert ended["status"] == ("Failed" if on else "Succeeded")
    if on:
        assert failed(ended) == "OldGenerationOfAKVKeyBeingUsedError"


@pytest.mark.parametrize("on", [True, False])
def test_switch_protection_is_checked(*, on: bool) -> None:
    content = estate()
    del content["resources"][0]["properties"]["enablePurgeProtection"]
    client = raw(content, off=() if on else ("sql-checks-protection",), doubts={"sql-key-refusal-arrives": "reply"})
    given = put_key(client)
    assert given.status == (400 if on else 202)
    if on:
        assert given.body["error"]["code"] == "SecurityInvalidAzureKeyVaultRecoveryLevel"


def test_shapes_of_protectors() -> None:
    client = raw()
    cases = [
        ({"serverKeyType": "AzureKeyVault", "serverKeyName": "none"}, 404, "ServerKeyNotFound"),
        ({"serverKeyType": "ServiceManaged", "serverKeyName": "other"}, 400, "InvalidKeyName"),
        ({"serverKeyType": "Other"}, 400, "InvalidKeyType"),
    ]
    for properties, status, code in cases:
        given = client.send("PUT", PROTECTOR, {"properties": properties})
        assert (given.status, given.body["error"]["code"]) == (status, code)
    assert (
        client.send(
            "PUT", f"{SERVER}/encryptionProtector/other", {"properties": {"serverKeyType": "ServiceManaged"}}
        ).status
        == 400
    )
    assert client.send("DELETE", PROTECTOR).status == 405


def test_the_one_patch_variant_registers_and_protects() -> None:
    client = raw()
    uri = client.key_uri()
    ended = client.done("PATCH", SERVER, {"properties": {"primaryUserAssignedIdentityId": IDENTITY, "keyId": uri}})
    assert ended["status"] == "Succeeded"
    after = client.properties(PROTECTOR)
    assert (after["serverKeyType"], after["uri"], after["autoRotationEnabled"]) == ("AzureKeyVault", uri, False)
    assert client.properties(SERVER)["keyId"] == uri
    assert len(client.get(f"{SERVER}/keys")["value"]) == 2
    assert (
        client.send("PATCH", PARTNER, {"properties": {"keyId": uri}}).body["error"]["code"]
        == "PrimaryUserAssignedIdentityIdRequired"
    )


# -- databases --------------------------------------------------------------------------------------------------------------------


def test_switching_encryption_on_scans_for_a_while() -> None:
    content = estate()
    content["resources"].append(
        {"id": f"{DATABASE}/transparentDataEncryption/current", "properties": {"state": "Disabled"}}
    )
    client = raw(content)
    place = f"{DATABASE}/transparentDataEncryption/current"
    client.done("PUT", place, {"properties": {"state": "Enabled"}})
    assert client.properties(place) == {"state": "Enabled", "scanState": "Running"}
    assert (
        client.send("PUT", place, {"properties": {"state": "Enabled"}}).body["error"]["code"] == "EncryptionInProgress"
    )
    client.wait(5 * 3600)
    assert client.properties(place)["scanState"] == "Completed"
    assert client.send("PUT", place, {"properties": {"state": "Maybe"}}).status == 400
    assert (
        client.send(
            "PUT", f"{SERVER}/databases/master/transparentDataEncryption/current", {"properties": {"state": "Enabled"}}
        ).status
        == 400
    )


def test_a_new_database_has_its_children_and_its_chain() -> None:
    client = raw()
    place = f"{SERVER}/databases/more"
    client.done("PUT", place, {"location": "westeurope"})
    client.wait(1)
    assert client.properties(f"{place}/transparentDataEncryption/current")["state"] == "Enabled"
    assert client.azure.world.hidden(place)["backups"][-1][1] == "ServiceManaged"
    assert client.send("PATCH", f"{SERVER}/databases/master", {"tags": {}}).status == 400


@pytest.mark.parametrize("on", [True, False])
def test_switch_backups_keep_their_keys(*, on: bool) -> None:
    client = raw(off=() if on else ("sql-backup-chains",))
    name = client.switched()
    client.wait(600)
    client.protect("ServiceManaged")
    client.done("DELETE", f"{SERVER}/keys/{name}")
    assert bool(client.broken(8)) is on


# -- geo pairs --------------------------------------------------------------------------------------------------------------------


def test_the_partner_is_supplied_and_roles_swap() -> None:
    client = raw(pair())
    group = f"{PARTNER}/failoverGroups/fg"
    assert client.properties(group)["replicationRole"] == "Secondary"
    link = client.get(f"{PARTNER}/replicationLinks")["value"][0]
    assert (
        link["properties"]
        | {"role": "Secondary", "partnerRole": "Primary", "linkType": "GEO", "replicationState": "CATCH_UP"}
        == link["properties"]
    )
    assert link["id"].startswith(f"{PARTNER}/databases/db/replicationLinks/")
    assert client.send("POST", f"{SERVER}/failoverGroups/fg/failover").status == 400
    client.done("POST", f"{group}/failover")
    client.wait(1)
    assert client.properties(group)["replicationRole"] == "Primary"
    assert client.properties(f"{SERVER}/failoverGroups/fg")["partnerServers"][0]["replicationRole"] == "Primary"
    assert client.get(f"{SERVER}/replicationLinks")["value"][0]["properties"]["role"] == "Secondary"
    place = f"{DATABASE}/transparentDataEncryption/current"
    assert (
        client.send("PUT", place, {"properties": {"state": "Enabled"}}).body["error"]["code"]
        == "CanNotDropAlterOnMirror"
    )


@pytest.mark.parametrize("on", [True, False])
def test_switch_a_partner_without_the_key_refuses_the_primary(*, on: bool) -> None:
    client = raw(pair(), off=() if on else ("sql-geo-rules",))
    name = client.register()
    ended = client.protect(name, rotates=True)
    assert ended["status"] == ("Failed" if on else "Succeeded")
    if on:
        assert failed(ended) == "SameKeyUriNotFoundOnRemoteServer"
        assert failed(client.protect(name)) == "SameKeyMaterialNotFoundOnRemoteServer"
        client.register(PARTNER)
        assert client.protect(name, PARTNER, rotates=True)["status"] == "Succeeded"
        assert client.protect(name, rotates=True)["status"] == "Succeeded"
        assert client.send("DELETE", f"{PARTNER}/keys/{name}").status == 409


@pytest.mark.parametrize(
    ("reading", "first"), [("either", None), ("secondary-first", PARTNER), ("primary-first", SERVER)]
)
def test_the_way_back_of_a_pair_under_its_readings(reading: str, first: str | None) -> None:
    client = raw(pair(), doubts={"sql-geo-rollback-order": reading})
    name = client.register()
    client.register(PARTNER)
    client.protect(name, PARTNER)
    client.protect(name)
    for server in (SERVER, PARTNER):
        ended = client.clone().protect("ServiceManaged", server)
        assert ended["status"] == ("Succeeded" if first in (None, server) else "Failed")


def test_automatic_rotation_of_one_of_a_pair_is_in_error() -> None:
    client = raw(pair())
    name = client.register()
    client.register(PARTNER)
    client.protect(name, PARTNER)
    client.protect(name, rotates=True)
    client.send("POST", "https://kv-main.vault.azure.net/keys/cmk/rotate")
    assert any("is in error" in one for one in client.wait(2 * DAY))
    assert client.properties(PROTECTOR)["serverKeyName"] == name
    client.register(PARTNER)
    assert (
        client.send(
            "PUT", PROTECTOR, {"properties": {"serverKeyType": "AzureKeyVault", "serverKeyName": client.register()}}
        ).status
        == 400
    )


# -- by itself --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reading", "hours"), [("day", 24), ("hour", 1)])
@pytest.mark.parametrize("on", [True, False])
def test_switch_protectors_follow_new_versions(reading: str, hours: int, *, on: bool) -> None:
    client = raw(doubts={"sql-auto-rotation-lag": reading}, off=() if on else ("sql-auto-rotation",))
    client.protect(client.register(), rotates=True)
    rotated = client.send("POST", "https://kv-main.vault.azure.net/keys/cmk/rotate").body["key"]["kid"]
    client.wait(hours * 3600)
    assert (client.properties(PROTECTOR)["uri"] == rotated) is on
    assert len(client.get(f"{SERVER}/keys")["value"]) == (3 if on else 2)
    assert len(client.azure.world.hidden(DATABASE)["backups"]) == (3 if on else 2)
    assert client.monitor.violations == []


def _cut(client: Raw, *, off: bool) -> None:
    version = client.key_uri().rsplit("/", 1)[1]
    client.send("PATCH", f"https://kv-main.vault.azure.net/keys/cmk/{version}", {"attributes": {"enabled": not off}})


@pytest.mark.parametrize("on", [True, False])
def test_switch_an_unreachable_key_takes_the_databases(*, on: bool) -> None:
    client = raw(off=() if on else ("sql-inaccessible",))
    client.switched()
    _cut(client, off=True)
    client.wait(9 * 60)
    assert client.properties(DATABASE)["status"] == "Online"
    client.wait(22 * 60)
    assert client.properties(DATABASE)["status"] == ("Inaccessible" if on else "Online")
    if on:
        assert [one["name"] for one in client.get(f"{SERVER}/inaccessibleDatabases")["value"]] == ["db"]
        assert failed(client.protect("ServiceManaged")) == "CMKOperationNotAllowed"


@pytest.mark.parametrize(("reading", "status"), [("answer", 200), ("refuse", 400)])
def test_reads_below_an_inaccessible_database_under_both_readings(reading: str, status: int) -> None:
    client = raw(doubts={"sql-inaccessible-reads": reading})
    client.switched()
    _cut(client, off=True)
    client.wait(3600)
    assert client.send("GET", f"{DATABASE}/transparentDataEncryption/current").status == status


def test_access_back_soon_heals_by_itself() -> None:
    client = raw()
    client.switched()
    _cut(client, off=True)
    client.wait(25 * 60)
    _cut(client, off=False)
    client.wait(2 * 3600)
    assert client.properties(DATABASE)["status"] == "Online"


def test_access_back_late_has_to_be_revalidated() -> None:
    client = raw()
    client.switched()
    _cut(client, off=True)
    client.wait(5 * 3600)
    _cut(client, off=False)
    client.wait(24 * 3600)
    assert client.properties(DATABASE)["status"] == "Inaccessible"
    client.done("POST", f"{PROTECTOR}/revalidate")
    client.wait(1)
    assert client.properties(DATABASE)["status"] == "Online"
