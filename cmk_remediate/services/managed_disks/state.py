"""The state a target is found in, in the words of docs/how-it-works.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.disk_sets import key_is_usable
from cmk_remediate.services.states import (
    FOREIGN,
    HEALTHY,
    IN_PROGRESS,
    INACCESSIBLE,
    MIXED,
    NOT_CHECKABLE,
    PLATFORM,
    SYSTEM_ASSIGNED,
    WRONG,
)
from cmk_remediate.steps.disks import bodies

if TYPE_CHECKING:
    from cmk_remediate.services.managed_disks.choice import Wish
    from cmk_remediate.steps.disks.facts import DiskFacts


def of_target(wish: Wish) -> str:
    """Return the state of a target: that of its disks, or mixed where they differ."""
    facts = wish.facts
    if facts.refused or not facts.disks or any(disk.body is None for disk in facts.disks):
        return INACCESSIBLE
    if at_path(facts.group, "managedBy"):
        return FOREIGN
    found = list(dict.fromkeys(_of_disk(wish, disk) for disk in facts.disks))
    if set(found) == {HEALTHY, SYSTEM_ASSIGNED}:
        return HEALTHY
    return found[0] if len(found) == 1 else MIXED


def _of_disk(wish: Wish, disk: DiskFacts) -> str:
    kind, current = bodies.encryption(disk.body)
    if kind == bodies.PLATFORM or current is None:
        return PLATFORM if kind == bodies.PLATFORM else NOT_CHECKABLE
    body = wish.facts.sets.found.get(current.key)
    if body is None:
        return NOT_CHECKABLE
    if not wish.facts.sets.used_by(disk) or not key_is_usable(wish.facts.wanted, wish.key, wish.facts.now):
        return WRONG
    if at_path(body, "properties.previousKeys"):
        return IN_PROGRESS
    return HEALTHY if at_path(body, "identity.userAssignedIdentities") else SYSTEM_ASSIGNED
