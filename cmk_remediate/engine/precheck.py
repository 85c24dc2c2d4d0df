"""Before the first write of a run: is everything still as reviewed?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.codes.code import Code
from cmk_remediate.engine.drift import drift
from cmk_remediate.engine.gone import GONE, gone_targets
from cmk_remediate.engine.project import Projected, project
from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.model.decisions import Blocked, Change, Done, Read
from cmk_remediate.model.outcomes import Answer, Reader

if TYPE_CHECKING:
    from cmk_remediate.engine.journal_state import JournalState, StepState
    from cmk_remediate.model.graph import Graph, Node
    from cmk_remediate.model.review import Review
    from cmk_remediate.model.step import Step


@dataclass(frozen=True)
class Refusal:
    """Why a target is not started, though the review says it can be moved."""

    code: Code
    text: str


@dataclass(frozen=True)
class PreCheck:
    """What the pre-check found.

    Attributes:
        refused: targets that have drifted or are blocked now, and why.
        seen: what was read, for the steps that look next.
        changing: steps that change something.
        idle: steps that would open a bracket in which nothing is left to change.
    """

    refused: Mapping[str, Refusal]
    seen: Mapping[Read, Answer] = field(default_factory=dict)
    changing: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()

    def and_blocked(self, blocked: Mapping[str, Blocked]) -> PreCheck:
        """Return the same with the targets of *blocked* refused too."""
        more = {target: Refusal(reason.code, reason.why) for target, reason in blocked.items()}
        return replace(self, refused={**more, **self.refused})


async def precheck(
    review: Review, graph: Graph, reader: Reader, journal: JournalState
) -> tuple[PreCheck, Mapping[str, Projected], EachOnce]:
    """Project *graph* again over Azure as it is and compare each step with what was reviewed.

    What drifted is not done, so nothing that looks at its resource finds the effect of it.

    Returns what was found, the projection, and the reader it was read through.

    A step whose write an earlier process left unclear is not judged here: the loop finds out first what became of it. Nor is a
    target that was begun: each of its steps is compared before its own write. But one that is not there any more is refused, as
    soon as no machine stands still for it. Of a run that is finished nothing is done once more: what it had done and what reads
    otherwise now, somebody has changed since.
    """
    once = EachOnce(reader)
    sent = {key for key, state in journal.steps.items() if state.sent}
    reviewed = {step.id: step for step in review.steps}

    def will_be(node: Node, step: Step, change: Change) -> bool:
        # What opens a bracket is looked at by its own inner steps alone: without its effect these would hide why it is refused.
        opens = node.id in graph.closing
        return opens or journal.step(node.id).unclear or not drift(reviewed[node.id], change, step)

    projected = await project(graph, once, opened=sent, will_be=will_be, blocks="errors")
    begun = frozenset() if journal.finished else begun_targets(graph, journal)
    moving = {
        target for item in projected.values() if isinstance(item.decision, Change) for target in item.node.targets
    }
    refused: dict[str, Refusal] = {}
    for key, item in projected.items():
        difference = drift(reviewed[key], item.decision, item.node.step) or _changed_since(item, journal)
        if difference and not journal.step(key).unclear:
            code = item.decision.code if isinstance(item.decision, Blocked) else codes.engine.DRIFT
            refusal = Refusal(code, f"{_where(item)}: {difference}")
            # Where nothing is left to do there is nothing to refuse, whatever it rests on.
            concerned = moving if isinstance(item.decision, Done) else item.node.targets
            refused.update(
                {
                    target: refused.get(target, refusal)
                    for target in item.node.targets
                    if target in concerned and target not in begun
                }
            )
    standing = {target for opener in open_brackets(graph, journal) for target in graph.by_id[opener].targets}
    for target in await gone_targets(review, begun - standing, projected, once):
        refused[target] = Refusal(codes.engine.RESOURCE_GONE, f"{target}: {GONE}")
    idle = frozenset(key for key, item in projected.items() if item.idle)
    changing = frozenset(key for key, item in projected.items() if isinstance(item.decision, Change))
    return PreCheck(refused, once.seen(), changing=changing, idle=idle), projected, once


def begun_targets(graph: Graph, journal: JournalState) -> frozenset[str]:
    """Return the targets an earlier process has begun.

    It sent a write of a step that is theirs alone, or of one that opens a bracket: whatever else has drifted since, that is closed.
    """
    own = (node for node in graph.nodes if len(node.targets) == 1 or node.id in graph.closing)
    begun = (node for node in own if node.left_open or journal.step(node.id).sent)
    return frozenset(target for node in begun for target in node.targets)


def open_brackets(graph: Graph, journal: JournalState) -> tuple[str, ...]:
    """Return the steps whose last write, or that of the run that is undone, opened a bracket that has not been closed since."""
    return tuple(
        opener
        for opener, closer in graph.closing.items()
        if (graph.by_id[opener].left_open or journal.step(opener).sent)
        and not (_ended_well(journal.step(closer)) and journal.step(closer).settled_at > journal.step(opener).sent_at)
    )


def _ended_well(state: StepState) -> bool:
    return state.settled is not None and state.settled.result in ("done", "already done")


def _changed_since(item: Projected, journal: JournalState) -> str:
    """Return how the step of a finished run, which it did, reads now; empty where that needs nothing, or the run goes on."""
    did = journal.finished and _ended_well(journal.step(item.node.id))
    return (
        f"changed after this run had done it: {item.decision.why}" if did and isinstance(item.decision, Change) else ""
    )


def _where(item: Projected) -> str:
    return str(item.step.address()) if item.found.body is not None else item.step.kind
