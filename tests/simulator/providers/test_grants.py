"""Identities and role assignments."""

from __future__ import annotations

import pytest

from tests.simulator.raw import APP, ENCRYPTION_USER, GROUP, IDENTITY, KEY, OLD_VAULT, OPERATOR, STORAGE, VAULT, raw

NEW = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-new"
READER = "21090545-7ca7-4776-b22c-e363652d74d2"


def test_an_identity_keeps_its_principal_and_loses_its_tags() -> None:
    client = raw()
    made = client.send("PUT", NEW, {"location": "westeurope", "tags": {"a": "b"}})
    again = client.send("PUT", NEW, {"location": "westeurope"})
    assert (made.status, again.status) == (201, 200)
    assert again.body["properties"] == made.body["properties"]
    assert again.body["tags"] == {}
    assert client.send("DELETE", NEW).status == 200
    fresh = client.send("PUT", NEW, {"location": "westeurope"})
    assert fresh.body["properties"]["principalId"] != made.body["properties"]["principalId"]
    assert (
        client.send(
            "PUT", f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/_x", {"location": "westeurope"}
        ).status
        == 400
    )


def test_what_an_assignment_shows() -> None:
    client = raw()
    made = client.grant(VAULT, APP, READER)
    properties = made.body["properties"]
    assert made.status == 201
    assert (properties["principalType"], properties["scope"], properties["createdBy"]) == (
        "ServicePrincipal",
        VAULT,
        OPERATOR,
    )
    assert properties["createdOn"].startswith("2030-")
    assert client.grant(VAULT, APP, READER).status == 201
    assert client.get(made.body["id"])["properties"]["roleDefinitionId"].endswith(READER)


def test_names_and_triples_are_unique() -> None:
    client = raw()
    client.grant(VAULT, APP, READER)
    update = client.grant(VAULT, APP, ENCRYPTION_USER)
    assert (update.status, update.body["error"]["code"]) == (400, "RoleAssignmentUpdateNotPermitted")
    twice = client.grant(VAULT, APP, READER, "10000000-0000-4000-8000-000000000002")
    assert (twice.status, twice.body["error"]["code"]) == (409, "RoleAssignmentExists")
    nobody = client.grant(VAULT, "99999999-9999-4999-8999-999999999999", READER, "10000000-0000-4000-8000-000000000003")
    assert nobody.body["error"]["code"] == "PrincipalNotFound"
    role = client.grant(VAULT, APP, "99999999-9999-4999-8999-999999999999", "10000000-0000-4000-8000-000000000004")
    assert role.body["error"]["code"] == "RoleDefinitionDoesNotExist"


def test_gone_and_missing() -> None:
    client = raw()
    made = client.grant(VAULT, APP, READER).body["id"]
    assert client.send("DELETE", made).status == 200
    assert client.send("DELETE", made).status == 204
    assert client.send("GET", made).body["error"]["code"] == "RoleAssignmentNotFound"


@pytest.mark.parametrize(("reading", "status"), [("skips", 201), ("looks-up", 400)])
def test_a_fresh_principal_under_both_readings(reading: str, status: int) -> None:
    client = raw(doubts={"principal-type-skips-lookup": reading}, late_directory=True, directory_delay=(60.0, 60.0))
    principal = client.send("PUT", NEW, {"location": "westeurope"}).body["properties"]["principalId"]
    assert client.grant(VAULT, principal, READER).status == status
    client.wait(60)
    assert client.grant(VAULT, principal, READER).status == 201


@pytest.mark.parametrize("on", [True, False])
def test_switch_a_list_misses_a_new_row(*, on: bool) -> None:
    client = raw(off=() if on else ("role-list-lags",))
    made = client.grant(VAULT, APP, READER).body["name"]
    place = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments"
    assert (made in [one["name"] for one in client.get(place)["value"]]) is not on
    client.wait(31)
    assert made in [one["name"] for one in client.get(place)["value"]]


def test_lists_go_up_and_down_and_filter() -> None:
    client = raw()
    principal = client.properties(IDENTITY)["principalId"]
    place = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments"
    everything = client.get(place)["value"]
    assert {one["properties"]["scope"] for one in everything} >= {VAULT, KEY}
    at = client.get(f"{place}?$filter=atScope()")["value"]
    assert KEY not in {one["properties"]["scope"] for one in at}
    assert OPERATOR in {one["properties"]["principalId"] for one in at}
    assert [
        one["properties"]["scope"] for one in client.get(f"{place}?$filter=principalId eq '{principal}'")["value"]
    ] == [KEY]
    assert [
        one["properties"]["scope"] for one in client.get(f"{place}?$filter=assignedTo('{principal}')")["value"]
    ] == [KEY]
    assert len(client.get(f"{place}?$filter=unknown")["value"]) == len(everything)
    assert OLD_VAULT not in {one["properties"]["scope"] for one in everything}


def test_the_second_consumer_is_there() -> None:
    client = raw()
    assert client.azure.world.get(STORAGE) is not None
