"""Undo sees who depends on it. What is lost here: an identity detached under a key that cannot be taken back; an outage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.engine.reviewing import graph_of
from cmk_remediate.engine.rollback import inverse
from cmk_remediate.model.codec import node_id
from cmk_remediate.model.graph import Graph, GraphBuilder
from tests.engine.estates import whole
from tests.engine.invented import REGISTRY, DeleteThing, Door, GrantThing, Guarded, LastDoor, MakeThing, SetThing, rid
from tests.engine.lab import Lab, records_of

if TYPE_CHECKING:
    from cmk_remediate.model.step import Step

KINDS = st.sampled_from(["set", "make", "door", "last", "grant", "look"])

EDGES = st.sampled_from(["", "", "needs", "after"])


def step_of(kind: str, number: int) -> Step:
    thing = rid("things", f"x{number}")
    if kind == "set":
        return SetThing(thing, "color", "blue")
    if kind in ("door", "last"):
        return Door(thing) if kind == "door" else LastDoor(thing)
    if kind == "look":
        return Guarded(thing)
    return MakeThing(thing) if kind == "make" else GrantThing(thing)


@st.composite
def graphs(draw: Any) -> tuple[Lab, Graph]:
    """Return any graph of up to seven invented steps of two targets."""
    lab, builder = Lab(), GraphBuilder()
    steps: list[Step] = []
    for number in range(draw(st.integers(3, 7))):
        kind = draw(KINDS)
        step = step_of(kind, number)
        if kind not in ("make", "grant"):
            lab.put(rid("things", f"x{number}"), {"color": "red"})
        edges = draw(st.lists(EDGES, min_size=number, max_size=number))
        needs = {earlier for earlier, edge in enumerate(edges) if edge == "needs"}
        after = {earlier for earlier, edge in enumerate(edges) if edge == "after"}
        for target in draw(st.sampled_from([("a",), ("b",), ("a", "b")])):
            builder.add(
                step,
                target=target,
                needs=[steps[item] for item in sorted(needs)],
                after=[steps[item] for item in sorted(after)],
            )
        steps.append(step)
    return lab, builder.build()


@settings(max_examples=120, deadline=None, derandomize=True)
@given(estate=graphs())
def test_no_undone_step_is_needed_by_one_that_stays(estate: tuple[Lab, Graph]) -> None:
    """Over every graph and every prefix of its journal; and newest first."""
    lab, graph = estate
    review = lab.dry_run(graph)
    lines = lab.apply(review).lines
    for length in range(len(lines) + 1):
        journal = JournalState.of(records_of(lines[:length]))
        bodies = {key: state.after for key, state in journal.steps.items() if state.after}
        back = inverse(graph_of(review, REGISTRY), journal, bodies)
        stays = {item.id for item in back.kept}
        undone = {key for key, state in journal.steps.items() if state.sent} - stays
        held = {key for node in stays for key in stands_on(graph, node)}
        used = {key for node in stays | undone for key in stands_on(graph, node)}
        grants, set_ = (
            {node.id for node in graph.nodes if isinstance(node.step, kind)} for kind in (GrantThing, SetThing)
        )
        assert not undone & held
        assert not undone & used & grants, "a grant goes only where nothing that stands on it was ever sent"
        assert stays & set_ <= held, "what stays without a reason of its own is needed"
        assert stays & grants <= held | used
        order = [item.id for item in back.graph.nodes]
        inverse_of = {key: undo_id(graph, key) for key in undone}
        assert sorted(order) == sorted(inverse_of.values())
        for later in undone:
            for earlier in undone & ancestors(graph, later):
                assert inverse_of[later] in all_before(back.graph, inverse_of[earlier])


def undo_id(graph: Graph, key: str) -> str:
    step = graph.by_id[key].step
    if isinstance(step, SetThing):
        return node_id(SetThing(step.resource, step.path, "red", expects=step.value))
    assert isinstance(step, GrantThing)
    return node_id(DeleteThing(step.resource))


def stands_on(graph: Graph, key: str) -> set[str]:
    """Return what the step needs for more than the sake of order, however far down, also through steps that sent nothing."""
    if graph.by_id[key].step.only_follows:
        return set()
    found = set(graph.by_id[key].needs)
    return found.union(*(stands_on(graph, item) for item in found))


def ancestors(graph: Graph, key: str) -> set[str]:
    found = set(graph.by_id[key].needs)
    return found.union(*(ancestors(graph, item) for item in found))


def all_before(graph: Graph, key: str) -> set[str]:
    found = set(graph.by_id[key].before_it)
    return found.union(*(all_before(graph, item) for item in found))


def test_what_stays_holds_up_what_it_needs_through_a_step_that_sent_nothing() -> None:
    for last, stays in ((Door, True), (LastDoor, False)):
        lab, builder = Lab(a={"color": "red"}, b={}, c={}), GraphBuilder()
        first = builder.add(SetThing(rid("things", "a"), "color", "blue"), target="t")
        look = builder.add(Guarded(rid("things", "b")), target="t", needs=[first])
        builder.add(last(rid("things", "c")), target="t", needs=[look])
        review = lab.dry_run(builder.build())
        back = lab.roll_back_review(review, lab.apply(review).lines)
        kept = {step.kind for step in back.steps if step.action == "keep"}
        assert ("set-thing" in kept) == stays


def test_a_grant_that_was_used_through_a_step_that_sent_nothing_stays() -> None:
    lab, builder = Lab(b={}, c={"color": "red"}), GraphBuilder()
    grant = builder.add(GrantThing(rid("things", "a")), target="t")
    look = builder.add(Guarded(rid("things", "b")), target="t", needs=[grant])
    builder.add(SetThing(rid("things", "c"), "color", "blue"), target="t", needs=[look])
    review = lab.dry_run(builder.build())
    back = lab.roll_back_review(review, lab.apply(review).lines)
    assert {step.kind: step.action for step in back.steps} == {"set-thing": "update", "grant-thing": "keep"}


def test_death_at_any_request_of_a_rollback_and_resume_restore_all_that_is_not_kept() -> None:
    """The before-image, less what is one-way or kept; and nothing twice."""
    lab, graph = whole("a")
    before = lab.image()
    review = lab.dry_run(graph)
    run = lab.apply(review)
    back = lab.roll_back_review(review, run.lines)
    assert {step.kind for step in back.steps if step.action == "keep"} == {"make-thing", "grant-thing", "door"}
    lab.state.effects.clear()
    undisturbed = lab.copy()
    done = undisturbed.apply(back)
    assert done.done.exit_code == 0
    after = undisturbed.image()
    assert {key: after[key] for key in before if "vault" not in key} == {
        key: before[key] for key in before if "vault" not in key
    }
    for number in range(1, done.calls + 1):
        for side in ("before", "after"):
            other = lab.copy()
            killed = other.apply(back, kill_at=(number, side))
            if killed.result is None:
                assert other.apply(back, killed.lines).done.exit_code == 0
            assert other.image() == after, (number, side)
            assert set(other.state.effects.values()) == {1}, (number, side, other.state.effects)


def test_what_stays_holds_up_what_another_target_needs() -> None:
    lab, builder = Lab(shared={"color": "red"}, door={}), GraphBuilder()
    shared, door = SetThing(rid("things", "shared"), "color", "blue"), Door(rid("things", "door"))
    builder.add(shared, target="a")
    builder.add(shared, target="b")
    builder.add(door, target="b", needs=[shared])
    review = lab.dry_run(builder.build())
    back = lab.roll_back_review(review, lab.apply(review).lines)
    assert {(step.kind, step.action) for step in back.steps} == {("set-thing", "keep"), ("door", "keep")}
    assert "stays" in next(step.reason for step in back.steps if step.kind == "set-thing")


def test_a_value_somebody_changed_since_is_not_overwritten() -> None:
    lab, builder = Lab(a={"color": "red"}), GraphBuilder()
    builder.add(SetThing(rid("things", "a"), "color", "blue"), target="a")
    review = lab.dry_run(builder.build())
    run = lab.apply(review)
    back = lab.roll_back_review(review, run.lines)
    lab.put(rid("things", "a"), {"color": "green"})
    done = lab.apply(back)
    assert (done.done.exit_code, done.writes, lab.value(rid("things", "a"), "color")) == (6, [], "green")
