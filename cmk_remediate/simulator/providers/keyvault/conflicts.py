"""Two writes to a vault or its keys at one time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import ArmError, SetHidden, Switch

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Write
    from cmk_remediate.simulator.world import World

CONFLICTS = Switch(
    "vault-conflicts", "Two writes to a vault or its keys at one time: the second is answered 409 ConflictError."
)


def touched(write: Write, vault: ResourceId) -> list[SetHidden]:
    """Return the mark that a write to *vault* or its keys leaves, by which the next one conflicts."""
    return touched_by(write.world, vault)


def touched_by(world: World, vault: ResourceId) -> list[SetHidden]:
    """Return the mark of a write that happens now."""
    return [SetHidden(vault, {"touched": world.stamp})]


def in_conflict(write: Write, vault: ResourceId) -> ArmError | None:
    """Refuse a write that comes before the answer to the last one to the same vault has arrived."""
    world = write.world
    last = world.hidden(vault).get("touched")
    if last is None or not world.switch(CONFLICTS.name) or world.stamp - last >= world.settings.latency * 0.9:
        return None
    return ArmError(
        409,
        "ConflictError",
        f"The operation failed because the Key Vault '{vault.name}' changed from the point the operation began. This can happen "
        "if parallel operations are being performed on the Key Vault. Please serialize the operations so that only one operation "
        "is performed on the Key Vault at a time.",
        "github.com/Azure/bicep/issues/4364",
    )
