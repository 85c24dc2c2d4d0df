"""An invented step on invented resources, and an Azure that only answers questions."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.engine.preflight import Preflight, preflight
from cmk_remediate.engine.schedule import each
from cmk_remediate.errors import AzureError
from cmk_remediate.model.codec import node_id
from cmk_remediate.model.decisions import (
    REVERSIBLE,
    Change,
    Done,
    Effect,
    Estimate,
    Found,
    Line,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.graph import Graph, GraphBuilder
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.outcomes import Answer
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step, Undo
from cmk_remediate.model.values import UNKNOWN, Unknown

if TYPE_CHECKING:
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.review import Note

ME = "c0ffee00-0000-0000-0000-000000000001"
TENANT = "tenant"
SUB = ResourceId.parse("/subscriptions/1111")
GROUP = ResourceId.parse("/subscriptions/1111/resourceGroups/rg")
DISH = ResourceId.parse(f"{GROUP}/providers/Kitchen.Hot/dishes/soup")
NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)
GRANTED = Reversibility("reversible", "removed if never used")


def dish(name: str, group: ResourceId = GROUP) -> ResourceId:
    """Return the id of the dish *name*."""
    return ResourceId.parse(f"{group}/providers/Kitchen.Hot/dishes/{name}")


@dataclass(frozen=True)
class Salt(Step):
    """Salts a dish; its undo takes the salt out again."""

    kind: ClassVar[str] = "salt"
    dish: ResourceId
    more: Permissions = field(default=(), compare=False)

    def address(self) -> ResourceId:
        return self.dish

    def decide(self, found: Found) -> Done:
        return Done("never asked here")

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        return Rinse(self.dish)

    def permissions(self) -> Permissions:
        return (
            Permission("Kitchen.Hot/dishes/read", self.dish, "service"),
            Permission("Kitchen.Hot/dishes/write", self.dish, "service"),
            *self.more,
        )

    def change(self, action: Any = "update", reversibility: Reversibility = REVERSIBLE, **request: Any) -> Change:
        asked = {"method": "PATCH", "body": {"properties": {"salt": True}}, **request}
        return Change(
            Request(asked["method"], self.dish, asked["body"], verb=asked.get("verb", "")),
            (Line("properties.salt", before=None, after=True, reversibility=reversibility),),
            (Effect(self.dish, {"properties": {"salt": True, "salted": UNKNOWN}}),),
            Estimate(1, 2),
            action,
            "it is bland",
        )


@dataclass(frozen=True)
class Rinse(Step):
    """Takes the salt out."""

    kind: ClassVar[str] = "rinse"
    dish: ResourceId

    def address(self) -> ResourceId:
        return self.dish

    def decide(self, found: Found) -> Done:
        return Done("never asked here")

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        return ()

    def permissions(self) -> Permissions:
        return (Permission("Kitchen.Hot/dishes/rinse/action", self.dish, "service"),)


@dataclass(frozen=True)
class Assign(Step):
    """Grants somebody not known yet the use of a dish."""

    kind: ClassVar[str] = "assign"
    scope: ResourceId

    def address(self) -> Unknown:
        return UNKNOWN

    def decide(self, found: Found) -> Done:
        return Done("never asked here")

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        return ()

    def permissions(self) -> Permissions:
        return (Permission("Microsoft.Authorization/roleAssignments/write", self.scope, "vault"),)

    def change(self) -> Change:
        body = {"properties": {"principalId": UNKNOWN, "roleDefinitionId": "r"}}
        return Change(
            Request("PUT", UNKNOWN, body),
            (Line("properties.principalId", None, UNKNOWN, reversibility=GRANTED),),
            (Effect(UNKNOWN, body),),
            Estimate(1, 2),
            "create",
            "nobody may use it",
        )


class Kitchen:
    """Azure for those who may only look: answers by read, counted; what is not in it answers with a harmless default."""

    def __init__(self, answers: dict[Read, Any] | None = None, skew: timedelta = timedelta()) -> None:
        self.answers = answers or {}
        self.asked: Counter[Read] = Counter()
        self.skew = skew
        self.actions: list[str] = ["*"]

    def now(self) -> datetime:
        return NOW

    async def read(self, read: Read) -> Answer:
        self.asked[read] += 1
        answer = self.answers.get(read)
        if answer is None and read.verb == "check-policy":
            answer = self.answers.get(Read(read.resource, "check-policy"))
        if answer is None and read not in self.answers:
            answer = self._default(read)
        if callable(answer):
            answer = answer(json.loads(read.body))
        if isinstance(answer, AzureError):
            raise answer
        return Answer(answer, NOW)

    def _default(self, read: Read) -> Any:
        if read.verb == "permissions":
            return [{"actions": self.actions, "notActions": []}]
        if read.verb == "provider":
            return {"registrationState": "Registered"}
        if read.verb.startswith("list:"):
            return []
        if read.verb == "check-policy":
            return {"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": []}}
        if read.resource == read.resource.subscription_id:
            return {"state": "Enabled", "tenantId": TENANT}
        return {"id": str(read.resource), "properties": {"size": 1.5}}

    @property
    def verbs(self) -> Counter[str]:
        """How often each verb was asked."""
        counted: Counter[str] = Counter()
        for read, times in self.asked.items():
            counted[read.verb] += times
        return counted


def refusal(text: str = "403 AuthorizationFailed") -> AzureError:
    """Return Azure's refusal of a read."""
    return AzureError(codes.access.REFUSED_BY_AZURE, text)


def look(
    kitchen: Kitchen, *steps: tuple[Step, Change] | Step, writing: bool = False, tenant: str = TENANT, caller: str = ME
) -> Preflight:
    """Run the preflight over *steps*, each a target of its own named after its place."""
    builder = GraphBuilder()
    changes = {}
    for number, item in enumerate(steps):
        step, change = item if isinstance(item, tuple) else (item, None)
        builder.add(step, target=f"t{number}")
        if change is not None:
            changes[node_id(step)] = change
    graph: Graph = builder.build()

    async def main() -> Preflight:
        return await preflight(kitchen, graph, changes, caller=caller, tenant=tenant, writing=writing, each=each)

    return asyncio.run(main())


def heard(found: Preflight) -> list[Note]:
    """Return the notes, less the list of what cannot be checked, which every preflight has."""
    return [note for note in found.notes if note.code != codes.access.PERMISSION_UNCHECKED]


def salting(where: ResourceId = DISH, **options: Any) -> tuple[Step, Change]:
    """Return the step that salts *where*, with its change."""
    step = Salt(where)
    return step, step.change(**options)


def assigning(where: ResourceId = DISH) -> tuple[Step, Change]:
    """Return the step that grants the use of *where*, with its change."""
    step = Assign(where)
    return step, step.change()
