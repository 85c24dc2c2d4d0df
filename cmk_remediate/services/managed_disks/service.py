"""Managed disks as the rest of the library knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.codec import Registry
from cmk_remediate.services.disk_sets.service import OnSets, SetParts
from cmk_remediate.services.managed_disks import detect, limits, remarks, state
from cmk_remediate.services.managed_disks.choice import wish_of
from cmk_remediate.services.managed_disks.exported import KINDS
from cmk_remediate.services.managed_disks.insight import of_target
from cmk_remediate.services.managed_disks.recipe import Recipe
from cmk_remediate.services.managed_disks.steps.power import DeallocateMachine, StartMachine
from cmk_remediate.services.service import Candidate
from cmk_remediate.steps import disks
from cmk_remediate.steps.disks.bodies import DISK, MACHINE

if TYPE_CHECKING:
    from cmk_remediate.model.inventory import Kind
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.managed_disks.facts import TargetFacts


def _judged(facts: TargetFacts, plan: PlanFile) -> Candidate:
    wish = wish_of(facts, plan)
    blocked = limits.judge(wish, plan)
    members = dict.fromkeys([wish.id, *(disk.id for disk in wish.facts.disks)])
    return Candidate(
        wish.id,
        tuple(members),
        state.of_target(wish),
        wish.compliant,
        blocked,
        remarks.of_target(wish, blocked=blocked is not None),
        wish,
    )


class ManagedDisksService(OnSets):
    """Managed disks: all those of a virtual machine at once, and those that hang on none."""

    name: ClassVar[str] = "managed-disks"
    resource_type: ClassVar[str] = MACHINE
    steps: ClassVar[Registry] = disks.REGISTRY | Registry(DeallocateMachine, StartMachine)
    looked_for: ClassVar[tuple[str, ...]] = (MACHINE, DISK)
    kinds: ClassVar[tuple[Kind, ...]] = KINDS
    parts: ClassVar[SetParts] = SetParts(detect.detect, _judged, Recipe, of_target)
