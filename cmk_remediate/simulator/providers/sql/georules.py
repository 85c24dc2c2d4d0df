"""What geo partners forbid each other: learn.microsoft.com, "Configure geo-replication and TDE with customer-managed keys"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.sql.names import KEY_VAULT, on_customer_key, partners, refusal, thumb_of

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import ArmError, Json
    from cmk_remediate.simulator.world import World


def geo_refusal(world: World, server: ResourceId, new: Json) -> ArmError | None:
    """Return why a geo partner forbids a protector: learn.microsoft.com, "Configure geo-replication and TDE with CMK"."""
    order = world.doubt(doubts.SQL_GEO_ROLLBACK)
    for partner, role in partners(world, server):
        theirs = on_customer_key(world, partner)
        if new.get("serverKeyType") != KEY_VAULT:
            first = (order == "secondary-first" and role == "Secondary") or (
                order == "primary-first" and role == "Primary"
            )
            if first and theirs:
                text = "Remote server does not have access to key material used as a TDE protector."
                return refusal(400, "KeyMaterialNotFoundOnRemoteServer", text)
            continue
        if role == "Secondary" and not _has(world, partner, thumb_of(world, new.get("uri"))):
            if new.get("autoRotationEnabled"):
                text = (
                    "Secondary server does not have the key material from the same key vault as the primary server's encryption "
                    "protector with key auto-rotation enabled."
                )
                return refusal(400, "SameKeyUriNotFoundOnRemoteServer", text)
            text = "Secondary server does not have the key material of the primary server's encryption protector."
            return refusal(400, "SameKeyMaterialNotFoundOnRemoteServer", text)
        if role == "Primary" and theirs and not _has(world, server, thumb_of(world, theirs.get("uri"))):
            text = "Remote server does not have access to key material used as a TDE protector."
            return refusal(400, "KeyMaterialNotFoundOnRemoteServer", text)
    return None


def _has(world: World, server: ResourceId, thumb: str) -> bool:
    return any(thumb_of(world, properties_of(body).get("uri")) == thumb for _, body in world.children(server, "keys"))
