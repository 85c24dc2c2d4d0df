"""Policies that can change what a write does: assignments, and the definitions they stand on.

Those that only look (``audit``, ``auditIfNotExists``, ``manual``, ``disabled``) or act later by themselves
(``deployIfNotExists``) are counted and left out. Effects: learn.microsoft.com, "Azure Policy definitions effect basics".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cmk_remediate.engine.schedule import each
from cmk_remediate.inventory.placing import placed
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.inventory.reading import Gathering
    from cmk_remediate.model.json_types import JsonObject

ASSIGNMENTS = "Microsoft.Authorization/policyAssignments"
DEFINITIONS = "Microsoft.Authorization/policyDefinitions"
SETS = "Microsoft.Authorization/policySetDefinitions"
ACTING = ("deny", "denyaction", "modify", "append", "mutate")
_PARAMETER = re.compile(r"\[\s*parameters\('([^']+)'\)\s*\]", re.IGNORECASE)
_ID = re.compile(
    r"(?:/subscriptions/[\w-]+|/providers/Microsoft\.Management/managementGroups/[\w.()-]+)?"
    r"/providers/Microsoft\.Authorization/(?:policyDefinitions|policySetDefinitions)/[\w.()@ -]+",
    re.IGNORECASE,
)


async def policies(gathering: Gathering, place: ResourceId) -> list[dict[str, Any]]:
    """Return the assignments that count at *place* and can refuse or rewrite a write, with their definitions."""
    subscription = place.subscription_id
    found: dict[str, dict[str, Any]] = {}
    left = 0
    for item in await gathering.listed(Read(place, "list:policyAssignments")):
        body = placed(item, ASSIGNMENTS, place, gathering)
        if body is None:
            continue
        definition = str(at_path(item, "properties.policyDefinitionId") or "")
        acting = await _Definitions(gathering, subscription, _values(item)).read(definition)
        if acting is None:
            continue
        left += acting.left
        if not acting.bodies:
            continue
        properties = {**body["properties"], "policyDefinitionId": acting.id}
        found.setdefault(str(body["id"]).lower(), {**body, "properties": properties})
        for one in acting.bodies:
            found.setdefault(str(one["id"]).lower(), one)
    if left:
        gathering.miss(f"{left} policies at {place}", "left out: their effect neither refuses nor rewrites a write")
    return list(found.values())


class _Acting:
    """What of a definition acts on writes: its id in the copy, the bodies it takes, how many parts were left out."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.bodies: list[dict[str, Any]] = []
        self.left = 0


class _Definitions:
    def __init__(self, gathering: Gathering, subscription: ResourceId, given: Mapping[str, Any]) -> None:
        self._gathering = gathering
        self._subscription = subscription
        self._given = given

    async def read(self, definition: str) -> _Acting | None:
        """Return what acts of the definition or initiative *definition*; None, noted, where it cannot be read."""
        body = await self._get(definition)
        if body is None:
            return None
        kind = SETS if "/policysetdefinitions/" in definition.lower() else DEFINITIONS
        acting = _Acting(self._copied(kind, definition))
        if kind == DEFINITIONS:
            if _acts(_effect(body, self._given)):
                acting.bodies.append({**body, "id": acting.id})
            else:
                acting.left = 1
            return acting
        given = {**_defaults(body), **self._given}
        listed = at_path(body, "properties.policyDefinitions") or ()
        read = await each(listed, lambda member: self._get(str(at_path(member, "policyDefinitionId") or "")))
        members = []
        for member, inner in zip(listed, read, strict=True):
            if inner is None:
                continue
            if not _acts(_effect(inner, _resolved(member, given))):
                acting.left += 1
                continue
            name = self._copied(DEFINITIONS, str(member["policyDefinitionId"]))
            members.append({**member, "policyDefinitionId": name})
            acting.bodies.append({**inner, "id": name})
        if members:
            properties = {**body["properties"], "policyDefinitions": members}
            acting.bodies.append({**body, "id": acting.id, "properties": properties})
        return acting

    async def _get(self, definition: str) -> JsonObject | None:
        if _ID.fullmatch(definition) is None:
            self._gathering.miss("a policy definition", f"its id is {definition[:200]!r}")
            return None
        body = await self._gathering.get(ResourceId(definition))
        if body is None and not self._gathering.missed(ResourceId(definition)):
            self._gathering.miss(definition, "it does not exist")
        return body

    def _copied(self, kind: str, definition: str) -> str:
        return self._subscription.extension(kind, definition.rpartition("/")[2]).text


def _values(assignment: JsonObject) -> dict[str, Any]:
    given = at_path(assignment, "properties.parameters") or {}
    return {name.lower(): at_path(one, "value") for name, one in given.items()}


def _defaults(definition: JsonObject) -> dict[str, Any]:
    declared = at_path(definition, "properties.parameters") or {}
    return {name.lower(): at_path(one, "defaultValue") for name, one in declared.items()}


def _resolved(member: JsonObject, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that an initiative gives one of its policies."""
    return {
        name.lower(): _value(at_path(one, "value"), given)
        for name, one in (at_path(member, "parameters") or {}).items()
    }


def _value(value: Any, given: Mapping[str, Any]) -> Any:
    match = _PARAMETER.fullmatch(value) if isinstance(value, str) else None
    return given.get(match.group(1).lower()) if match else value


def _effect(definition: JsonObject, given: Mapping[str, Any]) -> str:
    effect = at_path(definition, "properties.policyRule.then.effect")
    return str(_value(effect, {**_defaults(definition), **given})).lower()


def _acts(effect: str) -> bool:
    """Say whether *effect* can refuse or rewrite a write; one that is computed may."""
    return effect in ACTING or effect.startswith("[")
