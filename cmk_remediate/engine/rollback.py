"""The inverse of a run, as a graph of its own.

For every step the journal shows as sent, newest first: its inverse, edges turned round. What stays holds up all it stands on: a
step whose undo keeps it, or that Azure cannot undo, stays, and so does every step it needs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.engine.gone import GONE
from cmk_remediate.engine.precheck import open_brackets
from cmk_remediate.engine.project import value_of
from cmk_remediate.engine.reviewing import Kept
from cmk_remediate.model.codec import node_id
from cmk_remediate.model.decisions import Keep, OneWay
from cmk_remediate.model.graph import Graph, GraphBuilder, Node
from cmk_remediate.model.step import Step, bind
from cmk_remediate.model.values import UNKNOWN, Ref

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cmk_remediate.engine.journal_state import JournalState


@dataclass(frozen=True)
class Inverse:
    """What undoes a run: the graph of inverse steps, and what stays."""

    graph: Graph
    kept: tuple[Kept, ...]


def inverse(
    graph: Graph, journal: JournalState, bodies: Mapping[str, Any], gone: Collection[str] = frozenset()
) -> Inverse:
    """Return what undoes the run of *graph* that *journal* records.

    Args:
        graph: the run's graph.
        journal: what was sent, and the before-images.
        bodies: the raw body of each node's resource after the run, by node id; also of nodes that sent nothing.
        gone: the nodes whose resource was there before and is not any more: there is nothing to undo of them.
    """
    sent = [node for node in graph.nodes if journal.step(node.id).sent]
    used = _used(graph, {node.id for node in sent})
    undos = {
        node.id: Keep(GONE, codes.engine.RESOURCE_GONE)
        if node.id in gone
        else _undo(node, journal, bodies, used=used[node.id])
        for node in sent
    }
    kept = _kept(graph, sent, undos, journal, gone)
    chains = {node.id: undo for node in sent if node.id not in kept and isinstance(undo := undos[node.id], tuple)}
    left_open = [opener for opener in open_brackets(graph, journal) if opener not in gone]
    return Inverse(
        _turned_round(graph, _with_brackets(graph, bodies, chains, left_open), left_open),
        tuple(replace(kept[node.id], address=_bound(node.step, bodies).address()) for node in sent if node.id in kept),
    )


def _turned_round(graph: Graph, chains: Mapping[str, tuple[Step, ...]], left_open: Collection[str]) -> Graph:
    """Return the graph of the inverse steps *chains*, newest first, every edge the other way."""
    stands_on_it, comes_later = _above(graph, set(chains))
    builder = GraphBuilder()
    for node in reversed(graph.nodes):
        if node.id not in chains:
            continue
        chain = chains[node.id]
        # What closed the bracket opens it for the way back, and what opened it closes it: whatever fails in between.
        inside = graph.bracket_of(node)
        opens = chains.get(graph.closing[inside], ()) if inside and not node.closes and inside != node.id else ()
        closing = chains.get(graph.closing.get(node.id, ""), ())
        around = node.id in graph.closing
        later = [step for key in comes_later[node.id] for step in chains[key]]
        above = [] if around else [chains[key][-1] for key in stands_on_it[node.id] if not _alike(chain, chains[key])]
        if around:
            later = [step for key in (*stands_on_it[node.id], *comes_later[node.id]) for step in chains[key]]
        for index, step in enumerate(chain):
            needs = [*opens, *(above if index == 0 else [chain[index - 1]])]
            last = index == len(chain) - 1
            for target in node.targets:
                closes = closing[-1] if closing and last else None
                builder.add(
                    step, target=target, needs=needs, after=later, closes=closes, left_open=node.closes in left_open
                )
    return builder.build()


def _alike(one: tuple[Step, ...], other: tuple[Step, ...]) -> bool:
    """Say whether two inverses do the same to what only one may write at a time, as the protectors of a geo pair.

    Which of them Azure wants first is not documented: whichever it refuses waits for the other.
    """
    if not one or not other:
        return False
    return one[-1].kind == other[-1].kind and bool(one[-1].locks() & other[-1].locks())


def _with_brackets(
    graph: Graph, bodies: Mapping[str, Any], chains: Mapping[str, tuple[Step, ...]], left_open: Collection[str]
) -> dict[str, tuple[Step, ...]]:
    """Return *chains* without the brackets in which nothing is undone; of one that was left open both ends are there.

    What opened a bracket stands for its opening on the way back where nothing was sent to close it: it was left open, or its owner
    had closed it first.
    """
    found = dict(chains)
    for opener, closer in graph.closing.items():
        undone = any(key in chains for key in graph.inside(opener))
        if opener in chains and (undone or opener in left_open):
            found.setdefault(closer, (_bound(graph.by_id[opener].step, bodies),))
        elif not undone:
            found.pop(opener, None)
            found.pop(closer, None)
    return found


def _used(graph: Graph, sent: set[str]) -> dict[str, bool]:
    """Say of each node whether anything that stands on it, however far up, was ever sent."""
    used: dict[str, bool] = {}
    for node in reversed(graph.nodes):
        users = [above for above in graph.dependants[node.id] if not graph.by_id[above].step.only_follows]
        used[node.id] = any(above in sent or used[above] for above in users)
    return used


def _undo(
    node: Node, journal: JournalState, bodies: Mapping[str, Any], *, used: bool
) -> tuple[Step, ...] | Keep | OneWay:
    undo = _bound(node.step, bodies).undo(journal.steps[node.id].before, bodies.get(node.id), used=used)
    return (undo,) if isinstance(undo, Step) else undo


def _bound(step: Step, bodies: Mapping[str, Any]) -> Step:
    """Return *step* with each promise replaced by what its producer's body holds."""

    def promised(ref: Ref[Any]) -> Any:
        key = node_id(ref.step)
        return value_of(ref, bodies.get(key), done=True) if key in bodies else UNKNOWN

    return bind(step, promised)


def _kept(
    graph: Graph,
    sent: list[Node],
    undos: Mapping[str, tuple[Step, ...] | Keep | OneWay],
    journal: JournalState,
    gone: Collection[str],
) -> dict[str, Kept]:
    """Return what stays: what says so itself, and all that such a step stands on; nothing stands still for what is *gone*."""
    kept: dict[str, Kept] = {}
    holders: dict[str, Node] = {}
    brackets = {*graph.closing, *graph.closing.values()}
    for node in reversed(graph.nodes):
        undo = undos.get(node.id)
        if node.id in brackets and node.id not in gone:
            pass  # a bracket leaves nothing behind: what it stands on is held, it is not
        elif isinstance(undo, (Keep, OneWay)) and not journal.steps[node.id].changed:
            pass  # Azure refused every attempt at once: there is nothing that could stay
        elif isinstance(undo, (Keep, OneWay)):
            kept[node.id] = Kept(node.id, node.step, isinstance(undo, OneWay), undo.code, undo.why, node.targets)
        elif node.id in holders and undo is not None:
            why = f"{holders[node.id].step.kind} stays and stands on it"
            kept[node.id] = Kept(node.id, node.step, one_way=False, code=None, why=why, targets=node.targets)
        holder = node if node.id in kept and node.id not in gone else holders.get(node.id)
        if holder is not None and not node.step.only_follows:
            for need in node.needs:
                holders.setdefault(need, holder)
    return {node.id: kept[node.id] for node in sent if node.id in kept}


def _above(graph: Graph, undone: set[str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return for each node the undone nodes that stand on it, and those that merely come later.

    Both also through nodes that are not undone.
    """
    later = _later(graph)
    stands: dict[str, dict[str, None]] = {}
    reach: dict[str, dict[str, None]] = {}
    for node in reversed(graph.nodes):
        stands[node.id], reach[node.id] = {}, {}
        for dependant in graph.dependants[node.id]:
            stands[node.id].update({dependant: None} if dependant in undone else stands[dependant])
        for dependant in (*graph.dependants[node.id], *later[node.id]):
            reach[node.id].update({dependant: None} if dependant in undone else reach[dependant])
    return (
        {key: list(value) for key, value in stands.items()},
        {key: [item for item in value if item not in stands[key]] for key, value in reach.items()},
    )


def _later(graph: Graph) -> dict[str, list[str]]:
    """Return for each node those that merely come after it, or close its bracket."""
    later: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for node in graph.nodes:
        for earlier in (*node.after, *((node.closes,) if node.closes else ())):
            later[earlier].append(node.id)
    return later
