"""Azure Policy: deny on the merged body, modify what is written, and answer the restrictions API from the same evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.access import covers
from cmk_remediate.simulator.bodies import lookup, merge_patch, with_value, without
from cmk_remediate.simulator.conditions import holds, path_of, resolved, values
from cmk_remediate.simulator.declare import ArmError, Json
from cmk_remediate.simulator.index import owner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmk_remediate.simulator.declare import Write
    from cmk_remediate.simulator.world import World

ASSIGNMENTS = "microsoft.authorization/policyassignments"
DEFINITIONS = "microsoft.authorization/policydefinitions"


@dataclass(frozen=True)
class Assigned:
    """A policy as it is assigned.

    Attributes:
        assignment: the assignment's body.
        scope: where it applies, in lower case.
        definition: the definition's id.
        title: the definition's display name.
        rule: its ``policyRule``.
        parameters: their values, names in lower case.
        effect: in lower case, with the parameter resolved.
    """

    assignment: Json
    scope: str
    definition: str
    title: str
    rule: Json
    parameters: dict[str, Any]
    effect: str

    def hits(self, world: World, resource: ResourceId, body: Json) -> bool:
        """Say whether *body* is what the rule is about."""
        group = world.get(resource.group_id) or {}
        whole = {**body, "id": str(resource), "type": resource.type, "name": body.get("name", resource.name)}
        return holds(self.rule["if"], whole, self.parameters, group)


def assigned(world: World, resource: ResourceId) -> Iterator[Assigned]:
    """Go through the enforced policies that apply to *resource*, in the order they were assigned."""
    for key in world.index.of_type(ASSIGNMENTS):
        scope = owner(key)
        if not covers(scope, resource.key):
            continue
        body = world.get(key) or {}
        properties = body["properties"]
        if str(properties.get("enforcementMode", "Default")).lower() == "donotenforce":
            continue
        if any(covers(str(one).lower(), resource.key) for one in properties.get("notScopes") or ()):
            continue
        definition = world.get(str(properties["policyDefinitionId"]))
        if definition is None:
            continue
        given = _parameters(definition, properties.get("parameters"), {})
        if "policyRule" in definition["properties"]:
            yield _assigned(body, scope, str(properties["policyDefinitionId"]), definition, given)
            continue
        for member in definition["properties"].get("policyDefinitions") or ():
            name = str(member["policyDefinitionId"])
            inner = world.get(name)
            if inner is not None:
                yield _assigned(body, scope, name, inner, _parameters(inner, member.get("parameters"), given))


def _parameters(definition: Json, values: Json | None, outer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition's parameters, names in lower case; *outer* are those of the initiative around it."""
    declared = definition["properties"].get("parameters") or {}
    defaults = {name.lower(): one.get("defaultValue") for name, one in declared.items()}
    return defaults | {name.lower(): resolved(one.get("value"), outer) for name, one in (values or {}).items()}


def _assigned(body: Json, scope: str, name: str, definition: Json, parameters: dict[str, Any]) -> Assigned:
    rule = definition["properties"]["policyRule"]
    effect = str(resolved(rule["then"]["effect"], parameters)).lower()
    title = str(definition["properties"].get("displayName") or definition["name"])
    return Assigned(body, scope, name, title, rule, parameters, effect)


def refusal(world: World, resource: ResourceId, new: Json) -> ArmError | None:
    """Return the refusal that a deny policy gives the merged body *new*, or None."""
    if not world.settings.policy_deny:
        return None
    denying = [one for one in assigned(world, resource) if one.effect == "deny" and one.hits(world, resource, new)]
    if not denying:
        return None
    named = [
        {
            "type": "PolicyViolation",
            "info": {
                "policyDefinitionDisplayName": one.title,
                "policyDefinitionId": one.definition,
                "policyAssignmentId": one.assignment["id"],
                "policyAssignmentName": one.assignment["name"],
                "policyDefinitionEffect": "Deny",
            },
        }
        for one in denying
    ]
    names = ", ".join(f"'{one.assignment['name']}'" for one in denying)
    return ArmError(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{resource.name}' was disallowed by policy. Policy identifiers: {names}.",
        "learn.microsoft.com: Resolve errors for request disallowed by policy",
        extra={"target": resource.name, "additionalInfo": named},
    )


def modified(world: World, resource: ResourceId, new: Json) -> Json:
    """Return *new* as the modify policies leave it."""
    if not world.settings.policy_modify:
        return new
    for one in assigned(world, resource):
        if one.effect == "modify" and one.hits(world, resource, new):
            for operation in one.rule["then"].get("details", {}).get("operations", ()):
                new = _operated({**new, "type": resource.type}, operation, one.parameters)
    return new


def _operated(body: Json, operation: Json, parameters: dict[str, Any]) -> Json:
    path = path_of(body, str(operation["field"]))
    kind = str(operation.get("operation", "addOrReplace")).lower()
    if kind == "remove":
        return without(body, [path])
    if kind == "add" and lookup(body, path) is not None:
        return body
    return with_value(body, path, resolved(operation.get("value"), parameters))


def restrictions(write: Write) -> Json:
    """Answer ``checkPolicyRestrictions`` at the scope of *write*."""
    details = write.sent.get("resourceDetails") or {}
    content = details.get("resourceContent") or {}
    world = write.world
    scope = str(details.get("scope") or write.id)
    tail = "/".join(
        f"{kind}/{name}"
        for kind, name in zip(
            str(content.get("type", "")).split("/")[1:], str(content.get("name") or "new").split("/"), strict=False
        )
    )
    namespace = str(content.get("type", "")).split("/")[0]
    nested = f"/providers/{namespace}/".lower() in f"{scope}/".lower()
    resource = ResourceId(f"{scope}/{tail.split('/', 2)[-1]}" if nested else f"{scope}/providers/{namespace}/{tail}")
    audit = bool(write.sent.get("includeAuditEffect"))
    wanted = {"deny", "audit"} if audit else {"deny"}
    evaluations = [
        {
            "policyInfo": _info(one),
            "evaluationResult": "NonCompliant",
            "evaluationDetails": {"evaluatedExpressions": []},
            "effectDetails": {"policyEffect": one.effect.capitalize()},
        }
        for one in assigned(world, resource)
        if one.effect in wanted and one.hits(world, resource, content)
    ]
    fields = [_field(write, resource, content, pending) for pending in write.sent.get("pendingFields") or ()]
    fields += [
        {"field": str(operation["field"]), "restrictions": [_modify(one, operation)]}
        for one in assigned(world, resource)
        if one.effect == "modify" and world.settings.policy_modify and one.hits(world, resource, content)
        for operation in one.rule["then"].get("details", {}).get("operations", ())
    ]
    return {
        "fieldRestrictions": [one for one in fields if one["restrictions"]],
        "contentEvaluationResult": {"policyEvaluations": evaluations if world.settings.policy_deny else []},
    }


def _field(write: Write, resource: ResourceId, content: Json, pending: Json) -> Json:
    """Return which of the values a client thinks of for one field would be denied."""
    name = str(pending["field"])
    denied: list[Json] = []
    for one in assigned(write.world, resource):
        if one.effect != "deny":
            continue
        path = path_of(content, name)
        tried = {value: merge_patch(content, with_value({}, path, value)) for value in pending.get("values") or ()}
        bad = [value for value, body in tried.items() if one.hits(write.world, resource, body)]
        if not tried and one.hits(write.world, resource, content) and next(values(content, name), None) is None:
            denied.append({"result": "Required", "policy": _info(one), "policyEffect": "Deny"})
        elif bad:
            denied.append({"result": "Deny", "values": bad, "policy": _info(one), "policyEffect": "Deny"})
    return {"field": name, "restrictions": denied}


def _modify(one: Assigned, operation: Json) -> Json:
    value = resolved(operation.get("value"), one.parameters)
    removed = str(operation.get("operation", "")).lower() == "remove"
    return {
        "result": "Removed" if removed else "Required",
        "defaultValue": None if removed else str(value),
        "values": [] if removed else [str(value)],
        "policy": _info(one),
        "policyEffect": "Modify",
    }


def _info(one: Assigned) -> Json:
    return {
        "policyDefinitionId": one.definition,
        "policySetDefinitionId": None,
        "policyDefinitionReferenceId": None,
        "policyAssignmentId": one.assignment["id"],
    }
