"""AI services accounts: identities, keys by client id, kinds; under every reading and with every switch off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.providers.ai_services import consumer
from tests.simulator.raw import APP, ENCRYPTION_USER, GROUP, IDENTITY, KEY, OLD_VAULT, VAULT, Raw, estate, raw

ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/ai-one"
OTHER = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-other"
URI = "https://kv-main.vault.azure.net/"
OWN = {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}}


def with_account(kind: str = "SpeechServices", **members: Any) -> dict[str, Any]:
    content = estate()
    content["resources"].append(
        {"id": ACCOUNT, "location": "westeurope", "kind": kind, "sku": {"name": "S0"}, **members}
    )
    return content


def foundry() -> dict[str, Any]:
    return with_account("AIServices", properties={"allowProjectManagement": True})


def client_of(client: Raw) -> str:
    return str(client.properties(IDENTITY)["clientId"])


def ready(content: dict[str, Any] | None = None, **options: Any) -> Raw:
    """An account that has the identity with the grant."""
    client = raw(content or with_account(), **options)
    ended = client.done(
        "PATCH", ACCOUNT, {"identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}}
    )
    assert ended["status"] == "Succeeded"
    return client


def key(client: Raw, **members: Any) -> dict[str, Any]:
    named = {"keyVaultUri": URI, "keyName": "cmk", "keyVersion": "", "identityClientId": client_of(client), **members}
    return {"properties": {"encryption": {"keySource": "Microsoft.KeyVault", "keyVaultProperties": named}}}


def switched(content: dict[str, Any] | None = None, **options: Any) -> Raw:
    client = ready(content, **options)
    assert client.done("PATCH", ACCOUNT, key(client))["status"] == "Succeeded"
    return client


def encryption(client: Raw) -> dict[str, Any]:
    found: dict[str, Any] = client.properties(ACCOUNT).get("encryption", {})
    return found


def ailing(client: Raw) -> list[str]:
    return [text for _, text in consumer.ACCOUNTS.ailing(client.azure.world, ResourceId(ACCOUNT))]


def refusal(client: Raw, body: Any) -> tuple[str, str]:
    given = client.send("PATCH", ACCOUNT, body)
    assert given.status >= 400, given.body
    return given.body["error"]["code"], given.body["error"]["message"]


# -- as recorded -----------------------------------------------------------------------------------------------------


def test_an_update_answers_202_with_both_addresses_and_the_new_body() -> None:
    client = raw(with_account(), operation_seconds=10.0)
    given = client.send("PATCH", ACCOUNT, {"identity": {"type": "SystemAssigned"}})
    assert given.status == 202
    assert given.body["properties"]["provisioningState"] == "Accepted"
    assert given.body["identity"]["principalId"]
    where = given.headers["Azure-AsyncOperation"].partition("?")[0]
    middle = "/providers/Microsoft.CognitiveServices/locations/westeurope/operationResults/"
    assert f"/subscriptions/{ACCOUNT.split('/')[2]}{middle}" in where
    assert given.headers["Location"].startswith(where)
    assert "Retry-After" not in given.headers
    assert client.send("GET", given.headers["Azure-AsyncOperation"]).body["status"] == "Updating"
    client.wait(15)
    assert client.send("GET", given.headers["Azure-AsyncOperation"]).body["status"] == "Succeeded"
    assert client.properties(ACCOUNT)["provisioningState"] == "Succeeded"


def test_a_new_account_is_on_platform_keys_and_says_nothing_of_it() -> None:
    client = raw()
    body: dict[str, Any] = {"location": "westeurope", "kind": "TextAnalytics", "sku": {"name": "S"}, "properties": {}}
    given = client.send("PUT", ACCOUNT, body)
    assert (given.status, given.body["properties"]["provisioningState"]) == (201, "Creating")
    assert "Location" not in given.headers
    client.wait(10)
    assert "encryption" not in client.properties(ACCOUNT)
    assert {"name": "CustomerManagedKey"} in client.properties(ACCOUNT)["capabilities"]
    assert client.properties(ACCOUNT)["endpoint"] == "https://westeurope.api.cognitive.microsoft.com/"
    assert client.send("DELETE", ACCOUNT).status == 200
    assert client.send("GET", ACCOUNT).status == 404


def test_a_second_write_meanwhile_is_refused() -> None:
    client = raw(with_account(), operation_seconds=60.0)
    client.send("PATCH", ACCOUNT, {"tags": {"a": "b"}})
    assert refusal(client, {"tags": {"a": "c"}})[0] == "RequestConflict"


# -- the key ---------------------------------------------------------------------------------------------------------


def test_the_key_is_read_by_client_id() -> None:
    client = switched()
    assert encryption(client)["keyVaultProperties"]["identityClientId"] == client_of(client)
    assert refusal(client, key(client, identityClientId=IDENTITY))[0] == "InvalidIdentity"
    assert client.broken(3) == []


def test_what_is_left_out_changes_nothing() -> None:
    client = switched()
    before = encryption(client)
    client.done("PATCH", ACCOUNT, {"tags": {"a": "b"}})
    client.done(
        "PUT", ACCOUNT, {"location": "westeurope", "kind": "SpeechServices", "sku": {"name": "S0"}, "properties": {}}
    )
    assert encryption(client) == before


@pytest.mark.parametrize(("reading", "left"), [("merge", True), ("replace", False)])
def test_a_patch_merges_the_key_or_replaces_it(reading: str, *, left: bool) -> None:
    client = switched(doubts={"ai-encryption-patch": reading})
    named = {"keyVaultUri": URI, "keyName": "cmk", "identityClientId": client_of(client)}
    body = {"properties": {"encryption": {"keySource": "Microsoft.KeyVault", "keyVaultProperties": named}}}
    client.done("PATCH", ACCOUNT, body)
    assert ("keyVersion" in encryption(client)["keyVaultProperties"]) is left


@pytest.mark.parametrize(("reading", "arrives"), [("reply", 400), ("operation", 202)])
def test_a_refusal_comes_at_once_or_as_a_failed_operation(reading: str, arrives: int) -> None:
    content = with_account()
    content["role_assignments"] = []
    client = ready(content, doubts={"ai-key-refusal-arrives": reading})
    given = client.send("PATCH", ACCOUNT, key(client))
    assert given.status == arrives
    client.wait(600)
    assert encryption(client) == {}
    assert client.properties(ACCOUNT)["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(
    ("reading", "code"),
    [("authentication", "KeyVaultAuthenticationFailure"), ("policy", "AccessPolicyNotConfiguredForKeyVault")],
)
def test_a_missing_right_is_named_in_two_ways(reading: str, code: str) -> None:
    content = with_account()
    content["role_assignments"] = []
    client = ready(content, doubts={"ai-missing-right": reading})
    assert refusal(client, key(client))[0] == code


@pytest.mark.parametrize(("reading", "shown"), [("before", "Microsoft.KeyVault"), ("after", None)])
def test_what_a_read_shows_meanwhile(reading: str, shown: str | None) -> None:
    client = ready(doubts={"ai-encryption-meanwhile": reading}, operation_seconds=60.0)
    client.send("PATCH", ACCOUNT, key(client))
    assert encryption(client).get("keySource") == shown
    assert client.properties(ACCOUNT)["provisioningState"] == "Accepted"


def test_the_new_key_is_shown_late() -> None:
    client = switched(doubts={"ai-encryption-shown": "late"})
    assert encryption(client) == {}
    client.wait(300)
    assert encryption(client)["keySource"] == "Microsoft.KeyVault"
    client.done("PATCH", ACCOUNT, OWN)
    assert encryption(client)["keySource"] == "Microsoft.KeyVault"
    client.wait(300)
    assert encryption(client) == {"keySource": "Microsoft.CognitiveServices"}


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"keyName": "nowhere"}, "KeyVaultProperties is invalid"),
        ({"keyVaultUri": "no address"}, "KeyVaultProperties is invalid"),
        ({"keyVersion": "0" * 32}, "KeyVaultProperties is invalid"),
        ({"keyName": "large"}, "Key version not supported"),
        ({"keyName": "curve"}, "Key version not supported"),
        ({"keyName": "off"}, "KeyVaultProperties is invalid"),
    ],
)
def test_keys_that_cannot_be_used(changed: dict[str, Any], text: str) -> None:
    content = with_account()
    content["resources"] += [
        {"id": f"{VAULT}/keys/large", "properties": {"kty": "RSA", "keySize": 3072}},
        {"id": f"{VAULT}/keys/curve", "properties": {"kty": "EC"}},
        {"id": f"{VAULT}/keys/off", "properties": {"kty": "RSA", "keySize": 2048, "attributes": {"enabled": False}}},
    ]
    content["role_assignments"].append({"principal": IDENTITY, "role": ENCRYPTION_USER, "scope": VAULT})
    client = ready(content)
    assert text in refusal(client, key(client, **changed))[1]


@pytest.mark.parametrize("on", [True, False])
def test_a_vault_in_another_region(*, on: bool) -> None:
    content = with_account()
    content["resources"][-1]["location"] = "northeurope"
    client = ready(content, off=() if on else ("ai-checks-region",))
    if on:
        assert "Key store not found" in refusal(client, key(client))[1]
    else:
        assert client.done("PATCH", ACCOUNT, key(client))["status"] == "Succeeded"


@pytest.mark.parametrize("on", [True, False])
def test_a_vault_without_purge_protection(*, on: bool) -> None:
    content = with_account()
    policies = next(one for one in content["resources"] if one["id"] == OLD_VAULT)["properties"]["accessPolicies"]
    client = ready(content, off=() if on else ("ai-checks-protection",))
    principal = client.properties(IDENTITY)["principalId"]
    entry = {**policies[0], "objectId": principal, "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}}
    client.send("PUT", f"{OLD_VAULT}/accessPolicies/add", {"properties": {"accessPolicies": [entry]}})
    body = key(client, keyVaultUri="https://kv-policies.vault.azure.net/", keyName="other")
    if on:
        assert "recoverable" in refusal(client, body)[1]
    else:
        client.done("PATCH", ACCOUNT, body)
        assert client.broken(3) != [], "the monitor names what the service lets through"


@pytest.mark.parametrize(("reading", "passes"), [("trusted", True), ("untrusted", False)])
def test_a_closed_vault_that_lets_trusted_services_in(reading: str, *, passes: bool) -> None:
    client = ready(doubts={"ai-trusted-service": reading})
    client.send("PATCH", VAULT, {"properties": {"networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"}}})
    given = client.send("PATCH", ACCOUNT, key(client))
    assert (given.status < 400) is passes


@pytest.mark.parametrize(("reading", "enough"), [("key", True), ("vault", False)])
def test_where_the_role_is_given(reading: str, *, enough: bool) -> None:
    client = ready(doubts={"ai-grant-scope": reading})
    given = client.send("PATCH", ACCOUNT, key(client))
    assert (given.status < 400) is enough
    client.grant(VAULT, client.properties(IDENTITY)["principalId"])
    assert client.send("PATCH", ACCOUNT, key(client)).status < 400 or enough


# -- kinds -----------------------------------------------------------------------------------------------------------


def test_a_foundry_resource_does_not_go_back_and_keeps_its_vault() -> None:
    client = switched(foundry())
    assert "not supported" in refusal(client, OWN)[1]
    elsewhere = key(client, keyVaultUri="https://kv-policies.vault.azure.net/", keyName="other")
    assert "same Azure Key Vault" in refusal(client, elsewhere)[1]


@pytest.mark.parametrize(("reading", "back"), [("accepted", True), ("refused", False)])
def test_without_projects_it_may_go_back(reading: str, *, back: bool) -> None:
    client = switched(with_account("AIServices"), doubts={"ai-way-back-without-projects": reading})
    assert (client.send("PATCH", ACCOUNT, OWN).status < 400) is back


@pytest.mark.parametrize(("reading", "left"), [("shown", {"keySource": "Microsoft.CognitiveServices"}), ("absent", {})])
def test_what_is_shown_of_platform_keys_afterwards(reading: str, left: dict[str, str]) -> None:
    client = switched(doubts={"ai-platform-encryption-shown": reading})
    client.done("PATCH", ACCOUNT, OWN)
    assert encryption(client) == left


def test_azure_openai_reads_its_key_as_itself() -> None:
    client = ready(with_account("OpenAI"))
    assert "system-assigned" in refusal(client, key(client))[1]
    client.done("PATCH", ACCOUNT, {"identity": {"type": "SystemAssigned, UserAssigned"}})
    client.grant(KEY, client.get(ACCOUNT)["identity"]["principalId"])
    assert client.done("PATCH", ACCOUNT, key(client, identityClientId=None))["status"] == "Succeeded"
    assert IDENTITY in client.get(ACCOUNT)["identity"]["userAssignedIdentities"]


@pytest.mark.parametrize(("reading", "works"), [("accepted", True), ("refused", False)])
def test_azure_openai_and_a_vault_on_roles(reading: str, *, works: bool) -> None:
    client = raw(with_account("OpenAI"), doubts={"ai-openai-vault-on-roles": reading})
    client.done("PATCH", ACCOUNT, {"identity": {"type": "SystemAssigned"}})
    client.grant(KEY, client.get(ACCOUNT)["identity"]["principalId"])
    assert (client.send("PATCH", ACCOUNT, key(client, identityClientId=None)).status < 400) is works


@pytest.mark.parametrize(("reading", "works"), [("accepted", True), ("refused", False)])
def test_the_single_services_and_a_user_assigned_identity(reading: str, *, works: bool) -> None:
    for kind, always in (("TextAnalytics", False), ("Face", True)):
        client = ready(with_account(kind), doubts={"ai-user-assigned-reader": reading})
        assert (client.send("PATCH", ACCOUNT, key(client)).status < 400) is (works or always)


@pytest.mark.parametrize(("reading", "works"), [("accepted", True), ("refused", False)])
def test_the_free_tier(reading: str, *, works: bool) -> None:
    client = ready(with_account(sku={"name": "F0"}), doubts={"ai-free-tier": reading})
    assert (client.send("PATCH", ACCOUNT, key(client)).status < 400) is works


@pytest.mark.parametrize(("reading", "works"), [("any", True), ("only", False)])
def test_the_enterprise_tier(reading: str, *, works: bool) -> None:
    for kind, sku, always in (("Face", "S0", False), ("Face", "E0", True), ("SpeechServices", "S0", True)):
        client = ready(with_account(kind, sku={"name": sku}), doubts={"ai-enterprise-tier": reading})
        assert (client.send("PATCH", ACCOUNT, key(client)).status < 400) is (works or always)


# -- what follows ----------------------------------------------------------------------------------------------------


def test_an_account_that_loses_its_key_is_seen() -> None:
    client = switched()
    client.done("PATCH", ACCOUNT, {"identity": {"type": "None"}})
    client.wait(3600)
    assert client.broken(4)
    assert ailing(client) == ["cannot read its data (identity)"]


def test_a_former_key_is_still_needed() -> None:
    content = with_account()
    content["resources"].append({"id": f"{VAULT}/keys/next", "properties": {"kty": "RSA", "keySize": 2048}})
    content["role_assignments"].append({"principal": IDENTITY, "role": ENCRYPTION_USER, "scope": VAULT})
    client = switched(content)
    client.done("PATCH", ACCOUNT, key(client, keyName="next"))
    uses = consumer.ACCOUNTS.uses(client.azure.world, ResourceId(ACCOUNT))
    assert [one.uri.split("/keys/")[1].split("/")[0] for one in uses] == ["next", "cmk"]
    assert ailing(client) == []


def test_another_principal_is_none_of_it() -> None:
    client = ready()
    client.grant(KEY, APP, name="10000000-0000-4000-8000-000000000002")
    assert client.send("PATCH", ACCOUNT, key(client)).status == 202


def test_every_doubt_has_a_test() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [one.name for one in doubts.AI_SERVICES if f'"{one.name}"' not in text] == []
