"""Microsoft.KeyVault/vaults/keys in Azure Resource Manager: created once, read, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import SYNC, Answer, ArmError, Json, ResourceType, Rule, Write
from cmk_remediate.simulator.providers.common import VAULT, bad_request, latest_version, properties_of
from cmk_remediate.simulator.providers.keyvault.conflicts import in_conflict, touched
from cmk_remediate.simulator.providers.keyvault.rotation import (
    attributes_of,
    completed,
    policy_problem,
    recovery_level,
    timers,
    uri_of,
    version_changes,
)
from cmk_remediate.simulator.providers.keyvault.vaults import API_VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

DELETED_KEYS = f"{VAULT}/deletedKeys"
"""Soft-deleted keys: a type of this Azure only, that the data plane reads and an estate may hold."""

_SIZES = {"RSA": (2048, 3072, 4096), "RSA-HSM": (2048, 3072, 4096)}
_KINDS = ("RSA", "RSA-HSM", "EC", "EC-HSM")


def _prepare(write: Write) -> Json:
    if write.old is not None:
        return write.old
    version = write.world.new_hex("key-version", write.id.key)
    return completed(write.world, write.id, write.new or {}, version)


def _conflict(write: Write) -> ArmError | None:
    return in_conflict(write, write.id.top_level)


def _as_stored(write: Write) -> ArmError | None:
    """Refuse a request for an existing key that asks for another one than is stored."""
    if write.old is None:
        return None
    asked, stored = properties_of(write.sent), properties_of(write.old)
    for name, value in asked.items():
        if name == "attributes":
            have = attributes_of(write.old)
            same = all(have.get(member) == wanted for member, wanted in (value or {}).items() if wanted is not None)
        elif name == "keyOps":
            same = {str(one).lower() for one in value or ()} == {str(one).lower() for one in stored.get(name) or ()}
        else:
            same = value is None or value == stored.get(name)
        if not same:
            text = (
                f"The specified key creation parameters do not match the existing key '{write.id.name}'. A key that already exists "
                "cannot be changed through Azure Resource Manager."
            )
            return bad_request(
                "KeyCreationParametersDidNotMatchExistingKey", text, "github.com/Azure/bicep/issues/8283"
            )
    return None


def _soft_deleted(write: Write) -> ArmError | None:
    vault = write.id.top_level
    if not write.creates or write.world.get(vault.child("deletedKeys", write.id.name)) is None:
        return None
    text = (
        f"Key {write.id.name} is currently in a deleted but recoverable state, and its name cannot be "
        "reused; in this state, the key "
        "can only be recovered or purged."
    )
    source = "github.com/external-secrets/external-secrets/issues/3519"
    reading = write.world.doubt(doubts.SOFT_DELETED_KEY)
    if reading == "flat":
        return ArmError(409, "ObjectIsDeletedButRecoverable", text, source)
    return ArmError(409, "Conflict", text, source, inner="ObjectIsDeletedButRecoverable" if reading == "inner" else "")


def _kind(write: Write) -> ArmError | None:
    asked = properties_of(write.sent)
    kind = str(asked.get("kty") or "RSA")
    if not write.creates:
        return None
    if kind not in _KINDS:
        return bad_request(
            "BadRequest", f"The key type '{kind}' is not supported.", "azure-mgmt-keyvault JsonWebKeyType"
        )
    sku = str((properties_of(write.world.get(write.id.top_level)).get("sku") or {}).get("name", "standard"))
    if kind.endswith("-HSM") and sku.lower() != "premium":
        text = f"The key type '{kind}' needs a vault of the SKU premium."
        return bad_request("BadRequest", text, "learn.microsoft.com: About keys")
    size = asked.get("keySize")
    if kind in _SIZES and size is not None and size not in _SIZES[kind]:
        return bad_request(
            "BadRequest", f"The key size {size} is not supported for {kind}.", "learn.microsoft.com: About keys"
        )
    return None


def _policy(write: Write) -> ArmError | None:
    if not write.creates:
        return None
    sent = properties_of(write.sent)
    return policy_problem(sent.get("rotationPolicy"), (sent.get("attributes") or {}).get("exp"))


def _access_policy(write: Write) -> ArmError | None:
    vault = write.world.get(write.id.top_level)
    if (
        properties_of(vault).get("enableRbacAuthorization")
        or write.world.doubt(doubts.KEY_ON_POLICY_VAULT) == "allowed"
    ):
        return None
    if write.world.may(write.caller, f"{VAULT}/keys/create/action", write.id, data=True):
        return None
    text = f"The client '{write.caller}' does not have keys create permission on key vault '{write.id.top_level.name}'."
    return ArmError(
        403, "Forbidden", text, "learn.microsoft.com: Assign a Key Vault access policy", inner="AccessDenied"
    )


def _on_write(write: Write) -> Iterator[Change]:
    if not write.creates:
        return
    body = write.new or {}
    yield from version_changes(write.id, body, latest_version(body))
    yield from timers(write.world, write.id, body)
    yield from touched(write, write.id.top_level)


def shown(key: ResourceId, body: Json, world: World) -> Json:
    """Return a key or version as a GET shows it: its recovery level is its vault's of today."""
    properties = dict(properties_of(body))
    attributes = {**attributes_of(body), **recovery_level(world.get(key.top_level))}
    properties["attributes"] = {"exportable": False, **attributes}
    if key.type.lower().endswith("/versions"):
        return {**body, "properties": properties}
    properties["keyUri"] = uri_of(world, key)
    properties["keyUriWithVersion"] = uri_of(world, key, latest_version(body))
    return {**body, "properties": properties}


KEYS = ResourceType(
    type=f"{VAULT}/keys",
    api_versions=API_VERSIONS,
    answers={"GET": SYNC, "LIST": SYNC, "PUT": Answer(status=200, created=200)},
    read_only=("location", "properties.keyUri", "properties.keyUriWithVersion"),
    kept=("properties",),
    prepare=_prepare,
    rules=(
        Rule(_conflict),
        Rule(_soft_deleted),
        Rule(_as_stored),
        Rule(_kind),
        Rule(_policy),
        Rule(_access_policy),
    ),
    on_write=(_on_write,),
    on_read=shown,
    tracked=False,
)
"""azure-mgmt-keyvault KeysOperations: get, create_if_not_exist, list."""

VERSIONS = ResourceType(
    type=f"{VAULT}/keys/versions",
    api_versions=API_VERSIONS,
    answers={"GET": SYNC, "LIST": SYNC},
    on_read=shown,
    tracked=False,
    permissions={"GET": f"{VAULT}/keys/versions/read", "LIST": f"{VAULT}/keys/versions/read"},
)
"""azure-mgmt-keyvault KeysOperations: get_version, list_versions."""

DELETED = ResourceType(type=DELETED_KEYS, api_versions=API_VERSIONS, answers={}, tracked=False)
