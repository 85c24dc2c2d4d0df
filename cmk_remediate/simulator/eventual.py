"""Reads that lag behind writes: for a while after a write a read may answer what was before it, or 404 for what is new.

That Azure Resource Manager is replicated and may do so is general experience; its bound is unconfirmed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World


def seen(world: World, key: str, view: str) -> Json | None:
    """Return the body of *key* as a read sees it now.

    *view* tells reads that lag apart: a GET and a LIST of the same resource need not agree.
    """
    record = world.record(key)
    past = world.store.get("history", key, ()) if world.settings.eventual_reads else ()
    if past and world.stamp - past[-1][0] < world.settings.eventual[1]:
        for until, body in past:
            if world.stamp - until < world.draw(*world.settings.eventual, "eventual", view, key, until):
                earlier: Json | None = body
                return earlier
    return record["body"] if record is not None else None


def lingering(world: World, parent: str, kind: str) -> list[str]:
    """Return keys that are gone but that a LIST may still show: children of *parent*, of the whole type *kind*."""
    if not world.settings.eventual_reads:
        return []
    return [key for key in world.index.gone(parent, kind) if world.record(key) is None]
