"""Exactly the reviewed lines, or nothing. What is lost here: a request that nobody was shown leaves, or a good one is held back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.drift import drift
from cmk_remediate.model.decisions import Blocked, Change, Decision, Done, Found, Line, Manual, Pending, Request
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.review import ReviewedLine, ReviewedRequest, ReviewedStep
from cmk_remediate.model.values import UNKNOWN, Unknown
from tests.engine.invented import QUICK, OnThing, rid

B = rid("things", "b")
CHILD = B.child("parts", "two")


@dataclass(frozen=True)
class Placed(OnThing):
    """A step whose address may follow from a promise."""

    known: bool = True

    def address(self) -> ResourceId | Unknown:  # type: ignore[override]
        return self.resource if self.known else UNKNOWN

    def decide(self, found: Found) -> Decision:
        return Done("judged elsewhere")


def line(path: str, before: Any, after: Any, role: Any = "owned") -> ReviewedLine:
    return ReviewedLine(path=path, before=before, after=after, role=role, reversibility=None, accept=None)


def reviewed(
    *lines: ReviewedLine,
    place: ResourceId = B,
    action: Any = "update",
    method: str = "PATCH",
    closes: str | None = None,
) -> ReviewedStep:
    return ReviewedStep(
        id="placed.1",
        kind="placed",
        params={},
        resource_id=str(place),
        api_version="1",
        action=action,
        request=ReviewedRequest(method=method, body={}),
        lines=lines or (line("color", "red", "blue"),),
        reason="",
        waits=None,
        downtime="",
        estimate=None,
        permissions=(),
        needs=(),
        after=(),
        closes=closes,
    )


def change(*lines: Line, place: ResourceId = B, method: Any = "PATCH") -> Change:
    found = lines or (Line("color", "red", "blue"),)
    return Change(Request(method, place, {}), found, (), QUICK, "update", "it is to be blue")


AS_REVIEWED: dict[str, tuple[ReviewedStep, Decision, bool]] = {
    "the same": (reviewed(), change(), True),
    "the id in other letters": (reviewed(place=ResourceId(str(B).upper())), change(), True),
    "a name that follows from a promise": (reviewed(place=B.child("parts", "one")), change(place=CHILD), False),
    "done already": (reviewed(), Done("it is blue", (Line("color", "blue", "blue"),)), True),
    "waiting": (reviewed(), Pending("busy", 5), True),
    "by hand, as shown": (reviewed(action="manual"), Manual("turn it", codes.engine.BUG), True),
    "what was not known is filled": (
        reviewed(line("set", {"a": {"unknown": True}, "b": [1, {"unknown": True}]}, None)),
        change(Line("set", {"a": 5, "b": [1, 2]}, None)),
        True,
    ),
    "closing, from another state": (reviewed(closes="opener"), change(Line("color", "green", "blue")), True),
    "closing what the review could not see": (reviewed(action="none", closes="opener"), change(), True),
}


@pytest.mark.parametrize("case", AS_REVIEWED)
def test_what_was_reviewed_may_be_done(case: str) -> None:
    step, decision, known = AS_REVIEWED[case]
    assert drift(step, decision, Placed(B, known)) == ""


OTHERWISE: dict[str, tuple[ReviewedStep, Decision, bool, str]] = {
    "closing, by another method": (reviewed(closes="opener"), change(method="PUT"), True, "it would be a PUT"),
    "another method": (reviewed(), change(method="PUT"), True, "the review shows a PATCH, it would be a PUT"),
    "an earlier place": (reviewed(), change(place=rid("things", "a")), True, "it would be sent to"),
    "a later place": (reviewed(), change(place=rid("things", "c")), True, "it would be sent to"),
    "beside, at a known address": (
        reviewed(place=B.child("parts", "one")),
        change(place=CHILD),
        True,
        "it would be sent to",
    ),
    "beside, of another kind": (
        reviewed(place=B.child("bits", "one")),
        change(place=CHILD),
        False,
        "it would be sent to",
    ),
    "below another one": (
        reviewed(place=rid("things", "a").child("parts", "two")),
        change(place=CHILD),
        False,
        "it would be sent to",
    ),
    "another value before": (reviewed(), change(Line("color", "green", "blue")), True, "color was 'red' in the review"),
    "another value after": (reviewed(), change(Line("color", "red", "pink")), True, "would become 'pink' now"),
    "one more line": (
        reviewed(),
        change(Line("color", "red", "blue"), Line("size", 1, 2)),
        True,
        "size was not in the review; it is 1",
    ),
    "one line less that was relied on": (
        reviewed(line("color", "red", "blue"), line("power", "on", "on", "relied_on")),
        change(),
        True,
        "power was 'on' in the review and is absent now",
    ),
    "one line less": (
        reviewed(line("color", "red", "blue"), line("size", None, 2)),
        change(),
        True,
        "size was absent in the review and is not to be changed any more",
    ),
    "another member beside an unknown one": (
        reviewed(line("set", {"a": {"unknown": True}}, None)),
        change(Line("set", {"a": 5, "b": 6}, None)),
        True,
        "set was",
    ),
    "another length": (
        reviewed(line("set", [1, {"unknown": True}], None)),
        change(Line("set", [1], None)),
        True,
        "set was",
    ),
    "done by somebody else, otherwise": (
        reviewed(),
        Done("it is pink", (Line("color", "pink", "pink"),)),
        True,
        "color was to become 'blue' in the review and is 'pink' now",
    ),
    "done, and resting on something else": (
        reviewed(line("power", "on", "on", "relied_on")),
        Done("done", (Line("power", "off", "off"),)),
        True,
        "power was 'on' in the review and is 'off' now",
    ),
    "nothing was to be done, and it rests on more": (
        reviewed(action="none"),
        Done("done", (Line("size", 1, 1),)),
        True,
        "size was not in the review; it is 1",
    ),
    "nothing was to be done": (
        reviewed(line("color", "blue", "blue"), action="none"),
        change(),
        True,
        "nothing was to change here when it was reviewed; now color is 'red'; in the review it was 'blue'",
    ),
    "nothing was to be done, and what changes comes after what is carried along": (
        reviewed(line("color", "blue", "blue"), action="none"),
        change(Line("bits", 1, 1, "carried"), Line("color", "red", "blue")),
        True,
        "now color is 'red'; in the review it was 'blue'",
    ),
    "by hand now": (reviewed(), Manual("turn it", codes.engine.BUG), True, "has to be done by hand now: turn it"),
    "blocked": (
        reviewed(),
        Blocked(codes.engine.OTHER_VALUE_NOW, "color is 'green'"),
        True,
        f"color is 'green'; in the review it was 'red' [{codes.engine.OTHER_VALUE_NOW}]",
    ),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_anything_else_is_refused_and_said(case: str) -> None:
    step, decision, known, said = OTHERWISE[case]
    assert said in drift(step, decision, Placed(B, known))
