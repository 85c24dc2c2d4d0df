"""What every service has whose keys are those of disk encryption sets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate.model.graph import GraphBuilder
from cmk_remediate.model.outcomes import Reader
from cmk_remediate.planfile.schema import PlanFile, TargetEntry
from cmk_remediate.services.declared import check_key
from cmk_remediate.services.disk_sets.found import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.insight import Insight
from cmk_remediate.services.service import Candidate, RecipeContext
from cmk_remediate.services.single import Drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.codec import Registry
    from cmk_remediate.model.inventory import Kind


@dataclass(frozen=True)
class SetParts:
    """What a service does with one target.

    Attributes:
        look: reads what there is to know about a target; only reads.
        judge: judges what was read of one target.
        recipe: makes what adds a candidate's steps and edges to a graph.
        insight: returns what proves a candidate's state, and what moving it takes.
    """

    look: Callable[[Reader, TargetEntry, PlanFile], Awaitable[Any]]
    judge: Callable[[Any, PlanFile], Candidate]
    recipe: Callable[[Any, PlanFile, GraphBuilder, RecipeContext], Drawn]
    insight: Callable[[Any], Insight]


class OnSets:
    """A service whose keys are those of disk encryption sets; each target is judged by itself."""

    name: ClassVar[str]
    resource_type: ClassVar[str]
    steps: ClassVar[Registry]
    looked_for: ClassVar[tuple[str, ...]]
    kinds: ClassVar[tuple[Kind, ...]]
    parts: ClassVar[SetParts]

    def check(self, plan: PlanFile) -> None:
        """Refuse a plan that no encryption set could carry out.

        Raises:
            InputError: CMK107 when it declares a key that they do not take.
        """
        check_key(plan, "a disk encryption set", KEY_TYPES, KEY_SIZES)

    async def detect(self, reader: Reader, target: TargetEntry, plan: PlanFile) -> Any:
        """Read *target*, its disks, their encryption sets and the key in question; only reads.

        Raises:
            InputError: CMK107, as `check`: before anything is read.
        """
        self.check(plan)
        return await self.parts.look(reader, target, plan)

    def candidates(self, facts: Sequence[Any], plan: PlanFile) -> tuple[Candidate, ...]:
        """Judge what was read; pure."""
        return tuple(self.parts.judge(one, plan) for one in facts)

    def recipe(self, candidate: Candidate, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Add *candidate*'s steps and edges to *graph*; pure."""
        self.parts.recipe(candidate.facts, plan, graph, context).add()

    def insight(self, candidate: Candidate) -> Insight:
        """Return what proves *candidate*'s state, and what moving it takes; pure."""
        return self.parts.insight(candidate.facts)
