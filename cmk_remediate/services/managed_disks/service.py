"""Managed disks as the rest of the library knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.codec import Registry
from cmk_remediate.services.disk_sets.recipe import OnSets
from cmk_remediate.services.managed_disks import detect, limits, remarks, state
from cmk_remediate.services.managed_disks.choice import Wish, wish_of
from cmk_remediate.services.managed_disks.exported import KINDS
from cmk_remediate.services.managed_disks.facts import TargetFacts
from cmk_remediate.services.managed_disks.insight import of_target
from cmk_remediate.services.managed_disks.recipe import Recipe
from cmk_remediate.services.managed_disks.steps.power import DeallocateMachine, StartMachine
from cmk_remediate.services.service import Candidate, RecipeContext
from cmk_remediate.steps import disks
from cmk_remediate.steps.disks.bodies import DISK, MACHINE

if TYPE_CHECKING:
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.inventory import Kind
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry
    from cmk_remediate.services.insight import Insight


class ManagedDisksService(OnSets[TargetFacts]):
    """Managed disks: all those of a virtual machine at once, and those that hang on none."""

    name: ClassVar[str] = "managed-disks"
    resource_type: ClassVar[str] = MACHINE
    steps: ClassVar[Registry] = disks.REGISTRY | Registry(DeallocateMachine, StartMachine)
    looked_for: ClassVar[tuple[str, ...]] = (MACHINE, DISK)
    kinds: ClassVar[tuple[Kind, ...]] = KINDS

    async def read(self, reader: Reader, target: TargetEntry, plan: PlanFile) -> TargetFacts:
        """Read *target*, its disks, their encryption sets and the key in question; only reads."""
        return await detect.detect(reader, target, plan)

    def judged(self, facts: TargetFacts, plan: PlanFile) -> Candidate:
        """Judge what was read of one target; pure."""
        return _candidate(wish_of(facts, plan), plan)

    def recipe(self, candidate: Candidate, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Add *candidate*'s steps and edges to *graph*; pure."""
        wish: Wish = candidate.facts
        Recipe(wish, plan, graph, context).add()

    def insight(self, candidate: Candidate) -> Insight:
        """Return what proves *candidate*'s state, and what moving it takes; pure."""
        return of_target(candidate.facts)


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
