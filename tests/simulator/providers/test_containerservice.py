"""Clusters in the embedded Azure: what is made with them, what never changes, what goes with them; under every reading."""

from __future__ import annotations

from typing import Any

import pytest

from cmk_remediate.simulator.declare import CURRENT
from cmk_remediate.simulator.providers.containerservice.consumer import CONSUMERS
from tests.simulator.compute import SET, disk, make_set
from tests.simulator.raw import ENCRYPTION_USER, GROUP, KEY, SUB, Raw, estate, raw

CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"
NODES = f"/subscriptions/{SUB}/resourceGroups/MC_rg_aks_westeurope"
SCALE_SETS = f"{NODES}/providers/Microsoft.Compute/virtualMachineScaleSets"
POOL = {"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D4ds_v5", "osType": "Linux"}


def body(*pools: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"dnsPrefix": "aks", "agentPoolProfiles": list(pools or (POOL,)), **properties},
    }


def on_set(client: Raw, *pools: dict[str, Any]) -> dict[str, Any]:
    """Make the set and a cluster on it; return how that ended."""
    assert make_set(client)["status"] == "Succeeded"
    return client.done("PUT", CLUSTER, body(*pools, diskEncryptionSetID=SET))


def named(client: Raw) -> list[str | None]:
    """Return the set that the model of each scale set names."""
    found = client.get(SCALE_SETS)["value"]
    disks = [one["properties"]["virtualMachineProfile"]["storageProfile"]["osDisk"] for one in found]
    return [(one["managedDisk"].get("diskEncryptionSet") or {}).get("id") for one in disks]


def test_a_cluster_is_made_with_its_nodes_group_and_a_scale_set_for_each_pool() -> None:
    client = raw()
    given = client.send("PUT", CLUSTER, body(POOL, {**POOL, "name": "work"}))
    assert given.status == 201
    assert "Azure-AsyncOperation" in given.headers
    assert "Location" not in given.headers
    assert given.body["properties"]["provisioningState"] == "Creating"
    client.wait(900)
    assert client.properties(CLUSTER)["provisioningState"] == "Succeeded"
    assert client.get(NODES)["managedBy"] == CLUSTER
    assert named(client) == [None, None]
    assert client.get(CLUSTER)["identity"]["principalId"]


def test_nodes_are_on_the_clusters_set() -> None:
    client = raw()
    assert on_set(client)["status"] == "Succeeded"
    assert named(client) == [SET]
    (consumer,) = CONSUMERS
    place = client.azure.world.spelled(CLUSTER)
    (use,) = consumer.uses(client.azure.world, place)
    assert (use.uri, use.why) == (client.key_uri(), CURRENT)
    assert consumer.usable(client.azure.world, place)
    assert client.monitor.violations == []


@pytest.mark.parametrize("reading", ["shown", "not-shown"])
def test_ephemeral_nodes_show_their_set_or_do_not(reading: str) -> None:
    client = raw(doubts={"aks-ephemeral-shows-set": reading})
    on_set(client, POOL, {**POOL, "name": "work", "osDiskType": "Ephemeral"})
    assert named(client) == [SET, SET if reading == "shown" else None]


def test_the_set_of_a_cluster_never_changes() -> None:
    client = raw()
    client.done("PUT", CLUSTER, body())
    make_set(client)
    given = client.send("PUT", CLUSTER, body(diskEncryptionSetID=SET))
    assert (given.status, given.body["error"]["code"]) == (409, "PropertyChangeNotAllowed")
    assert client.done("PATCH", CLUSTER, {"tags": {"a": "b"}})["status"] == "Succeeded"
    assert client.get(CLUSTER)["tags"] == {"a": "b"}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (body(diskEncryptionSetID=f"{SET}-none"), "InvalidParameter"),
        ({**body(), "properties": {"dnsPrefix": "aks"}}, "InvalidParameter"),
    ],
)
def test_what_a_cluster_is_refused_for(sent: dict[str, Any], code: str) -> None:
    given = raw().send("PUT", CLUSTER, sent)
    assert (given.status, given.body["error"]["code"]) == (400, code)


def test_a_set_that_cannot_use_its_key_fails_the_first_pool() -> None:
    client = raw()
    make_set(client)
    listed = client.get(f"{KEY}/providers/Microsoft.Authorization/roleAssignments")["value"]
    mine = [one for one in listed if one["properties"]["roleDefinitionId"].endswith(ENCRYPTION_USER)]
    client.send("DELETE", mine[0]["id"])
    client.wait(3600)
    ended = client.done("PUT", CLUSTER, body(diskEncryptionSetID=SET))
    assert ended["error"]["code"] == "CreateVMSSAgentPoolFailed"
    assert client.send("GET", CLUSTER).status == 404


def test_a_cluster_takes_its_group_and_every_volume_with_it() -> None:
    client = raw()
    client.done("PUT", CLUSTER, body())
    volume = f"{NODES}/providers/Microsoft.Compute/disks/pvc"
    made = disk(volume)
    client.done("PUT", volume, {name: made[name] for name in ("location", "sku", "properties")})
    given = client.send("DELETE", CLUSTER)
    assert given.status == 202
    client.wait(900)
    assert [client.send("GET", one).status for one in (CLUSTER, volume, NODES)] == [404, 404, 404]


def test_a_seeded_cluster_has_what_it_names() -> None:
    content = estate()
    content["resources"] += [
        {"id": CLUSTER, **body(), "identity": {"type": "SystemAssigned", "principalId": "p-1"}},
        disk(f"{NODES}/providers/Microsoft.Compute/disks/pvc"),
    ]
    client = raw(content)
    assert client.properties(CLUSTER)["nodeResourceGroup"] == "MC_rg_aks_westeurope"
    assert client.get(NODES)["managedBy"] == CLUSTER
    assert named(client) == [None]


def test_secrets_are_not_shown_again() -> None:
    client = raw()
    client.done("PUT", CLUSTER, body(windowsProfile={"adminUsername": "azureuser", "adminPassword": "hunter2"}))
    assert client.properties(CLUSTER)["windowsProfile"] == {"adminUsername": "azureuser"}


def test_who_builds_on_a_set_must_read_it() -> None:
    client = raw()
    make_set(client)
    given = client.send("PUT", CLUSTER, body(diskEncryptionSetID=SET), who="77777777-7777-4777-8777-7777777777b1")
    assert given.status == 403
