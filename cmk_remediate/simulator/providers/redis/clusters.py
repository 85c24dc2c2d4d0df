"""Microsoft.Cache/redisEnterprise: what is refused, and what a write leaves behind.

Recorded: PUT answers 201 with Azure-AsyncOperation and Creating, DELETE 202 with the body; polls are without Retry-After
(Azure/azure-cli-extensions, test_redisenterprise_scenario3); publicNetworkAccess from 2025-07-01 on, Enabled where nobody chose
(Azure/azure-service-operator, Test_Cache_RedisEnterprise_20250701_CRUD).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts, identities
from cmk_remediate.simulator.bodies import lookup, merge_patch, with_value, without
from cmk_remediate.simulator.declare import (
    SYNC,
    UNCONFIRMED,
    Answer,
    ArmError,
    Json,
    ResourceType,
    Rule,
    SetHidden,
    Write,
)
from cmk_remediate.simulator.providers.common import access_changed, bad_request, display_region, properties_of
from cmk_remediate.simulator.providers.redis.keyuse import form_refusal, key_refusal
from cmk_remediate.simulator.providers.redis.names import (
    API_VERSIONS,
    CLUSTER,
    ENCRYPTION,
    KEY,
    RESOURCE_STATE,
    changes_key,
    disrupts,
    key_url,
    operation_of,
    principal_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World


def _merge(old: Json, sent: Json, world: World) -> Json:
    """Return a cluster after a PATCH: its key is taken whole; an empty one takes it away, if that is how Azure reads it."""
    asked: Any = lookup(sent, KEY)
    new: Json = merge_patch(old, without(sent, (ENCRYPTION,)))
    if not isinstance(asked, dict):
        return new
    if asked:
        return with_value(new, KEY, asked)
    if not key_url(old) or world.doubt(doubts.REDIS_EMPTY_OBJECT) == "ignored":
        return new
    shape = world.doubt(doubts.REDIS_PLATFORM_SHAPE)
    return without(new, (ENCRYPTION,)) if shape == "absent" else with_value(new, KEY, {} if shape == "empty" else None)


def _prepare(write: Write) -> Json:
    body = write.new or {}
    asked = (write.sent.get("identity") or {}).get("userAssignedIdentities")
    if write.method == "PATCH" and asked and write.world.doubt(doubts.REDIS_IDENTITY_PATCH) == "replace":
        named = {name.lower() for name, value in asked.items() if value is not None}
        had = identities.attached(body.get("identity"))
        kept = {name: value for name, value in had.items() if name.lower() in named}
        body = {**body, "identity": {**(body.get("identity") or {}), "userAssignedIdentities": kept}}
    if not body.get("identity"):
        body = {**body, "identity": {"type": "None"}}
    properties = {**properties_of(body), "provisioningState": "Succeeded", "resourceState": "Running"}
    if write.creates:
        location = str(body.get("location") or "")
        flat = location.replace(" ", "").lower()
        old_tier = str((body.get("sku") or {}).get("name") or "").lower().startswith("enterprise")
        suffix = "redisenterprise.cache.azure.net" if old_tier else "redis.azure.net"
        made: Json = {
            "minimumTlsVersion": "1.2",
            "hostName": f"{write.id.name}.{flat}.{suffix}",
            "privateEndpointConnections": [],
            "highAvailability": "Enabled",
            "redundancyMode": "LR",
            "publicNetworkAccess": "Enabled",
        }
        properties = {**made, **properties}
        sku = body.get("sku") or {}
        if old_tier:  # the newer ones have none
            sku = {"capacity": 3 if "flash" in str(sku.get("name")).lower() else 2, **sku}
        body = {**body, "sku": sku, "tags": body.get("tags") or {}}
        body = {**body, "location": display_region(location), "kind": "v1" if old_tier else "v2"}
    return {**body, "properties": properties}


# -- refusals -------------------------------------------------------------------------------------------------------------------


def _busy(write: Write) -> ArmError | None:
    state = lookup(write.old or {}, RESOURCE_STATE)
    running = write.world.running(write.id) is not None
    if write.old is None or not (running or state in ("Updating", "Creating", "Deleting", "Scaling")):
        return None
    text = f"The cluster {write.id.name} is busy: another operation is in progress (resourceState {state})."
    return ArmError(409, "Conflict", text, UNCONFIRMED)


def _identity(write: Write) -> ArmError | None:
    if not key_url(write.new) or principal_of(write.world, write.new):
        return None
    text = "The identity in keyEncryptionKeyIdentity is not one of the cluster's user-assigned identities."
    return bad_request("BadRequest", text, UNCONFIRMED)


def _form(write: Write) -> ArmError | None:
    return form_refusal(write.new) if _sets_key(write) else None


def _key(write: Write) -> ArmError | None:
    return key_refusal(write.world, write.id, write.new) if _sets_key(write) else None


def _sets_key(write: Write) -> bool:
    return bool(key_url(write.new)) and (write.creates or changes_key(write))


# -- what follows ---------------------------------------------------------------------------------------------------------------


def _on_write(write: Write) -> Iterator[Change]:
    if write.method == "DELETE":
        return
    if disrupts(write):
        yield SetHidden(write.id, {"maintenances": int(write.world.hidden(write.id).get("maintenances", 0)) + 1})
    if key_url(write.new):
        yield from access_changed(write.world, write.id)


def _on_read(cluster: ResourceId, body: Json, world: World) -> Json:
    """Show provisioningState as it runs with the operation, not with resourceState."""
    if world.running(cluster) is None:
        return body
    state = lookup(body, RESOURCE_STATE)
    return with_value(body, "properties.provisioningState", "Creating" if state == "Creating" else "Updating")


CLUSTERS = ResourceType(
    type=CLUSTER,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=200, created=201, operation=operation_of),
        "PATCH": Answer(status=202, operation=operation_of),
        "DELETE": Answer(status=202, operation=operation_of),
    },
    read_only=(
        "properties.provisioningState",
        "properties.resourceState",
        "properties.hostName",
        "properties.redundancyMode",
        "properties.redisVersion",
        "properties.privateEndpointConnections",
        "kind",
        "identity.principalId",
        "identity.tenantId",
    ),
    merge=_merge,
    prepare=_prepare,
    rules=(Rule(_busy), Rule(_form), Rule(_identity), Rule(_key, arrives=doubts.REDIS_REFUSAL_ARRIVES)),
    on_write=(_on_write,),
    on_read=_on_read,
    since={"kind": "2025-04-01", "properties.publicNetworkAccess": "2025-07-01"},
    identity=True,
    trusted=doubts.REDIS_PASSES_FIREWALL,
)
"""azure-mgmt-redisenterprise RedisEnterpriseOperations."""
