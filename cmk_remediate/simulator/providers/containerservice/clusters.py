"""Microsoft.ContainerService/managedClusters, as far as the encryption of disks goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import SYNC, UNCONFIRMED, Answer, ArmError, Json, ResourceType, Rule, Write
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.compute.keyuse import forbidden, usable
from cmk_remediate.simulator.providers.compute.names import SET, key_url
from cmk_remediate.simulator.providers.containerservice import nodes
from cmk_remediate.simulator.providers.containerservice.names import (
    API_VERSIONS,
    CLUSTER,
    CREATE,
    DELETE,
    UPDATE,
    node_group,
    pools,
    set_named,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change, LongRunning

_BYOK = "learn.microsoft.com: Bring your own keys (BYOK) with Azure managed disks in Azure Kubernetes Service"


def _prepare(write: Write) -> Json:
    body = write.new or {}
    properties = dict(properties_of(body))
    place = node_group(write.id, body)
    properties.setdefault("nodeResourceGroup", place.name)
    properties["agentPoolProfiles"] = [
        {
            "type": "VirtualMachineScaleSets",
            "osDiskType": "Managed",
            "osType": "Linux",
            "mode": "User",
            "count": 1,
            **pool,
            "provisioningState": "Succeeded",
            "powerState": {"code": "Running"},
        }
        for pool in pools(body)
    ]
    if write.creates:
        # Write-only: never shown again.
        for profile, name in (("windowsProfile", "adminPassword"), ("servicePrincipalProfile", "secret")):
            if isinstance(properties.get(profile), dict):
                properties[profile] = {key: value for key, value in properties[profile].items() if key != name}
        properties["powerState"] = {"code": "Running"}
        properties.setdefault("servicePrincipalProfile", {"clientId": "msi"})
    return {**body, "properties": properties}


def _set_stays(write: Write) -> ArmError | None:
    """Refuse another encryption set than the cluster was made with; what Azure says is unconfirmed."""
    if write.old is None or set_named(write.new) == set_named(write.old):
        return None
    text = "Changing property 'properties.diskEncryptionSetID' is not allowed."
    return ArmError(409, "PropertyChangeNotAllowed", text, f"{_BYOK} (code and text unconfirmed)")


def _has_pools(write: Write) -> ArmError | None:
    if write.old is not None or pools(write.new):
        return None
    text = "Required parameter agentPoolProfiles is missing (null)."
    return ArmError(400, "InvalidParameter", text, UNCONFIRMED)


def _set_fits(write: Write) -> ArmError | None:
    """Refuse a set that does not exist or is in another region; a set that cannot use its key fails the first pool."""
    named = set_named(write.new)
    if not write.creates or not named:
        return None
    body = write.world.get(named)
    near = str((body or {}).get("location") or "").replace(" ", "").lower()
    here = str((write.new or {}).get("location") or "").replace(" ", "").lower()
    if body is None or near != here:
        text = f"The disk encryption set '{named}' does not exist in '{here}'."
        return ArmError(400, "InvalidParameter", text, f"{_BYOK} (code and text unconfirmed)")
    return None


def _set_usable(write: Write) -> ArmError | None:
    named = set_named(write.new)
    if not write.creates or not named or usable(write.world, write.world.spelled(named)):
        return None
    place = write.world.spelled(named)
    body = write.world.get(named)
    said = forbidden(write.world, place, body, key_url(body)).message
    return ArmError(400, "CreateVMSSAgentPoolFailed", said, "github.com/MicrosoftDocs/azure-docs/issues/96319")


def _reads_set(write: Write) -> Iterator[tuple[str, ResourceId]]:
    named = set_named(write.sent)
    if named:
        yield f"{SET}/read", ResourceId(named)


def _on_write(write: Write) -> Iterator[Change]:
    if write.method == "DELETE":
        yield from nodes.gone(write.world, write.id, write.old or {})
    elif write.method == "PUT":
        yield from nodes.made(write.world, write.id, write.new or {})


def _put(write: Write) -> LongRunning:
    return CREATE if write.creates else UPDATE


CLUSTERS = ResourceType(
    type=CLUSTER,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=200, created=201, operation=_put),
        "PATCH": Answer(status=200, operation=UPDATE),
        "DELETE": Answer(status=202, body="none", operation=DELETE),
    },
    read_only=(
        "properties.provisioningState",
        "properties.powerState",
        "properties.fqdn",
        "properties.maxAgentPools",
        "properties.currentKubernetesVersion",
        "properties.azurePortalFQDN",
        "identity.principalId",
        "identity.tenantId",
    ),
    kept=("properties.nodeResourceGroup", "properties.diskEncryptionSetID"),
    prepare=_prepare,
    rules=(Rule(_set_stays), Rule(_has_pools), Rule(_set_fits), Rule(_set_usable, arrives="operation")),
    on_write=(_on_write,),
    also_needs=_reads_set,
    identity=True,
)
"""azure-mgmt-containerservice ManagedClustersOperations."""
