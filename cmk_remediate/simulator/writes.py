"""PUT, PATCH, DELETE and POST of any declared type: rights, locks, policy, rules, then the effect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from cmk_remediate.simulator import access, identities, locks, operations, policy
from cmk_remediate.simulator.bodies import below, carried, lookup, merge_patch, with_value, without
from cmk_remediate.simulator.builtin import GROUPS
from cmk_remediate.simulator.declare import (
    Action,
    Answer,
    ArmError,
    Change,
    Json,
    LongRunning,
    RemoveResource,
    ResourceType,
    Rule,
    SetResource,
    Verb,
    Write,
)
from cmk_remediate.simulator.eventual import seen
from cmk_remediate.simulator.request import ArmRequest, Refusal, group_not_found, not_found, parent_not_found
from cmk_remediate.simulator.resources import view
from cmk_remediate.simulator.wire import Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

_ROLE_ASSIGNMENTS = "microsoft.authorization/roleassignments"


def put(request: ArmRequest, resource: ResourceId, declared: ResourceType, answer: Answer) -> Outgoing:
    """Answer a PUT or PATCH."""
    world = request.world
    resource = world.spelled(resource)
    old = world.get(resource)
    action = declared.permissions.get(cast("Verb", request.method), f"{declared.type}/write")
    request.need(action, resource, _attributes(declared, request.sent))
    _need_container(request, resource, declared, old)
    _refuse(locks.refusal(world, resource, request.method))
    if request.method == "PATCH" and old is None:
        raise Refusal(not_found(resource))
    write = Write(
        resource, request.method, old, None, request.sent, request.caller, request.api_version, world,
        query=request.incoming.query,
    )  # fmt: skip
    new, principals = _merged(write, declared)
    new = policy.modified(world, resource, new)
    _refuse(policy.refusal(world, resource, new))
    write = replace(write, new=new)
    _linked(request, write, declared)
    if declared.prepare is not None:
        write = replace(write, new=declared.prepare(write))
    started = answer.started(write)
    failure = _judge(write, declared.rules, started)
    world.apply(principals, by=request.caller)
    status = answer.created or answer.status if old is None else answer.status
    if started is not None:
        begun = operations.begin(world, write, started, error=failure)
        return _answered(world, write, answer, status, begun, started)
    changes: list[Change] = [SetResource(resource, write.new or {})]
    for consequence in declared.on_write:
        changes.extend(consequence(write))
    world.apply(changes, by=request.caller)
    return _answered(world, write, answer, status, None)


def _answered(
    world: World,
    write: Write,
    answer: Answer,
    status: int,
    begun: operations.Begun | None,
    started: LongRunning | None = None,
) -> Outgoing:
    headers = dict(begun.headers) if begun else {}
    if answer.location and write.creates:
        headers["Location"] = str(write.id)
    if answer.body == "none" or (answer.body == "done" and begun is not None):
        return Outgoing(status, None, headers)
    if answer.body == "operation" and begun is not None:
        name = started.name if started else ""
        return Outgoing(status, {"operation": name, "startTime": begun.started}, headers)
    if answer.body == "sent" and started is not None:
        state = started.states[0 if write.creates else 1]
        return Outgoing(status, with_value(write.sent, started.settle_path, state), headers)
    body = world.get(write.id)
    if body is None or (begun is not None and write.method != "DELETE" and body is write.old):
        body = {**(write.new or {}), "id": str(write.id), "name": write.id.name, "type": write.id.type}
    return Outgoing(status, view(world, write.id, body, write.api_version), headers)


def delete(request: ArmRequest, resource: ResourceId, declared: ResourceType, answer: Answer) -> Outgoing:
    """Answer a DELETE."""
    world = request.world
    resource = world.spelled(resource)
    old = world.get(resource)
    action = declared.permissions.get("DELETE", f"{declared.type}/delete")
    request.need(action, resource, _attributes(declared, old or {}))
    if old is None:
        grouped = resource.resource_group and not declared.extension
        if grouped and (declared is GROUPS or world.get(resource.group_id) is None):
            raise Refusal(group_not_found(resource))
        return Outgoing(answer.absent)
    _refuse(locks.refusal(world, resource, "DELETE"))
    write = Write(
        resource, "DELETE", old, None, {}, request.caller, request.api_version, world, query=request.incoming.query
    )  # fmt: skip
    started = answer.started(write)
    failure = _judge(write, declared.rules, started)
    if started is not None:
        begun = operations.begin(world, write, started, error=failure)
        return _answered(world, write, answer, answer.status, begun, started)
    shown = view(world, resource, old, request.api_version)
    changes: list[Change] = [RemoveResource(resource)]
    for consequence in declared.on_write:
        changes.extend(consequence(write))
    world.apply(changes, by=request.caller)
    return Outgoing(answer.status, shown if answer.body == "resource" else None)


def post(request: ArmRequest, resource: ResourceId, declared: ResourceType, action: Action) -> Outgoing:
    """Answer an action."""
    world = request.world
    resource = world.spelled(resource)
    request.need(action.permission or f"{declared.type}/{action.name}/action", resource)
    old = world.get(resource)
    if action.at == "resource":
        if old is None:
            raise Refusal(not_found(resource))
        if not action.reads_only:
            _refuse(locks.refusal(world, resource, "POST"))
    write = Write(
        resource, "POST", old, old, request.sent, request.caller, request.api_version, world, action.name,
        request.incoming.query,
    )  # fmt: skip
    failure = _judge(write, declared.rules, None, action=True)
    reply = action.answer(write)
    if isinstance(reply, ArmError):
        raise Refusal(reply)
    headers = dict(reply.headers)
    if reply.operation is not None:
        begun = operations.begin(world, write, reply.operation, error=failure, changes=reply.changes)
        headers |= begun.headers
    else:
        _refuse(failure)
        world.apply(reply.changes, by=request.caller)
    return Outgoing(reply.status, reply.body, headers, read=action.reads_only)


def _refuse(error: ArmError | None) -> None:
    if error is not None:
        raise Refusal(error)


def _judge(
    write: Write, rules: Iterable[Rule], started: LongRunning | None, *, action: bool = False
) -> ArmError | None:
    """Refuse at once, or return what the operation will fail with."""
    failure: ArmError | None = None
    for rule in rules:
        if write.method not in rule.verbs or (rule.actions and write.action and write.action not in rule.actions):
            continue
        error = rule.check(write)
        if error is None:
            continue
        later = write.world.reading(rule.arrives) == "operation" and (action or started is not None)
        if not later:
            raise Refusal(error)
        failure = failure or error
    return failure


def _attributes(declared: ResourceType, body: Json) -> dict[str, str]:
    """Return what conditions on role assignments look at."""
    if declared.type.lower() != _ROLE_ASSIGNMENTS:
        return {}
    role = str(lookup(body, "properties.roleDefinitionId", ""))
    return {"roleDefinition": role.rsplit("/", 1)[-1]}


def _need_container(request: ArmRequest, resource: ResourceId, declared: ResourceType, old: Json | None) -> None:
    """Refuse a write below what does not exist, or that a lagging replica has not seen yet."""
    world = request.world
    if old is not None or declared is GROUPS:
        return
    scope = resource.scope if declared.extension else None
    if scope is not None:
        if "/providers/" in scope.key and scope.type.lower() in world.registry.types and world.get(scope) is None:
            raise Refusal(not_found(scope))
        if scope.resource_group and world.get(scope.group_id) is None:
            raise Refusal(group_not_found(scope))
        return
    if resource.resource_group and seen(world, resource.group_id.key, "parent") is None:
        raise Refusal(group_not_found(resource))
    parent = resource.parent
    if parent is not None and parent.type.lower() in world.registry.types and seen(world, parent.key, "parent") is None:
        raise Refusal(parent_not_found(resource, "write"))
    if declared.tracked and parent is None and request.method == "PUT" and not request.sent.get("location"):
        text = "The location property is required for this definition."
        raise Refusal(ArmError(400, "LocationRequired", text, "unconfirmed"))


def _merged(write: Write, declared: ResourceType) -> tuple[Json, list[Change]]:
    """Return the body after the write, and the principals its identity makes or loses."""
    old, sent = write.old, without(write.sent, declared.read_only)
    sent = {name: value for name, value in sent.items() if name not in ("id", "name", "type", "systemData", "etag")}
    plain = {name: value for name, value in sent.items() if name != "identity"} if declared.identity else sent
    if old is not None:
        plain = without(plain, declared.create_only)
    if write.method == "PATCH" and old is not None:
        new = _patched(write, declared, plain)
    else:
        new = below(declared.defaults, plain)
        if old is not None:
            new = carried(old, new, declared.create_only, override=True)
            new = carried(old, new, declared.kept, override=False)
            new = _moved(write, new, old)
    if old is not None:
        new = carried(old, new, declared.read_only, override=True)
    principals: list[Change] = []
    if declared.identity:
        identity = identities.merged(old, sent, write.method)
        if identity is None:
            new = {name: value for name, value in new.items() if name != "identity"}
        else:
            completed, principals = identities.completed(write.world, write.id, old, identity)
            new = {**new, "identity": completed}
        _refuse(identities.unknown(write.world, {**new, "id": str(write.id)}))
    return {
        **new,
        "id": str(write.id),
        "name": (old or {}).get("name", write.id.name),
        "type": write.id.type,
    }, principals


def _patched(write: Write, declared: ResourceType, plain: Json) -> Json:
    old = write.old or {}
    if declared.merge is not None:
        return declared.merge(old, plain, write.world)
    new = cast("Json", merge_patch(old, plain))
    marker = object()
    for path in declared.replaced:
        value = lookup(plain, path, marker)
        if value is not marker and value is not None:
            new = with_value(new, path, value)
    return new


def _moved(write: Write, new: Json, old: Json) -> Json:
    """Refuse another location; keep it where the PUT names none."""
    if "location" not in old:
        return new
    asked, there = new.get("location", old["location"]), old["location"]
    if str(asked).replace(" ", "").lower() != str(there).replace(" ", "").lower():
        raise Refusal(
            ArmError(
                409,
                "InvalidResourceLocation",
                f"The resource '{write.id.name}' already exists in location '{there}' in resource group "
                f"'{write.id.resource_group}'. A resource with the same name cannot be created in location '{asked}'.",
                "learn.microsoft.com: Troubleshoot common Azure deployment errors",
            )
        )
    return {**new, "location": there}


def _linked(request: ArmRequest, write: Write, declared: ResourceType) -> None:
    """Refuse a write for which the caller lacks a right on another resource it names."""
    needed: list[tuple[str, ResourceId]] = []
    if declared.identity:
        needed += [(identities.ASSIGN, one) for one in identities.newly_attached(write.old, write.sent)]
    if declared.also_needs is not None:
        needed += list(declared.also_needs(write))
    for action, scope in needed:
        if access.decide(request.world, request.caller, action, scope) is not None:
            raise Refusal(
                ArmError(
                    403,
                    "LinkedAuthorizationFailed",
                    f"The client '{request.caller}' with object id '{request.caller}' has permission to perform action "
                    f"'{declared.type}/write' on scope '{write.id}'; however, it does not have permission to perform action(s) "
                    f"'{action}' on the linked scope(s) '{scope}' (respectively) or the linked scope(s) are invalid.",
                    "learn.microsoft.com: Troubleshoot Azure RBAC",
                )
            )
