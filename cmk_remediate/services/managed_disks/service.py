"""Managed disks as the rest of the library knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.codec import Registry
from cmk_remediate.services.declared import check_key
from cmk_remediate.services.disk_sets import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.managed_disks import detect, limits, remarks, state
from cmk_remediate.services.managed_disks.choice import Wish, wish_of
from cmk_remediate.services.managed_disks.exported import KINDS
from cmk_remediate.services.managed_disks.recipe import Recipe
from cmk_remediate.services.managed_disks.steps.power import DeallocateMachine, StartMachine
from cmk_remediate.services.service import Candidate, RecipeContext
from cmk_remediate.steps import disks
from cmk_remediate.steps.disks.bodies import MACHINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.inventory import Kind
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry
    from cmk_remediate.services.managed_disks.facts import TargetFacts


class ManagedDisksService:
    """Managed disks: all those of a virtual machine at once, and those that hang on none."""

    name: ClassVar[str] = "managed-disks"
    resource_type: ClassVar[str] = MACHINE
    steps: ClassVar[Registry] = disks.REGISTRY | Registry(DeallocateMachine, StartMachine)
    kinds: ClassVar[tuple[Kind, ...]] = KINDS

    def check(self, plan: PlanFile) -> None:
        """Refuse a plan that no disk could carry out.

        Raises:
            InputError: CMK107 when it declares a key that disk encryption sets do not take.
        """
        check_key(plan, "a disk encryption set", KEY_TYPES, KEY_SIZES)

    async def detect(self, reader: Reader, target: TargetEntry, plan: PlanFile) -> TargetFacts:
        """Read *target*, its disks, their encryption sets and the key in question; only reads.

        Raises:
            InputError: CMK107, as `check`: before anything is read.
        """
        self.check(plan)
        return await detect.detect(reader, target, plan)

    def candidates(self, facts: Sequence[TargetFacts], plan: PlanFile) -> tuple[Candidate, ...]:
        """Judge what was read; pure."""
        return tuple(_candidate(wish_of(one, plan), plan) for one in facts)

    def recipe(self, candidate: Candidate, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Add *candidate*'s steps and edges to *graph*; pure."""
        wish: Wish = candidate.facts
        Recipe(wish, plan, graph, context).add()


def _candidate(wish: Wish, plan: PlanFile) -> Candidate:
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
