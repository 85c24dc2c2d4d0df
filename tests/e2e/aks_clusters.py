"""Clusters in an estate with bystanders, the plan that makes them ready, and the hands that build the new one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator.tokens import Claims, minted
from cmk_remediate.simulator.wire import Incoming
from tests.e2e.estates import DATA, OPERATOR, TENANT, Json, Scene, one_server, plan
from tests.services.aks.reading import deployed

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review
    from tests.e2e.stage import Stage

GROUP = DATA
SUB = "/".join(GROUP.split("/")[:3])
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-one"
NEW = f"{CLUSTER}-cmk"
NODES = f"{SUB}/resourceGroups/MC_rg-data_aks-one_westeurope"
NEW_NODES = f"{SUB}/resourceGroups/MC_rg-data_aks-one-cmk_westeurope"
SET = f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/des-aks"
LOOSE, USED = (f"{NODES}/providers/Microsoft.Compute/disks/pvc-{name}" for name in ("loose", "used"))
HOLDER = f"{NODES}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss/virtualMachines/0"
CONTROL_PLANE = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-control-plane"
PRINCIPAL = "55555555-5555-4555-8555-555555555542"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
API = "api-version=2026-08-01"


def volume(name: str, **more: Any) -> Json:
    """Return a volume on the platform's key."""
    properties = {"diskSizeGB": 8, "creationData": {"createOption": "Empty"}}
    return {"id": name, "location": "westeurope", "sku": {"name": "Premium_LRS"}, "properties": properties, **more}


def cluster(*, own: bool = True, ephemeral: bool = False, **properties: Any) -> Json:
    """Return a cluster; *own*: its control plane has an identity of its own, else one of its owner's."""
    pool = {"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D4ds_v5", "osType": "Linux"}
    pools = [pool, {**pool, "name": "work", "mode": "User", "osDiskType": "Ephemeral" if ephemeral else "Managed"}]
    identity: Json = {"type": "SystemAssigned", "principalId": "55555555-5555-4555-8555-555555555541"}
    if not own:
        identity = {"type": "UserAssigned", "userAssignedIdentities": {CONTROL_PLANE: {"principalId": PRINCIPAL}}}
    return {
        "id": CLUSTER,
        "location": "westeurope",
        "tags": {"team": "theirs"},
        "identity": identity,
        "properties": {
            "dnsPrefix": "aks-one",
            "nodeResourceGroup": NODES.rsplit("/", 1)[1],
            "agentPoolProfiles": pools,
            "servicePrincipalProfile": {"clientId": "msi"},
            **properties,
        },
    }


def one_cluster(*, own: bool = True, ephemeral: bool = False, more: Json | None = None, **properties: Any) -> Scene:
    """One cluster with a loose volume and one in use; vault, key, identity and grant are there, the set is not."""
    parts = [cluster(own=own, ephemeral=ephemeral, **properties), volume(LOOSE), volume(USED, managedBy=HOLDER)]
    scene = one_server()
    estate = {**scene.estate, "resources": [*scene.estate["resources"], *parts]}
    wanted = plan(CLUSTER, service="aks", disk_encryption_set={"resource_id": SET}, **(more or {}))
    return Scene(estate, wanted, (), ())


def template(review: Review) -> Json:
    """Return what the template of a review's one cluster deploys, as a request's body."""
    (file,) = (one for one in review.files if one.name.endswith(".bicep"))
    body = deployed(file.content.decode()).body
    return {key: value for key, value in body.items() if key != "name"}


def send(stage: Stage, method: str, target: str, body: Any = None, api: str = API) -> Json:
    """Send one request by hand, as the operator, and wait until it has ended."""
    world = stage.azure.world
    token = minted(Claims(OPERATOR, TENANT, world.cloud.arm_audiences[0], 0.0))
    url = f"https://{world.cloud.arm}{target}?{api}"
    content = b"" if body is None else json.dumps(body).encode()
    given = stage.azure.answer(Incoming(method, url, {"authorization": f"Bearer {token}"}, content))
    assert given.status < 400, given.body
    stage.azure.advance(900.0)
    found: Json = given.body or {}
    return found


def build(stage: Stage, review: Review) -> None:
    """Build the new cluster from the template."""
    send(stage, "PUT", NEW, template(review))


def give_reader(stage: Stage) -> None:
    """Make the new cluster's own identity Reader on the set, as the checklist says."""
    principal = (stage.azure.world.get(NEW) or {})["identity"]["principalId"]
    properties = {
        "principalId": principal,
        "principalType": "ServicePrincipal",
        "roleDefinitionId": f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{READER}",
    }
    name = "10000000-0000-4000-8000-00000000000a"
    target = f"{SET}/providers/Microsoft.Authorization/roleAssignments/{name}"
    send(stage, "PUT", target, {"properties": properties}, "api-version=2022-04-01")


def restore_volume(stage: Stage, *, on: str | None = SET) -> str:
    """Make a volume in the new cluster's node resource group, as its storage class would; return its id."""
    name = f"{NEW_NODES}/providers/Microsoft.Compute/disks/pvc-new"
    body = volume(name)
    if on is not None:
        encryption = {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": on}
        body["properties"] = {**body["properties"], "encryption": encryption}
    send(stage, "PUT", name, {key: body[key] for key in ("location", "sku", "properties")}, "api-version=2026-03-02")
    return name
