"""Management locks: learn.microsoft.com, "Lock your Azure resources to protect your infrastructure"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.access import covers
from cmk_remediate.simulator.declare import ArmError
from cmk_remediate.simulator.index import owner

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

LOCKS = "microsoft.authorization/locks"


def refusal(world: World, resource: ResourceId, method: str) -> ArmError | None:
    """Return the refusal a lock at or above *resource* gives a write, or None.

    A read-only lock refuses every write below it, grants too; a cannot-delete lock refuses deletions, those of grants too.
    What has a locked resource below it cannot be deleted.
    Locks themselves are governed by rights alone.
    """
    if not world.settings.locks or resource.type.lower() == LOCKS:
        return None
    for key in world.index.of_type(LOCKS):
        scope = owner(key)
        if not covers(scope, resource.key) and not (method == "DELETE" and covers(resource.key, scope)):
            continue
        record = world.store.tables["resources"][key]
        level = str(record["body"].get("properties", {}).get("level", "")).lower()
        if level == "readonly" or (level == "cannotdelete" and method == "DELETE"):
            operation = "delete" if method == "DELETE" else "write"
            return ArmError(
                409,
                "ScopeLocked",
                f"The scope '{resource}' cannot perform {operation} operation because following scope(s) are locked: "
                f"'{record['id'][: len(scope)]}'. Please remove the lock and try again.",
                "learn.microsoft.com: Lock your Azure resources to protect your infrastructure",
            )
    return None
