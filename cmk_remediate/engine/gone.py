"""What a run has begun and is not there any more: deleted, or moved elsewhere. Nothing is left to do of it, and nothing to undo.

Else a run whose target somebody has deleted could neither be finished nor undone, and would keep its vault from every other run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.errors import CmkError
from cmk_remediate.model.decisions import Blocked, Read
from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cmk_remediate.engine.journal_state import JournalState
    from cmk_remediate.engine.project import Projected
    from cmk_remediate.model.graph import Graph
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.model.review import Review

GONE = "it is not there any more: deleted, or moved elsewhere"


async def gone_targets(
    review: Review, targets: Collection[str], projected: Mapping[str, Projected], reader: Reader
) -> frozenset[str]:
    """Return those of *targets* that *review* saw and that are not there any more.

    Only what cannot go on is asked for: *projected* has a step of it that is blocked.

    Args:
        review: what the run carries out.
        targets: ids of targets that were begun.
        projected: what the run's steps find now.
        reader: should read each thing once.
    """
    stuck = {one for item in projected.values() if isinstance(item.decision, Blocked) for one in item.node.targets}
    made = {str(step.resource_id).lower() for step in review.steps if step.action == "create"}
    asked = [one for one in targets if one in stuck and one.lower() not in made]
    return frozenset([one for one in asked if await _is_absent(one, reader)])


async def gone_nodes(graph: Graph, journal: JournalState, reader: Reader) -> frozenset[str]:
    """Return the nodes of *graph* that have written, as *journal* has it, to what was there before and is not there any more."""
    found = set()
    for node in graph.nodes:
        state = journal.step(node.id)
        if state.before is not None and await _is_absent(state.intents[0].resource_id, reader):
            found.add(node.id)
    return frozenset(found)


async def _is_absent(resource: str, reader: Reader) -> bool:
    """Say whether Azure says that *resource* is absent: no answer, or a refusal, says nothing."""
    try:
        return (await reader.read(Read(ResourceId.parse(resource)))).body is None
    except (CmkError, ValueError):
        return False
