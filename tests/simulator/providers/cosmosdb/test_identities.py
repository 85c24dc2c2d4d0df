"""Cosmos DB accounts as recorded, and their default identity, with every switch off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.providers.cosmosdb.accounts import (
    OTHER,
    URI,
    USER,
    attached,
    default,
    opened,
    ready,
    refusal,
    switched,
)
from tests.simulator.raw import ACCOUNT, IDENTITY, raw


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
