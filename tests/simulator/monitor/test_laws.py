"""What the monitor holds against whom: an orderly run breaks no law, nor do others' doings and changes by hand."""

from __future__ import annotations

import pytest

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator import operations
from cmk_remediate.simulator.declare import Schedule, SetResource
from cmk_remediate.simulator.monitor import check, watch
from tests.simulator.monitor.lawless import grant_of
from tests.simulator.raw import (
    APP,
    IDENTITY,
    KEY,
    OLD_VAULT,
    OPERATOR,
    PARTNER,
    SERVER,
    SUB,
    TENANT,
    VAULT,
    Raw,
    estate,
    raw,
)


def test_an_orderly_move_and_the_way_back_break_nothing() -> None:
    client = raw()
    client.switched()
    client.done("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})
    client.protect("ServiceManaged")
    assert client.azure.violations is client.monitor.violations
    assert check(client.azure, client.monitor) == ()


def test_polls_and_reads_are_not_judged() -> None:
    client = raw()
    client.get(SERVER)
    assert client.monitor.violations == []


def test_what_others_do_is_not_ours() -> None:
    client = raw(
        estate(
            role_assignments=[
                *estate()["role_assignments"],
                {"principal": APP, "role": "Owner", "scope": f"/subscriptions/{SUB}"},
            ]
        )
    )
    client.switched()
    client.send("DELETE", grant_of(client, KEY), who=APP)
    assert client.monitor.violations == []
    assert check(client.azure, client.monitor) == ()


@pytest.mark.parametrize("server", [SERVER, PARTNER])
def test_a_world_changed_by_hand_is_taken_as_it_is(server: str) -> None:
    client = raw()
    client.monitor.rebase()
    client.get(server)
    assert client.monitor.violations == []


def test_a_copy_s_monitor_knows_what_was_ours() -> None:
    client = raw()
    entry = {
        "tenantId": TENANT,
        "objectId": client.properties(IDENTITY)["principalId"],
        "permissions": {"keys": ["get"]},
    }
    body = {"properties": {"accessPolicies": [entry]}}
    client.send("PUT", f"{OLD_VAULT}/accessPolicies/add", body)
    for after, laws in ((client.monitor, []), (None, [5, 11])):
        copy = Raw(client.azure.clone())
        copy.azure.observers.clear()
        copy.monitor = watch(copy.azure, OPERATOR, after=after)
        copy.send("PUT", f"{OLD_VAULT}/accessPolicies/remove", body)
        assert sorted({one.law for one in copy.monitor.violations}) == laws


def test_a_fresh_monitor_knows_the_operator_s_own_grants() -> None:
    client = raw()
    made = client.grant(VAULT, client.properties(IDENTITY)["principalId"])
    copy = Raw(client.azure.clone())
    copy.send("DELETE", made.body["id"])
    assert copy.monitor.violations == []


def test_what_a_later_write_changed_is_not_held_against_an_operation_that_ended_after_it() -> None:
    """An operation that hung for hours comes to stand on what was set meanwhile."""
    client = raw()
    world = client.azure.world
    open_ = {"publicNetworkAccess": "Enabled"}
    body = world.get(SERVER) or {}
    world.apply([SetResource(ResourceId(SERVER), {**body, "properties": {**body["properties"], **open_}})])
    client.monitor.rebase()
    client.send("PATCH", SERVER, {"tags": {"cost": "17"}})
    hung = next(key for key, one in world.store.tables["operations"].items() if one["status"] == "running")
    for timer, data in list(world.store.tables["timers"].items()):
        if data["data"].get("operation") == hung:
            world.store.drop("timers", timer)
    client.azure.advance(3600)
    client.done("PATCH", SERVER, {"properties": {"publicNetworkAccess": "Disabled"}})
    world.schedule(Schedule(0.0, operations.END, {"operation": hung}))
    client.azure.advance(60)
    client.get(SERVER)
    assert client.properties(SERVER)["publicNetworkAccess"] == "Disabled"
    assert client.monitor.violations == []
