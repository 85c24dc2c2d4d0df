"""The customer key a resource was on before: whether a rollback can return to it, asked in the review and again on the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Read
from cmk_remediate.model.permissions import Permission
from cmk_remediate.steps import key_state, network, vault_state

if TYPE_CHECKING:
    from datetime import datetime

    from cmk_remediate.model.decisions import Found
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions
    from cmk_remediate.steps.key_facts import KeyFacts
    from cmk_remediate.steps.network import ServiceKind


def way_back(
    current: KeyFacts | None,
    service: ServiceKind,
    now: datetime,
    *,
    types: tuple[str, ...],
    sizes: tuple[int, ...] = (),
    private_endpoint: bool = False,
    reader: str = "",
) -> tuple[ResourceId | None, str]:
    """Return the customer key that a rollback can return to, or why it cannot; neither where there is none.

    It is judged as the new one is: usable, its vault recoverable and within reach, its reader there and permitted.

    Args:
        current: the key in use, as read; None on platform keys.
        service: which service uses it.
        now: Azure's clock.
        types: the values of ``kty`` the service takes.
        sizes: the lengths in bits it takes; any if empty.
        private_endpoint: as for `network.judge`.
        reader: why who reads it cannot, once the resource is back on it; empty where it can, or that is not known.
    """
    if current is None or current.key is None:
        return None, ""
    key, vault = current.key, current.key.top_level
    if current.vault is None or current.body is None:
        return None, current.refused or f"the previous key {key.name} does not exist any more"
    if current.in_use is None:
        return None, current.refused or f"the previous key {key.name} has no version {current.named} any more"
    unusable = key_state.judge_key(key, current.in_use, now, types=types, sizes=sizes)
    if unusable is not None:
        return None, unusable.why
    if not vault_state.is_protected(current.vault):
        return None, f"the previous key's vault {vault.name} lacks soft delete or purge protection"
    verdict = network.judge(vault, current.vault, service, private_endpoint=private_endpoint)
    if isinstance(verdict, network.Refuse):
        return None, verdict.blocked.why
    return (None, reader) if reader else (key, "")


def looked_at(key: ResourceId | None, version: str = "") -> tuple[Read, ...]:
    """Return what `unusable` judges by."""
    if key is None:
        return ()
    return (Read(key.top_level), Read(key), *((Read(key.child("versions", version)),) if version else ()))


def reading(key: ResourceId | None, version: str = "") -> Permissions:
    """Return the permissions to read what `unusable` judges by."""
    if key is None:
        return ()
    versions = ("Microsoft.KeyVault/vaults/keys/versions/read",) if version else ()
    names = ("Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/keys/read", *versions)
    return tuple(Permission(name, key.top_level, "vault") for name in names)


def unusable(key: ResourceId | None, found: Found, version: str = "") -> Blocked | None:
    """Return why nothing may be pointed at *key* any more, or None: it changed since the review, or its vault did.

    *version*: the one that is named again; empty for none.
    """
    if key is None:
        return None
    vault, body = (found.reads.get(one) for one in looked_at(key))
    if vault is None:
        return vault_state.absent(key.top_level)
    if body is None:
        return Blocked(codes.vault.KEY_ABSENT, f"the key {key.name} does not exist", resource=key.text)
    for name in ("enableSoftDelete", "enablePurgeProtection"):
        shown = vault["properties"].get(name)
        if shown is not True:
            why = f"properties.{name} of {key.top_level.name} is {'absent' if shown is None else str(shown).lower()}"
            return Blocked(codes.vault.VAULT_NOT_RECOVERABLE, why, resource=key.top_level.text)
    return in_version(key, body, found, version)


def in_version(key: ResourceId, body: JsonObject, found: Found, version: str) -> Blocked | None:
    """Return what forbids using *key*, whose body is *body*, in *version*; empty for the latest."""
    named = found.reads.get(Read(key.child("versions", version))) if version else body
    if named is None:
        return Blocked(codes.vault.KEY_ABSENT, f"the key {key.name} has no version {version}", resource=key.text)
    return key_state.judge_key(key, named, found.now)
