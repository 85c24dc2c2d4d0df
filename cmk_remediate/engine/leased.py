"""Which names a run has to have the lease of: everything its review writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.engine.drift import CHANGES
from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.engine.journal_state import JournalState
    from cmk_remediate.model.graph import Graph, Node
    from cmk_remediate.model.review import Review


def leased_names(review: Review, graph: Graph) -> frozenset[str]:
    """Return the lower-case ids, and other names, of what the steps of *review* write.

    A child is leased with its top-level resource: Azure refuses two writes at once there (a vault and its keys: 409
    ConflictError). A role assignment is a resource of its own: its name says whose grant on what it is, so nobody else writes it.
    A step whose address only the run will know is leased by its locks. What closes a bracket that was left open may write whatever
    the review could see of it.
    """
    reviewed = {step.id: step for step in review.steps}
    return names_of(node for node in graph.nodes if node.left_open or reviewed[node.id].action in CHANGES)


def begun_names(graph: Graph, state: JournalState) -> frozenset[str]:
    """Return the names of what a run has begun to write, by its journal."""
    sent = frozenset(_name(ResourceId(intent.resource_id)) for step in state.steps.values() for intent in step.intents)
    return sent | names_of(node for node in graph.nodes if state.step(node.id).sent)


def names_of(nodes: Iterable[Node]) -> frozenset[str]:
    """Return the names of what *nodes* write."""
    found: set[str] = set()
    for node in nodes:
        found |= node.step.locks()
        address = node.step.address()
        if isinstance(address, ResourceId):
            found.add(_name(address))
    return frozenset(found)


def _name(resource: ResourceId) -> str:
    return resource.key if resource.scope is not None else resource.top_level.key
