"""Redis clusters: one PATCH, two states, what is refused, what follows; under every reading and with every switch off."""

from __future__ import annotations

from typing import Any

import pytest

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.providers.keyvault.rotation import new_version
from tests.simulator.raw import ENCRYPTION_USER, GROUP, IDENTITY, KEY, VAULT, Raw, estate, raw

CLUSTER = f"{GROUP}/providers/Microsoft.Cache/redisEnterprise/redis-one"
DATABASE = f"{CLUSTER}/databases/default"
OTHER = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-other"
EMPTY: dict[str, Any] = {"properties": {"encryption": {"customerManagedKeyEncryption": {}}}}
HOUR = 3600


def with_cluster(**more: Any) -> dict[str, Any]:
    content = estate()
    body = {"id": CLUSTER, "location": "West Europe", "sku": {"name": "Balanced_B1"}, "identity": {"type": "None"}}
    content["resources"].append({**body, "properties": {"highAvailability": "Enabled"}, **more})
    return content


def opened(content: dict[str, Any] | None = None, **options: Any) -> Raw:
    return raw(content or with_cluster(), **options)


def to_key(client: Raw, url: str = "", **changes: Any) -> dict[str, Any]:
    """Return the PATCH that sets the key, and attaches its identity."""
    reads_with = {"identityType": "userAssignedIdentity", "userAssignedIdentityResourceId": IDENTITY, **changes}
    named = {"keyEncryptionKeyUrl": url or client.key_uri(), "keyEncryptionKeyIdentity": reads_with}
    return {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
        "properties": {"encryption": {"customerManagedKeyEncryption": named}},
    }


def switched(content: dict[str, Any] | None = None, **options: Any) -> Raw:
    client = opened(content, **options)
    client.done("PATCH", CLUSTER, to_key(client))
    client.wait(HOUR)
    return client


def states(client: Raw) -> tuple[str, str]:
    found = client.properties(CLUSTER)
    return found["provisioningState"], found["resourceState"]


def shown(client: Raw) -> str:
    said = (client.properties(CLUSTER).get("encryption") or {}).get("customerManagedKeyEncryption") or {}
    return str(said.get("keyEncryptionKeyUrl") or "")


def refusal(client: Raw, body: Any) -> tuple[int, str]:
    given = client.send("PATCH", CLUSTER, body)
    assert given.status >= 400, given.body
    return given.status, given.body["error"]["message"]


def outages(client: Raw) -> int:
    return int(client.azure.world.hidden(CLUSTER).get("maintenances", 0))


# -- as recorded, and as the SDK declares ---------------------------------------------------------------------------------------


def test_a_new_cluster_answers_201_with_the_address_of_its_operation() -> None:
    client = opened(operation_seconds=None)
    place = CLUSTER.replace("redis-one", "redis-new")
    given = client.send("PUT", place, {"location": "westeurope", "sku": {"name": "EnterpriseFlash_F300"}})
    assert given.status == 201
    assert given.body["properties"]["resourceState"] == "Creating"
    where = given.headers["Azure-AsyncOperation"]
    assert "/providers/Microsoft.Cache/locations/westeurope/operationsStatus/" in where
    assert given.headers["Location"].partition("?")[0].endswith(place)
    assert "Retry-After" not in given.headers
    poll = client.send("GET", where)
    assert set(poll.body) == {"id", "name", "status", "startTime", "endTime"}
    assert "Retry-After" not in poll.headers
    client.wait(HOUR)
    made = client.get(place)
    assert (made["properties"]["provisioningState"], made["properties"]["resourceState"]) == ("Succeeded", "Running")
    assert (made["kind"], made["location"], made["identity"]) == ("v1", "West Europe", {"type": "None"})
    assert client.send("DELETE", place).status == 202


def test_a_new_database_is_linked_once_it_is_made() -> None:
    client = opened(operation_seconds=None)
    link = {"groupNickname": "g", "linkedDatabases": [{"id": DATABASE}]}
    given = client.send("PUT", DATABASE, {"properties": {"port": 10000, "geoReplication": link}})
    assert (given.status, given.body["properties"]["resourceState"]) == (201, "Creating")
    client.wait(HOUR)
    assert client.properties(DATABASE)["geoReplication"]["linkedDatabases"] == [{"id": DATABASE, "state": "Linked"}]
    assert [one["name"] for one in client.get(f"{CLUSTER}/databases")["value"]] == ["default"]


def test_an_operation_ends_before_its_cluster_runs() -> None:
    client = opened(operation_seconds=None, doubts={"redis-operation-ends": "early"})
    given = client.send("PATCH", CLUSTER, to_key(client))
    assert given.status == 202
    assert (states(client), shown(client)) == (("Updating", "Updating"), "")
    poll = given.headers["Azure-AsyncOperation"]
    while client.send("GET", poll).body["status"] != "Succeeded":
        client.wait(15)
    assert states(client) == ("Succeeded", "Updating")
    assert shown(client) == client.key_uri()
    client.wait(300)
    assert states(client) == ("Succeeded", "Running")


def test_where_it_does_not_end_early_both_states_come_at_once() -> None:
    client = opened(doubts={"redis-operation-ends": "with-it"})
    client.done("PATCH", CLUSTER, to_key(client))
    assert states(client) == ("Succeeded", "Running")


def test_the_key_may_show_at_once() -> None:
    client = opened(doubts={"redis-key-meanwhile": "before"}, operation_seconds=60.0)
    client.send("PATCH", CLUSTER, to_key(client))
    assert (shown(client), states(client)) == (client.key_uri(), ("Updating", "Updating"))


def test_a_second_write_meanwhile_is_refused() -> None:
    client = opened(operation_seconds=60.0)
    client.send("PATCH", CLUSTER, to_key(client))
    code, text = refusal(client, {"tags": {"a": "b"}})
    assert (code, "another operation is in progress" in text) == (409, True)
    client.wait(61)
    assert refusal(client, {"tags": {"a": "b"}})[0] == 409, "the operation has ended, the cluster is not Running"


# -- back to platform keys --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reading", "left"),
    [
        ("absent", None),
        ("empty", {"customerManagedKeyEncryption": {}}),
        ("null", {"customerManagedKeyEncryption": None}),
    ],
)
def test_the_empty_object_takes_the_key_away(reading: str, left: Any) -> None:
    client = switched(doubts={"redis-platform-shape": reading})
    client.done("PATCH", CLUSTER, EMPTY)
    assert client.properties(CLUSTER).get("encryption") == left
    assert outages(client) == 2
    assert set(client.get(CLUSTER)["identity"]["userAssignedIdentities"]) == {IDENTITY}


def test_or_it_does_nothing() -> None:
    client = switched(doubts={"redis-empty-object": "ignored"})
    client.done("PATCH", CLUSTER, EMPTY)
    assert (shown(client), outages(client)) == (client.key_uri(), 1)


def test_the_empty_object_on_platform_keys_changes_nothing() -> None:
    client = opened()
    client.done("PATCH", CLUSTER, EMPTY)
    assert "encryption" not in client.properties(CLUSTER)


# -- refusals ----------------------------------------------------------------------------------------------------------------------


def test_what_is_refused_by_its_form() -> None:
    client = opened()
    assert "Only userAssignedIdentity" in refusal(client, to_key(client, identityType="systemAssignedIdentity"))[1]
    assert "versioned" in refusal(client, to_key(client, client.key_uri().rsplit("/", 1)[0]))[1]
    assert "not one of the cluster's" in refusal(client, to_key(client, userAssignedIdentityResourceId=OTHER))[1]


@pytest.mark.parametrize("reading", ["reply", "operation"])
def test_a_right_that_is_missing(reading: str) -> None:
    content = with_cluster()
    content["role_assignments"] = [one for one in content["role_assignments"] if one["principal"] != IDENTITY]
    client = opened(content, doubts={"redis-key-refusal-arrives": reading}, operation_seconds=30.0)
    given = client.send("PATCH", CLUSTER, to_key(client))
    if reading == "reply":
        assert (given.status, given.body["error"]["innererror"]["code"]) == (403, "ForbiddenByRbac")
        return
    assert given.status == 202
    client.wait(60)
    ended = client.send("GET", given.headers["Azure-AsyncOperation"]).body
    assert (ended["status"], ended["error"]["innererror"]["code"]) == ("Failed", "ForbiddenByRbac")
    assert (shown(client), states(client)) == ("", ("Succeeded", "Running"))


@pytest.mark.parametrize(
    ("reading", "told"),
    [("error", ("Forbidden", "innererror")), ("envelope", (None, "error")), ("nothing", (None, None))],
)
def test_how_a_failed_operation_says_why(reading: str, told: tuple[str | None, str | None]) -> None:
    content = with_cluster()
    content["role_assignments"] = [one for one in content["role_assignments"] if one["principal"] != IDENTITY]
    doubts = {"redis-key-refusal-arrives": "operation", "redis-operation-tells": reading}
    client = opened(content, doubts=doubts, operation_seconds=30.0)
    given = client.send("PATCH", CLUSTER, to_key(client))
    client.wait(60)
    ended = client.send("GET", given.headers["Azure-AsyncOperation"]).body
    error = ended.get("error") or {}
    code, member = told
    assert ended["status"] == "Failed"
    assert (code is None) == ("code" not in error)
    assert member is None or member in error
    assert bool(error) == (member is not None)


@pytest.mark.parametrize(
    ("reading", "left"), [("update-failed", ("Failed", "UpdateFailed")), ("as-before", ("Succeeded", "Running"))]
)
def test_a_cluster_may_be_left_failed(reading: str, left: tuple[str, str]) -> None:
    content = with_cluster()
    content["role_assignments"] = [one for one in content["role_assignments"] if one["principal"] != IDENTITY]
    client = opened(content, doubts={"redis-after-failure": reading}, operation_seconds=30.0)
    client.send("PATCH", CLUSTER, to_key(client))
    client.wait(60)
    assert (shown(client), states(client)) == ("", left)
    client.grant(KEY, client.properties(IDENTITY)["principalId"], ENCRYPTION_USER)
    client.wait(HOUR)
    client.done("PATCH", CLUSTER, to_key(client))
    client.wait(HOUR)
    assert states(client) == ("Succeeded", "Running")


def key_refused(client: Raw, url: str = "") -> str:
    return refusal(client, to_key(client, url))[1]


REPLY = {"redis-key-refusal-arrives": "reply"}


def test_what_is_refused_of_a_key() -> None:
    client = opened(doubts=REPLY)
    assert "was not found" in key_refused(client, "https://kv-none.vault.azure.net/keys/a/" + "0" * 32)
    assert "was not found" in key_refused(client, "https://kv-main.vault.azure.net/keys/none/" + "0" * 32)
    assert "cannot be used" in key_refused(client, client.key_uri().rsplit("/", 1)[0] + "/" + "0" * 32)
    far = with_cluster(location="northeurope")
    assert "in the region of the cluster" in key_refused(opened(far, doubts=REPLY))


def test_a_closed_vault_lets_a_cluster_pass_or_does_not() -> None:
    content = with_cluster()
    vault = next(one for one in content["resources"] if one["id"] == VAULT)
    vault["properties"]["networkAcls"] = {"defaultAction": "Deny", "bypass": "AzureServices"}
    assert shown(switched(content, doubts={"redis-passes-firewall": "trusted"})) != ""
    client = opened(content, doubts={**REPLY, "redis-passes-firewall": "untrusted"})
    assert "not a trusted service" in key_refused(client)


def test_a_key_that_is_no_rsa_key() -> None:
    content = with_cluster()
    key = next(one for one in content["resources"] if one["id"] == KEY)
    key["properties"]["kty"] = "RSA-HSM"
    assert "not an RSA key" in key_refused(opened(content, doubts=REPLY))


@pytest.mark.parametrize("on", [True, False])
def test_a_vault_that_is_not_protected(*, on: bool) -> None:
    content = with_cluster()
    vault = next(one for one in content["resources"] if one["id"] == VAULT)
    del vault["properties"]["enablePurgeProtection"]
    client = opened(content, doubts=REPLY, off=() if on else ("redis-checks-protection",))
    if on:
        assert "purge protection" in key_refused(client)
    else:
        client.done("PATCH", CLUSTER, to_key(client))
        assert client.broken(3), "law 3: a cluster points at a key in a vault without protection"


# -- what follows ------------------------------------------------------------------------------------------------------------------


def test_identities_are_merged_or_replaced() -> None:
    had = {"type": "UserAssigned", "userAssignedIdentities": {OTHER: {}}}
    for reading, left in (("merge", {OTHER, IDENTITY}), ("replace", {IDENTITY})):
        content = with_cluster(identity=had)
        content["resources"].append({"id": OTHER, "location": "westeurope"})
        client = switched(content, doubts={"redis-identity-patch": reading})
        assert set(client.get(CLUSTER)["identity"]["userAssignedIdentities"]) == left


@pytest.mark.parametrize(("reading", "count"), [("maintenance", 2), ("online", 1)])
def test_another_version_of_the_key(reading: str, count: int) -> None:
    client = switched(doubts={"redis-version-change": reading})
    first = shown(client)
    client.azure.world.apply(new_version(client.azure.world, ResourceId(KEY)))
    assert shown(client) == first, "nothing follows a new version"
    client.done("PATCH", CLUSTER, to_key(client))
    assert (shown(client) != first, outages(client)) == (True, count)


def granted(client: Raw) -> str:
    """Return the role assignment by which the cluster's identity uses the key."""
    return next(
        str(place)
        for place, body in client.azure.world.by_type("Microsoft.Authorization/roleAssignments")
        if str(place).startswith(KEY) and body["properties"]["roleDefinitionId"].endswith(ENCRYPTION_USER)
    )


@pytest.mark.parametrize("on", [True, False])
def test_a_cluster_that_loses_its_key_loses_its_disks_and_gets_them_back(*, on: bool) -> None:
    client = switched(off=() if on else ("redis-loses-disks",))
    client.send("DELETE", granted(client))
    said = client.wait(4 * HOUR)
    assert any("cannot read its disks any more" in one for one in said) is on
    assert client.broken(4), "law 4: its grant was taken away while the key was in use"
    client.grant(KEY, client.properties(IDENTITY)["principalId"], ENCRYPTION_USER)
    assert any("can read its disks again" in one for one in client.wait(4 * HOUR)) is on
