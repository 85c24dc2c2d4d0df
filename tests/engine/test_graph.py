"""The graph and its walk. What is lost here: a step that runs before what it stands on, or without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_remediate.engine.run import Rules
from cmk_remediate.engine.schedule import walk
from cmk_remediate.errors import BugError, InputError
from cmk_remediate.model.graph import Graph, GraphBuilder
from cmk_remediate.simulator.virtual_time import VirtualClock, run
from tests.engine.invented import SetThing, StartMachine, StopMachine, rid
from tests.engine.lab import BEGIN, Lab

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.graph import Node
    from cmk_remediate.model.step import Step


def blue(name: str) -> SetThing:
    return SetThing(rid("things", name), "color", "blue")


def test_two_values_for_one_property_are_refused_with_property_and_targets() -> None:
    builder = GraphBuilder()
    builder.add(blue("a"), target="one")
    builder.add(SetThing(rid("THINGS", "A"), "color", "green"), target="two")
    with pytest.raises(InputError, match=r"color.*'blue'.*one.*'green'.*two"):
        builder.build()


def test_equal_steps_of_two_targets_are_one_write() -> None:
    """A vault shared by 400 targets is protected once."""
    lab, builder = Lab(vault={}, a={}, b={}), GraphBuilder()
    for name in ("a", "b"):
        builder.add(blue("vault"), target=name)
        builder.add(blue(name), target=name, needs=[blue("vault")])
    graph = builder.build()
    assert [node.targets for node in graph.nodes] == [("a", "b"), ("a",), ("b",)]
    assert len(lab.apply(lab.dry_run(graph)).writes) == 3


def test_a_circle_and_an_edge_to_nowhere_are_refused() -> None:
    builder = GraphBuilder()
    builder.add(blue("a"), target="t", needs=[blue("b")])
    with pytest.raises(BugError, match="not in the graph"):
        builder.build()
    builder.add(blue("b"), target="t", after=[blue("a")])
    with pytest.raises(BugError, match="circle"):
        builder.build()


def test_what_closes_a_bracket_may_set_what_was_opened() -> None:
    vm, builder = rid("machines", "m"), GraphBuilder()
    stop = builder.add(StopMachine(vm), target="t")
    builder.add(StartMachine(vm), target="t", closes=stop)
    assert builder.build().closing


@st.composite
def shapes(draw: Any) -> tuple[Graph, set[str]]:
    """Return any graph of up to nine steps on things of their own, and which of them fail."""
    builder, steps = GraphBuilder(), list[SetThing]()
    failing: set[str] = set()
    for number in range(draw(st.integers(1, 9))):
        earlier = st.sets(st.sampled_from(range(number)), max_size=3) if number else st.just(set())
        needs = draw(earlier)
        step = blue(f"x{number}")
        builder.add(
            step, target=f"t{number}", needs=[steps[i] for i in needs], after=[steps[i] for i in draw(earlier) - needs]
        )
        if draw(st.integers(0, 3)) == 0:
            failing.add(step.resource.key)
        steps.append(step)
    return builder.build(), failing


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shape=shapes(), seconds=st.lists(st.integers(0, 3), min_size=9, max_size=9))
def test_a_walk_keeps_every_edge(shape: tuple[Graph, set[str]], seconds: list[int]) -> None:
    graph, _ = shape
    clock, began, over = VirtualClock(BEGIN), dict[str, float](), dict[str, float]()

    async def work(node: Node, ended: Mapping[str, float]) -> float:
        assert set(node.before_it) <= set(ended)
        began[node.id] = clock.stamp()
        await clock.sleep(seconds[int(node.step.address().name[1:])])  # type: ignore[union-attr]
        over[node.id] = clock.stamp()
        return over[node.id]

    assert run(lambda: walk(graph, work), clock) == over
    for node in graph.nodes:
        ready = max((over[key] for key in node.before_it), default=BEGIN)
        assert began[node.id] == pytest.approx(ready, abs=0.01)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shape=shapes())
def test_a_failed_step_skips_exactly_what_stands_on_it(shape: tuple[Graph, set[str]]) -> None:
    graph, failing = shape
    lab = Lab(**{f"x{number}": {"color": "red"} for number in range(9)})
    done = lab.apply(
        lab.dry_run(graph),
        rules=Rules(max_failures=99),
        settings=lambda azure: azure.faults.update({key: ["refused"] for key in failing}),
    )
    ends = dict(zip((target.id for target in done.done.targets), done.ends, strict=True))
    for node in graph.nodes:
        key = node.step.address().key  # type: ignore[union-attr]
        skipped = any(ends[graph.by_id[need].targets[0]] in ("failed", "skipped") for need in node.needs)
        wanted = "skipped" if skipped else "failed" if key in failing else "done"
        assert ends[node.targets[0]] == wanted


def test_the_first_unexpected_error_ends_a_walk_and_is_raised() -> None:
    builder = GraphBuilder()
    steps: list[Step] = [builder.add(blue(name), target="t") for name in "ab"]
    clock, cancelled = VirtualClock(BEGIN), list[str]()

    async def work(node: Node, _: Mapping[str, None]) -> None:
        if node.step == steps[0]:
            message = "a bug"
            raise LookupError(message)
        try:
            await clock.sleep(9)
        finally:
            cancelled.append(node.id)

    with pytest.raises(LookupError):
        run(lambda: walk(builder.build(), work), clock)
    assert len(cancelled) == 1
