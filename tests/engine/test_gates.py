"""The gates of a run. What is lost here: a change that goes on when it was to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_remediate.engine.run import Rules
from cmk_remediate.engine.schedule import Stop
from cmk_remediate.model.graph import Graph, GraphBuilder
from cmk_remediate.model.records import Intent, Settled
from tests.engine.invented import Disrupt, SetThing, rid
from tests.engine.lab import Lab, records_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.result import Event
    from tests.engine.small_azure import SmallAzure

NAMES = ("a", "b", "c")


def three() -> tuple[Lab, Graph]:
    lab, builder = Lab(**{name: {"color": "red"} for name in NAMES}), GraphBuilder()
    for name in NAMES:
        builder.add(SetThing(rid("things", name), "color", "blue"), target=name)
    return lab, builder.build()


CANARY = Rules(canary=1, soak=3600)


def test_the_rest_waits_for_the_canary_and_its_soak() -> None:
    lab, graph = three()
    done = lab.apply(lab.dry_run(graph), rules=CANARY)
    times = [row["at"] for row in done.writes]
    assert done.done.exit_code == 0
    assert times[1] - times[0] >= 3600


def test_the_soak_survives_a_crash() -> None:
    lab, graph = three()
    review = lab.dry_run(graph)
    killed = lab.apply(review, rules=CANARY, kill_at=(6, "before"))
    assert len(killed.writes) == 1
    left = Lab.copy(lab)
    left.pass_time(1800)
    began = left.clock.stamp()
    again = left.apply(review, killed.lines, rules=CANARY)
    assert again.done.exit_code == 0
    assert len(again.writes) == 2
    assert left.clock.stamp() - began < 3600, "half of the soak had passed"


def test_a_canary_that_failed_or_is_not_right_after_its_soak_holds_the_rest() -> None:
    lab, graph = three()
    review = lab.dry_run(graph)
    key = rid("things", "a").key
    failed = lab.copy().apply(review, rules=CANARY, settings=lambda azure: azure.faults.update({key: ["refused"]}))
    assert failed.ends == ["failed", "skipped", "skipped"]

    def spoil(event: Any) -> None:
        if event.kind == "waiting":
            lab.state.bodies[key]["properties"]["color"] = "pink"

    spoiled = lab.apply(review, rules=CANARY, progress=spoil)
    assert (len(spoiled.writes), spoiled.done.targets[1].code) == (1, "CMK507")


def test_a_canary_that_has_drifted_does_not_hold_the_run_for_ever() -> None:
    lab, graph = three()
    review = lab.dry_run(graph)
    lab.put(rid("things", "a"), {"color": "green"})
    done = lab.apply(review, rules=CANARY)
    assert done.ends == ["failed", "done", "done"]


def test_after_so_many_failures_no_target_is_begun() -> None:
    lab, builder = Lab(**{name: {"color": "red"} for name in NAMES}), GraphBuilder()
    steps = [SetThing(rid("things", name), "color", "blue") for name in NAMES]
    for number, name in enumerate(NAMES):
        builder.add(steps[number], target=name, after=steps[:number])
    review = lab.dry_run(builder.build())
    done = lab.apply(review, settings=lambda azure: azure.faults.update({rid("things", "a").key: ["refused"]}))
    assert done.ends == ["failed", "skipped", "skipped"]
    assert done.done.targets[2].code == "CMK506"


SHARED = rid("things", "shared")


def staggered(later: set[int], *, shared: bool) -> tuple[Lab, Graph]:
    """Return four targets of two steps; those in *later* begin behind the one before; all may wait for a shared step."""
    lab, builder = Lab(), GraphBuilder()
    common = SetThing(lab.put(SHARED, {"color": "red"}), "color", "blue")
    last: SetThing | None = None
    for number in range(4):
        first, second = (
            SetThing(lab.put(rid("things", f"{name}{number}"), {"color": "red"}), "color", "blue")
            for name in ("one", "two")
        )
        behind = [last] if last is not None and number in later else []
        if shared:
            builder.add(common, target=f"t{number}")
        needs = [common] if shared and number % 2 else []
        builder.add(first, target=f"t{number}", needs=needs, after=behind)
        builder.add(second, target=f"t{number}", needs=[first])
        last = second
    return lab, builder.build()


def begun_after(cap: int, graph: Graph, lines: Sequence[bytes]) -> tuple[set[str], set[str]]:
    """Return the targets that began, and those of them that did once *cap* targets had failed; as the journal tells."""
    begun: set[str] = set()
    late: set[str] = set()
    failed: set[str] = set()
    for record in records_of(lines):
        if isinstance(record, Intent):
            targets = set(graph.by_id[record.step].targets)
            late |= targets if len(failed) >= cap and not targets & begun else set()
            begun |= targets if len(targets) == 1 else set()
        elif isinstance(record, Settled) and record.result in ("failed", "drifted"):
            failed |= set(graph.by_id[record.step].targets)
    return begun, late


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    cap=st.integers(1, 3),
    slow=st.lists(st.integers(0, 90), min_size=4, max_size=4),
    later=st.sets(st.integers(1, 3)),
    refused=st.sets(st.sampled_from(["one0", "two1", "one2", "two3", "shared"])),
    drifted=st.sets(st.sampled_from(["one1", "two0", "one3"])),
    shared=st.booleans(),
)
def test_no_target_begins_once_the_cap_is_reached_and_what_was_begun_goes_on(
    *, cap: int, slow: list[int], later: set[int], refused: set[str], drifted: set[str], shared: bool
) -> None:
    """Some start late, behind others; some stand on a step that all share; a target fails by a refusal or by a late drift."""
    lab, graph = staggered(later, shared=shared)
    review = lab.dry_run(graph)

    def hand(_: object) -> None:
        for name in drifted:
            lab.put(rid("things", name), {"color": "green"})

    def plan(azure: SmallAzure) -> None:
        azure.slow = {rid("things", f"one{number}").key: seconds for number, seconds in enumerate(slow)}
        azure.faults = {rid("things", name).key: ["refused"] for name in refused}
        azure.before_send = hand

    done = lab.apply(review, rules=Rules(max_failures=cap), settings=plan)
    begun, late = begun_after(cap, graph, done.lines)
    assert not late
    held = {target.id for target in done.done.targets if target.code == "CMK506"}
    assert not held & begun, "what was begun goes on"


@pytest.mark.parametrize(("theirs", "end"), [("green", "failed"), ("blue", "done")])
def test_who_waited_for_anothers_outage_looks_again_before_it_writes(theirs: str, end: str) -> None:
    """An outage takes minutes: what an owner has set meanwhile is not written over as it was seen before."""
    lab, builder = Lab(**{name: {"color": "red"} for name in NAMES}), GraphBuilder()
    for name in NAMES:
        builder.add(Disrupt(rid("things", name), "color", "blue"), target=name)
    review = lab.dry_run(builder.build())

    def owner(event: Event) -> None:
        if event.kind == "sending" and event.target == ("a",):
            lab.put(rid("things", "c"), {"color": theirs})

    def slow(azure: SmallAzure) -> None:
        azure.slow = {rid("things", name).key: 300 for name in NAMES}

    done = lab.apply(review, settings=slow, progress=owner, rules=Rules(max_failures=3))
    assert {one.id: one.end for one in done.done.targets}["c"] == end
    assert lab.value(rid("things", "c"), "color") == theirs
    assert len(done.writes) == len(NAMES) - 1
    assert lab.value(rid("things", "b"), "color") == "blue"


def test_an_outage_that_an_earlier_process_began_counts_until_it_has_ended() -> None:
    """The next process must not restart the second cluster while Azure is still restarting the first one."""
    lab, builder = Lab(a={"color": "red"}, b={"color": "red"}), GraphBuilder()
    for name in ("a", "b"):
        builder.add(Disrupt(rid("things", name), "color", "blue"), target=name)
    review = lab.dry_run(builder.build())
    lab.settings = lambda azure: azure.slow.update({rid("things", name).key: 400 for name in ("a", "b")})
    calls = 0
    while not lab.state.running:
        calls, tried = calls + 1, lab.copy()
        killed = tried.apply(review, kill_at=(calls, "before"))
        lab = tried if tried.state.running else lab
    most = 0

    def hand(_: object) -> None:
        nonlocal most
        most = max(most, len(lab.state.running))

    again = lab.apply(review, killed.lines, settings=lambda azure: setattr(azure, "before_send", hand))
    assert (again.done.exit_code, len(again.writes)) == (0, 1)
    assert most == 0, "it was sent while the other one was still out of service"


def test_exit_0_done_and_done_already() -> None:
    lab, graph = three()
    review = lab.dry_run(graph)
    assert lab.apply(review).done.exit_code == 0
    assert (again := lab.apply(review)).done.exit_code == 0
    assert again.writes == []


def test_exit_4_when_nothing_fits() -> None:
    lab, graph = three()
    done = lab.apply(lab.dry_run(graph), rules=Rules(fits=lambda _: "the window is closed"))
    assert (done.done.exit_code, done.writes) == (4, [])


def test_exit_5_and_130_after_and_before_the_first_write() -> None:
    lab, graph = three()
    review = lab.dry_run(graph)
    early = Stop()
    early.ask("Ctrl-C")
    assert lab.copy().apply(review, stop=early).done.exit_code == 130
    late, slow = Stop(), GraphBuilder()
    first = slow.add(SetThing(rid("things", "a"), "color", "blue"), target="a")
    slow.add(SetThing(rid("things", "b"), "color", "blue"), target="b", needs=[first])

    def watch(event: Any) -> None:
        if event.kind == "sent":
            late.ask("Ctrl-C")

    review = lab.dry_run(slow.build())
    done = lab.apply(review, stop=late, progress=watch)
    assert (done.done.exit_code, len(done.writes)) == (5, 1)
    assert lab.apply(review, done.lines).done.exit_code == 0


def test_exit_1_when_an_error_came_before_any_write() -> None:
    """Nothing was changed: the operator may simply run it again."""
    lab, graph = three()
    review = lab.dry_run(graph)
    done = lab.apply(review, rules=Rules(max_failures=0))
    assert (done.done.exit_code, done.writes, done.done.targets[0].code) == (1, [], "CMK506")


def test_a_group_that_is_half_moved_is_the_first_line() -> None:
    """A geo pair of which one partner is on the new key and the other is not."""
    lab, builder = Lab(a={"color": "red"}, b={"color": "red"}), GraphBuilder()
    for name in ("a", "b"):
        builder.add(SetThing(rid("things", name), "color", "blue"), target="pair")
    review = lab.dry_run(builder.build())
    done = lab.apply(review, settings=lambda azure: azure.faults.update({rid("things", "b").key: ["refused"]}))
    assert done.done.alarms[0].startswith("mixed")
    assert done.done.exit_code == 5
