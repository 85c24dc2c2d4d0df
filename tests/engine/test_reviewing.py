"""What a review shows. What is lost here: a door that nobody was asked about, or a name asked for that opens none."""

from __future__ import annotations

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.reviewing import reviewed_block, reviewed_steps
from cmk_remediate.model.decisions import Blocked, Reversibility
from cmk_remediate.model.graph import GraphBuilder
from tests.engine.invented import Door, SetThing, rid
from tests.engine.lab import Lab

A = rid("things", "a")


@pytest.mark.parametrize(("kind", "asked"), [("one-way", ("one-way:a",)), ("kept", ())])
def test_an_undo_that_something_outside_forbids_is_accepted_by_name_only_where_there_is_no_way_back(
    kind: str, asked: tuple[str, ...]
) -> None:
    lab, builder = Lab(a={"color": "red"}, b={"color": "blue"}), GraphBuilder()
    builder.add(SetThing(A, "color", "blue"), target="a")
    builder.add(SetThing(rid("things", "b"), "color", "blue"), target="a")
    graph = builder.build()
    projected, _ = lab.project(graph)
    outside = Reversibility(kind, "the policy forbids it")  # type: ignore[arg-type]
    steps, accept = reviewed_steps(projected, lab.azure(), dict.fromkeys(projected, outside))
    assert accept == asked
    (line,) = [line for step in steps for line in step.lines if step.action == "update"]
    assert line.reversibility is not None
    assert (line.reversibility.kind, line.reversibility.why) == (kind, "the policy forbids it")
    assert [step.action for step in steps] == ["update", "none"]
    assert reviewed_steps(projected, lab.azure(), {})[1] == ()


def test_a_door_that_has_a_name_of_its_own_keeps_it() -> None:
    lab, builder = Lab(a={"color": "red"}), GraphBuilder()
    builder.add(Door(A), target="a")
    projected, _ = lab.project(builder.build())
    without = reviewed_steps(projected, lab.azure(), {})
    assert without[1]
    outside = Reversibility("one-way", "the policy forbids it")
    assert reviewed_steps(projected, lab.azure(), dict.fromkeys(projected, outside)) == without


def test_a_block_says_what_to_do_next_in_its_own_words_or_the_codes() -> None:
    code = codes.access.LOCKED
    assert reviewed_block(Blocked(code, "a lock")).next == code.next
    assert reviewed_block(Blocked(code, "a lock", "ask its owner")).next == "ask its owner"
