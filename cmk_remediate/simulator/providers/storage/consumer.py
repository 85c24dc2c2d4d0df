"""Accounts as users of customer-managed keys: their own, and those of their encryption scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.consumers import CURRENT, Consumer, KeyUse
from cmk_remediate.simulator.providers.storage.clock import closed, keys_of, trouble
from cmk_remediate.simulator.providers.storage.names import (
    ACCOUNT,
    encryption_of,
    key_text,
    principal_of,
    scope_key,
    scopes_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World


def _principal(world: World, account: ResourceId) -> str:
    return principal_of(world, world.get(account)) if keys_of(world, account) else ""


def _uses(world: World, account: ResourceId) -> Iterator[KeyUse]:
    """Go through the versions in use: what an account has left it does not need any more, only its root key was wrapped."""
    body = world.get(account)
    if key_text(body):
        key = encryption_of(body)["keyvaultproperties"]
        text = str(key.get("currentVersionedKeyIdentifier") or key_text(body))
        yield KeyUse(text.lower(), text, CURRENT)
    for scope, found in scopes_of(world, account):
        text = scope_key(found)
        if text:
            key = found["properties"]["keyVaultProperties"]
            text = str(key.get("currentVersionedKeyIdentifier") or text)
            yield KeyUse(f"{scope.name} {text}".lower(), text, CURRENT)


def _points(_world: World, path: str, sent: Json) -> str:
    if "/encryptionscopes/" in path:
        return scope_key({"properties": sent})
    encryption = sent.get("encryption")
    return text_of(encryption) if isinstance(encryption, dict) else ""


def _usable(world: World, account: ResourceId) -> bool:
    return not trouble(world, account)


def _ailing(world: World, account: ResourceId) -> Iterator[tuple[ResourceId, str]]:
    if closed(world, account):
        yield account, "answers 403 to requests for its blobs"


CONSUMER = Consumer(ACCOUNT, _principal, _uses, _points, _usable, _ailing)
"""What the monitor asks about accounts."""
