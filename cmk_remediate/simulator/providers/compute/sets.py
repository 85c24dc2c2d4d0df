"""Microsoft.Compute/diskEncryptionSets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts, identities
from cmk_remediate.simulator.declare import (
    SYNC,
    UNCONFIRMED,
    Answer,
    ArmError,
    Json,
    ResourceType,
    Rule,
    Schedule,
    Write,
)
from cmk_remediate.simulator.providers.common import access_changed, properties_of
from cmk_remediate.simulator.providers.compute.keyuse import key_refusal
from cmk_remediate.simulator.providers.compute.names import (
    API_VERSIONS,
    CONFIDENTIAL,
    CUSTOMER,
    DOUBLE,
    SET,
    SET_OPERATION,
    key_url,
    on_set,
    refusal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

FOLLOW = "compute.set-follows"
REWRAPPED = "compute.set-rewrapped"
REWRAPPED_AFTER = 1200.0
"""Seconds until the disks of a set are on its new key: terraform-provider-azurerm's page of the resource says 10 to 20 minutes."""
NO_CLIENT = "None"
"""Takes the federated client away; a set without identities shows none (recorded: Azure/azure-cli,
test_disk_encryption_set_identity)."""
LOOKS_EVERY = (600.0, 3600.0)
"""Seconds until an encryption set has a new version of its key: learn.microsoft.com, "Server-side encryption of Azure Disk
Storage": within one hour."""


def _prepare(write: Write) -> Json:
    body = write.new or {}
    properties = dict(properties_of(body))
    old = key_url(write.old)
    if old and old != key_url(body):
        properties = turned(write.world, write.id, properties, properties_of(write.old)["activeKey"])
    properties.pop("autoKeyRotationError", None)
    if properties.get("federatedClientId") == NO_CLIENT:
        del properties["federatedClientId"]
    if not identities.kinds(body.get("identity")):
        body = {name: value for name, value in body.items() if name != "identity"}
    return {**body, "properties": properties}


def _type_known(write: Write) -> ArmError | None:
    kind = properties_of(write.new).get("encryptionType")
    if kind in (CUSTOMER, DOUBLE, CONFIDENTIAL):
        return None
    return refusal("InvalidParameter", f"The value '{kind}' of parameter 'encryptionType' is invalid.", UNCONFIRMED)


def _type_stays(write: Write) -> ArmError | None:
    asked = properties_of(write.sent).get("encryptionType")
    if write.old is None or asked is None or asked == properties_of(write.old).get("encryptionType"):
        return None
    source = "hashicorp/terraform-provider-azurerm disk_encryption_set_resource.go: encryption_type forces a new one"
    return refusal(
        "PropertyChangeNotAllowed", "Changing property 'diskEncryptionSet.encryptionType' is not allowed.", source, 409
    )


def _key(write: Write) -> ArmError | None:
    """Judge a key that is new here: its access too where a user-assigned identity reaches it, or one set up before."""
    text = key_url(write.new)
    if not text and write.creates:
        return refusal("InvalidParameter", "Required parameter 'activeKey' is missing (null).", UNCONFIRMED)
    if not text or (text == key_url(write.old) and write.method == "PATCH"):
        return None
    judged = not write.creates or bool(identities.attached((write.new or {}).get("identity")))
    return key_refusal(write.world, write.id, write.new, text, access=judged)


def _unused(write: Write) -> ArmError | None:
    if next(on_set(write.world, write.id), None) is None:
        return None
    text = f"Disk encryption set '{write.id.name}' cannot be deleted: resources are associated with it."
    source = "learn.microsoft.com: REST API reference, Disk Encryption Sets - Delete"
    return refusal("OperationNotAllowed", text, source, 409)


def turned(world: World, place: ResourceId, properties: Json, former: Json) -> Json:
    """Return the *properties* of a set that has another key than the *former* now.

    Recorded: a set that nothing is on shows no former keys (Azure/azure-cli, test_disk_encryption_set_update).
    """
    properties = {**properties, "lastKeyRotationTimestamp": world.iso()}
    return properties if next(on_set(world, place), None) is None else {**properties, "previousKeys": [former]}


def rewrapping(world: World, place: ResourceId) -> Iterator[Change]:
    """Yield the timer at whose end everything on the set is on its new key, if anything is on it."""
    if next(on_set(world, place), None) is not None:
        yield Schedule(REWRAPPED_AFTER, REWRAPPED, {"set": str(place)})


def following(world: World, place: ResourceId) -> Schedule:
    """Return the timer at whose end the set looks for a new version of its key."""
    seconds = world.draw(*LOOKS_EVERY, "follow", place.key, int(world.stamp))
    return Schedule(seconds, FOLLOW, {"set": str(place)}, f"follow:{place.key}")


def _on_write(write: Write) -> Iterator[Change]:
    if write.method == "DELETE":
        return
    if properties_of(write.new).get("rotationToLatestKeyVersionEnabled"):
        yield following(write.world, write.id)
    if key_url(write.old) and key_url(write.old) != key_url(write.new):
        yield from rewrapping(write.world, write.id)
    yield from access_changed(write.world, write.id)


def _associated(scope: ResourceId, world: World) -> list[str]:
    return [str(one) for one, _ in on_set(world, scope)]


SETS = ResourceType(
    type=SET,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, body="sent", operation=SET_OPERATION),
        "PATCH": Answer(status=202, operation=SET_OPERATION),
        "DELETE": Answer(status=202, body="none", operation=SET_OPERATION),
    },
    read_only=(
        "properties.provisioningState",
        "properties.previousKeys",
        "properties.lastKeyRotationTimestamp",
        "properties.autoKeyRotationError",
        "identity.principalId",
        "identity.tenantId",
    ),
    kept=("properties.rotationToLatestKeyVersionEnabled",),
    defaults={"properties": {"encryptionType": CUSTOMER}},
    replaced=("properties.activeKey",),
    prepare=_prepare,
    rules=(
        Rule(_type_known),
        Rule(_type_stays),
        Rule(_key, arrives=doubts.SET_REFUSAL_ARRIVES),
        Rule(_unused, verbs=frozenset({"DELETE"})),
    ),
    on_write=(_on_write,),
    identity=True,
    trusted=True,
)
"""azure-mgmt-compute DiskEncryptionSetsOperations. That disks pass a vault's firewall: learn.microsoft.com, "Virtual network
service endpoints for Azure Key Vault", trusted services."""

ASSOCIATED = ResourceType(
    type=f"{SET}/associatedResources",
    api_versions=API_VERSIONS,
    answers={"LIST": SYNC},
    permissions={"LIST": f"{SET}/read"},
    listed=_associated,
    tracked=False,
)
"""azure-mgmt-compute DiskEncryptionSetsOperations.list_associated_resources: a list of ids."""
