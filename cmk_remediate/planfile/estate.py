"""An estate file: several plans that become one review and one run. It is a list of plans and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.clock import parse_utc
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.check import keys
from cmk_remediate.planfile.plan import PlanDocument
from cmk_remediate.planfile.problems import Problem
from cmk_remediate.planfile.schema import Canary, Limits, PlanFile, Window, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Said = tuple[str, str]


@dataclass(frozen=True)
class EstateDocument:
    """Valid plans that do not contradict each other, and where their list came from.

    Attributes:
        documents: the plans, in the order of the list.
        name: the file's name, as reviews show it.
        sha256: of the list and of every plan's digest, in hex.
        path: the file, absolute; None for plans that were handed over as values.
    """

    documents: tuple[PlanDocument, ...]
    name: str
    sha256: str
    path: Path | None = None

    @property
    def tenant(self) -> str:
        """The tenant of all plans."""
        return self.documents[0].tenant

    @property
    def cloud(self) -> str:
        """Which Azure all plans are for."""
        return self.documents[0].cloud

    @property
    def label(self) -> str:
        """What the plans are for, in a word."""
        return "estate"

    @property
    def review_expires(self) -> str:
        """The shortest of the plans'."""
        return min((one.review_expires for one in self.documents), key=seconds)

    @property
    def runs(self) -> str | None:
        """The run store the plans name, as `PlanDocument.runs`; None when none of them names one."""
        return next((one.runs for one in self.documents if one.runs is not None), None)

    @property
    def content(self) -> dict[str, Any]:
        """The plans as JSON, and beside them what the whole run goes by: the strictest of each."""
        plans = [one.plan for one in self.documents]
        window, canary = _window(plans), _canary(plans)
        return {
            "plans": [{"name": one.name, "sha256": one.sha256, "content": one.content} for one in self.documents],
            "limits": _limits(plans).model_dump(mode="json"),
            "window": window.model_dump(mode="json") if window else None,
            "canary": canary.model_dump(mode="json") if canary else None,
            "review_expires": self.review_expires,
        }


def contradictions(documents: Iterable[PlanDocument]) -> Iterator[Problem]:
    """Yield in what two of *documents* contradict each other, both named, without lines."""
    every = list(documents)
    for first, second in combinations(every, 2):
        for text in _between(first, second):
            yield Problem(codes.input_.PLANS_CONTRADICT, ("plans",), f"{first.name} and {second.name}: {text}")
    window = _window([one.plan for one in every])
    if window is not None and parse_utc(window.opens) >= parse_utc(window.closes):
        named = ", ".join(one.name for one in every if one.plan.window)
        yield Problem(codes.input_.PLANS_CONTRADICT, ("plans",), f"the windows of {named} have no moment in common")


def _between(first: PlanDocument, second: PlanDocument) -> Iterator[str]:
    for field in ("tenant", "cloud"):
        mine, theirs = getattr(first, field), getattr(second, field)
        if mine.lower() != theirs.lower():
            yield f"one is for {field} {mine}, the other for {theirs}"
    if first.runs and second.runs and first.runs != second.runs:
        yield f"one keeps its journals in {first.runs}, the other in {second.runs}"
    for target in _shared(_targets(first.plan), _targets(second.plan)):
        yield f"both move {target}"
    for vault, (mine, theirs) in _different(_vaults(first.plan), _vaults(second.plan)):
        yield f"`vault` says {mine} of {vault} in one, {theirs} in the other; it is said once for a vault"
    for key, (mine, theirs) in _different(_keys(first.plan), _keys(second.plan)):
        yield f"`key` and `owner` say {mine} of {key} in one, {theirs} in the other"
    for identity, (mine, theirs) in _different(_identities(first.plan), _identities(second.plan)):
        yield f"`owner` of {identity} is {mine} in one, {theirs} in the other"


def _targets(plan: PlanFile) -> dict[str, _Said]:
    return {ResourceId.parse(one.resource_id).key: (one.resource_id, "") for one in plan.targets}


def _vaults(plan: PlanFile) -> dict[str, _Said]:
    said = plan.vault.model_dump_json(exclude_defaults=True)
    return {ResourceId.parse(key.key_vault_resource_id).key: (key.key_vault_resource_id, said) for _, key in keys(plan)}


def _keys(plan: PlanFile) -> dict[str, _Said]:
    said = f"{plan.key.model_dump_json(exclude_defaults=True)}, {plan.owner}"
    found = {}
    for _, key in keys(plan):
        named = ResourceId.parse(key.key_vault_resource_id).child("keys", key.key_name)
        if "{" not in key.key_name:
            found[named.key] = (named.text, said)
    return found


def _identities(plan: PlanFile) -> dict[str, _Said]:
    named = [key.user_assigned_identity.resource_id for _, key in keys(plan) if key.user_assigned_identity]
    return {ResourceId.parse(one).key: (one, plan.owner) for one in named if "{" not in one}


def _shared(mine: dict[str, _Said], theirs: dict[str, _Said]) -> Iterator[str]:
    yield from (mine[key][0] for key in mine if key in theirs)


def _different(mine: dict[str, _Said], theirs: dict[str, _Said]) -> Iterator[tuple[str, tuple[str, str]]]:
    for key, (name, said) in mine.items():
        if key in theirs and theirs[key][1] != said:
            yield name, (said, theirs[key][1])


def _limits(plans: Iterable[PlanFile]) -> Limits:
    every = [plan.limits for plan in plans]
    return Limits(**{name: min(getattr(one, name) for one in every) for name in Limits.model_fields})


def _window(plans: Iterable[PlanFile]) -> Window | None:
    every = [plan.window for plan in plans if plan.window is not None]
    if not every:
        return None
    return Window(
        opens=max((one.opens for one in every), key=parse_utc),
        closes=min((one.closes for one in every), key=parse_utc),
    )


def _canary(plans: Iterable[PlanFile]) -> Canary | None:
    every = [plan.canary for plan in plans if plan.canary is not None]
    if not every:
        return None
    return Canary(
        targets=max(one.targets for one in every),
        soak=max((one.soak for one in every), key=seconds),
    )
