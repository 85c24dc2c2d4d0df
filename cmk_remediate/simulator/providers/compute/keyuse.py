"""Whether an encryption set can use a key, and what Azure says when it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import UNCONFIRMED, ArmError, Json, Switch
from cmk_remediate.simulator.providers.common import (
    key_id,
    key_version,
    parse_key_uri,
    properties_of,
    vault_named,
)
from cmk_remediate.simulator.providers.compute.names import key_url, principal_of, refusal
from cmk_remediate.simulator.providers.key_access import hindrance, may_use
from cmk_remediate.simulator.providers.keyvault.vaults import protected

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

CHECKS_PROTECTION = Switch(
    "compute-checks-protection",
    "A disk encryption set refuses a key whose vault lacks soft delete or purge protection.",
)
_SIZES = (2048, 3072, 4096)
_ACCESS = "github.com/ansible-collections/azure/issues/1676"


def forbidden(world: World, place: ResourceId, body: Json | None, text: str) -> ArmError:
    """Return what Azure says where an encryption set may not use its key."""
    who = principal_of(world, body)
    return refusal(
        "KeyVaultAccessForbidden",
        f"Unable to access key vault resource '{text}' to enable encryption at rest. Please grant get, wrap and unwrap key "
        f"permissions to disk encryption set '{place.name}' (identity '{who}'). Please visit "
        "https://aka.ms/keyvaultaccessssecmk for more information.",
        _ACCESS,
    )


def key_refusal(world: World, place: ResourceId, body: Json | None, text: str, *, access: bool) -> ArmError | None:
    """Return why the encryption set *place* is refused the key *text*, or None; *access*: its rights are judged too."""
    uri = parse_key_uri(text)
    if uri is None or not uri.versioned:
        said = f"The value '{text}' of parameter 'activeKey.keyUrl' is invalid: a key's URI with its version is needed."
        return refusal("InvalidParameter", said, "azure-mgmt-compute KeyForDiskEncryptionSet.key_url")
    vault, key = vault_named(world, uri.vault), key_id(world, uri)
    if vault is None or key is None:
        return forbidden(world, place, body, text)
    there = str((world.get(vault) or {}).get("location") or "").replace(" ", "").lower()
    here = str((body or {}).get("location") or "").replace(" ", "").lower()
    if there and here and there != here:
        said = f"The key vault '{vault.name}' is in '{there}', the disk encryption set in '{here}': they must be in one region."
        return refusal(
            "InvalidParameter", said, "learn.microsoft.com: Restrictions of customer-managed keys for managed disks"
        )
    allowed = may_use(world, principal_of(world, body), key)
    if access and not (allowed and world.reachable(place, vault)):
        return forbidden(world, place, body, text)
    state = _state(world, key, uri.version, text, place)
    if state is not None:
        return state
    if world.switch(CHECKS_PROTECTION.name) and not protected(world, vault):
        said = f"The key vault '{vault}' must have soft delete and purge protection enabled."
        return refusal("KeyVaultNotRecoverable", said, UNCONFIRMED)
    return None


def _state(world: World, key: ResourceId, version: str, text: str, place: ResourceId) -> ArmError | None:
    found = key_version(world, key, version)
    if found is None:
        said = f"The key vault key '{text}' is not found to unwrap the encryption key."
        return refusal("KeyVaultKeyNotFound", said, UNCONFIRMED, 404)
    properties = properties_of(found)
    attributes = properties.get("attributes") or {}
    if attributes.get("enabled") is False:
        said = f"The key vault key '{text}' used for disk encryption set '{place.name}' must be enabled state."
        return refusal("KeyVaultKeyNotEnabled", said, "public support notes")
    if attributes.get("exp") is not None and attributes["exp"] <= world.stamp:
        return refusal("KeyVaultKeyExpired", f"Unable to access key '{text}'. Key is expired.", "public support notes")
    if str(properties.get("kty", "")).upper() not in ("RSA", "RSA-HSM") or properties.get("keySize") not in _SIZES:
        said = f"The key vault key '{text}' has an unsupported type or size."
        return refusal("KeyVaultKeyNotSupported", said, UNCONFIRMED)
    return None


def usable(world: World, place: ResourceId) -> bool:
    """Say whether the encryption set can unwrap with its key at this moment; a vault outside this Azure counts as well."""
    body = world.get(place)
    return not hindrance(world, place, principal_of(world, body), key_url(body))
