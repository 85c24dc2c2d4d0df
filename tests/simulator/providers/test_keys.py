"""Keys: what Resource Manager makes of them, what the data plane does with them, and what happens by itself."""

from __future__ import annotations

import pytest

from cmk_remediate.simulator.wire import Incoming
from tests.simulator.raw import APP, IDENTITY, KEY, OFFICE, OLD_VAULT, VAULT, estate, raw

DATA = "https://kv-main.vault.azure.net"
POLICY = {
    "lifetimeActions": [{"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "rotate"}}],
    "attributes": {"expiryTime": "P90D"},
}
DAY = 86400


def test_the_first_version_is_all_there_is() -> None:
    client = raw()
    made = client.send(
        "PUT",
        f"{VAULT}/keys/new",
        {"tags": {"a": "b"}, "properties": {"kty": "RSA", "keySize": 3072, "rotationPolicy": POLICY}},
    )
    assert made.status == 200
    properties = made.body["properties"]
    assert properties["attributes"]["recoveryLevel"] == "Recoverable"
    assert isinstance(properties["attributes"]["created"], int)
    assert properties["keyUriWithVersion"].startswith("https://kv-main.vault.azure.net/keys/new/")
    assert properties["rotationPolicy"] == POLICY
    versions = client.get(f"{VAULT}/keys/new/versions")["value"]
    assert [one["name"] for one in versions] == [properties["keyUriWithVersion"].rsplit("/", 1)[1]]
    again = client.send("PUT", f"{VAULT}/keys/new", {"properties": {"kty": "RSA", "keySize": 3072}})
    assert again.body["properties"] == properties
    assert {one["name"] for one in client.get(f"{VAULT}/keys")["value"]} == {"cmk", "new"}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"kty": "RSA", "keySize": 4096}, "KeyCreationParametersDidNotMatchExistingKey"),
        ({"kty": "RSA", "attributes": {"exp": 2000000000}}, "KeyCreationParametersDidNotMatchExistingKey"),
        ({"kty": "RSA", "rotationPolicy": POLICY}, "KeyCreationParametersDidNotMatchExistingKey"),
        ({"kty": "RSA", "keyOps": ["sign"]}, "KeyCreationParametersDidNotMatchExistingKey"),
    ],
)
def test_an_existing_key_cannot_be_asked_for_otherwise(sent: dict[str, object], code: str) -> None:
    given = raw().send("PUT", KEY, {"properties": sent})
    assert (given.status, given.body["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"kty": "RSA", "rotationPolicy": {"attributes": {"expiryTime": "P90D"}}}, "InvalidKeyRotationPolicy"),
        (
            {"kty": "RSA", "rotationPolicy": {**POLICY, "attributes": {"expiryTime": "P20D"}}},
            "InvalidKeyRotationPolicy",
        ),
        (
            {"kty": "RSA", "rotationPolicy": {**POLICY, "attributes": {"expiryTime": "P33D"}}},
            "InvalidKeyRotationPolicy",
        ),
        (
            {
                "kty": "RSA",
                "rotationPolicy": {
                    "lifetimeActions": [{"trigger": {"timeBeforeExpiry": "P7D"}, "action": {"type": "rotate"}}]
                },
            },
            "InvalidKeyRotationPolicy",
        ),
        ({"kty": "RSA-HSM"}, "BadRequest"),
        ({"kty": "RSA", "keySize": 1024}, "BadRequest"),
        ({"kty": "AES"}, "BadRequest"),
    ],
)
def test_keys_that_cannot_be_made(sent: dict[str, object], code: str) -> None:
    given = raw().send("PUT", f"{VAULT}/keys/new", {"properties": sent})
    assert (given.status, given.body["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("reading", "code", "inner"),
    [
        ("inner", "Conflict", "ObjectIsDeletedButRecoverable"),
        ("flat", "ObjectIsDeletedButRecoverable", ""),
        ("conflict", "Conflict", ""),
    ],
)
def test_a_soft_deleted_name_under_its_readings(reading: str, code: str, inner: str) -> None:
    client = raw(doubts={"soft-deleted-key-over-arm": reading})
    client.send("DELETE", f"{DATA}/keys/cmk")
    assert client.send("GET", KEY).status == 404
    assert client.send("GET", f"{DATA}/deletedkeys/cmk").status == 200
    given = client.send("PUT", KEY, {"properties": {"kty": "RSA"}})
    assert (given.status, given.body["error"]["code"], given.body["error"].get("innererror", {}).get("code", "")) == (
        409,
        code,
        inner,
    )
    assert client.send("DELETE", f"{DATA}/deletedkeys/cmk").status == 403
    assert client.send("POST", f"{DATA}/deletedkeys/cmk/recover").status == 200
    assert client.send("GET", KEY).status == 200


def test_an_estate_may_hold_a_soft_deleted_key() -> None:
    content = estate()
    content["resources"].append({"id": f"{VAULT}/deletedKeys/gone", "properties": {"kty": "RSA"}})
    client = raw(content)
    assert client.send("PUT", f"{VAULT}/keys/gone", {"properties": {"kty": "RSA"}}).status == 409
    assert client.send("GET", f"{DATA}/deletedkeys").body["value"][0]["recoveryId"].endswith("/deletedkeys/gone")


@pytest.mark.parametrize(("reading", "port"), [("plain", False), ("port", True)])
def test_key_uris_under_both_readings(reading: str, *, port: bool) -> None:
    client = raw(doubts={"key-uri-port": reading})
    made = client.send("PUT", f"{VAULT}/keys/new", {"properties": {"kty": "RSA"}}).body["properties"]
    assert (":443/" in made["keyUri"], ":443/" in made["keyUriWithVersion"]) == (port, port)
    assert client.grant(VAULT, client.properties(IDENTITY)["principalId"]).status == 201
    assert client.register(key=f"{VAULT}/keys/new").startswith("kv-main_new_")


@pytest.mark.parametrize(("reading", "status"), [("allowed", 200), ("needs-policy", 403)])
def test_keys_in_a_policy_vault_under_both_readings(reading: str, status: int) -> None:
    client = raw(doubts={"arm-key-on-policy-vault": reading})
    assert client.send("PUT", f"{OLD_VAULT}/keys/new", {"properties": {"kty": "RSA"}}).status == status


def test_the_data_plane_challenges_then_judges_network_then_rights() -> None:
    client = raw()
    given = client.azure.answer(Incoming("GET", f"{DATA}/keys/cmk?api-version=7.6"))
    assert given.status == 401
    assert 'resource="https://vault.azure.net"' in given.headers["WWW-Authenticate"]
    assert client.send("GET", f"{DATA}/keys/cmk", who=OFFICE).body["key"]["kty"] == "RSA"
    assert (
        client.send("PATCH", f"{DATA}/keys/cmk/x", {}, who=OFFICE).body["error"]["innererror"]["code"]
        == "ForbiddenByRbac"
    )
    assert (
        client.send("GET", "https://kv-policies.vault.azure.net/keys/other/rotationpolicy", who=APP).body["error"][
            "innererror"
        ]["code"]
        == "AccessDenied"
    )
    assert client.send("GET", f"{DATA}/keys/none").body["error"]["code"] == "KeyNotFound"
    assert client.send("GET", f"{DATA}/secrets/x").status == 404


def test_the_rotation_policy_reads_back_as_it_was_set() -> None:
    client = raw()
    default = client.send("GET", f"{DATA}/keys/cmk/rotationpolicy").body
    assert default["lifetimeActions"] == [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}]
    sent = {
        "lifetimeActions": [{"trigger": {"timeAfterCreate": "P60D"}, "action": {"type": "Rotate"}}],
        "attributes": {"expiryTime": "P90D"},
    }
    assert client.send("PUT", f"{DATA}/keys/cmk/rotationpolicy", sent).status == 200
    assert client.send("GET", f"{DATA}/keys/cmk/rotationpolicy").body["lifetimeActions"] == sent["lifetimeActions"]
    assert client.properties(KEY)["rotationPolicy"]["lifetimeActions"][0]["action"]["type"] == "rotate"
    assert (
        client.send(
            "PUT", f"{DATA}/keys/cmk/rotationpolicy", {"attributes": {"expiryTime": "P1D"}, "lifetimeActions": []}
        ).status
        == 400
    )


def test_rotating_makes_a_version_and_keeps_the_old_ones() -> None:
    client = raw()
    first = client.key_uri()
    rotated = client.send("POST", f"{DATA}/keys/cmk/rotate").body["key"]["kid"]
    assert client.key_uri() == rotated != first
    assert len(client.send("GET", f"{DATA}/keys/cmk/versions").body["value"]) == 2
    assert client.send("GET", first).status == 200
    old = first.rsplit("/", 1)[1]
    client.send("PATCH", f"{DATA}/keys/cmk/{old}", {"attributes": {"enabled": False}})
    assert client.properties(KEY)["attributes"]["enabled"] is True
    assert client.properties(f"{KEY}/versions/{old}")["attributes"]["enabled"] is False


@pytest.mark.parametrize("on", [True, False])
def test_switch_keys_rotate_by_themselves(*, on: bool) -> None:
    client = raw(off=() if on else ("keyvault-rotation",))
    client.send("PUT", f"{VAULT}/keys/new", {"properties": {"kty": "RSA", "rotationPolicy": POLICY}})
    client.wait(65 * DAY)
    assert len(client.get(f"{VAULT}/keys/new/versions")["value"]) == (3 if on else 1)
    if on:
        assert client.properties(f"{VAULT}/keys/new")["attributes"]["exp"] > client.azure.world.stamp


@pytest.mark.parametrize("on", [True, False])
def test_switch_an_expired_key_takes_its_databases_with_it(*, on: bool) -> None:
    content = estate()
    content["resources"][1]["properties"]["attributes"] = {"exp": int(1893999600 + 3 * DAY)}
    client = raw(content, off=() if on else ("keyvault-expiry",))
    client.switched()
    said = client.wait(4 * DAY)
    assert any("is inaccessible" in one for one in said) is on
