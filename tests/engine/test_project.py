"""The dry run. What is lost here: a review that says something else than what apply will do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from cmk_remediate.engine.reviewing import graph_of
from cmk_remediate.model.codec import decode, encode, node_id
from cmk_remediate.model.decisions import Change, Decision, Done, Effect, Found
from cmk_remediate.model.graph import GraphBuilder
from cmk_remediate.model.values import UNKNOWN, Maybe, PrincipalId
from tests.engine.estates import whole
from tests.engine.invented import REGISTRY, Guarded, MakeThing, SetThing, UseThing, WaitThing, rid
from tests.engine.lab import Lab, records_of
from tests.laws import law_1, law_2


def test_a_later_step_sees_what_an_earlier_one_will_do() -> None:
    """The second change of one resource is reviewed on the state after the first."""
    lab, builder = Lab(a={"color": "red"}), GraphBuilder()
    thing = rid("things", "a")
    first = builder.add(SetThing(thing, "color", "blue"), target="a")
    builder.add(SetThing(thing, "size", "big"), target="a", needs=[first])
    decisions = [item.decision for item in lab.project(builder.build())[0].values()]
    assert all(isinstance(item, Change) for item in decisions)
    second = list(lab.project(builder.build())[0].values())[1]
    assert second.found.body is not None
    assert second.found.body["properties"]["color"] == "blue"


def test_a_dry_run_reads_each_thing_once_and_nothing_else() -> None:
    lab, graph = whole("a", "b")
    _, log = lab.project(graph)
    assert law_1(log) == []
    assert set(Counter(row["url"].lower() for row in log).values()) == {1}


def test_what_only_azure_can_make_is_shown_as_unknown() -> None:
    lab, graph = whole("a")
    review = lab.dry_run(graph)
    line = next(step for step in review.steps if step.kind == "use-thing").lines[0]
    assert (line.before, line.after) == (None, {"unknown": True})


NOBODY = PrincipalId("")


@dataclass(frozen=True)
class MakeFor(MakeThing):
    """Makes something whose name rests on what another step makes, as a role assignment's does."""

    kind: ClassVar[str] = "make-for"
    principal: Maybe[PrincipalId] = NOBODY

    def address(self) -> Any:
        return self.resource if isinstance(self.principal, str) else UNKNOWN

    def decide(self, found: Found) -> Decision:
        made = {"properties": {"principalId": "chosen by us"}}
        decision = super().decide(found)
        assert isinstance(decision, Change)
        return replace(decision, effects=(Effect(rid("things", "other"), {}), Effect(UNKNOWN, made)))


def test_what_a_step_without_an_address_yet_will_make_is_known_to_those_behind_it() -> None:
    lab, builder = Lab(a={}), GraphBuilder()
    identity = MakeThing(rid("things", "i"))
    grant = MakeFor(rid("things", "g"), identity.principal_id)
    use = UseThing(rid("things", "a"), grant.principal_id)
    for step in (identity, grant, use):
        builder.add(step, target="a")
    projected, _ = lab.project(builder.build())
    (line,) = projected[node_id(use)].decision.lines  # type: ignore[union-attr]
    assert line.after == "chosen by us"


def test_the_second_dry_run_of_a_finished_estate_shows_no_change() -> None:
    lab, graph = whole("a", "b")
    lab.apply(lab.dry_run(graph))
    again = lab.dry_run(graph)
    assert {step.action for step in again.steps} == {"none"}
    applied = lab.apply(again)
    assert law_2(again, applied.log) == []
    assert applied.done.exit_code == 0


def test_steps_and_their_ids_survive_review_and_journal() -> None:
    """Resume finds its steps again by these ids; a changed id would do everything twice."""
    lab, graph = whole("a", "b")
    review = lab.dry_run(graph)
    again = graph_of(review, REGISTRY)
    assert again == graph
    assert [node_id(node.step) for node in again.nodes] == [step.id for step in review.steps]
    run = lab.apply(review)
    known = {node.id for node in graph.nodes}
    assert {record.step for record in records_of(run.lines) if hasattr(record, "step")} == known


def test_a_step_is_the_same_after_json() -> None:
    identity = MakeThing(rid("things", "i"))
    wait = WaitThing(rid("things", "g"))
    steps = [identity, wait, UseThing(rid("things", "a"), identity.principal_id)]
    steps.append(SetThing(rid("things", "a"), "color", None, expects="x", grant=wait.granted))
    by_id = {node_id(step): step for step in steps}
    for step in steps:
        assert decode(type(step), encode(step), by_id.__getitem__) == step


def test_blocked_and_manual_targets_are_known_before() -> None:
    """A reviewer is told; apply leaves them alone, and is no failure for it."""
    lab, builder = Lab(a={"mood": "blocked"}, b={"mood": "manual"}, c={"color": "red"}), GraphBuilder()
    for name in ("a", "b"):
        first = builder.add(Guarded(rid("things", name)), target=name)
        builder.add(SetThing(rid("things", name), "color", "blue"), target=name, needs=[first])
    builder.add(SetThing(rid("things", "c"), "color", "blue"), target="c")
    review = lab.dry_run(builder.build())
    assert [target.blocked and target.blocked.code for target in review.targets] == ["CMK206", None, None]
    done = lab.apply(review)
    assert done.ends == ["blocked", "manual", "done"]
    assert (done.done.exit_code, len(done.writes)) == (0, 1)


def test_a_block_that_was_lifted_since_is_a_new_review_not_a_surprise() -> None:
    """What was not reviewed as going to happen does not happen."""
    lab, builder = Lab(a={"mood": "blocked"}), GraphBuilder()
    first = builder.add(Guarded(rid("things", "a")), target="a")
    builder.add(SetThing(rid("things", "a"), "color", "blue"), target="a", needs=[first])
    review = lab.dry_run(builder.build())
    lab.put(rid("things", "a"), {"mood": "good"})
    assert lab.apply(review).writes == []


def test_done_says_why() -> None:
    lab, builder = Lab(a={"color": "blue"}), GraphBuilder()
    builder.add(SetThing(rid("things", "a"), "color", "blue"), target="a")
    (item,) = lab.project(builder.build())[0].values()
    assert item.decision == Done("color is 'blue'")
