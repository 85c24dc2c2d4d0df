"""Long-running operations: how they begin, what their status URLs answer, what happens at their end.

Shapes: learn.microsoft.com, "Track asynchronous Azure operations", and what the providers declare.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator import access
from cmk_remediate.simulator.bodies import lookup, merge_patch, patch_of, with_value
from cmk_remediate.simulator.changes import decoded, encoded
from cmk_remediate.simulator.declare import (
    ArmError,
    Change,
    Changes,
    Event,
    Json,
    LongRunning,
    RemoveResource,
    Schedule,
    SetResource,
    Write,
)
from cmk_remediate.simulator.wire import Outgoing, refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.simulator.world import World

END = "core.operation-end"
SETTLE = "core.settle"
GONE = ArmError(404, "OperationNotFound", "The operation was not found; its status is no longer kept.", "unconfirmed")


@dataclass(frozen=True)
class Begun:
    """An operation that has just begun.

    Attributes:
        key: its id.
        headers: what the first answer says of it.
        started: when, as Azure writes it.
    """

    key: str
    headers: dict[str, str]
    started: str


def begin(
    world: World, write: Write, spec: LongRunning, *, error: ArmError | None = None, changes: Sequence[Change] = ()
) -> Begun:
    """Start the operation of *write*; *error* is what it will fail with; *changes* are those of an action."""
    key = world.new_guid("operation", write.id)
    seconds = _duration(world, spec, key)
    body = write.new or write.old or {}
    paths = _paths(world, write.id, body, spec, key)
    visible = world.reading(spec.visible)
    shown = _show_begun(world, write, spec, visible)
    world.store.put(
        "operations",
        key,
        {
            "resource": str(write.id),
            "name": spec.name,
            "method": write.method,
            "action": write.action,
            "started": world.stamp,
            "due": world.stamp + seconds,
            "status": "running",
            "running": list(spec.running),
            "caller": write.caller,
            "paths": [one.lower() for one in paths],
            "result": paths[-1].lower() if spec.style == "location" or len(paths) > 1 else "",
            "scope": "/".join(paths[0].split("/")[: 5 if spec.under == "group" else 3]),
            "read": spec.read_action or _read_action(paths[0], spec),
            "retry": spec.retry_after,
            "retryOn": spec.retry_on,
            "shows": list(spec.shows),
            "endAllAlong": spec.end_all_along,
            "gone": spec.gone,
            "tells": spec.result,
            "why": world.reading(spec.tells),
            "api": write.api_version,
            "visible": visible,
            "shown": shown,
            "since": _version(world, write.id),
            "old": write.old,
            "new": write.new,
            "sent": write.sent,
            "query": dict(write.query),
            "error": error.body()["error"] if error else None,
            "errorStatus": error.status if error else 0,
            "changes": [encoded(one) for one in changes],
            "states": [one for one in spec.states if one],
            "settles": [spec.settles, spec.settle_path, spec.final] if any(spec.states) else None,
            "fails": [list(one) for one in spec.fails],
        },
    )
    world.index.status_urls.update({path.lower(): key for path in paths})
    world.index.busy[write.id.key] = key
    world.schedule(Schedule(seconds, END, {"operation": key}))
    return Begun(key, _headers(world, paths, spec, write.api_version, write.id), world.iso())


def _duration(world: World, spec: LongRunning, key: str) -> float:
    if world.settings.operation_seconds is not None:
        return world.settings.operation_seconds
    if isinstance(spec.seconds, tuple):
        return world.draw(*spec.seconds, "operation", key)
    return spec.seconds


def _paths(world: World, resource: ResourceId, body: Json, spec: LongRunning, key: str) -> list[str]:
    root: Json = body
    if not root.get("location"):
        root = world.get(resource.top_level) or world.get(resource.group_id) or {}
    place = str(root.get("location") or "global").replace(" ", "").lower()
    if spec.path.startswith("/"):
        return [f"{resource.subscription_id}{spec.path.format(location=place, name=resource.names[0], id=key)}"]

    def url(path: str, under: str) -> str:
        head = resource.subscription_id if under == "subscription" else resource.group_id
        named = path.format(location=place, name=resource.names[0], id=key)
        return f"{head}/providers/{resource.type.split('/')[0]}/{named}"

    status = url(spec.path, spec.under)
    if not spec.result_path or spec.result_path == spec.path:
        return [status]
    return [status, url(spec.result_path, spec.result_under or spec.under)]


def _read_action(path: str, spec: LongRunning) -> str:
    namespace = path.rsplit("/providers/", 1)[1].split("/", maxsplit=1)[0]
    literal = [part for part in spec.path.split("/") if not re.fullmatch(r"\{\w+\}", part)]
    return "/".join([namespace, *literal, "read"])


def _headers(
    world: World, paths: list[str], spec: LongRunning, api_version: str, resource: ResourceId
) -> dict[str, str]:
    urls = [f"https://{world.cloud.arm}{path}?api-version={api_version}" for path in paths]
    headers: dict[str, str] = {}
    if spec.style != "location":
        headers["Azure-AsyncOperation"] = urls[0]
    if spec.style == "resource":
        headers["Location"] = f"https://{world.cloud.arm}{resource}?api-version={api_version}"
    elif spec.style != "azure-async":
        headers["Location"] = urls[-1]
    if spec.retry_after is not None:
        headers["Retry-After"] = str(spec.retry_after)
    return headers


def _show_begun(world: World, write: Write, spec: LongRunning, visible: str) -> int | None:
    """Show what a GET sees while the operation runs; return the version of the resource that shows it, None for nothing."""
    if write.method not in ("PUT", "PATCH") or write.new is None:
        return None
    state = spec.states[0 if write.creates else 1]
    base = write.new if visible == "before" or (write.creates and state) else write.old
    if base is None or (base is write.old and not state):
        return None
    body = with_value(base, spec.settle_path, state) if state else base
    world.apply([SetResource(write.id, body)], by=write.caller)
    return _version(world, write.id)


def _version(world: World, resource: ResourceId) -> int | None:
    record = world.record(resource)
    return int(record["version"]) if record is not None else None


# -- the end -------------------------------------------------------------------------------------------------------------


def _ended(world: World, data: Json) -> Changes:
    key = data["operation"]
    operation: Json = world.store.get("operations", key, {"status": ""})
    if operation["status"] != "running":
        return ()
    failed = operation.get("error") is not None
    world.store.put("operations", key, {**operation, "status": "Failed" if failed else "Succeeded"})
    if world.index.busy.get(operation["resource"].lower()) == key:
        del world.index.busy[operation["resource"].lower()]
    if operation["method"]:
        world.apply(
            _failure(world, operation) if failed else _success(world, operation), by=operation.get("caller", "")
        )
    return ()


def _failure(world: World, operation: Json) -> list[Change]:
    resource = ResourceId(operation["resource"])
    if operation["method"] not in ("PUT", "PATCH"):
        return []
    if operation["old"] is None:
        # What a later request has made meanwhile is not this operation's to take away.
        mine = operation["shown"] is not None and operation["shown"] == _version(world, resource)
        return [RemoveResource(resource)] if mine else []
    if operation["visible"] != "before" and not operation["settles"]:
        return []
    left = _out_of_work(world, operation, _over(world, operation, operation["new"], operation["old"]))
    for path, value in operation["fails"]:
        left = with_value(left, path, value)
    return [SetResource(resource, left)]


def _out_of_work(world: World, operation: Json, body: Json) -> Json:
    """Return *body* without a state that only an operation explains, where none runs any more."""
    if not operation["settles"]:
        return body
    _, path, final = operation["settles"]
    at_work = lookup(body, path) in operation["states"]
    return with_value(body, path, final) if at_work and world.running(operation["resource"]) is None else body


def _over(world: World, operation: Json, was: Json, becomes: Json) -> Json:
    """Return *becomes*; where others have changed the resource since, their body with no more than this operation's part."""
    resource = ResourceId(operation["resource"])
    now = world.get(resource)
    if now is None or operation["since"] == _version(world, resource):
        return becomes
    body: Json = merge_patch(now, patch_of(was, becomes))
    return body


def _success(world: World, operation: Json) -> list[Change]:
    changes: list[Change] = [decoded(one) for one in operation["changes"]]
    write = _write_of(world, operation)
    if write.method == "POST":
        return changes
    declared = world.registry.types[write.id.type.lower()]
    if write.method == "DELETE":
        changes.append(RemoveResource(write.id))
    elif write.new is not None:
        body = _over(world, operation, write.old or {}, write.new)
        settles = operation["settles"]
        if settles:
            after, path, final = settles
            body = with_value(body, path, final if after <= 0 else lookup(world.get(write.id) or {}, path, final))
            if after > 0:
                changes.append(
                    Schedule(
                        after, SETTLE, {"id": str(write.id), "path": path, "final": final}, f"settle:{write.id.key}"
                    )
                )
        changes.append(SetResource(write.id, body))
    for consequence in declared.on_write:
        changes.extend(consequence(write))
    return changes


def _write_of(world: World, operation: Json) -> Write:
    return Write(
        id=ResourceId(operation["resource"]),
        method=operation["method"],
        old=operation["old"],
        new=operation["new"],
        sent=operation["sent"],
        caller=operation["caller"],
        api_version=operation["api"],
        world=world,
        action=operation["action"],
        query=operation["query"],
    )


def _settled(world: World, data: Json) -> Changes:
    body = world.get(data["id"])
    return [] if body is None else [SetResource(ResourceId(data["id"]), with_value(body, data["path"], data["final"]))]


EVENTS = (Event(END, _ended), Event(SETTLE, _settled))


# -- polling -------------------------------------------------------------------------------------------------------------


def poll(world: World, path: str, caller: str, view: Any) -> Outgoing | None:
    """Answer a GET of a status URL, or return None if *path* is none; *view* shows a resource as a GET does."""
    key = world.index.status_urls.get(path.lower())
    if key is None:
        return None
    operation: Json = world.store.get("operations", key)
    settings = world.settings
    if settings.status_kept and world.stamp > operation["due"] + settings.status_kept:
        return _poll_refused(GONE)
    if settings.status_rights:
        denied = access.decide(world, caller, operation["read"], ResourceId(operation["scope"]))
        if denied is not None:
            return _poll_refused(denied)
    if settings.status_starter_only and caller != operation["caller"]:
        text = f"The client '{caller}' did not start the operation '{key}' and may not read its status."
        return _poll_refused(ArmError(403, "AuthorizationFailed", text, "unconfirmed"))
    ended = operation["status"] != "running"
    when = operation.get("retryOn", "running")
    silent = operation["retry"] is None or when == "none" or (ended and when == "running")
    headers = {} if silent else {"Retry-After": str(operation["retry"])}
    if path.lower() == operation["result"]:
        return _result(world, path, operation, view, headers, ended=ended)
    whole: Json = {
        "id": path,
        "name": key,
        "status": _status(world, operation),
        "startTime": _iso(operation["started"]),
    }
    if ended or operation.get("endAllAlong"):
        whole["endTime"] = _iso(operation["due"] if ended else operation["started"])
    shows = operation.get("shows", list(whole))
    body = {name: value for name, value in whole.items() if name in shows}
    if operation["error"] is not None and ended:
        body.update(_why(operation))
    elif ended and "output" in shows and operation["method"] in ("PUT", "PATCH"):
        resource = ResourceId(operation["resource"])
        body["properties"] = {"output": view(resource, world.get(resource) or {})}
    return Outgoing(200, body, headers, poll=True, read=True)


def _why(operation: Json) -> Json:
    """Return what the status of a failed operation says of the cause."""
    error = {"error": operation["error"]}
    plain = {"error": {name: one for name, one in operation["error"].items() if name != "innererror"}}
    said: dict[str, Json] = {"error": error, "envelope": {"error": plain}, "nothing": {}}
    return said[operation.get("why", "error")]


def _result(world: World, path: str, operation: Json, view: Any, headers: dict[str, str], *, ended: bool) -> Outgoing:
    told = _told(world, operation, ended=ended) if operation.get("tells") == "status" else None
    if not ended:
        here = f"https://{world.cloud.arm}{path}?api-version={operation['api']}"
        return Outgoing(202, told, {**headers, "Location": here}, poll=True, read=True)
    if operation["error"] is not None:
        return Outgoing(operation["errorStatus"] or 400, {"error": operation["error"]}, poll=True, read=True)
    if told is not None:
        return Outgoing(200, told, poll=True, read=True)
    body = world.get(operation["resource"])
    if body is None or operation["method"] == "DELETE":
        return Outgoing(operation.get("gone", 204), None, poll=True, read=True)
    return Outgoing(200, view(ResourceId(operation["resource"]), body), poll=True, read=True)


def _told(world: World, operation: Json, *, ended: bool) -> Json:
    """Return what a Location poll tells of an operation that ends in no resource: as recorded for purging a vault."""
    told = {"createdDateTime": _spaced(operation["started"]), "status": _status(world, operation)}
    return {**told, "lastActionDateTime": _spaced(operation["due"])} if ended else told


def _spaced(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")


def _status(world: World, operation: Json) -> str:
    if operation["status"] != "running":
        return str(operation["status"])
    names = operation["running"]
    share = (world.stamp - operation["started"]) / max(operation["due"] - operation["started"], 1e-9)
    return str(names[min(math.floor(share * len(names)), len(names) - 1)])


def _poll_refused(error: ArmError) -> Outgoing:
    answer = refused(error)
    answer.poll = answer.read = True
    return answer


def _iso(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
