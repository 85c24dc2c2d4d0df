"""What the modules of Microsoft.ContainerService share: the type, its api-versions, how its operations look."""

from __future__ import annotations

import hashlib

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import Json, LongRunning
from cmk_remediate.simulator.providers.common import properties_of

CLUSTER = "Microsoft.ContainerService/managedClusters"
API_VERSIONS = ("2026-08-01", "2026-06-01", "2026-04-01", "2025-10-01", "2025-05-01", "2024-09-01", "2024-02-01")
"""azure-mgmt-containerservice 41.8 asks for 2026-08-01."""

_PATH = "locations/{location}/operations/{id}"


def operation(seconds: tuple[float, float], states: tuple[str, str] = ("Creating", "Updating")) -> LongRunning:
    """Return how an operation on a cluster runs: Azure-AsyncOperation alone (recorded: Azure/azure-cli, aks create)."""
    return LongRunning(
        seconds=seconds,
        path=_PATH,
        style="azure-async",
        under="subscription",
        retry_after=None,
        shows=("name", "status", "startTime", "endTime"),
        states=states,
    )


CREATE = operation((240.0, 600.0))
"""Unconfirmed how long; nothing but the order of magnitude is known of it."""
UPDATE = operation((30.0, 120.0))
DELETE = LongRunning(
    seconds=(120.0, 300.0),
    path=_PATH,
    under="subscription",
    retry_after=None,
    shows=("name", "status", "startTime", "endTime"),
)


def node_group(cluster: ResourceId, body: Json | None) -> ResourceId:
    """Return the resource group of a cluster's nodes."""
    name = str(properties_of(body).get("nodeResourceGroup") or "")
    if not name:
        place = str((body or {}).get("location") or "").replace(" ", "").lower()
        name = f"MC_{cluster.resource_group}_{cluster.name}_{place}"[:80]
    return ResourceId(f"{cluster.subscription_id}/resourceGroups/{name}")


def set_named(cluster: Json | None) -> str:
    """Return the id of the encryption set that a cluster names, lower case, or empty."""
    return str(properties_of(cluster).get("diskEncryptionSetID") or "").lower()


def pools(cluster: Json | None) -> list[Json]:
    """Return a cluster's agent pools."""
    return [one for one in properties_of(cluster).get("agentPoolProfiles") or () if isinstance(one, dict)]


def scale_set(nodes: ResourceId, pool: Json) -> ResourceId:
    """Return the id of the scale set of a pool: ``aks-<pool>-<eight digits>-vmss``."""
    name = str(pool.get("name")).lower()
    number = int(hashlib.sha256(f"{nodes.key}/{name}".encode()).hexdigest()[:8], 16) % 10**8
    return ResourceId(f"{nodes}/providers/Microsoft.Compute/virtualMachineScaleSets/aks-{name}-{number:08d}-vmss")
