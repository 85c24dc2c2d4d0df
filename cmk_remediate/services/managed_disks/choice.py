"""What a plan wants of a target; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.planfile.wishes import Wishes, entry_of, wishes
from cmk_remediate.services.managed_disks.facts import TargetFacts
from cmk_remediate.steps import pinned_key

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.planfile.schema import PlanFile


@dataclass(frozen=True)
class Wish:
    """What the plan wants of one target.

    Attributes:
        facts: what was read.
        wishes: the plan's fields, the target's overrides laid over them.
    """

    facts: TargetFacts
    wishes: Wishes

    @property
    def id(self) -> ResourceId:
        """The target."""
        return self.facts.target

    @property
    def key(self) -> ResourceId:
        """The plan's key."""
        return self.wishes.key_id(self.id)

    @property
    def vault(self) -> ResourceId:
        """The plan's vault."""
        return self.key.top_level

    @property
    def compliant(self) -> bool:
        """Whether every disk is on its set."""
        return bool(self.facts.disks) and all(self.facts.sets.used_by(disk) for disk in self.facts.disks)

    @property
    def deadline(self) -> str:
        """By when somebody must rotate the version that the plan pins, in words; empty where it does not expire."""
        if not self.wishes.pinned or not self.compliant:
            return ""
        return pinned_key.deadline(self.id, self.key, self.facts.wanted.body, self.wishes.key.key_version or "")

    @property
    def stops(self) -> bool:
        """Whether a running machine has to be deallocated."""
        machine = self.facts.machine
        return machine is not None and machine.runs and not self.compliant


def wish_of(facts: TargetFacts, plan: PlanFile) -> Wish:
    """Return what *plan* wants of what was read in *facts*."""
    return Wish(facts, wishes(plan, entry_of(plan, facts.target)))
