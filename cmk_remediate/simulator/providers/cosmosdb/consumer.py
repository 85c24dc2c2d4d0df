"""Accounts as users of customer-managed keys: the present one, and those that backups within retention need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.consumers import CURRENT, Consumer, KeyUse
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.cosmosdb.keyuse import trouble
from cmk_remediate.simulator.providers.cosmosdb.names import ACCOUNT, principal_of, revoked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World

BACKUP = "a backup within retention"
RETENTION = 30 * 86400.0
"""The longest: continuous backup of 30 days (learn.microsoft.com, "Continuous backup with point-in-time restore")."""


def _text(world: World, account: ResourceId) -> str:
    return str(properties_of(world.get(account)).get("keyVaultKeyUri") or "")


def _principal(world: World, account: ResourceId) -> str:
    return principal_of(world, world.get(account)) if _text(world, account) else ""


def _uses(world: World, account: ResourceId) -> Iterator[KeyUse]:
    text = _text(world, account)
    if not text:
        return
    yield KeyUse(text.rstrip("/").lower(), text, CURRENT)
    for stamp, former in world.hidden(account).get("former", ()):
        if stamp > world.stamp - RETENTION:
            yield KeyUse(f"{former} until {int(stamp)}", str(former), BACKUP)


def _points(_world: World, _path: str, sent: Json) -> str:
    return str(sent.get("keyVaultKeyUri") or "")


def _usable(world: World, account: ResourceId) -> bool:
    text = _text(world, account)
    return not text or not trouble(world, account, text)


def _ailing(world: World, account: ResourceId) -> Iterator[tuple[ResourceId, str]]:
    if revoked(world.get(account)):
        yield account, "is revoked"


ACCOUNTS = Consumer(ACCOUNT, _principal, _uses, _points, _usable, _ailing)
"""What the monitor asks about accounts."""
