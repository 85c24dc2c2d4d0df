"""The dry run: a projection.

The graph is walked in order over Azure as read, with the effect of every change laid over it before the next step decides. So a
step that starts what an earlier one stopped reads stopped -> running, and the dry run of a finished estate shows no change.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cmk_remediate import codes
from cmk_remediate.engine.overlay import Overlay
from cmk_remediate.engine.schedule import each
from cmk_remediate.engine.shapes import ShapeError, making_sense_of
from cmk_remediate.errors import AzureError
from cmk_remediate.model.codec import node_id
from cmk_remediate.model.decisions import Blocked, Change, Decision, Done, Found, Pending, Read
from cmk_remediate.model.graph import Graph, Node
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path, canonical
from cmk_remediate.model.step import Step, bind
from cmk_remediate.model.values import UNKNOWN, Ref, Unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cmk_remediate.model.outcomes import Reader


@dataclass(frozen=True)
class Projected:
    """One step in the projection.

    Attributes:
        node: its node.
        step: the step with the promises bound that are known.
        found: what it judged by.
        decision: what it said.
        after: its resource's body once it is done; may hold `UNKNOWN`.
        idle: it would open a bracket in which nothing is to change; so it does not.
    """

    node: Node
    step: Step
    found: Found
    decision: Decision
    after: JsonObject | None
    idle: bool = False

    @property
    def done(self) -> bool:
        """Whether nothing is left to do or to wait for."""
        return isinstance(self.decision, Done)


Allowed = Callable[[Node, Step, Change], bool]
Blocks = Literal["nothing", "refusals", "errors"]
"""Which reads that are not answered block their step alone. ``errors``: an apply or a rollback goes on with the others;
``refusals``: a review that left a target out because of an hour's trouble (CMK210) would be a wrong one; ``nothing``: a
verification calls nothing wrong that it could not see."""


def _whatever(_node: Node, _step: Step, _change: Change) -> bool:
    return True


async def project(
    graph: Graph,
    reader: Reader,
    opened: Collection[str] = (),
    will_be: Allowed = _whatever,
    *,
    blocks: Blocks = "refusals",
) -> Mapping[str, Projected]:
    """Return every node of *graph* as the projection leaves it, by node id, in the graph's order.

    A bracket is opened only if something inside it is to change: nothing is stopped for nothing. A step that may not read what it
    judges by, or can make no sense of it, is blocked, and the others are projected.

    Args:
        graph: the steps.
        reader: should read each thing once: what is projected again, for a bracket that stays shut, is read again.
        opened: nodes that have written already, as a journal knows; a bracket that one of them opened has to be closed.
        will_be: says of a node, its step and its change whether it will be made: only then a later step finds its effect.
        blocks: what of its reads blocks a step by itself; what does not is raised.

    Raises:
        AzureError: a read was not answered, and that does not block its step alone.
    """
    await _read_ahead(graph, reader)
    shut: frozenset[str] = frozenset()
    while True:
        projected = await _project(graph, reader, opened, shut, will_be, blocks)
        idle = {opener for opener in graph.closing if _is_idle(graph, projected, opener)}
        if not idle:
            return projected
        shut |= idle


async def _project(
    graph: Graph,
    reader: Reader,
    opened: Collection[str],
    shut: Collection[str],
    will_be: Allowed,
    blocks: Blocks,
) -> Mapping[str, Projected]:
    overlay = Overlay(reader)
    projected: dict[str, Projected] = {}

    def promised(ref: Ref[Any]) -> Any:
        producer = projected.get(node_id(ref.step))
        return value_of(ref, producer.after, done=producer.done) if producer is not None else UNKNOWN

    for node in graph.nodes:
        step, found, decision = await _judged(node, promised, overlay, blocks)
        if node.id in shut:
            decision = Done("nothing inside its bracket is to change")
        elif node.closes and not _opens(projected[node.closes], opened):
            decision = Done("its bracket is not opened")
        after = found.body
        if isinstance(decision, Change) and will_be(node, step, decision):
            overlay.lay(decision.effects)
            after = _own_effect(overlay, step, found, decision)
        projected[node.id] = Projected(node, step, found, decision, after, idle=node.id in shut)
    return projected


def _is_idle(graph: Graph, projected: Mapping[str, Projected], opener: str) -> bool:
    """Say whether *opener* would open a bracket in which nothing is to change.

    While it waits, as for a machine that is being started, what stands inside was judged without its effect: only done is done.
    """
    inside = [projected[key].decision for key in graph.inside(opener)]
    if isinstance(projected[opener].decision, Pending):
        return all(isinstance(one, Done) for one in inside)
    return isinstance(projected[opener].decision, Change) and not any(isinstance(one, Change) for one in inside)


def _opens(opener: Projected, opened: Collection[str]) -> bool:
    """Say whether a bracket is open by the time it is to be closed."""
    node = opener.node
    return node.left_open or node.id in opened or isinstance(opener.decision, Change)


def value_of(ref: Ref[Any], body: JsonObject | None, *, done: bool) -> Any:
    """Return the value *ref* promises, out of its producer's *body*; `UNKNOWN` while there is none.

    A promise without a path stands for "that step is done": its value is the step's node id.
    """
    if not ref.path:
        return node_id(ref.step) if done else UNKNOWN
    value = at_path(body, ref.path)
    return UNKNOWN if value is None else value


async def _judged(
    node: Node, promised: Callable[[Ref[Any]], Any], overlay: Overlay, blocks: Blocks
) -> tuple[Step, Found, Decision]:
    """Return the step of *node* with its promises kept, what it found and what it makes of that."""
    step = node.step
    try:
        with making_sense_of(node.step.address()):
            step = bind(node.step, promised)
            found = await overlay.look(step)
            decision = step.decide(found)
            _can_be_reviewed(decision)
    except AzureError as error:
        unclear = error.code == codes.access.UNCLEAR_ANSWER
        if not isinstance(error, ShapeError) and (blocks == "nothing" or (blocks == "refusals" and unclear)):
            raise
        return step, Found(None), Blocked(error.code, error.cause, error.hint, error.resource)
    return step, found, decision


def _can_be_reviewed(decision: Decision) -> None:
    """Raise where a review cannot hold what *decision* says is there.

    Raises:
        ValueError: a value is no JSON that has a digest, such as a float.
    """
    if isinstance(decision, Change):
        canonical([line.before for line in decision.lines])


def _own_effect(overlay: Overlay, step: Step, found: Found, change: Change) -> JsonObject | None:
    address = step.address()
    if isinstance(address, ResourceId):
        return overlay.body(address, found.body)
    own = [effect.patch for effect in change.effects if isinstance(effect.resource, Unknown)]
    return own[0] if own else None


async def _read_ahead(graph: Graph, reader: Reader) -> None:
    """Read, many at once, what every step whose address stands fast will look at."""
    wanted: dict[Read, None] = {}
    for node in graph.nodes:
        wanted.update(dict.fromkeys(reads_of(node.step)))

    async def ahead(read: Read) -> None:
        with suppress(AzureError):  # whoever looks at it says so
            await reader.read(read)

    await each(list(wanted), ahead)


def reads_of(step: Step) -> tuple[Read, ...]:
    """Return every read *step* judges by, as far as its address is known."""
    address = step.address()
    own = (Read(address),) if isinstance(address, ResourceId) and step.reads_itself() else ()
    return own + step.also_reads()
