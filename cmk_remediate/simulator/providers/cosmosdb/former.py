"""The keys an account has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.providers.common import properties_of

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World


def remembered(world: World, account: ResourceId, body: Json | None) -> list[list[object]]:
    """Return the key versions an account has left, and when: its backups need them."""
    text = str(properties_of(body).get("keyVaultKeyUri") or "").rstrip("/")
    version = str(properties_of(body).get("keyVaultKeyUriVersion") or "")
    whole = text if not version or text.lower().endswith(version) else f"{text}/{version}"
    return [*world.hidden(account).get("former", ()), [world.stamp, whole]]
