"""SQL protectors: how they switch, under every reading and with every switch off."""

from __future__ import annotations

import pytest

from tests.simulator.providers.sql.servers import PROTECTOR, failed, put_key
from tests.simulator.raw import IDENTITY, PARTNER, SERVER, estate, raw


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
