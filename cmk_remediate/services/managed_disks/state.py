"""The state a target is found in, in the words of docs/how-it-works.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.sets_in_use import state_alone, state_on
from cmk_remediate.services.states import FOREIGN, INACCESSIBLE, PLATFORM, joined
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
    return joined(_of_disk(wish, disk) for disk in facts.disks)


def as_found(wish: Wish) -> str:
    """Return the state of a target, all of whose disks were shown, judged by plans that would leave each disk unchanged."""
    sets, wanted = wish.facts.sets, wish.facts.wanted
    return joined(state_alone(sets, wanted, disk) if _on_customer_key(disk) else PLATFORM for disk in wish.facts.disks)


def _of_disk(wish: Wish, disk: DiskFacts) -> str:
    sets = wish.facts.sets
    return state_on(sets, wish.facts.wanted, sets.of(disk), disk) if _on_customer_key(disk) else PLATFORM


def _on_customer_key(disk: DiskFacts) -> bool:
    return bodies.encryption(disk.body)[0] != bodies.PLATFORM
