"""Microsoft.Storage/storageAccounts: what a write leaves behind.

Recorded (Azure/azure-cli): a PATCH is answered 200 with the account; a PUT of a new one 202 without a body, Location and
Retry-After 17, then 202 until 200 with the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.bodies import merge_patch
from cmk_remediate.simulator.declare import SYNC, Answer, Json, LongRunning, ResourceType, Rule, Write
from cmk_remediate.simulator.providers.common import access_changed, key_id, key_version, parse_key_uri, properties_of
from cmk_remediate.simulator.providers.storage import rules
from cmk_remediate.simulator.providers.storage.clock import watches
from cmk_remediate.simulator.providers.storage.made import whole
from cmk_remediate.simulator.providers.storage.names import (
    ACCOUNT,
    API_VERSIONS,
    NEVER,
    encryption_of,
    key_text,
    on_customer_key,
    text_of,
    versioned,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

CREATING = LongRunning(
    seconds=(17.0, 25.0),
    path="locations/{location}/asyncoperations/{id}",
    style="location",
    under="subscription",
    retry_after=17,
    states=("Creating", ""),
)
_MADE_BY_AZURE = ("currentVersionedKeyIdentifier", "lastKeyRotationTimestamp", "currentVersionedKeyExpirationTimestamp")
_FOR_GOOD = ("requireInfrastructureEncryption",)


def merged(old: Json, sent: Json, world: World) -> Json:
    """Return an account after a PATCH; what becomes of members of ``encryption`` that it leaves out is a doubt."""
    new: Json = merge_patch(old, sent)
    asked = properties_of(sent).get("encryption")
    if isinstance(asked, dict) and world.doubt(doubts.STORAGE_ENCRYPTION_PATCH) == "dropped":
        stays = {name: value for name, value in encryption_of(old).items() if name in _FOR_GOOD}
        services = merge_patch(encryption_of(old).get("services"), asked.get("services") or {})
        new = {**new, "properties": {**properties_of(new), "encryption": {**stays, **asked, "services": services}}}
    return new


def prepare(write: Write) -> Json:
    """Return an account as it is kept."""
    body = write.new or {}
    world = write.world
    if write.creates:
        body = whole(write.id.name, {"tags": {}, **body}, world.iso(), world.cloud.suffixes["storage"])
    encryption = dict(encryption_of(body))
    if not on_customer_key(body):
        encryption.pop("keyvaultproperties", None)
    elif text_of(encryption).lower() != key_text(write.old).lower() or write.creates:
        encryption["keyvaultproperties"] = in_use(world, encryption)
    return {**body, "properties": {**properties_of(body), "encryption": encryption}}


def in_use(world: World, encryption: Json) -> Json:
    """Return ``keyvaultproperties`` with the version in use."""
    key = {name: value for name, value in encryption["keyvaultproperties"].items() if name not in _MADE_BY_AZURE}
    text = versioned(world, text_of(encryption))
    return {
        **key,
        "currentVersionedKeyIdentifier": text,
        "lastKeyRotationTimestamp": world.iso(),
        "currentVersionedKeyExpirationTimestamp": _expires(world, text),
    }


def _expires(world: World, text: str) -> str:
    uri = parse_key_uri(text)
    key = key_id(world, uri) if uri else None
    body = key_version(world, key, uri.version) if uri and key else None
    moment = (properties_of(body).get("attributes") or {}).get("exp")
    return NEVER if moment is None else world.iso(float(moment) - world.stamp)


def _operation(write: Write) -> LongRunning | None:
    return CREATING if write.creates else None


def _on_write(write: Write) -> Iterator[Change]:
    if write.method != "DELETE" and key_text(write.new):
        yield from access_changed(write.world, write.id)
        yield watches(write.world, write.id)


ACCOUNTS = ResourceType(
    type=ACCOUNT,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(created=202, body="done", operation=_operation),
        "PATCH": SYNC,
        "DELETE": Answer(status=200, absent=204, body="none"),
    },
    read_only=(
        "properties.provisioningState",
        "properties.creationTime",
        "properties.keyCreationTime",
        "properties.primaryEndpoints",
        "properties.primaryLocation",
        "properties.statusOfPrimary",
        *(f"properties.encryption.keyvaultproperties.{name}" for name in _MADE_BY_AZURE),
        "identity.principalId",
        "identity.tenantId",
    ),
    create_only=(
        "properties.encryption.services.queue.keyType",
        "properties.encryption.services.table.keyType",
        "properties.encryption.requireInfrastructureEncryption",
        "properties.isHnsEnabled",
    ),
    kept=("properties", "sku", "kind"),
    merge=merged,
    prepare=prepare,
    rules=(
        Rule(rules.source_known),
        Rule(rules.too_many),
        Rule(rules.identity_missing),
        Rule(rules.both_at_once),
        Rule(rules.infrastructure),
        Rule(rules.key),
    ),
    on_write=(_on_write,),
    since={"properties.networkAcls.ipv6Rules": "2023-01-01"},
    identity=True,
    trusted=True,
)
"""azure-mgmt-storage StorageAccountsOperations. That storage passes a vault's firewall: learn.microsoft.com, "Virtual network
service endpoints for Azure Key Vault", trusted services. What a PUT without properties leaves is unconfirmed."""
