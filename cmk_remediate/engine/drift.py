"""Exactly the reviewed lines, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.model.decisions import Blocked, Change, Decision, Done, Line, Manual
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.values import Unknown, is_unknown_json, to_json

if TYPE_CHECKING:
    from cmk_remediate.model.review import ReviewedLine, ReviewedStep
    from cmk_remediate.model.step import Step

CHANGES = frozenset({"create", "update", "delete", "start", "stop"})
"""Actions of a reviewed step that send something."""


def drift(reviewed: ReviewedStep, decision: Decision, step: Step) -> str:
    """Return how *decision* of *step*, its promises unresolved, differs from what was reviewed; empty when it does not.

    Done is no drift where what it rests on is what the review said would be there: the change is there already. Waiting is never
    drift. What the review did not know, Azure may fill. A step that closes a bracket sends its one request whatever it is closed
    from, and whatever the review could see of it: a machine that was stopped is started from every state it may be in by then.
    """
    if isinstance(decision, Blocked):
        return f"{decision.why}{_as_reviewed(reviewed.lines, decision.why)} [{decision.code}]"
    if isinstance(decision, Done):
        return _done_drift(reviewed, decision.lines)
    if isinstance(decision, Manual):
        return "" if reviewed.action == "manual" else f"has to be done by hand now: {decision.instructions}"
    if not isinstance(decision, Change):
        return ""
    if reviewed.closes is not None:
        return _request_drift(reviewed, decision, step)
    if reviewed.action not in CHANGES:
        first = next((line for line in decision.lines if line.role == "owned"), None)
        shown = f"{first.path} is {_show(to_json(first.before))}" if first else decision.why
        was = _as_reviewed(reviewed.lines, first.path) if first else ""
        return f"nothing was to change here when it was reviewed; now {shown}{was}"
    return _request_drift(reviewed, decision, step) or _lines_drift(reviewed.lines, decision.lines)


def _request_drift(reviewed: ReviewedStep, change: Change, step: Step) -> str:
    """Return how the request differs from the one that was shown: in its place or its method.

    A name that is computed from a promise, as a server key's from the key's version, moves with a rotation; what it is part of
    does not.
    """
    request = change.request
    if reviewed.request is not None and reviewed.request.method != request.method:
        return f"the review shows a {reviewed.request.method}, it would be a {request.method}"
    if reviewed.resource_id is None or not isinstance(request.resource, ResourceId):
        return ""
    place = ResourceId(reviewed.resource_id)
    beside = place.parent is not None and (place.parent, place.type.lower()) == (
        request.resource.parent,
        request.resource.type.lower(),
    )
    if place != request.resource and not (beside and isinstance(step.address(), Unknown)):
        return f"the review shows {reviewed.resource_id}, it would be sent to {request.resource}"
    return ""


def _lines_drift(reviewed: tuple[ReviewedLine, ...], now: tuple[Line, ...]) -> str:
    expected = {line.path: line for line in reviewed}
    for line in now:
        was = expected.pop(line.path, None)
        if was is None:
            return f"{line.path} was not in the review; it is {_show(to_json(line.before))}"
        before, after = to_json(line.before), to_json(line.after)
        if not _same(was.before, before):
            return f"{line.path} was {_show(was.before)} in the review and is {_show(before)} now"
        if not _same(was.after, after):
            return f"{line.path} was to become {_show(was.after)} in the review and would become {_show(after)} now"
    if expected:
        left = next(iter(expected.values()))
        if left.role != "owned":
            return f"{left.path} was {_show(left.before)} in the review and is absent now"
        return f"{left.path} was {_show(left.before)} in the review and is not to be changed any more"
    return ""


def _done_drift(reviewed: ReviewedStep, now: tuple[Line, ...]) -> str:
    """Return where *now*, what a Done rests on, is not what the review said would be there: somebody else has made it otherwise."""
    expected = {line.path: line for line in reviewed.lines}
    for line in now:
        was, shown = expected.get(line.path), to_json(line.before)
        if was is None and reviewed.action == "none":
            return f"{line.path} was not in the review; it is {_show(shown)}"
        if was is not None and not _same(was.after, shown):
            said = "was" if was.role == "relied_on" else "was to become"
            return f"{line.path} {said} {_show(was.after)} in the review and is {_show(shown)} now"
    return ""


def _as_reviewed(lines: tuple[ReviewedLine, ...], sentence: str) -> str:
    """Return what the property that *sentence* names was in the review; empty where it was not in it."""
    was = next((line for line in lines if line.path in sentence), None)
    return f"; in the review it was {_show(was.before)}" if was is not None else ""


def _same(reviewed: Any, now: Any) -> bool:
    """Say whether *now* is what was reviewed, parts not known then filled in any way."""
    if is_unknown_json(reviewed) or reviewed == now:
        return True
    if isinstance(reviewed, dict) and isinstance(now, dict):
        return set(reviewed) == set(now) and all(_same(reviewed[key], now[key]) for key in reviewed)
    if isinstance(reviewed, list) and isinstance(now, list):
        return len(reviewed) == len(now) and all(_same(old, new) for old, new in zip(reviewed, now, strict=True))
    return False


def _show(value: Any) -> str:
    return "absent" if value is None else f"{value!r}"
