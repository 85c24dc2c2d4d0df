"""Storage accounts: identities, keys, scopes, what follows; under every reading and with every switch off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.raw import GROUP, IDENTITY, KEY, VAULT, Raw, estate, raw

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stdata"
SCOPE = f"{ACCOUNT}/encryptionScopes/archive"
OTHER = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-other"
SECOND_KEY = f"{VAULT}/keys/second"
URI = "https://kv-main.vault.azure.net"
SERVICES = {"blob": {"enabled": True}, "file": {"enabled": True}}
DAY = 86400


def with_account(**more: Any) -> dict[str, Any]:
    content = estate()
    content["resources"] += [
        {"id": OTHER, "location": "westeurope"},
        {"id": SECOND_KEY, "properties": {"kty": "RSA", "keySize": 2048}},
        {"id": ACCOUNT, "location": "westeurope", "kind": "StorageV2", "properties": {}, **more},
        {"id": SCOPE, "properties": {}},
    ]
    content["role_assignments"] += [
        {"principal": IDENTITY, "role": "Key Vault Crypto Service Encryption User", "scope": SECOND_KEY},
        {"principal": OTHER, "role": "Key Vault Crypto Service Encryption User", "scope": VAULT},
    ]
    return content


def opened(**options: Any) -> Raw:
    return raw(with_account(**options.pop("account", {})), **options)


def attached(*named: str) -> dict[str, Any]:
    return {"type": "UserAssigned", "userAssignedIdentities": {one: {} for one in named}}


def to_key(name: str = "cmk", identity: str = IDENTITY, **more: Any) -> dict[str, Any]:
    key = {"keyvaulturi": URI, "keyname": name, "keyversion": ""}
    encryption: dict[str, Any] = {"keySource": "Microsoft.Keyvault", "keyvaultproperties": key, "services": SERVICES}
    if identity:
        encryption["identity"] = {"userAssignedIdentity": identity}
    return {"properties": {"encryption": {**encryption, **more}}}


def to_platform(**more: Any) -> dict[str, Any]:
    return {"properties": {"encryption": {"keySource": "Microsoft.Storage", "services": SERVICES, **more}}}


def switched(**options: Any) -> Raw:
    client = opened(**options)
    client.done("PATCH", ACCOUNT, {"identity": attached(IDENTITY), **to_key()})
    return client


def refusal(client: Raw, body: Any, target: str = ACCOUNT) -> tuple[int, str, str]:
    given = client.send("PATCH", target, body)
    assert given.status >= 400, given.body
    error = given.body["error"]
    return given.status, error["code"], error["message"]


def encryption(client: Raw) -> dict[str, Any]:
    found: dict[str, Any] = client.properties(ACCOUNT)["encryption"]
    return found


# -- as recorded -----------------------------------------------------------------------------------------------------


def test_a_new_account_is_made_in_the_background_without_a_body() -> None:
    client = opened(operation_seconds=None)
    place = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stnew"
    given = client.send("PUT", place, {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
    assert (given.status, given.body, given.headers["Retry-After"]) == (202, None, "17")
    assert client.properties(place)["provisioningState"] == "Creating"
    client.wait(30)
    shown = client.get(place)
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert shown["sku"]["tier"] == "Standard"
    assert shown["properties"]["encryption"]["keySource"] == "Microsoft.Storage"
    assert set(shown["properties"]["encryption"]["services"]) == {"blob", "file"}
    assert shown["properties"]["primaryEndpoints"]["queue"] == "https://stnew.queue.core.windows.net/"
    assert client.send("PUT", place, {"location": "westeurope", "tags": {"a": "b"}}).body["tags"] == {"a": "b"}


@pytest.mark.parametrize(
    ("kind", "sku", "there"),
    [("BlockBlobStorage", "Premium_LRS", {"blob"}), ("FileStorage", "Premium_LRS", {"file"}),
     ("Storage", "Standard_LRS", {"blob", "file", "queue", "table"})],
)  # fmt: skip
def test_what_an_account_has_depends_on_its_kind(kind: str, sku: str, there: set[str]) -> None:
    client = opened(account={"kind": kind, "sku": {"name": sku}})
    assert set(client.properties(ACCOUNT)["primaryEndpoints"]) == there


def test_identity_and_key_go_in_one_request_and_the_version_in_use_is_shown() -> None:
    client = switched()
    key = encryption(client)["keyvaultproperties"]
    assert key["currentVersionedKeyIdentifier"] == client.key_uri()
    assert key["currentVersionedKeyExpirationTimestamp"] == "1970-01-01T00:00:00.0000000Z"
    assert key["keyversion"] == ""


def test_the_way_back_takes_the_key_away_and_leaves_the_identity() -> None:
    client = switched()
    client.done("PATCH", ACCOUNT, to_platform())
    shown = client.get(ACCOUNT)
    assert "keyvaultproperties" not in shown["properties"]["encryption"]
    assert list(shown["identity"]["userAssignedIdentities"]) == [IDENTITY]
    assert client.broken(5) == []


def test_the_system_assigned_identity_reads_a_key_too() -> None:
    client = opened()
    body = client.done("PATCH", ACCOUNT, {"identity": {"type": "SystemAssigned"}})
    client.grant(KEY, body["identity"]["principalId"])
    client.done("PATCH", ACCOUNT, to_key(identity=""))
    assert encryption(client)["keySource"] == "Microsoft.Keyvault"


# -- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "body", "code", "text"),
    [
        (None, to_key(), "BadRequest", "(MSI) is not set"),
        ({"type": "SystemAssigned"}, to_key(), "InvalidValuesForRequestParameters", "properties.encryption.identity"),
        (attached(IDENTITY), to_key(identity=""), "BadRequest", "Missing pre-requisites"),
        (attached(IDENTITY), to_key("absent"), "HttpResourceNotFound", "is not found"),
        (attached(IDENTITY), to_key(keySource="Other"), "InvalidValuesForRequestParameters", "properties.encryption"),
        (attached(IDENTITY), to_key(keyvaultproperties={}), "InvalidValuesForRequestParameters", "encryption"),
    ],
)
def test_a_key_that_cannot_be_read_is_refused(before: Any, body: Any, code: str, text: str) -> None:
    client = opened(account={"identity": before} if before else {})
    given = refusal(client, body)
    assert (given[1], text in given[2]) == (code, True)
    assert encryption(client)["keySource"] == "Microsoft.Storage"


@pytest.mark.parametrize("reading", ["authentication", "access-policy"])
def test_a_missing_right_has_two_codes(reading: str) -> None:
    content = with_account(identity=attached(IDENTITY))
    content["role_assignments"] = []
    client = raw(content, doubts={"storage-missing-right": reading})
    expected = {
        "authentication": "KeyVaultAuthenticationFailure",
        "access-policy": "AccessPolicyNotConfiguredForKeyVault",
    }
    assert refusal(client, to_key())[:2] == (403, expected[reading])


@pytest.mark.parametrize("attributes", [{"enabled": False}, {"exp": 1}])
def test_a_disabled_or_expired_key_reads_like_a_missing_right(attributes: dict[str, Any]) -> None:
    content = with_account(identity=attached(IDENTITY))
    next(one for one in content["resources"] if one["id"] == KEY)["properties"]["attributes"] = attributes
    assert refusal(raw(content), to_key())[1] == "KeyVaultAuthenticationFailure"


def test_a_closed_vault_reads_like_a_missing_right_too() -> None:
    content = with_account(identity=attached(IDENTITY))
    acls = next(one for one in content["resources"] if one["id"] == VAULT)["properties"]["networkAcls"]
    acls |= {"defaultAction": "Deny", "bypass": "None"}
    assert refusal(raw(content), to_key())[1] == "KeyVaultAuthenticationFailure"


def test_a_key_that_is_no_rsa_key_is_refused() -> None:
    content = with_account(identity=attached(IDENTITY))
    next(one for one in content["resources"] if one["id"] == KEY)["properties"] = {"kty": "EC", "curveName": "P-256"}
    assert refusal(raw(content), to_key())[1] == "KeyVaultKeyTypeNotSupported"


@pytest.mark.parametrize("on", [True, False])
def test_a_vault_without_purge_protection_is_refused(on: bool) -> None:  # noqa: FBT001 - parametrized
    content = with_account(identity=attached(IDENTITY))
    del next(one for one in content["resources"] if one["id"] == VAULT)["properties"]["enablePurgeProtection"]
    client = raw(content, off=() if on else ("storage-checks-protection",))
    given = client.send("PATCH", ACCOUNT, to_key())
    assert given.status == (400 if on else 200)
    if on:
        assert given.body["error"]["code"] == "KeyVaultPolicyError"


@pytest.mark.parametrize("on", [True, False])
def test_one_user_assigned_identity_is_permitted(on: bool) -> None:  # noqa: FBT001 - parametrized
    client = opened(account={"identity": attached(IDENTITY)}, off=() if on else ("storage-one-identity",))
    given = client.send("PATCH", ACCOUNT, {"identity": attached(OTHER)})
    assert given.status == (400 if on else 200)
    if on:
        assert "Too many user-assigned identities" in given.body["error"]["message"]


@pytest.mark.parametrize("reading", ["room", "full"])
def test_whether_null_makes_room_is_a_doubt(reading: str) -> None:
    client = opened(account={"identity": attached(IDENTITY)}, doubts={"storage-identity-null": reading})
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: None, OTHER: {}}}}
    given = client.send("PATCH", ACCOUNT, body)
    assert given.status == (200 if reading == "room" else 400)


@pytest.mark.parametrize("on", [True, False])
def test_key_and_identity_do_not_change_at_once(on: bool) -> None:  # noqa: FBT001 - parametrized
    client = switched(off=() if on else ("storage-one-at-a-time",))
    other = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: None, OTHER: {}}}
    given = client.send("PATCH", ACCOUNT, {"identity": other, **to_key("second", OTHER)})
    assert given.status == (400 if on else 200)
    if on:
        assert "cannot be updated in a single operation" in given.body["error"]["message"]
        client.done("PATCH", ACCOUNT, {"identity": other, **to_key("cmk", OTHER)})
        client.done("PATCH", ACCOUNT, to_key("second", OTHER))
        assert encryption(client)["keyvaultproperties"]["keyname"] == "second"


@pytest.mark.parametrize("on", [True, False])
def test_infrastructure_encryption_must_be_sent_along(on: bool) -> None:  # noqa: FBT001 - parametrized
    properties = {"encryption": {"keySource": "Microsoft.Storage", "requireInfrastructureEncryption": True}}
    account = {"identity": attached(IDENTITY), "properties": properties}
    client = opened(account=account, off=() if on else ("storage-infrastructure-encryption",))
    assert client.send("PATCH", ACCOUNT, to_key()).status == (400 if on else 200)
    client.done("PATCH", ACCOUNT, to_key(requireInfrastructureEncryption=True))
    assert encryption(client)["requireInfrastructureEncryption"] is True


@pytest.mark.parametrize("reading", ["kept", "dropped"])
def test_what_a_patch_of_the_encryption_leaves_out_is_a_doubt(reading: str) -> None:
    client = switched(doubts={"storage-encryption-patch": reading})
    client.done("PATCH", ACCOUNT, to_platform())
    assert ("identity" in encryption(client)) is (reading == "kept")
    assert encryption(client)["services"]["blob"]["keyType"] == "Account"


@pytest.mark.parametrize("reading", ["needed", "not-needed"])
def test_whether_the_way_back_needs_the_key_is_a_doubt(reading: str) -> None:
    client = switched(doubts={"storage-way-back-needs-key": reading})
    kid = client.key_uri()
    client.send("PATCH", kid, {"attributes": {"enabled": False}})
    given = client.send("PATCH", ACCOUNT, to_platform())
    assert given.status == (403 if reading == "needed" else 200)
    assert client.send("PATCH", ACCOUNT, to_key("second")).status == (403 if reading == "needed" else 200)


def test_an_identity_that_is_gone_stops_every_change_until_it_is_detached() -> None:
    client = opened(account={"identity": attached(OTHER)})
    client.done("DELETE", OTHER)
    assert client.send("PATCH", ACCOUNT, {"tags": {"a": "b"}}).status == 400
    client.done("PATCH", ACCOUNT, {"identity": {"type": "None"}})
    client.done("PATCH", ACCOUNT, {"tags": {"a": "b"}})


# -- encryption scopes -----------------------------------------------------------------------------------------------


def scope_to(uri: str) -> dict[str, Any]:
    return {"properties": {"source": "Microsoft.KeyVault", "keyVaultProperties": {"keyUri": uri}}}


@pytest.mark.parametrize("reading", ["accepted", "refused"])
def test_a_scope_alone_on_a_customer_key_is_a_doubt(reading: str) -> None:
    client = opened(account={"identity": attached(IDENTITY)}, doubts={"storage-scope-alone": reading})
    alone = client.send("PATCH", SCOPE, scope_to(f"{URI}/keys/cmk"))
    assert alone.status == (400 if reading == "refused" else 200)
    client.done("PATCH", ACCOUNT, to_key())
    client.done("PATCH", SCOPE, scope_to(f"{URI}/keys/cmk"))
    assert client.properties(SCOPE)["keyVaultProperties"]["currentVersionedKeyIdentifier"] == client.key_uri()
    client.done("PATCH", SCOPE, {"properties": {"source": "Microsoft.Storage"}})
    assert "keyVaultProperties" not in client.properties(SCOPE)


def test_an_account_that_is_switched_leaves_its_scopes_alone() -> None:
    client = switched()
    assert client.properties(SCOPE)["source"] == "Microsoft.Storage"
    assert [one["name"] for one in client.get(f"{ACCOUNT}/encryptionScopes")["value"]] == ["archive"]


def test_a_scope_is_made_and_refused_what_its_account_cannot_use() -> None:
    client = switched()
    place = f"{ACCOUNT}/encryptionScopes/new"
    assert client.send("PUT", place, {"properties": {"source": "Microsoft.Storage"}}).status == 201
    assert refusal(client, scope_to(f"{URI}/keys/absent"), place)[1] == "HttpResourceNotFound"
    assert refusal(client, {"properties": {"source": "Microsoft.KeyVault"}}, place)[0] == 400
    client.done("PATCH", place, scope_to(f"{URI}/keys/cmk"))
    client.send("PATCH", client.key_uri(), {"attributes": {"enabled": False}})
    assert refusal(client, scope_to(f"{URI}/keys/second"), place)[1] == "KeyVaultAuthenticationFailure"


def test_a_scope_needs_an_identity_of_its_account() -> None:
    assert "(MSI) is not set" in refusal(opened(), scope_to(f"{URI}/keys/cmk"), SCOPE)[2]


# -- what follows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [True, False])
def test_new_versions_are_followed_within_a_day(on: bool) -> None:  # noqa: FBT001 - parametrized
    client = switched(off=() if on else ("storage-rotation",))
    client.done("PATCH", SCOPE, scope_to(f"{URI}/keys/cmk"))
    first = client.key_uri()
    client.send("POST", f"{first.rpartition('/')[0]}/rotate")
    client.wait(DAY)
    assert client.key_uri() != first
    used = encryption(client)["keyvaultproperties"]["currentVersionedKeyIdentifier"]
    scope = client.properties(SCOPE)["keyVaultProperties"]["currentVersionedKeyIdentifier"]
    assert (used == client.key_uri(), scope == client.key_uri()) == (on, on)


@pytest.mark.parametrize("on", [True, False])
def test_an_account_without_its_key_answers_403_until_it_has_it_again(on: bool) -> None:  # noqa: FBT001 - parametrized
    client = switched(off=() if on else ("storage-closed",))
    client.send("PATCH", client.key_uri(), {"attributes": {"enabled": False}})
    said = client.wait(3600)
    assert any("stdata answers 403" in one for one in said) is on
    client.send("PATCH", client.key_uri(), {"attributes": {"enabled": True}})
    said = client.wait(3600)
    assert any("stdata can use its keys again" in one for one in said) is on


def test_an_expired_key_goes_on_opening_what_it_has_closed() -> None:
    client = switched()
    client.send("PATCH", client.key_uri(), {"attributes": {"exp": int(client.azure.world.stamp) + 60}})
    assert not any("403" in one for one in client.wait(DAY))
    assert client.broken(8) == []


# -- the monitor's laws ----------------------------------------------------------------------------------------------


def test_pointing_an_account_or_a_scope_at_an_unprotected_vault_breaks_law_3() -> None:
    content = with_account(identity=attached(IDENTITY))
    del next(one for one in content["resources"] if one["id"] == VAULT)["properties"]["enablePurgeProtection"]
    client = raw(content, off=("storage-checks-protection",))
    client.send("PATCH", ACCOUNT, to_key())
    assert len(client.broken(3)) == 1
    client.send("PATCH", SCOPE, scope_to(f"{URI}/keys/cmk"))
    assert len(client.broken(3)) == 2


def test_taking_away_a_grant_an_account_needs_breaks_law_4() -> None:
    client = switched()
    grants = client.get(f"{KEY}/providers/Microsoft.Authorization/roleAssignments")["value"]
    for one in grants:
        if one["properties"]["scope"].lower() == KEY.lower():
            client.send("DELETE", one["id"])
    assert client.broken(4)


def test_detaching_the_identity_under_a_key_breaks_a_law() -> None:
    client = switched()
    client.send("PATCH", ACCOUNT, {"identity": {"type": "None"}})
    assert client.monitor.violations
