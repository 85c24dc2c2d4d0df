"""Microsoft.Storage/storageAccounts/encryptionScopes; azure-mgmt-storage EncryptionScopesOperations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import SYNC, UNCONFIRMED, Answer, ArmError, Json, ResourceType, Rule, Write
from cmk_remediate.simulator.providers.common import access_changed, bad_request, properties_of
from cmk_remediate.simulator.providers.storage.clock import watches
from cmk_remediate.simulator.providers.storage.keyuse import key_refusal, unusable
from cmk_remediate.simulator.providers.storage.names import (
    API_VERSIONS,
    PLATFORM,
    SCOPE,
    on_customer_key,
    principal_of,
    scope_key,
    versioned,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change

_MADE_BY_AZURE = ("currentVersionedKeyIdentifier", "lastKeyRotationTimestamp")


def _prepare(write: Write) -> Json:
    body, world = write.new or {}, write.world
    properties = {"source": PLATFORM, "state": "Enabled", "creationTime": world.iso(), **properties_of(body)}
    properties["lastModifiedTime"] = world.iso()
    text = scope_key({"properties": properties})
    if not text:
        properties.pop("keyVaultProperties", None)
    elif text.lower() != scope_key(write.old).lower():
        properties["keyVaultProperties"] = {
            "keyUri": properties["keyVaultProperties"]["keyUri"],
            "currentVersionedKeyIdentifier": versioned(world, text),
            "lastKeyRotationTimestamp": world.iso(),
        }
    return {**body, "properties": properties}


def _key(write: Write) -> ArmError | None:
    """Refuse a key that the account cannot use, or another one where the present one is lost."""
    world, before, after = write.world, scope_key(write.old), scope_key(write.new)
    account = write.id.top_level
    principal = principal_of(world, world.get(account))
    if before and before.lower() != after.lower():
        refused = unusable(world, account, principal, before, old=True)
        if refused is not None and (after or world.doubt(doubts.STORAGE_WAY_BACK) == "needed"):
            return refused
    if not after or after.lower() == before.lower():
        return None
    if not principal:
        text = "Managed Service Identity (MSI) is not set for this account."
        return bad_request("BadRequest", text, UNCONFIRMED)
    return key_refusal(world, account, principal, after)


def _named(write: Write) -> ArmError | None:
    """Refuse a customer's key without a name."""
    customer = str(properties_of(write.new).get("source") or "").lower() == "microsoft.keyvault"
    if not customer or scope_key(write.new):
        return None
    text = "Values for request parameters are invalid: keyVaultProperties."
    return bad_request("InvalidValuesForRequestParameters", text, UNCONFIRMED)


def _alone(write: Write) -> ArmError | None:
    """Refuse a customer's key while the account is on platform keys, where that reading holds."""
    account = write.world.get(write.id.top_level)
    if not scope_key(write.new) or on_customer_key(account):
        return None
    if write.world.doubt(doubts.STORAGE_SCOPE_ALONE) == "accepted":
        return None
    text = "Customer-managed keys of an encryption scope need a customer-managed key of the account."
    return bad_request("InvalidRequestPropertyValue", text, UNCONFIRMED)


def _on_write(write: Write) -> Iterator[Change]:
    if scope_key(write.new):
        account = write.id.top_level
        yield from access_changed(write.world, account)
        yield watches(write.world, account)


SCOPES = ResourceType(
    type=SCOPE,
    api_versions=API_VERSIONS,
    answers={"GET": SYNC, "LIST": SYNC, "PUT": Answer(status=200, created=201), "PATCH": SYNC},
    read_only=(
        "properties.creationTime",
        "properties.lastModifiedTime",
        *(f"properties.keyVaultProperties.{name}" for name in _MADE_BY_AZURE),
    ),
    create_only=("properties.requireInfrastructureEncryption",),
    prepare=_prepare,
    rules=(Rule(_named), Rule(_alone), Rule(_key)),
    on_write=(_on_write,),
    tracked=False,
)
"""Recorded (azure-mgmt-storage, test_storage): a scope on platform keys has no keyVaultProperties, in 2019-06-01 an empty one."""
