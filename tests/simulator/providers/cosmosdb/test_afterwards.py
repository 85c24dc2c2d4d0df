"""What follows at a Cosmos DB account: hours of encryption, new versions, revocation, the laws."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.providers.cosmosdb.accounts import (
    FIRST_PARTY,
    FLAGS,
    HOUR,
    KEY_PATCH,
    URI,
    USER,
    attached,
    opened,
    ready,
    refusal,
    status,
    switched,
    with_account,
)
from tests.simulator.raw import ACCOUNT, ENCRYPTION_USER, GROUP, IDENTITY, KEY, VAULT, Raw


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
