"""Disk encryption sets, disks and machines: every rule, under every reading and with every switch off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.compute import (
    BACK,
    DATA_DISK,
    LOOSE,
    MACHINE,
    ON_SET,
    OS_DISK,
    PLATFORM,
    SET,
    SNAPSHOT,
    TO_SET,
    client_of,
    disk,
    make_set,
    power,
    set_body,
    with_machine,
)
from tests.simulator.raw import IDENTITY, KEY, Raw, raw
from tests.simulator.refusals import code_of, encryption

HOUR = 3600.0


def moved(client: Raw, place: str = LOOSE) -> None:
    make_set(client)
    assert code_of(client, "PATCH", place, TO_SET) == "ok"


def test_a_set_is_made_with_both_headers_and_shows_that_it_is_being_made() -> None:
    client = client_of()
    given = client.send("PUT", SET, set_body(client))
    assert given.status == 202
    assert {"Azure-AsyncOperation", "Location"} <= set(given.headers)
    assert given.body["properties"]["provisioningState"] == "Updating"
    client.wait(60)
    assert client.properties(SET)["provisioningState"] == "Succeeded"
    assert client.get(SET)["identity"]["userAssignedIdentities"][IDENTITY]["principalId"]


@pytest.mark.parametrize(("reading", "status"), [("reply", 400), ("operation", 202)])
def test_a_user_assigned_identity_s_access_is_judged_at_create(reading: str, status: int) -> None:
    content = with_machine()
    content["role_assignments"] = content["role_assignments"][:2]
    client = raw(content, doubts={"disk-set-refusal-arrives": reading})
    assert client.send("PUT", SET, set_body(client)).status == status
    client.wait(60)
    assert client.send("GET", SET).status == 404
    assert code_of(client, "PUT", SET, set_body(client)) == "KeyVaultAccessForbidden"


def test_a_system_assigned_set_is_made_first_and_its_disks_wait_for_the_grant() -> None:
    client = client_of()
    make_set(client, system=True)
    assert code_of(client, "PATCH", LOOSE, TO_SET) == "KeyVaultAccessForbidden"
    assert client.grant(KEY, client.get(SET)["identity"]["principalId"]).status == 201
    client.wait(HOUR)
    assert code_of(client, "PATCH", LOOSE, TO_SET) == "ok"


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"activeKey": {"keyUrl": "https://kv-main.vault.azure.net/keys/cmk"}}, "InvalidParameter"),
        ({"activeKey": {"keyUrl": "https://kv-none.vault.azure.net/keys/cmk/0" + "1" * 31}}, "KeyVaultAccessForbidden"),
        ({"activeKey": {"keyUrl": "https://kv-main.vault.azure.net/keys/cmk/0" + "1" * 31}}, "KeyVaultKeyNotFound"),
        ({"activeKey": None}, "InvalidParameter"),
        ({"encryptionType": "Rot13"}, "InvalidParameter"),
    ],
)
def test_a_set_is_refused(properties: dict[str, Any], code: str) -> None:
    client = client_of()
    assert code_of(client, "PUT", SET, set_body(client, **properties)) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"attributes": {"enabled": False}}, "KeyVaultKeyNotEnabled"),
        ({"attributes": {"exp": 1000}}, "KeyVaultKeyExpired"),
        ({"keySize": 1024}, "KeyVaultKeyNotSupported"),
    ],
)
def test_a_key_no_set_takes(changes: dict[str, Any], code: str) -> None:
    content = with_machine()
    content["resources"][1]["properties"] |= changes
    client = raw(content)
    assert code_of(client, "PUT", SET, set_body(client)) == code


def test_a_set_and_its_vault_are_in_one_region() -> None:
    client = client_of()
    assert code_of(client, "PUT", SET, {**set_body(client), "location": "northeurope"}) == "InvalidParameter"


@pytest.mark.parametrize("on", [True, False])
def test_a_vault_without_purge_protection(*, on: bool) -> None:
    content = with_machine()
    del content["resources"][0]["properties"]["enablePurgeProtection"]
    client = raw(content, off=() if on else ("compute-checks-protection",))
    assert code_of(client, "PUT", SET, set_body(client)) == ("KeyVaultNotRecoverable" if on else "ok")


def test_a_set_s_kind_of_encryption_stays_and_a_set_in_use_cannot_be_deleted() -> None:
    client = client_of()
    moved(client)
    other = {"properties": {"encryptionType": "EncryptionAtRestWithPlatformAndCustomerKeys"}}
    assert code_of(client, "PATCH", SET, other) == "PropertyChangeNotAllowed"
    assert client.get(f"{SET}/associatedResources")["value"] == [LOOSE]
    assert code_of(client, "DELETE", SET) == "OperationNotAllowed"
    assert code_of(client, "PATCH", LOOSE, BACK) == "ok"
    assert code_of(client, "DELETE", SET) == "ok"


def rotated(client: Raw) -> str:
    uri = client.key_uri()
    client.send("POST", "https://kv-main.vault.azure.net/keys/cmk/rotate")
    assert client.key_uri() != uri
    return client.key_uri()


@pytest.mark.parametrize("on", [True, False])
def test_a_set_follows_its_key_within_an_hour(*, on: bool) -> None:
    client = client_of(off=() if on else ("compute-auto-rotation",))
    moved(client)
    newest = rotated(client)
    client.wait(HOUR)
    assert (client.properties(SET)["activeKey"]["keyUrl"] == newest) is on
    client.wait(HOUR)
    assert "previousKeys" not in client.properties(SET)


def test_following_stops_at_an_error_until_the_set_is_written_again() -> None:
    client = client_of()
    moved(client)
    grants = client.get(f"{KEY}/providers/Microsoft.Authorization/roleAssignments")["value"]
    mine = [one for one in grants if one["id"].lower().startswith(f"{KEY}/".lower())]
    client.send("DELETE", mine[0]["id"])
    newest = rotated(client)
    client.wait(HOUR)
    assert client.properties(SET)["autoKeyRotationError"]["code"] == "KeyVaultAccessForbidden"
    client.grant(KEY, client.get(IDENTITY)["properties"]["principalId"])
    client.wait(HOUR)
    assert client.properties(SET)["activeKey"]["keyUrl"] != newest
    assert code_of(client, "PATCH", SET, {"properties": {"activeKey": {"keyUrl": newest}}}) == "ok"
    assert "autoKeyRotationError" not in client.properties(SET)
    assert len(client.properties(SET)["previousKeys"]) == 1
    client.wait(HOUR)
    assert "previousKeys" not in client.properties(SET)


def test_a_set_that_nothing_is_on_shows_no_former_key() -> None:
    """Recorded: Azure/azure-cli, test_disk_encryption_set_update."""
    client = client_of()
    make_set(client)
    newest = rotated(client)
    assert code_of(client, "PATCH", SET, {"properties": {"activeKey": {"keyUrl": newest}}}) == "ok"
    found = client.properties(SET)
    assert found["activeKey"]["keyUrl"] == newest
    assert "lastKeyRotationTimestamp" in found
    assert "previousKeys" not in found


def test_what_machines_and_disks_show() -> None:
    client = client_of()
    assert "instanceView" not in client.properties(MACHINE)
    assert power(client) == "PowerState/running"
    assert client.get(OS_DISK)["managedBy"] == MACHINE
    assert client.properties(OS_DISK)["diskState"] == "Attached"
    assert client.properties(LOOSE)["diskState"] == "Unattached"
    assert encryption(client, LOOSE) == PLATFORM


@pytest.mark.parametrize("on", [True, False])
def test_a_disk_of_a_running_machine(*, on: bool) -> None:
    client = client_of(off=() if on else ("compute-refuses-running",))
    make_set(client)
    assert code_of(client, "PATCH", DATA_DISK, TO_SET) == ("OperationNotAllowed" if on else "ok")


def test_powered_off_is_not_deallocated() -> None:
    client = client_of()
    make_set(client)
    assert code_of(client, "POST", f"{MACHINE}/powerOff") == "ok"
    assert power(client) == "PowerState/stopped"
    assert code_of(client, "PATCH", DATA_DISK, TO_SET) == "OperationNotAllowed"


def test_disks_of_a_deallocated_machine_move_and_it_starts_again() -> None:
    client = client_of()
    make_set(client)
    client.send("POST", f"{MACHINE}/deallocate")
    assert power(client) == "PowerState/deallocating"
    client.wait(120)
    assert client.properties(DATA_DISK)["diskState"] == "Reserved"
    assert code_of(client, "PATCH", DATA_DISK, TO_SET) == "ok"
    assert encryption(client, DATA_DISK) == ON_SET
    assert code_of(client, "POST", f"{MACHINE}/start") == "ok"
    assert power(client) == "PowerState/running"
    assert client.properties(DATA_DISK)["diskState"] == "Attached"
    assert code_of(client, "POST", f"{MACHINE}/start") == "ok"


def test_a_shared_disk_is_reserved_once_every_machine_is_deallocated() -> None:
    other = f"{MACHINE}-two"
    body = {"id": other, "location": "westeurope"}
    body["properties"] = {"storageProfile": {"dataDisks": [{"managedDisk": {"id": DATA_DISK}}]}}  # type: ignore[assignment]
    client = client_of(body)
    assert client.get(DATA_DISK)["managedByExtended"] == [MACHINE, other]
    code_of(client, "POST", f"{MACHINE}/deallocate")
    assert client.properties(DATA_DISK)["diskState"] == "Attached"
    code_of(client, "POST", f"{other}/deallocate")
    assert client.properties(DATA_DISK)["diskState"] == "Reserved"


@pytest.mark.parametrize("on", [True, False])
def test_a_start_without_room_fails_and_leaves_the_machine_deallocated(*, on: bool) -> None:
    client = client_of(off=() if on else ("compute-has-room",))
    code_of(client, "POST", f"{MACHINE}/deallocate")
    assert code_of(client, "POST", f"{MACHINE}/start") == ("ok" if on else "AllocationFailed")
    assert power(client) == ("PowerState/running" if on else "PowerState/deallocated")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"properties": {"encryptionSettingsCollection": {"enabled": False}}}, "OperationNotAllowed"),
        (
            {"properties": {"securityProfile": {"securityType": "ConfidentialVM_DiskEncryptedWithPlatformKey"}}},
            "OperationNotAllowed",
        ),
        ({"location": "northeurope"}, "InvalidParameter"),
    ],
)  # fmt: skip
def test_a_disk_that_cannot_move(changes: dict[str, Any], code: str) -> None:
    odd = f"{LOOSE}-odd"
    client = client_of(disk(odd, **changes))
    make_set(client)
    assert code_of(client, "PATCH", odd, TO_SET) == code


@pytest.mark.parametrize(("reading", "code"), [("refused", "OperationNotAllowed"), ("accepted", "ok")])
def test_a_disk_with_an_access_signature_out(reading: str, code: str) -> None:
    odd = f"{LOOSE}-odd"
    client = client_of(disk(odd, properties={"diskState": "ActiveSAS"}), doubts={"disk-active-sas": reading})
    make_set(client)
    assert code_of(client, "PATCH", odd, TO_SET) == code


@pytest.mark.parametrize(
    ("reading", "system", "code"),
    [
        ("refused", False, "DirectDriveDiskNotSupportUserAssignedIdentityDes"),
        ("refused", True, "ok"),
        ("accepted", False, "ok"),
    ],
)
def test_premium_v2_and_the_identity_of_its_set(reading: str, system: bool, code: str) -> None:  # noqa: FBT001
    odd = f"{LOOSE}-odd"
    client = client_of(disk(odd, sku={"name": "PremiumV2_LRS"}), doubts={"direct-drive-user-assigned": reading})
    make_set(client, system=system)
    if system:
        client.grant(KEY, client.get(SET)["identity"]["principalId"])
        client.wait(HOUR)
    assert code_of(client, "PATCH", odd, TO_SET) == code


def test_double_encryption_needs_a_set_of_its_kind_and_a_disk_that_takes_it() -> None:
    odd = f"{LOOSE}-odd"
    client = client_of(disk(odd, sku={"name": "UltraSSD_LRS"}))
    both = "EncryptionAtRestWithPlatformAndCustomerKeys"
    make_set(client, encryptionType=both)
    twice = {"properties": {"encryption": {"type": both, "diskEncryptionSetId": SET}}}
    assert code_of(client, "PATCH", LOOSE, TO_SET) == "InvalidParameter"
    assert code_of(client, "PATCH", odd, twice) == "OperationNotAllowed"
    assert code_of(client, "PATCH", LOOSE, twice) == "ok"


@pytest.mark.parametrize("named", [None, f"{SET}-none"])
def test_a_set_that_is_not_there(named: str | None) -> None:
    client = client_of()
    asked = {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": named}
    assert code_of(client, "PATCH", LOOSE, {"properties": {"encryption": asked}}) == "InvalidParameter"


@pytest.mark.parametrize(("reading", "code"), [("needs-null", "InvalidParameter"), ("either", "ok")])
def test_the_way_back_without_a_null(reading: str, code: str) -> None:
    client = client_of(doubts={"disk-to-platform-key": reading})
    moved(client)
    assert code_of(client, "PATCH", LOOSE, {"properties": {"encryption": PLATFORM}}) == code
    assert code_of(client, "PATCH", LOOSE, BACK) == "ok"
    assert encryption(client, LOOSE) == PLATFORM


def snap(client: Raw, *, incremental: bool = True) -> str:
    body = {"location": "westeurope", "properties": {"incremental": incremental}}
    body["properties"]["creationData"] = {"createOption": "Copy", "sourceResourceId": LOOSE}  # type: ignore[index]
    return code_of(client, "PUT", SNAPSHOT, body)


@pytest.mark.parametrize(("incremental", "code"), [(True, "OperationNotAllowed"), (False, "ok")])
def test_an_incremental_snapshot_closes_the_way_back(incremental: bool, code: str) -> None:  # noqa: FBT001
    client = client_of()
    moved(client)
    assert snap(client, incremental=incremental) == "ok"
    assert encryption(client, SNAPSHOT) == ON_SET
    assert code_of(client, "PATCH", LOOSE, BACK) == code


@pytest.mark.parametrize(("reading", "code"), [("refused", "OperationNotAllowed"), ("accepted", "ok")])
def test_a_disk_whose_incremental_snapshots_are_on_the_platform_s_key(reading: str, code: str) -> None:
    client = client_of(doubts={"disk-incremental-snapshots": reading})
    make_set(client)
    assert snap(client) == "ok"
    assert code_of(client, "PATCH", LOOSE, TO_SET) == code
    assert code_of(client, "PATCH", SNAPSHOT, TO_SET) == "ok"
    assert code_of(client, "PATCH", LOOSE, {"tags": {"a": "b"}}) == "ok"
    assert code_of(client, "DELETE", SNAPSHOT) == "ok"


def test_naming_a_set_needs_the_right_to_read_it() -> None:
    other = "77777777-7777-4777-8777-7777777777c9"
    content = with_machine(disk(f"{LOOSE}-odd"))
    content["principals"][other] = {"name": "half"}
    content["role_assignments"].append({"principal": other, "role": "Owner", "scope": LOOSE})
    client = raw(content)
    make_set(client)
    given = client.send("PATCH", LOOSE, TO_SET, who=other)
    assert given.status == 403
    assert given.body["error"]["code"] == "LinkedAuthorizationFailed"
    assert "diskEncryptionSets/read" in given.body["error"]["message"]
