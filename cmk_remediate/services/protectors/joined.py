"""What the services of Azure SQL have in common, whatever they move: servers, instances, databases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from cmk_remediate.model.graph import GraphBuilder
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.outcomes import Reader
from cmk_remediate.planfile.schema import PlanFile, TargetEntry
from cmk_remediate.planfile.wishes import Wishes
from cmk_remediate.services.insight import Insight
from cmk_remediate.services.service import Candidate, RecipeContext
from cmk_remediate.services.single import Drawn
from cmk_remediate.steps import pinned_key
from cmk_remediate.steps.key_facts import KeyFacts


@dataclass(frozen=True)
class OnPlansKey(ABC):
    """One target: what is to use the plan's key alone, or together with what it replicates with.

    Attributes:
        id: the first of its parts that the plan names.
        listed: all of them that the plan names.
        unlocated: partners no resource id leads to.
        wanted: the plan's key and its vault.
        wishes: what the plan wants for it.
        now: Azure's clock.
    """

    id: ResourceId
    listed: tuple[ResourceId, ...]
    unlocated: tuple[str, ...]
    wanted: KeyFacts
    wishes: Wishes
    now: datetime

    @property
    def key(self) -> ResourceId:
        """The plan's key."""
        return self.wanted.key or self.wishes.key_id(self.id)

    @property
    def vault(self) -> ResourceId:
        """The plan's vault."""
        return self.key.top_level

    @property
    @abstractmethod
    def parts(self) -> tuple[Any, ...]:
        """What it is made of, each with an ``id``: secondaries first, the primary last."""

    @abstractmethod
    def uses_wanted(self, part: Any) -> bool:
        """Say whether *part* uses the plan's key as the plan wants it, and the key can be used."""

    @property
    def name(self) -> str:
        """The name of its lock; empty where it is one alone."""
        return self.id.key if len(self.parts) > 1 else ""

    @property
    def compliant(self) -> bool:
        """Whether every part uses the plan's key as the plan wants it."""
        return bool(self.parts) and all(self.uses_wanted(part) for part in self.parts)

    def deadline(self, part: Any) -> str:
        """Return, in a sentence, by when somebody must rotate the key that the plan pins on *part*; empty if nobody need."""
        version = self.wishes.key.key_version
        return pinned_key.deadline(part.id, self.key, self.wanted.body, version) if version else ""


T = TypeVar("T")


def joined(found: Sequence[T], members: Callable[[T], set[ResourceId]]) -> list[list[T]]:
    """Return *found* in groups: what has *members* in common, in the order it was found."""
    groups: list[list[T]] = []
    for facts in found:
        mine = members(facts)
        home = next((group for group in groups if any(members(one) & mine for one in group)), None)
        if home is None:
            groups.append([facts])
        else:
            home.append(facts)
    return groups


@dataclass(frozen=True)
class Looks:
    """How a service looks at a target.

    Attributes:
        check: refuses a plan that none of its targets could carry out.
        look: reads what there is to know about a target, its partners and the keys in question.
        recipe: makes what adds a candidate's steps and edges to a graph.
        insight: returns what proves a candidate's state, and what moving it takes.
    """

    check: Callable[[PlanFile], None]
    look: Callable[[Reader, PlanFile, TargetEntry], Awaitable[Any]]
    recipe: Callable[[Any, PlanFile, GraphBuilder, RecipeContext], Drawn]
    insight: Callable[[Any], Insight]


class Looking:
    """A service that refuses a plan before it reads anything for it."""

    looks: ClassVar[Looks]

    def check(self, plan: PlanFile) -> None:
        """Refuse a plan that no target could carry out.

        Raises:
            InputError: CMK107 when it declares a key that Azure SQL does not take.
        """
        self.looks.check(plan)

    async def detect(self, reader: Reader, target: TargetEntry, plan: PlanFile) -> Any:
        """Read *target*, what it replicates with and the keys in question; only reads.

        Raises:
            InputError: CMK107, as `check`: before anything is read.
        """
        self.check(plan)
        return await self.looks.look(reader, plan, target)

    def recipe(self, candidate: Candidate, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Add *candidate*'s steps and edges to *graph*; pure."""
        self.looks.recipe(candidate.facts, plan, graph, context).add()

    def insight(self, candidate: Candidate) -> Insight:
        """Return what proves *candidate*'s state, and what moving it takes; pure."""
        return self.looks.insight(candidate.facts)
