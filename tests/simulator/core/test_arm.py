from __future__ import annotations

import pytest

from cmk_remediate.simulator.settings import Settings
from tests.simulator.core.toy import IDENTITY, RG, SUB, THINGS, Raw, V, azure, code


@pytest.fixture
def raw() -> Raw:
    return Raw(azure())


def test_a_request_needs_a_token(raw: Raw) -> None:
    raw.token = ""
    answer = raw("GET", f"{THINGS}/one")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer authorization_uri="https://login.microsoftonline.com/')


def test_an_expired_token_is_challenged() -> None:
    raw = Raw(azure(Settings.immediate(token_seconds=100.0)))
    assert raw("GET", f"{THINGS}/one").status == 200
    raw.wait(101)
    answer = raw("GET", f"{THINGS}/one")
    assert (answer.status, code(answer)) == (401, "ExpiredAuthenticationToken")
    assert "insufficient_claims" in answer.headers["WWW-Authenticate"]


def test_api_versions_are_checked(raw: Raw) -> None:
    assert code(raw("GET", f"{THINGS}/one", api="")) == "MissingApiVersionParameter"
    answer = raw("GET", f"{THINGS}/one", api="1999-01-01")
    assert (answer.status, code(answer)) == (400, "NoRegisteredProviderFound")
    assert V in answer.body["error"]["message"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{THINGS}/none", "ResourceNotFound"),
        (f"{THINGS.replace('rg1', 'rg9')}/one", "ResourceGroupNotFound"),
        (f"{THINGS}/none/parts/current", "ParentResourceNotFound"),
        (f"{THINGS.replace('11111111', '99999999')}/one", "SubscriptionNotFound"),
        (f"{RG}/providers/Microsoft.Nothing/things/one", "InvalidResourceNamespace"),
        (f"{RG}/providers/Microsoft.Toy/others/one", "InvalidResourceType"),
    ],
)
def test_what_is_absent(raw: Raw, path: str, expected: str) -> None:
    answer = raw("GET", path)
    assert (answer.status, code(answer)) == (404, expected)


def test_unknown_properties_and_case_are_kept(raw: Raw) -> None:
    body = raw("GET", f"{THINGS.upper()}/ONE".replace("/SUBSCRIPTIONS", "/subscriptions")).body
    assert body["properties"] == {"colour": "red", "unknown": {"kept": None}}
    assert body["id"] == f"{THINGS}/one"


def test_children_every_resource_has_are_supplied(raw: Raw) -> None:
    assert raw("GET", f"{THINGS}/one/parts/current").body["properties"] == {"kind": "supplied"}
    assert [one["name"] for one in raw("GET", f"{THINGS}/one/parts").body["value"]] == ["current"]


def test_a_list_has_pages(raw: Raw) -> None:
    for number in range(4):
        raw("PUT", f"{THINGS}/t{number}", {"location": "westeurope"})
    raw.wait(61)
    names, url, pages = [], THINGS, 0
    while url:
        page = raw("GET", url).body
        names += [one["name"] for one in page["value"]]
        url, pages = page.get("nextLink", ""), pages + 1
    assert (names, pages) == (["one", "t0", "t1", "t2", "t3"], 2)


def test_a_patch_merges_replaces_and_drops(raw: Raw) -> None:
    raw(
        "PUT",
        f"{THINGS}/x",
        {"location": "westeurope", "properties": {"form": "round", "rules": {"a": 1}, "serial": 7, "m": {"a": 1}}},
    )
    raw.wait(61)
    patch = {
        "properties": {"form": "flat", "rules": {"b": 2}, "serial": 8, "m": {"b": 2}, "colour": None},
        "tags": {"t": "1"},
    }
    raw("PATCH", f"{THINGS}/x", patch)
    raw.wait(61)
    body = raw("GET", f"{THINGS}/x").body
    assert body["properties"] == {"form": "round", "rules": {"b": 2}, "m": {"a": 1, "b": 2}}
    assert body["tags"] == {"t": "1"}


def test_a_put_resets_all_but_what_is_kept(raw: Raw) -> None:
    raw("PUT", f"{THINGS}/x", {"location": "westeurope", "properties": {"memory": 5, "colour": "red"}})
    raw.wait(61)
    raw("PUT", f"{THINGS}/x", {"location": "West Europe", "properties": {}})
    raw.wait(61)
    body = raw("GET", f"{THINGS}/x").body
    assert body["properties"] == {"memory": 5, "colour": "white"}
    assert code(raw("PUT", f"{THINGS}/x", {"location": "northeurope"})) == "InvalidResourceLocation"


def test_resource_groups_subscriptions_providers_tags(raw: Raw) -> None:
    assert raw("PUT", f"{SUB}/resourceGroups/new", {"location": "westeurope"}, api="2021-04-01").status == 201
    assert raw("HEAD", f"{SUB}/resourceGroups/new", api="2021-04-01").status == 204
    assert raw("GET", f"{SUB}/resourceGroups/new", api="2021-04-01").body["properties"] == {
        "provisioningState": "Succeeded"
    }
    assert [one["name"] for one in raw("GET", f"{SUB}/resourceGroups", api="2021-04-01").body["value"]] == [
        "rg1",
        "new",
    ]
    found = raw("GET", SUB, api="2022-12-01").body
    assert (found["tenantId"], found["state"]) == ("0c000000-0000-4000-8000-000000000003", "Enabled")
    assert raw("GET", f"{SUB}/providers/microsoft.toy", api="2021-04-01").body["registrationState"] == "Registered"
    assert (
        raw(
            "PATCH",
            f"{THINGS}/one/providers/Microsoft.Resources/tags/default",
            {"properties": {"tags": {"a": "b"}}},
            api="2021-04-01",
        ).status
        == 200
    )
    assert raw("GET", f"{THINGS}/one").body["tags"] == {"a": "b"}


def test_a_provider_that_is_not_registered_refuses_writes(raw: Raw) -> None:
    raw("POST", f"{SUB}/providers/Microsoft.Toy/unregister", api="2021-04-01")
    answer = raw("PUT", f"{THINGS}/x", {"location": "westeurope"})
    assert (answer.status, code(answer)) == (409, "MissingSubscriptionRegistration")
    raw("POST", f"{SUB}/providers/Microsoft.Toy/register", api="2021-04-01")
    assert raw("PUT", f"{THINGS}/x", {"location": "westeurope"}).status == 202


def test_all_resources_by_filter(raw: Raw) -> None:
    everything = raw("GET", f"{RG}/resources", api="2021-04-01").body["value"]
    assert {one["name"] for one in everything} == {"one", "u1"}
    only = raw("GET", f"{SUB}/resources?$filter=resourceType eq 'microsoft.toy/things'", api="2021-04-01").body["value"]
    assert [one["id"] for one in only] == [f"{THINGS}/one"]


def test_headers_tell_the_time_and_what_is_left() -> None:
    raw = Raw(azure(Settings()))
    answer = raw("GET", f"{THINGS}/one")
    assert answer.headers["Date"] == "Mon, 07 Jan 2030 08:00:00 GMT"
    assert answer.headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    assert answer.headers["x-ms-request-id"] == answer.headers["x-ms-correlation-request-id"]


def test_identities_are_attached_detached_and_spelled(raw: Raw) -> None:
    odd = f"{IDENTITY}/u1".replace("resourceGroups", "resourcegroups")
    raw(
        "PATCH",
        f"{THINGS}/one",
        {"identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {odd: {}}}},
    )
    raw.wait(61)
    identity = raw("GET", f"{THINGS}/one").body["identity"]
    principal = raw("GET", f"{IDENTITY}/u1").body["properties"]["principalId"]
    assert identity["userAssignedIdentities"][odd]["principalId"] == principal
    assert raw.azure.world.principals[identity["principalId"]]["resource"] == f"{THINGS}/one"
    raw.azure.with_settings(identity_spelling="unspaced", id_casing="lower-groups")
    raw(
        "PATCH",
        f"{THINGS}/one",
        {"identity": {"type": "UserAssigned,SystemAssigned", "userAssignedIdentities": {f"{IDENTITY}/U1": {}}}},
    )
    raw.wait(61)
    body = raw("GET", f"{THINGS}/one").body
    assert (body["identity"]["type"], list(body["identity"]["userAssignedIdentities"])) == (
        "SystemAssigned,UserAssigned",
        [odd],
    )
    assert "/resourcegroups/" in body["id"]
    raw("PATCH", f"{THINGS}/one", {"identity": {"type": "None"}})
    raw.wait(61)
    assert raw("GET", f"{THINGS}/one").body["identity"] == {"type": "None"}
    assert identity["principalId"] not in raw.azure.world.principals
    missing = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {f"{IDENTITY}/none": {}}}}
    assert code(raw("PATCH", f"{THINGS}/one", missing)) == "FailedIdentityOperation"


def test_identities_that_bodies_name_are_supplied() -> None:
    named = f"{SUB}/resourcegroups/elsewhere/providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs"
    ids = {"principalId": "0d000000-0000-4000-8000-000000000004", "clientId": "0d000000-0000-4000-8000-000000000005"}
    body = {
        "id": f"{THINGS}/two",
        "location": "northeurope",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {named: ids}},
    }
    raw = Raw(azure(resources=[body]))
    properties = raw("GET", named).body["properties"]
    assert {name: properties[name] for name in ids} == ids
    assert raw("GET", f"{SUB}/resourceGroups/elsewhere", api="2021-04-01").status == 200
    assert raw.azure.world.known(ids["principalId"])


def test_events_run_when_time_passes(raw: Raw) -> None:
    assert raw.wait(7300) == ["2030-01-07T09:00:00Z tick 1", "2030-01-07T10:00:00Z tick 2"]
    quiet = Raw(azure(Settings.immediate(switches={"toy-tick": False})))
    assert quiet.wait(7300) == []
