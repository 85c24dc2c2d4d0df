"""The inverse of a run, as a graph of its own.

For every step the journal shows as sent, newest first: its inverse, edges turned round. What stays holds up all it stands on: a
step whose undo keeps it, or that Azure cannot undo, stays, and so does every step it needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.engine.project import value_of
from cmk_remediate.engine.reviewing import Kept
from cmk_remediate.model.codec import node_id
from cmk_remediate.model.decisions import Keep, OneWay
from cmk_remediate.model.graph import Graph, GraphBuilder, Node
from cmk_remediate.model.step import Step, bind
from cmk_remediate.model.values import UNKNOWN, Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.engine.journal_state import JournalState


@dataclass(frozen=True)
class Inverse:
    """What undoes a run: the graph of inverse steps, and what stays."""

    graph: Graph
    kept: tuple[Kept, ...]


def inverse(graph: Graph, journal: JournalState, bodies: Mapping[str, Any]) -> Inverse:
    """Return what undoes the run of *graph* that *journal* records.

    Args:
        graph: the run's graph.
        journal: what was sent, and the before-images.
        bodies: the raw body of each node's resource after the run, by node id; also of nodes that sent nothing.
    """
    sent = [node for node in graph.nodes if node.id in journal.steps and journal.steps[node.id].sent]
    used = _used(graph, {node.id for node in sent})
    undos = {node.id: _undo(node, journal, bodies, used=used[node.id]) for node in sent}
    kept = _kept(graph, sent, undos)
    builder = GraphBuilder()
    chains: dict[str, tuple[Step, ...]] = {
        node.id: undo for node in sent if node.id not in kept and isinstance(undo := undos[node.id], tuple)
    }
    stands_on_it = _sent_dependants(graph, set(chains))
    for node in reversed(sent):
        if node.id not in chains:
            continue
        first = [chains[later][-1] for later in stands_on_it[node.id]]
        for index, step in enumerate(chains[node.id]):
            needs = first if index == 0 else [chains[node.id][index - 1]]
            for target in node.targets:
                builder.add(step, target=target, needs=needs)
    return Inverse(builder.build(), tuple(kept[node.id] for node in sent if node.id in kept))


def _used(graph: Graph, sent: set[str]) -> dict[str, bool]:
    """Say of each node whether anything that stands on it, however far up, was ever sent."""
    used: dict[str, bool] = {}
    for node in reversed(graph.nodes):
        used[node.id] = any(above in sent or used[above] for above in graph.dependants[node.id])
    return used


def _undo(
    node: Node, journal: JournalState, bodies: Mapping[str, Any], *, used: bool
) -> tuple[Step, ...] | Keep | OneWay:
    def promised(ref: Ref[Any]) -> Any:
        key = node_id(ref.step)
        return value_of(ref, bodies.get(key), done=True) if key in bodies else UNKNOWN

    step = bind(node.step, promised)
    undo = step.undo(journal.steps[node.id].before, bodies.get(node.id), used=used)
    return (undo,) if isinstance(undo, Step) else undo


def _kept(graph: Graph, sent: list[Node], undos: Mapping[str, tuple[Step, ...] | Keep | OneWay]) -> dict[str, Kept]:
    """Return what stays: what says so itself, and all that such a step stands on."""
    kept: dict[str, Kept] = {}
    holders: dict[str, Node] = {}
    for node in reversed(graph.nodes):
        undo = undos.get(node.id)
        if isinstance(undo, (Keep, OneWay)):
            kept[node.id] = Kept(node.id, node.step, isinstance(undo, OneWay), undo.code, undo.why, node.targets)
        elif node.id in holders and undo is not None:
            why = f"{holders[node.id].step.kind} stays and stands on it"
            kept[node.id] = Kept(node.id, node.step, one_way=False, code=None, why=why, targets=node.targets)
        if node.id in kept or node.id in holders:
            for need in node.needs:
                holders.setdefault(need, node if node.id in kept else holders[node.id])
    return {node.id: kept[node.id] for node in sent if node.id in kept}


def _sent_dependants(graph: Graph, undone: set[str]) -> dict[str, list[str]]:
    """Return for each node that is undone the undone nodes that stand on it, also through nodes that are not undone."""
    later = _later(graph)
    above: dict[str, list[str]] = {}
    reach: dict[str, dict[str, None]] = {}
    for node in reversed(graph.nodes):
        reach[node.id] = {}
        for dependant in (*graph.dependants[node.id], *later[node.id]):
            if dependant in undone:
                reach[node.id][dependant] = None
            else:
                reach[node.id].update(reach[dependant])
        above[node.id] = list(reach[node.id])
    return above


def _later(graph: Graph) -> dict[str, list[str]]:
    """Return for each node those that merely come after it, or close its bracket."""
    later: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for node in graph.nodes:
        for earlier in (*node.after, *((node.closes,) if node.closes else ())):
            later[earlier].append(node.id)
    return later
