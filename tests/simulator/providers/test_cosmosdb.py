"""Cosmos DB accounts: identities, the key's one-way door, what follows; under every reading and with every switch off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.raw import ACCOUNT, ENCRYPTION_USER, GROUP, IDENTITY, KEY, TENANT, VAULT, Raw, estate, raw

URI = "https://kv-main.vault.azure.net/keys/cmk"
USER = f"UserAssignedIdentity={IDENTITY}"
OTHER = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-other"
HOUR = 3600
FLAGS = ("enableFullFidelityChangeFeed", "enableMaterializedViews")
KEY_PATCH = {"properties": {"keyVaultKeyUri": URI}}
FIRST_PARTY = "a232010e-820c-4083-83bb-3ace5fc29d0b"


def with_account(**properties: Any) -> dict[str, Any]:
    content = estate()
    content["resources"].append(
        {
            "id": ACCOUNT,
            "location": "West Europe",
            "kind": "GlobalDocumentDB",
            "identity": {"type": "None"},
            "properties": {"provisioningState": "Succeeded", "defaultIdentity": "FirstPartyIdentity", **properties},
        }
    )
    return content


def opened(content: dict[str, Any] | None = None, **options: Any) -> Raw:
    return raw(content or with_account(), **options)


def ready(content: dict[str, Any] | None = None, **options: Any) -> Raw:
    """An account that reads its key as the identity with the grant; nothing encrypted yet."""
    client = opened(content, **options)
    client.done("PATCH", ACCOUNT, attached(IDENTITY))
    client.done("PATCH", ACCOUNT, {"properties": {"defaultIdentity": USER}})
    return client


def switched(content: dict[str, Any] | None = None, **options: Any) -> Raw:
    client = ready(content, **options)
    client.done("PATCH", ACCOUNT, KEY_PATCH)
    return client


def attached(*named: str) -> dict[str, Any]:
    return {"identity": {"type": "UserAssigned", "userAssignedIdentities": {one: {} for one in named}}}


def refusal(client: Raw, body: Any) -> tuple[int, str]:
    given = client.send("PATCH", ACCOUNT, body)
    assert given.status >= 400, given.body
    return given.status, given.body["error"]["message"]


def default(client: Raw) -> str:
    return str(client.properties(ACCOUNT)["defaultIdentity"])


def status(client: Raw) -> str:
    return str(client.properties(ACCOUNT).get("customerManagedKeyStatus", ""))


# -- as recorded -----------------------------------------------------------------------------------------------------


def test_an_update_answers_200_with_both_addresses_and_the_former_body() -> None:
    client = opened(operation_seconds=None)
    given = client.send("PATCH", ACCOUNT, attached(IDENTITY))
    assert given.status == 200
    assert given.body["properties"]["provisioningState"] == "Updating"
    assert given.body["identity"] == {"type": "None"}
    where = given.headers["Azure-AsyncOperation"].partition("?")[0]
    middle = "/providers/Microsoft.DocumentDB/locations/westeurope/operationsStatus/"
    assert f"/subscriptions/{ACCOUNT.split('/')[2]}{middle}" in where
    assert f"{ACCOUNT}/operationResults/" in given.headers["Location"]
    assert "Retry-After" not in given.headers
    seen = []
    for _ in range(10):
        seen.append(client.send("GET", given.headers["Azure-AsyncOperation"]).body["status"])
        client.wait(5)
    assert list(dict.fromkeys(seen)) == ["Enqueued", "Dequeued", "Succeeded"]
    shown = client.get(ACCOUNT)
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert shown["identity"]["type"] == "UserAssigned"


def test_a_second_write_meanwhile_is_refused() -> None:
    client = opened(operation_seconds=60.0)
    client.send("PATCH", ACCOUNT, attached(IDENTITY))
    code, text = refusal(client, {"tags": {"a": "b"}})
    assert (code, "exclusive lock" in text) == (412, True)


def test_a_patch_of_nothing_answers_200_and_does_nothing() -> None:
    client = switched()
    nothing: tuple[dict[str, Any], ...] = ({}, {"properties": {}})
    for body in nothing:
        given = client.send("PATCH", ACCOUNT, body)
        assert (given.status, "Azure-AsyncOperation" in given.headers) == (200, False)
    assert client.properties(ACCOUNT)["keyVaultKeyUri"] == URI


def test_a_new_account_has_the_services_own_identity() -> None:
    client = raw()
    properties: dict[str, Any] = {"locations": [{"locationName": "westeurope"}], "databaseAccountOfferType": "Standard"}
    body: dict[str, Any] = {"location": "westeurope", "properties": properties}
    client.done("PUT", ACCOUNT, body)
    assert default(client) == "FirstPartyIdentity"
    properties["defaultIdentity"] = "SystemAssignedIdentity"
    given = client.send("PUT", f"{ACCOUNT}-2", {**body, "identity": {"type": "SystemAssigned"}})
    assert "during provision" in given.body["error"]["message"]
    assert client.send("DELETE", ACCOUNT).status == 202
    client.wait(60)
    assert client.send("GET", ACCOUNT).status == 404


# -- the default identity --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [True, False])
def test_identity_and_default_identity_together_leave_the_default_identity_silently(*, on: bool) -> None:
    both = attached(IDENTITY) | {"properties": {"defaultIdentity": USER}}
    client = opened(off=() if on else ("cosmos-combined-identity",))
    assert client.done("PATCH", ACCOUNT, both)["status"] == "Succeeded"
    assert default(client) == ("FirstPartyIdentity" if on else USER)


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize(("reading", "after"), [("first-party", "FirstPartyIdentity"), ("undefined", "Undefined")])
def test_a_later_identity_resets_the_default_identity(reading: str, after: str, *, on: bool) -> None:
    doubts = {"cosmos-identity-resets-default-to": reading}
    client = ready(doubts=doubts, off=() if on else ("cosmos-identity-resets-default",))
    client.send("PUT", OTHER, {"location": "westeurope"})
    client.done("PATCH", ACCOUNT, attached(OTHER))
    assert default(client) == (after if on else USER)


def test_an_identity_that_goes_leaves_the_default_identity_undefined() -> None:
    client = ready()
    client.done("PATCH", ACCOUNT, {"identity": {"type": "None"}})
    assert default(client) == "Undefined"


@pytest.mark.parametrize("asked", ["SystemAssignedIdentity", USER, "Undefined"])
def test_a_default_identity_the_account_does_not_have_is_refused(asked: str) -> None:
    assert refusal(opened(), {"properties": {"defaultIdentity": asked}}) == (
        400,
        "The given default identity for cosmos-one is not valid.",
    )


# -- the key ---------------------------------------------------------------------------------------------------------


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


# -- how long, and what shows meanwhile ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reading", "shown"),
    [
        ("old-updating", (None, "Updating")),
        ("new-updating", (URI, "Updating")),
        ("new-succeeded", (URI, "Succeeded")),
    ],
)
def test_the_first_key_takes_hours(reading: str, shown: tuple[str | None, str]) -> None:
    client = ready(doubts={"cosmos-key-meanwhile": reading}, operation_seconds=None)
    given = client.send("PATCH", ACCOUNT, KEY_PATCH)
    client.wait(HOUR)
    found = client.properties(ACCOUNT)
    assert (found.get("keyVaultKeyUri"), found["provisioningState"]) == shown
    assert client.send("GET", given.headers["Azure-AsyncOperation"]).body["status"] in ("Enqueued", "Dequeued")
    client.wait(6 * HOUR)
    found = client.properties(ACCOUNT)
    assert (found["keyVaultKeyUri"], found["provisioningState"]) == (URI, "Succeeded")


@pytest.mark.parametrize("on", [True, False])
def test_the_first_key_takes_longer_than_any_update(*, on: bool) -> None:
    client = ready(operation_seconds=None, off=() if on else ("cosmos-key-takes-hours",))
    client.send("PATCH", ACCOUNT, KEY_PATCH)
    client.wait(60)
    assert client.properties(ACCOUNT).get("keyVaultKeyUri") == (None if on else URI)


@pytest.mark.parametrize(("reading", "there"), [("seconds", True), ("hours", False)])
def test_another_key_under_both_readings(reading: str, *, there: bool) -> None:
    content = with_account()
    content["resources"].append({"id": f"{VAULT}/keys/next", "properties": {"kty": "RSA", "keySize": 3072}})
    content["role_assignments"].append(
        {"principal": IDENTITY, "role": "Key Vault Crypto Service Encryption User", "scope": f"{VAULT}/keys/next"}
    )
    client = ready(content, doubts={"cosmos-key-change": reading}, operation_seconds=None)
    client.send("PATCH", ACCOUNT, KEY_PATCH)
    client.wait(8 * HOUR)
    client.send("PATCH", ACCOUNT, {"properties": {"keyVaultKeyUri": f"{URI[:-3]}next"}})
    client.wait(60)
    assert (client.properties(ACCOUNT)["keyVaultKeyUri"] == f"{URI[:-3]}next") is there


@pytest.mark.parametrize(("reading", "flags"), [("shown", [False, False]), ("absent", [None, None])])
def test_the_flags_are_shown_by_previews_only(reading: str, flags: list[bool | None]) -> None:
    client = opened(doubts={"cosmos-feature-flags": reading})
    preview = client.send("GET", ACCOUNT, api="2024-09-01-preview").body["properties"]
    assert [preview.get(name) for name in FLAGS] == flags
    assert not set(FLAGS) & set(client.properties(ACCOUNT))
    [listed] = client.get(f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts")["value"]
    assert not set(FLAGS) & set(listed["properties"])


# -- what follows ----------------------------------------------------------------------------------------------------


def rotate(client: Raw) -> None:
    assert client.send("POST", f"{URI}/rotate", {}).status == 200


@pytest.mark.parametrize("on", [True, False])
def test_a_new_version_is_followed_within_an_hour(*, on: bool) -> None:
    client = switched(off=() if on else ("cosmos-rotation",))
    first = client.properties(ACCOUNT)["keyVaultKeyUriVersion"]
    rotate(client)
    assert not client.key_uri().endswith(first)
    client.wait(2 * HOUR)
    followed = client.key_uri().endswith(client.properties(ACCOUNT)["keyVaultKeyUriVersion"])
    assert followed is on


def test_an_account_that_loses_its_key_is_revoked_and_comes_back() -> None:
    client = switched()
    role = next(
        one["id"]
        for one in client.get(f"{KEY}/providers/Microsoft.Authorization/roleAssignments")["value"]
        if one["properties"]["principalId"] == client.properties(IDENTITY)["principalId"]
    )
    assert client.send("DELETE", role).status == 200
    assert client.broken(4)
    client.wait(2 * HOUR)
    assert status(client) == "Access to your account is currently revoked. 4002"
    assert refusal(client, {"tags": {"a": "b"}})[1].startswith("No Update is allowed on Database Account")
    client.grant(KEY, client.properties(IDENTITY)["principalId"], ENCRYPTION_USER)
    client.wait(2 * HOUR)
    assert status(client).startswith("Access to the configured customer managed key confirmed.")


@pytest.mark.parametrize(
    ("number", "do"),
    [
        ("4015", lambda client: client.done("PATCH", ACCOUNT, {"identity": {"type": "None"}})),
        ("4003", lambda client: client.send("DELETE", URI)),
        ("4005", lambda client: client.send("PATCH", URI, {"attributes": {"enabled": False}})),
        (
            "4016",
            lambda client: client.send(
                "PATCH", VAULT, {"properties": {"networkAcls": {"bypass": "None", "defaultAction": "Deny"}}}
            ),
        ),
    ],
)
def test_the_status_says_why(number: str, do: Any) -> None:
    client = switched()
    do(client)
    client.wait(2 * HOUR)
    assert status(client).endswith(f"revoked. {number}")


def test_identities_may_still_be_given_to_a_revoked_account() -> None:
    client = switched()
    client.done("PATCH", ACCOUNT, {"identity": {"type": "None"}})
    client.wait(2 * HOUR)
    assert status(client).endswith("4015")
    client.done("PATCH", ACCOUNT, attached(IDENTITY))
    client.done("PATCH", ACCOUNT, {"properties": {"defaultIdentity": USER}})
    client.wait(2 * HOUR)
    assert status(client).startswith("Access to the configured")


@pytest.mark.parametrize("on", [True, False])
def test_an_account_without_an_identity_is_revoked_within_an_hour(*, on: bool) -> None:
    client = switched(off=() if on else ("cosmos-revoked",))
    client.done("PATCH", ACCOUNT, {"identity": {"type": "None"}})
    client.wait(2 * HOUR)
    assert ("revoked" in status(client)) is on


def test_the_services_own_identity_needs_its_right_too() -> None:
    content = with_account()
    content["principals"][FIRST_PARTY] = {"name": "Azure Cosmos DB"}
    assert refusal(opened(content), KEY_PATCH)[0] == 403
    client = opened(content)
    client.grant(KEY, FIRST_PARTY)
    assert client.send("PATCH", ACCOUNT, KEY_PATCH).status == 200


# -- the laws are watched here too -----------------------------------------------------------------------------------


def test_a_backup_still_needs_the_key_that_was_left() -> None:
    content = with_account()
    content["resources"].append({"id": f"{VAULT}/keys/next", "properties": {"kty": "RSA", "keySize": 3072}})
    content["role_assignments"].append(
        {"principal": IDENTITY, "role": "Key Vault Crypto Service Encryption User", "scope": f"{VAULT}/keys/next"}
    )
    client = switched(content)
    client.done("PATCH", ACCOUNT, {"properties": {"keyVaultKeyUri": f"{URI[:-3]}next"}})
    assert not client.broken(4)
    assert client.send("DELETE", URI).status == 200
    assert client.broken(4)


def test_a_key_in_an_unprotected_vault_breaks_the_law() -> None:
    content = with_account()
    del next(one for one in content["resources"] if one["id"] == VAULT)["properties"]["enablePurgeProtection"]
    client = switched(content, off=("cosmos-checks-protection",))
    assert client.broken(3)


def test_an_account_of_the_estate_shows_the_version_it_uses() -> None:
    client = opened(with_account(keyVaultKeyUri=URI, defaultIdentity="Undefined"))
    assert client.key_uri().endswith(client.properties(ACCOUNT)["keyVaultKeyUriVersion"])
