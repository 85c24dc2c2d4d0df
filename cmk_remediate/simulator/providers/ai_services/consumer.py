"""Accounts as users of customer-managed keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.consumers import CURRENT, Consumer, KeyUse
from cmk_remediate.simulator.providers.ai_services.keyuse import trouble
from cmk_remediate.simulator.providers.ai_services.names import ACCOUNT, key_named, key_of, principal_of, uri_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World

FORMER = "data encrypted before the change of the key"
"""Rotation does not encrypt anew, and whether another key does is not said: learn.microsoft.com, the single services' page."""
RETENTION = 30 * 86400.0
"""For how long that is taken to be needed, our choice."""


def _principal(world: World, account: ResourceId) -> str:
    named = key_of(world.get(account))
    return principal_of(world, world.get(account), named) if named else ""


def _uses(world: World, account: ResourceId) -> Iterator[KeyUse]:
    text = uri_of(key_of(world.get(account)))
    if not text:
        return
    yield KeyUse(text.lower(), text, CURRENT)
    for stamp, former in world.hidden(account).get("former", ()):
        if stamp > world.stamp - RETENTION:
            yield KeyUse(f"{former} until {int(stamp)}", str(former), FORMER)


def _points(_world: World, _path: str, sent: Json) -> str:
    encryption = sent.get("encryption")
    return uri_of(key_named(encryption)) if isinstance(encryption, dict) else ""


def _usable(world: World, account: ResourceId) -> bool:
    named = key_of(world.get(account))
    return not named or not trouble(world, account, named)


def _ailing(world: World, account: ResourceId) -> Iterator[tuple[ResourceId, str]]:
    named = key_of(world.get(account))
    why = trouble(world, account, named) if named else ""
    if why:
        yield account, f"cannot read its data ({why})"


ACCOUNTS = Consumer(ACCOUNT, _principal, _uses, _points, _usable, _ailing)
"""What the monitor asks about accounts."""
