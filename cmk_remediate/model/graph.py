"""The graph: which step stands on which.

Equal steps of two targets are one node and their edges unite. Three edges: ``needs`` (must have succeeded), ``after`` (must have
ended, however), ``closes`` (runs if and only if the named step wrote, or an earlier run's did, whatever failed or was stopped
between).
"""

from __future__ import annotations

import graphlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.errors import BugError, InputError
from cmk_remediate.model.codec import node_id
from cmk_remediate.model.step import Step, refs
from cmk_remediate.model.values import Ref, Unknown, holds_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Node:
    """One step and its edges, all by node id.

    Attributes:
        id: hash of the step with its promises unresolved.
        step: the step.
        needs: nodes that must have succeeded.
        after: nodes that must have ended.
        closes: the node whose bracket this one closes, or None.
        targets: the targets it belongs to, in the order they were added.
        left_open: it opens a bracket that another run has opened and not closed: what closes it runs in any case.
    """

    id: str
    step: Step
    needs: tuple[str, ...]
    after: tuple[str, ...]
    closes: str | None
    targets: tuple[str, ...]
    left_open: bool = False

    @property
    def before_it(self) -> tuple[str, ...]:
        """Every node that must have ended before this one starts."""
        closing = (self.closes,) if self.closes else ()
        return tuple(dict.fromkeys((*self.needs, *self.after, *closing)))


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which each comes after all it waits for."""

    nodes: tuple[Node, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Node]:
        """Each node by its id."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def closing(self) -> Mapping[str, str]:
        """For each node that opens a bracket, the node that closes it."""
        return {node.closes: node.id for node in self.nodes if node.closes}

    @cached_property
    def dependants(self) -> Mapping[str, tuple[str, ...]]:
        """For each node, those that need it directly."""
        found: dict[str, list[str]] = {node.id: [] for node in self.nodes}
        for node in self.nodes:
            for need in node.needs:
                found[need].append(node.id)
        return {key: tuple(value) for key, value in found.items()}

    def without(self, targets: Iterable[str]) -> Graph:
        """Return the graph without *targets* and the nodes that belong to no other target.

        Both ends of a bracket that was left open stay: what was stopped is started, whatever keeps the rest from being done.
        """
        gone = set(targets)
        openers = {node.id for node in self.nodes if node.left_open}
        ends = {node.id for node in self.nodes if node.id in openers or node.closes in openers}
        kept = [node for node in self.nodes if node.id in ends or any(target not in gone for target in node.targets)]
        ids = {node.id for node in kept}
        return Graph(
            tuple(
                replace(
                    node,
                    needs=tuple(item for item in node.needs if item in ids),
                    after=tuple(item for item in node.after if item in ids),
                    closes=node.closes if node.closes in ids else None,
                    targets=tuple(one for one in node.targets if one not in gone or node.id in ends),
                )
                for node in kept
            )
        )

    def canary_first(self, canary: Iterable[str]) -> Graph:
        """Return the graph with what the targets *canary* stand on freed from waiting for steps of other targets.

        A shared step that something of theirs needs (protecting their vault) waits for their own steps only; one that comes last
        of all (restricting it) still waits for everybody's.
        """
        first = set(canary)
        for_them = {node.id for node in self.nodes if first & set(node.targets)}
        needed: set[str] = set()
        for node in reversed(self.nodes):
            if node.id in needed or (node.targets and set(node.targets) <= first):
                needed.update(node.before_it)
        return Graph(
            tuple(
                replace(
                    node,
                    needs=tuple(key for key in node.needs if key in for_them),
                    after=tuple(key for key in node.after if key in for_them),
                )
                if node.id in needed and node.id in for_them
                else node
                for node in self.nodes
            )
        )

    def inside(self, opener: str) -> tuple[str, ...]:
        """Return the ids of the nodes between *opener* and the node that closes its bracket."""
        after = self.by_id[self.closing[opener]].after
        return tuple(key for key in after if opener in self.by_id[key].needs)

    def bracket_of(self, node: Node) -> str | None:
        """Return the id of the node that opened the bracket *node* stands in (or closes), or None."""
        return self._openers.get(node.id)

    @cached_property
    def _openers(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for opener, closer in self.closing.items():
            for key in (opener, *self.inside(opener), closer):
                found.setdefault(key, opener)
        return found


class GraphBuilder:
    """Collects steps; `build` refuses what contradicts itself."""

    def __init__(self, plans: Mapping[str, str] | None = None) -> None:
        """Start empty; *plans*: for each target the name of its plan, where a conflict has to say it."""
        self._plans = plans or {}
        self._steps: dict[str, Step] = {}
        self._needs: dict[str, dict[str, None]] = {}
        self._after: dict[str, dict[str, None]] = {}
        self._closes: dict[str, str] = {}
        self._left_open: set[str] = set()
        self._targets: dict[str, dict[str, None]] = {}

    def add(
        self,
        step: Step,
        *,
        target: str,
        needs: Iterable[Step] = (),
        after: Iterable[Step] = (),
        closes: Step | None = None,
        left_open: bool = False,
    ) -> Step:
        """Add *step* for *target*; steps it holds promises of are needed without being named.

        Every step named must be added too, before `build`. *left_open*: as in `Node`. Returns the step.
        """
        key = node_id(step)
        self._steps[key] = self._steps[key].merged(step) if key in self._steps else step
        self._targets.setdefault(key, {})[target] = None
        edges = self._needs.setdefault(key, {})
        for ref in refs(step):
            edges[node_id(ref.step)] = None
        probe = step.probes()
        if isinstance(probe, Ref):
            edges[node_id(probe.step)] = None
        for need in needs:
            edges[node_id(need)] = None
        later = self._after.setdefault(key, {})
        for earlier in after:
            later[node_id(earlier)] = None
        if closes is not None:
            self._closes[key] = node_id(closes)
        if left_open:
            self._left_open.add(key)
        return step

    def build(self) -> Graph:
        """Return the graph.

        Raises:
            InputError: CMK117 when two steps ask for different values of one property of one resource.
            BugError: when an edge leads nowhere or in a circle.
        """
        self._refuse_conflicts()
        sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
        for key in self._steps:
            before = [*self._needs[key], *self._after[key], *([self._closes[key]] if key in self._closes else [])]
            missing = [item for item in before if item not in self._steps]
            if missing:
                raise BugError(codes.engine.BUG, f"step {key} stands on {missing[0]}, which is not in the graph")
            sorter.add(key, *before)
        try:
            order = list(sorter.static_order())
        except graphlib.CycleError as error:
            raise BugError(codes.engine.BUG, f"the steps stand on each other in a circle: {error.args[1]}") from error
        return Graph(
            tuple(
                Node(
                    key,
                    self._steps[key],
                    tuple(self._needs[key]),
                    tuple(self._after[key]),
                    self._closes.get(key),
                    tuple(self._targets[key]),
                    key in self._left_open,
                )
                for key in order
            )
        )

    def _refuse_conflicts(self) -> None:
        owners: dict[tuple[str, str], tuple[str, Any]] = {}
        for key, step in self._steps.items():
            address = step.address()
            if isinstance(address, Unknown):
                continue
            for path, value in step.owns().items():
                if holds_unknown(value):
                    continue
                other, other_value = owners.setdefault((address.key, path), (key, value))
                if other_value != value and self._closes.get(key) != other and self._closes.get(other) != key:
                    mine, theirs = self._wanting(key), self._wanting(other)
                    raise InputError(
                        codes.input_.GRAPH_CONFLICT,
                        f"{path} is to be {other_value!r} for {theirs} but {value!r} for {mine}",
                        resource=address.text,
                    )

    def _wanting(self, key: str) -> str:
        """Return the targets that a step is for, each with its plan where plans were named."""
        return ", ".join(f"{one} ({self._plans[one]})" if one in self._plans else one for one in self._targets[key])
