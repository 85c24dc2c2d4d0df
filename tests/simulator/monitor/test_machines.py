"""Machines and their disks under laws 3, 8 and 10, broken by raw requests and seen named."""

from __future__ import annotations

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import SetResource
from cmk_remediate.simulator.monitor import check, watch
from cmk_remediate.simulator.providers.compute.names import STOPPED, with_power
from tests.simulator.compute import DATA_DISK, MACHINE, OS_DISK, SET, TO_SET, client_of, make_set
from tests.simulator.monitor.lawless import grant_of
from tests.simulator.raw import (
    KEY,
    VAULT,
)


def test_law_10_a_machine_is_deallocated_and_never_started() -> None:
    client = client_of()
    client.done("POST", f"{MACHINE}/deallocate")
    assert client.broken(10) == []
    check(client.azure, client.monitor)
    assert client.broken(10) == ["ran before the operator stopped it, and does not run when all is quiet"]


def test_law_10_a_start_that_finds_no_room_leaves_it_down() -> None:
    client = client_of(off=("compute-has-room",))
    client.done("POST", f"{MACHINE}/deallocate")
    client.done("POST", f"{MACHINE}/start")
    copy = client.clone()
    copy.monitor = watch(copy.azure, after=client.monitor)
    for one in (client, copy):
        check(one.azure, one.monitor)
        assert one.broken(10)


def test_law_10_is_kept_where_the_machine_runs_again_or_never_ran() -> None:
    client = client_of()
    make_set(client)
    client.done("POST", f"{MACHINE}/deallocate")
    client.done("PATCH", DATA_DISK, TO_SET)
    client.done("POST", f"{MACHINE}/start")
    assert check(client.azure, client.monitor) == ()
    stopped = with_power(client.azure.world.get(MACHINE) or {}, STOPPED)
    client.azure.world.apply([SetResource(ResourceId(MACHINE), stopped)])
    client.monitor.rebase()
    client.done("POST", f"{MACHINE}/deallocate")
    assert check(client.azure, client.monitor) == ()


def test_law_3_a_disk_s_set_in_a_vault_without_purge_protection() -> None:
    client = client_of(off=("compute-checks-protection",))
    vault = client.azure.world.get(VAULT) or {}
    properties = {name: value for name, value in vault["properties"].items() if name != "enablePurgeProtection"}
    client.azure.world.apply([SetResource(ResourceId(VAULT), {**vault, "properties": properties})])
    client.monitor.rebase()
    make_set(client)
    client.done("POST", f"{MACHINE}/deallocate")
    client.done("PATCH", OS_DISK, TO_SET)
    assert len(client.broken(3)) == 2


def test_law_8_the_grant_of_a_disk_s_set_is_removed() -> None:
    client = client_of()
    make_set(client)
    client.done("POST", f"{MACHINE}/deallocate")
    client.done("PATCH", OS_DISK, TO_SET)
    client.done("POST", f"{MACHINE}/start")
    client.send("DELETE", grant_of(client, KEY))
    lacking = "has no usable key: it lacks the right to use the key"
    assert client.broken(8) == [lacking, lacking]
    assert {one.resource for one in client.monitor.violations if one.law == 8} == {SET, OS_DISK}
