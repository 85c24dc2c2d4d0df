"""SQL databases, pairs of servers, and what happens by itself."""

from __future__ import annotations

import pytest

from tests.simulator.providers.sql.servers import DAY, PROTECTOR, failed, pair
from tests.simulator.raw import DATABASE, PARTNER, SERVER, Raw, estate, raw


def test_switching_encryption_on_scans_for_a_while() -> None:
    content = estate()
    content["resources"].append(
        {"id": f"{DATABASE}/transparentDataEncryption/current", "properties": {"state": "Disabled"}}
    )
    client = raw(content)
    place = f"{DATABASE}/transparentDataEncryption/current"
    client.done("PUT", place, {"properties": {"state": "Enabled"}})
    assert client.properties(place) == {"state": "Enabled", "scanState": "Running"}
    assert (
        client.send("PUT", place, {"properties": {"state": "Enabled"}}).body["error"]["code"] == "EncryptionInProgress"
    )
    client.wait(5 * 3600)
    assert client.properties(place)["scanState"] == "Completed"
    assert client.send("PUT", place, {"properties": {"state": "Maybe"}}).status == 400
    assert (
        client.send(
            "PUT", f"{SERVER}/databases/master/transparentDataEncryption/current", {"properties": {"state": "Enabled"}}
        ).status
        == 400
    )


def test_a_new_database_has_its_children_and_its_chain() -> None:
    client = raw()
    place = f"{SERVER}/databases/more"
    client.done("PUT", place, {"location": "westeurope"})
    client.wait(1)
    assert client.properties(f"{place}/transparentDataEncryption/current")["state"] == "Enabled"
    assert client.azure.world.hidden(place)["backups"][-1][1] == "ServiceManaged"
    assert client.send("PATCH", f"{SERVER}/databases/master", {"tags": {}}).status == 400


@pytest.mark.parametrize("on", [True, False])
def test_switch_backups_keep_their_keys(*, on: bool) -> None:
    client = raw(off=() if on else ("sql-backup-chains",))
    name = client.switched()
    client.wait(600)
    client.protect("ServiceManaged")
    client.done("DELETE", f"{SERVER}/keys/{name}")
    assert bool(client.broken(8)) is on


def test_the_partner_is_supplied_and_roles_swap() -> None:
    client = raw(pair())
    group = f"{PARTNER}/failoverGroups/fg"
    assert client.properties(group)["replicationRole"] == "Secondary"
    link = client.get(f"{PARTNER}/replicationLinks")["value"][0]
    assert (
        link["properties"]
        | {"role": "Secondary", "partnerRole": "Primary", "linkType": "GEO", "replicationState": "CATCH_UP"}
        == link["properties"]
    )
    assert link["id"].startswith(f"{PARTNER}/databases/db/replicationLinks/")
    assert client.send("POST", f"{SERVER}/failoverGroups/fg/failover").status == 400
    client.done("POST", f"{group}/failover")
    client.wait(1)
    assert client.properties(group)["replicationRole"] == "Primary"
    assert client.properties(f"{SERVER}/failoverGroups/fg")["partnerServers"][0]["replicationRole"] == "Primary"
    assert client.get(f"{SERVER}/replicationLinks")["value"][0]["properties"]["role"] == "Secondary"
    place = f"{DATABASE}/transparentDataEncryption/current"
    assert (
        client.send("PUT", place, {"properties": {"state": "Enabled"}}).body["error"]["code"]
        == "CanNotDropAlterOnMirror"
    )


@pytest.mark.parametrize("on", [True, False])
def test_switch_a_partner_without_the_key_refuses_the_primary(*, on: bool) -> None:
    client = raw(pair(), off=() if on else ("sql-geo-rules",))
    name = client.register()
    ended = client.protect(name, rotates=True)
    assert ended["status"] == ("Failed" if on else "Succeeded")
    if on:
        assert failed(ended) == "SameKeyUriNotFoundOnRemoteServer"
        assert failed(client.protect(name)) == "SameKeyMaterialNotFoundOnRemoteServer"
        client.register(PARTNER)
        assert client.protect(name, PARTNER, rotates=True)["status"] == "Succeeded"
        assert client.protect(name, rotates=True)["status"] == "Succeeded"
        assert client.send("DELETE", f"{PARTNER}/keys/{name}").status == 409


@pytest.mark.parametrize(
    ("reading", "first"), [("either", None), ("secondary-first", PARTNER), ("primary-first", SERVER)]
)
def test_the_way_back_of_a_pair_under_its_readings(reading: str, first: str | None) -> None:
    client = raw(pair(), doubts={"sql-geo-rollback-order": reading})
    name = client.register()
    client.register(PARTNER)
    client.protect(name, PARTNER)
    client.protect(name)
    for server in (SERVER, PARTNER):
        ended = client.clone().protect("ServiceManaged", server)
        assert ended["status"] == ("Succeeded" if first in (None, server) else "Failed")


def test_automatic_rotation_of_one_of_a_pair_is_in_error() -> None:
    client = raw(pair())
    name = client.register()
    client.register(PARTNER)
    client.protect(name, PARTNER)
    client.protect(name, rotates=True)
    client.send("POST", "https://kv-main.vault.azure.net/keys/cmk/rotate")
    assert any("is in error" in one for one in client.wait(2 * DAY))
    assert client.properties(PROTECTOR)["serverKeyName"] == name
    client.register(PARTNER)
    assert (
        client.send(
            "PUT", PROTECTOR, {"properties": {"serverKeyType": "AzureKeyVault", "serverKeyName": client.register()}}
        ).status
        == 400
    )


@pytest.mark.parametrize(("reading", "hours"), [("day", 24), ("hour", 1)])
@pytest.mark.parametrize("on", [True, False])
def test_switch_protectors_follow_new_versions(reading: str, hours: int, *, on: bool) -> None:
    client = raw(doubts={"sql-auto-rotation-lag": reading}, off=() if on else ("sql-auto-rotation",))
    client.protect(client.register(), rotates=True)
    rotated = client.send("POST", "https://kv-main.vault.azure.net/keys/cmk/rotate").body["key"]["kid"]
    client.wait(hours * 3600)
    assert (client.properties(PROTECTOR)["uri"] == rotated) is on
    assert len(client.get(f"{SERVER}/keys")["value"]) == (3 if on else 2)
    assert len(client.azure.world.hidden(DATABASE)["backups"]) == (3 if on else 2)
    assert client.monitor.violations == []


def _cut(client: Raw, *, off: bool) -> None:
    version = client.key_uri().rsplit("/", 1)[1]
    client.send("PATCH", f"https://kv-main.vault.azure.net/keys/cmk/{version}", {"attributes": {"enabled": not off}})


@pytest.mark.parametrize("on", [True, False])
def test_switch_an_unreachable_key_takes_the_databases(*, on: bool) -> None:
    client = raw(off=() if on else ("sql-inaccessible",))
    client.switched()
    _cut(client, off=True)
    client.wait(9 * 60)
    assert client.properties(DATABASE)["status"] == "Online"
    client.wait(22 * 60)
    assert client.properties(DATABASE)["status"] == ("Inaccessible" if on else "Online")
    if on:
        assert [one["name"] for one in client.get(f"{SERVER}/inaccessibleDatabases")["value"]] == ["db"]
        assert failed(client.protect("ServiceManaged")) == "CMKOperationNotAllowed"


@pytest.mark.parametrize(("reading", "status"), [("answer", 200), ("refuse", 400)])
def test_reads_below_an_inaccessible_database_under_both_readings(reading: str, status: int) -> None:
    client = raw(doubts={"sql-inaccessible-reads": reading})
    client.switched()
    _cut(client, off=True)
    client.wait(3600)
    assert client.send("GET", f"{DATABASE}/transparentDataEncryption/current").status == status


def test_access_back_soon_heals_by_itself() -> None:
    client = raw()
    client.switched()
    _cut(client, off=True)
    client.wait(25 * 60)
    _cut(client, off=False)
    client.wait(2 * 3600)
    assert client.properties(DATABASE)["status"] == "Online"


def test_access_back_late_has_to_be_revalidated() -> None:
    client = raw()
    client.switched()
    _cut(client, off=True)
    client.wait(5 * 3600)
    _cut(client, off=False)
    client.wait(24 * 3600)
    assert client.properties(DATABASE)["status"] == "Inaccessible"
    client.done("POST", f"{PROTECTOR}/revalidate")
    client.wait(1)
    assert client.properties(DATABASE)["status"] == "Online"
