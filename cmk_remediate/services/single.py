"""What services have in common whose targets are one resource each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.graph import GraphBuilder
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.outcomes import Reader
from cmk_remediate.planfile.schema import PlanFile, TargetEntry
from cmk_remediate.planfile.wishes import Wishes
from cmk_remediate.services.declared import check_key
from cmk_remediate.services.insight import Insight
from cmk_remediate.services.service import Candidate, RecipeContext
from cmk_remediate.steps import key_in_use
from cmk_remediate.steps.key_facts import KeyFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.codec import Registry
    from cmk_remediate.model.inventory import Kind
    from cmk_remediate.model.review import Note


class Notes(Protocol):
    """Says what a reviewer should know about what was read."""

    def __call__(self, facts: Any, *, blocked: bool) -> tuple[Note, ...]:
        """Return the notes."""


class Drawn(Protocol):
    """The steps of one target, to be added to a graph."""

    def add(self) -> None:
        """Add every step."""


@dataclass(frozen=True)
class SingleFacts(ABC):
    """What was read about one resource.

    Attributes:
        id: its id.
        body: as shown; None when it does not exist.
        refused: why it was not shown; empty when nothing was refused.
        group: its resource group's body; None if not shown.
        current: the customer key it uses; None on platform keys.
        wanted: the plan's key and its vault.
        identity: the body of the plan's identity; None if it does not exist, or is of no use here.
        wishes: what the plan wants for it.
        now: Azure's clock.
        gone: identities that it has, or reads its key with, and that do not exist any more.
        not_permitted: why who reads the key in use may not use it; empty where it may, or that is not known.
    """

    id: ResourceId
    body: JsonObject | None
    refused: str
    group: JsonObject | None
    current: KeyFacts | None
    wanted: KeyFacts
    identity: JsonObject | None
    wishes: Wishes
    now: datetime
    gone: tuple[ResourceId, ...] = field(default=(), kw_only=True)
    not_permitted: str = field(default="", kw_only=True)

    @property
    @abstractmethod
    def compliant(self) -> bool:
        """Whether nothing is left to do for its key."""

    @property
    def key(self) -> ResourceId:
        """The plan's key."""
        return self.wishes.key_id(self.id)

    @property
    def vault(self) -> ResourceId:
        """The plan's vault."""
        return self.key.top_level

    @property
    def unusable(self) -> str:
        """Why the key in use, in the version in use, cannot be used; empty where it can, or nothing is known of it."""
        return key_in_use.unusable(self.current, self.now)

    def out_of_bounds(self, kind: str, wrong_type: Code, unreadable: Code) -> Iterator[Blocked]:
        """Yield that it is no *kind*, or was not shown."""
        if not self.id.is_type(kind):
            yield Blocked(wrong_type, f"the type of {self.id.name} is {self.id.type}", resource=self.id.text)
        if self.refused:
            yield Blocked(unreadable, self.refused, resource=self.id.text)

    def owned_by_another(self, what: str, managed: Code) -> Iterator[Blocked]:
        """Yield the refusal *managed* where ``managedBy`` is set on the resource, which the text calls *what*, or on its group."""
        for part, body in ((what, self.body), ("its resource group", self.group)):
            owner = at_path(body, "managedBy")
            if owner:
                why = f"managedBy of {part} {at_path(body, 'name')} is {owner}"
                yield Blocked(managed, why, resource=self.id.text)


@dataclass(frozen=True)
class Parts:
    """What a service does with one target.

    Attributes:
        look: reads what there is to know about a target.
        judge: returns the first thing that forbids moving what was read, or None.
        state_of: returns the state it was found in.
        notes_on: returns what a reviewer should know; ``blocked``: it cannot be moved.
        recipe: makes what adds its steps and edges to a graph.
        insight: returns what proves its state, and what moving it takes.
    """

    look: Callable[[Reader, PlanFile, TargetEntry], Awaitable[Any]]
    judge: Callable[[Any, PlanFile], Blocked | None]
    state_of: Callable[[Any], str]
    notes_on: Notes
    recipe: Callable[[Any, PlanFile, GraphBuilder, RecipeContext], Drawn]
    insight: Callable[[Any], Insight]


class SingleService:
    """One kind of resource, each a target of its own.

    Attributes:
        called: what the service is called in sentences.
        key_types: the values of ``kty`` it takes.
        key_sizes: the lengths in bits it takes.
        parts: what it does with a target.
    """

    name: ClassVar[str]
    resource_type: ClassVar[str]
    steps: ClassVar[Registry]
    kinds: ClassVar[tuple[Kind, ...]]
    looked_for: ClassVar[tuple[str, ...]]
    called: ClassVar[str]
    key_types: ClassVar[tuple[str, ...]]
    key_sizes: ClassVar[tuple[int, ...]]
    parts: ClassVar[Parts]

    def check(self, plan: PlanFile) -> None:
        """Refuse a plan that no target could carry out.

        Raises:
            InputError: CMK107 when it declares a key that the service does not take.
        """
        check_key(plan, self.called, self.key_types, self.key_sizes)

    async def detect(self, reader: Reader, target: TargetEntry, plan: PlanFile) -> Any:
        """Read *target* and the keys in question; only reads.

        Raises:
            InputError: CMK107, as `check`: before anything is read.
        """
        self.check(plan)
        return await self.parts.look(reader, plan, target)

    def candidates(self, facts: Sequence[Any], plan: PlanFile) -> tuple[Candidate, ...]:
        """Judge what was read; pure."""
        return tuple(self._candidate(one, plan) for one in facts)

    def recipe(self, candidate: Candidate, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Add *candidate*'s steps and edges to *graph*; pure."""
        self.parts.recipe(candidate.facts, plan, graph, context).add()

    def insight(self, candidate: Candidate) -> Insight:
        """Return what proves *candidate*'s state, and what moving it takes; pure."""
        return self.parts.insight(candidate.facts)

    def _candidate(self, facts: SingleFacts, plan: PlanFile) -> Candidate:
        blocked = self.parts.judge(facts, plan)
        notes = self.parts.notes_on(facts, blocked=blocked is not None)
        return Candidate(facts.id, (facts.id,), self.parts.state_of(facts), facts.compliant, blocked, notes, facts)
