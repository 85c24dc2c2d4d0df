"""What a service is to the rest of the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from cmk_remediate.model.artefacts import ArtefactFile
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.review import Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.codec import Registry
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.inventory import Kind
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry
    from cmk_remediate.services.insight import Insight


@dataclass(frozen=True)
class Candidate:
    """One target as found: a resource, or several that can only be moved together.

    Attributes:
        id: the target's name in reviews: the id of its first resource.
        members: every resource it is made of; more than one for a geo pair.
        state: as found; one of the states of docs/how-it-works.md.
        compliant: nothing is left to do for the key itself.
        blocked: why it cannot be moved, or None.
        notes: what a reviewer should know.
        facts: the service's own reading of it.
        artefacts: what somebody needs who does by hand what cannot be done otherwise.
    """

    id: ResourceId
    members: tuple[ResourceId, ...]
    state: str
    compliant: bool
    blocked: Blocked | None
    notes: tuple[Note, ...]
    facts: Any
    artefacts: tuple[ArtefactFile, ...] = ()


@dataclass(frozen=True)
class RecipeContext:
    """What every recipe is told beside its facts: the review's random id, for ownership tags."""

    review_id: str


class Service(Protocol):
    """One kind of resource this library can move."""

    name: str
    """As in ``service:`` of a plan file."""
    resource_type: str
    """The targets' ARM type."""
    steps: Registry
    """The service's own step classes."""
    kinds: tuple[Kind, ...]
    """What a copy of an estate needs for its plans, beside vaults, keys and identities."""
    looked_for: tuple[str, ...]
    """The ARM types whose resources an assessment makes its targets; empty where they are found as part of another service's."""

    def check(self, plan: PlanFile) -> None:
        """Refuse a plan that none of its targets could carry out, before Azure is asked.

        Raises:
            InputError: naming the field.
        """

    async def detect(self, reader: Reader, target: TargetEntry, plan: PlanFile) -> Any:
        """Read what there is to know about *target*; only reads."""

    def candidates(self, facts: Sequence[Any], plan: PlanFile) -> tuple[Candidate, ...]:
        """Judge what was read, joining what can only be moved together; pure."""

    def recipe(self, candidate: Candidate, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Add *candidate*'s steps and edges to *graph*; pure."""

    def insight(self, candidate: Candidate) -> Insight:
        """Return what proves *candidate*'s state, which keys it uses, and what moving it takes; pure."""
