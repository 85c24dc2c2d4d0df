"""What happens to disks and machines by itself, and operations that overlap."""

from __future__ import annotations

import pytest

from tests.simulator.compute import (
    LOOSE,
    MACHINE,
    OS_DISK,
    TO_SET,
    client_of,
    make_set,
    power,
)
from tests.simulator.raw import VAULT
from tests.simulator.refusals import code_of, encryption

HOUR = 3600.0


@pytest.mark.parametrize("on", [True, False])
def test_a_key_out_of_reach_shuts_machines_down_and_they_do_not_start(*, on: bool) -> None:
    client = client_of(off=() if on else ("compute-shut-down",))
    make_set(client)
    code_of(client, "POST", f"{MACHINE}/deallocate")
    assert code_of(client, "PATCH", OS_DISK, TO_SET) == "ok"
    code_of(client, "POST", f"{MACHINE}/start")
    client.send("PATCH", VAULT, {"properties": {"publicNetworkAccess": "Disabled", "networkAcls": {"bypass": "None"}}})
    said = client.wait(2 * HOUR)
    assert (power(client) == "PowerState/running") is not on
    assert any("was shut down" in one for one in said) is on
    code_of(client, "POST", f"{MACHINE}/deallocate")
    assert code_of(client, "POST", f"{MACHINE}/start") == "KeyVaultAccessForbidden"


def test_access_regained_within_the_hour_shuts_nothing_down() -> None:
    client = client_of()
    make_set(client)
    code_of(client, "POST", f"{MACHINE}/deallocate")
    code_of(client, "PATCH", OS_DISK, TO_SET)
    code_of(client, "POST", f"{MACHINE}/start")
    closed = {"publicNetworkAccess": "Disabled", "networkAcls": {"bypass": "None"}}
    client.send("PATCH", VAULT, {"properties": closed})
    client.wait(600)
    client.send("PATCH", VAULT, {"properties": {"publicNetworkAccess": "Enabled"}})
    client.wait(3 * HOUR)
    assert power(client) == "PowerState/running"


def test_an_operation_that_ends_late_takes_nothing_back_that_others_have_changed() -> None:
    client = client_of(operation_seconds=45.0)
    make_set(client)
    client.wait(60)
    assert client.send("PATCH", LOOSE, TO_SET).status == 202
    client.wait(5)
    assert client.send("PATCH", LOOSE, {"tags": {"owner": "payments"}}).status == 202
    client.wait(60)
    assert encryption(client, LOOSE)["type"] == "EncryptionAtRestWithCustomerKey"
    assert client.get(LOOSE)["tags"] == {"owner": "payments"}


def test_a_failed_operation_leaves_no_state_behind_that_only_an_operation_explains() -> None:
    client = client_of(operation_seconds=45.0)
    make_set(client)
    client.wait(60)
    tables = client.azure.world.store.tables
    known = set(tables["operations"])
    for tag in ("a", "b"):
        client.send("PATCH", LOOSE, {"tags": {"owner": tag}})
        client.wait(5)
    for key in set(tables["operations"]) - known:
        failed = {"error": {"code": "InternalServerError", "message": "It failed."}, "errorStatus": 500}
        client.azure.world.store.put("operations", key, {**tables["operations"][key], **failed})
    assert client.properties(LOOSE)["provisioningState"] == "Updating"
    client.wait(60)
    assert client.properties(LOOSE)["provisioningState"] == "Succeeded"
