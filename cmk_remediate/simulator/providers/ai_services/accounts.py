"""Microsoft.CognitiveServices/accounts: what is refused, and what a write leaves behind.

Recorded (Azure/azure-cli, test_cognitiveservices_identity): PUT 201 with Azure-AsyncOperation, PATCH 202 with both headers and the
new body, provisioningState Accepted; polls under the subscription say Creating or Updating, then Succeeded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.bodies import merge_patch, with_value, without
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
from cmk_remediate.simulator.providers.ai_services.keyuse import key_refusal
from cmk_remediate.simulator.providers.ai_services.made import whole
from cmk_remediate.simulator.providers.ai_services.names import (
    ACCOUNT,
    API_VERSIONS,
    encryption_of,
    is_foundry,
    key_of,
    kind_of,
    operation_of,
    uri_of,
    version_in_use,
)
from cmk_remediate.simulator.providers.common import access_changed, bad_request, parse_key_uri, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

_ENCRYPTION = "properties.encryption"
_KEY = f"{_ENCRYPTION}.keyVaultProperties"
_LATE = (60.0, 300.0)
_ENTERPRISE = ("face", "customvision.training", "customvision.prediction", "personalizer")


def _sets_encryption(write: Write) -> bool:
    return "encryption" in properties_of(write.sent)


def _merge(old: Json, sent: Json, world: World) -> Json:
    new: Json = merge_patch(old, sent)
    key = properties_of(sent).get("encryption") or {}
    if "keyVaultProperties" in key and world.doubt(doubts.AI_ENCRYPTION_PATCH) == "replace":
        kept = {name: value for name, value in (key["keyVaultProperties"] or {}).items() if value is not None}
        new = with_value(new, _KEY, kept)
    return new


def _prepare(write: Write) -> Json:
    body = write.new or {}
    properties = properties_of(body)
    if write.creates:
        made = {
            "internalId": write.world.new_hex("account", write.id.key),
            "dateCreated": write.world.iso(),
            "provisioningState": "Succeeded",
        }
        properties = whole(write.id, body, {**made, **properties})
    body = {**body, "properties": properties, "etag": f'"{write.world.new_guid("etag", write.id.key)}"'}
    if _sets_encryption(write) and not key_of(body):
        shown = write.world.doubt(doubts.AI_PLATFORM_SHOWN) == "shown"
        body = without(body, (_KEY if shown else _ENCRYPTION,))
    return body


# -- refusals -------------------------------------------------------------------------------------------------------------------


def _busy(write: Write) -> ArmError | None:
    if write.world.running(write.id) is None:
        return None
    text = f"Another operation is being performed on the parent resource '{write.id}'. Please try again later."
    return ArmError(409, "RequestConflict", text, "github.com/hashicorp/terraform-provider-azurerm/issues/22939")


def _free(write: Write) -> ArmError | None:
    sku = str(((write.new or {}).get("sku") or {}).get("name") or "")
    if not key_of(write.new) or sku.upper() != "F0" or write.world.doubt(doubts.AI_FREE_TIER) == "accepted":
        return None
    return bad_request("BadRequest", "Customer-managed keys need a paid pricing tier.", UNCONFIRMED)


def _tier(write: Write) -> ArmError | None:
    """Refuse a key to what takes one in the enterprise tier alone, if it does."""
    sku = str(((write.new or {}).get("sku") or {}).get("name") or "")
    asked = key_of(write.new) and kind_of(write.new) in _ENTERPRISE and sku.upper() != "E0"
    if not asked or write.world.doubt(doubts.AI_TIER) == "any":
        return None
    return bad_request("BadRequest", "Customer-managed keys are only available in the E0 pricing tier.", UNCONFIRMED)


def _door(write: Write) -> ArmError | None:
    """Refuse platform keys to what does not go back to them."""
    if not key_of(write.old) or key_of(write.new):
        return None
    without_projects = kind_of(write.old) == "aiservices" and write.world.doubt(doubts.AI_WAY_BACK) == "refused"
    if not is_foundry(write.old) and not without_projects:
        return None
    text = "Updating from customer-managed keys to Microsoft-managed keys is not supported for this resource."
    return bad_request("BadRequest", text, "microsoft-foundry/foundry-samples: says so, without the text")


def _one_vault(write: Write) -> ArmError | None:
    old, new = (parse_key_uri(uri_of(key_of(one))) for one in (write.old, write.new))
    if old is None or new is None or old.host == new.host or kind_of(write.old) != "aiservices":
        return None
    text = "The customer-managed key can only be updated to a key in the same Azure Key Vault instance."
    return bad_request(
        "BadRequest", text, "learn.microsoft.com: Customer-managed keys for Microsoft Foundry, limitations"
    )


def _key(write: Write) -> ArmError | None:
    if not _sets_encryption(write):
        return None
    encryption = encryption_of(write.new)
    if str(encryption.get("keySource") or "").lower() != "microsoft.keyvault":
        return None
    return key_refusal(write.world, write.id, write.new, key_of(write.new))


# -- what follows ---------------------------------------------------------------------------------------------------------------


def _on_write(write: Write) -> Iterator[Change]:
    if write.method == "DELETE":
        return
    if _sets_encryption(write) and write.old is not None:
        hidden: Json = {}
        former = version_in_use(write.world, key_of(write.old))
        if former and uri_of(key_of(write.new)):
            there = list(write.world.hidden(write.id).get("former", ()))
            hidden["former"] = [*there, [write.world.stamp, former]]
        if write.world.doubt(doubts.AI_ENCRYPTION_SHOWN) == "late":
            until = write.world.stamp + write.world.draw(*_LATE, "shown", write.id.key, int(write.world.stamp))
            hidden["late"] = [until, encryption_of(write.old)]
        if hidden:
            yield SetHidden(write.id, hidden)
    if key_of(write.new):
        yield from access_changed(write.world, write.id)


def _on_read(account: ResourceId, body: Json, world: World) -> Json:
    until, former = world.hidden(account).get("late", (0.0, {}))
    if world.stamp >= until:
        return body
    return with_value(body, _ENCRYPTION, former) if former else without(body, (_ENCRYPTION,))


ACCOUNTS = ResourceType(
    type=ACCOUNT,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(created=201, operation=operation_of),
        "PATCH": Answer(status=202, operation=operation_of),
        "DELETE": Answer(status=200, body="none"),
    },
    read_only=(
        "etag",
        "properties.provisioningState",
        "properties.endpoint",
        "properties.endpoints",
        "properties.internalId",
        "properties.dateCreated",
        "properties.capabilities",
        "properties.isMigrated",
        "properties.callRateLimit",
        "properties.privateEndpointConnections",
        "identity.principalId",
        "identity.tenantId",
    ),
    kept=(_ENCRYPTION,),
    merge=_merge,
    prepare=_prepare,
    rules=(
        Rule(_busy),
        Rule(_free),
        Rule(_tier),
        Rule(_door),
        Rule(_one_vault),
        Rule(_key, arrives=doubts.AI_REFUSAL_ARRIVES),
    ),
    on_write=(_on_write,),
    on_read=_on_read,
    identity=True,
    system_data=True,
    trusted=doubts.AI_TRUSTED,
)
"""azure-mgmt-cognitiveservices AccountsOperations."""
