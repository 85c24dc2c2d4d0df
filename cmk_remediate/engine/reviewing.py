"""From a projection to a review, and from a review back to its graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.codes.code import Code
from cmk_remediate.engine.acceptance import names
from cmk_remediate.errors import ReviewError
from cmk_remediate.model.codec import Registry, decode, encode, node_id
from cmk_remediate.model.decisions import (
    AGAIN,
    Acceptance,
    Blocked,
    Change,
    Decision,
    Done,
    Line,
    Manual,
    Pending,
    Reversibility,
)
from cmk_remediate.model.graph import Graph, Node
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.review import (
    Action,
    Review,
    ReviewedBlock,
    ReviewedEstimate,
    ReviewedLine,
    ReviewedPermission,
    ReviewedRequest,
    ReviewedReversibility,
    ReviewedStep,
)
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import UNKNOWN, Unknown, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cmk_remediate.engine.project import Projected
    from cmk_remediate.model.outcomes import Azure
    from cmk_remediate.model.permissions import Permission


_PROBES = "the grant may be late; this step, or one that shares the grant, tries the key first and the others wait for the result"


@dataclass(frozen=True)
class Kept:
    """A step that a rollback leaves as it is; ``address`` is that of its resource, promises kept."""

    id: str
    step: Step
    one_way: bool
    code: Code | None
    why: str
    targets: tuple[str, ...]
    address: ResourceId | Unknown = UNKNOWN


def reviewed_steps(
    projected: Mapping[str, Projected],
    azure: Azure,
    one_way: Mapping[str, Reversibility],
    kept: Sequence[Kept] = (),
    *,
    undoing: bool = False,
) -> tuple[tuple[ReviewedStep, ...], tuple[str, ...]]:
    """Return the steps of a review and the acknowledgements it requires.

    Args:
        projected: the projection, in order.
        azure: asked for api-versions only.
        one_way: steps whose undo something outside forbids (a policy, a lock), by node id.
        kept: for the review of a rollback: what stays, and why.
        undoing: whether it is the review of a rollback.
    """
    lines_of = {key: _with_one_way(item, one_way.get(key)) for key, item in projected.items()}
    if undoing:
        lines_of = {key: tuple(_not_undone_again(line) for line in lines) for key, lines in lines_of.items()}
    asked = [line.acceptance for lines in lines_of.values() for line in lines if line.acceptance is not None]
    texts = names(asked, _ids(projected))
    # Steps of one target need much the same: at a thousand targets one object each would be most of the memory.
    needs: dict[Permission, ReviewedPermission] = {}
    steps = [_reviewed(item, lines_of[key], texts, azure, needs) for key, item in projected.items()]
    steps.extend(_reviewed_keep(item) for item in kept)
    return tuple(steps), tuple(sorted(set(texts.values())))


def _ids(projected: Mapping[str, Projected]) -> list[ResourceId]:
    addresses = (item.step.address() for item in projected.values())
    known = {address.top_level.key: address.top_level for address in addresses if isinstance(address, ResourceId)}
    return [known[key] for key in sorted(known)]


def _with_one_way(item: Projected, outside: Reversibility | None) -> tuple[Line, ...]:
    """Return the decision's lines; where something outside forbids the undo, every owned reversible line says so."""
    lines = item.decision.lines if isinstance(item.decision, (Change, Done)) else ()
    if outside is None or not isinstance(item.decision, Change):
        return lines
    address = item.step.address()
    acceptance = None
    if outside.kind == "one-way" and isinstance(address, ResourceId):
        acceptance = Acceptance("one-way", address.top_level, "one-way")
    return tuple(
        Line(line.path, line.before, line.after, line.role, outside, line.acceptance or acceptance)
        if line.role == "owned" and line.reversibility is not None and line.reversibility.kind == "reversible"
        else line
        for line in lines
    )


def _not_undone_again(line: Line) -> Line:
    """Return a line of a rollback: no rollback takes back what this one restores."""
    back = line.reversibility
    return replace(line, reversibility=AGAIN) if back is not None and back.kind == "reversible" else line


def _reviewed(
    item: Projected,
    lines: Sequence[Line],
    texts: Mapping[Acceptance, str],
    azure: Azure,
    needs: dict[Permission, ReviewedPermission],
) -> ReviewedStep:
    decision = item.decision
    change = decision if isinstance(decision, Change) else None
    request = change.request if change else None
    address = request.resource if request else item.step.address()
    probe = item.node.step.probes()
    return ReviewedStep(
        id=item.node.id,
        kind=item.node.step.kind,
        params=encode(item.node.step),
        resource_id=None if isinstance(address, Unknown) else address.text,
        api_version=(azure.api_version(request) or None) if request else None,
        action=_action(decision),
        request=ReviewedRequest(method=request.method, body=to_json(request.body)) if request else None,
        lines=tuple(_reviewed_line(line, texts) for line in lines),
        reason=_reason(decision),
        waits=_PROBES if probe and change else _waits(decision),
        downtime=decision.downtime if isinstance(decision, (Change, Manual)) else "",
        estimate=_estimate(decision),
        permissions=tuple(_shared(need, needs) for need in item.step.permissions()),
        needs=item.node.needs,
        after=item.node.after,
        closes=item.node.closes,
        left_open=item.node.left_open,
    )


def _shared(need: Permission, known: dict[Permission, ReviewedPermission]) -> ReviewedPermission:
    """Return *need* as a review shows it, the same object for the same need."""
    if need not in known:
        known[need] = ReviewedPermission(
            action=need.action, scope=need.scope.text, split=need.split, data=need.data, checkable=need.checkable
        )
    return known[need]


def _reviewed_line(line: Line, texts: Mapping[Acceptance, str]) -> ReviewedLine:
    back = line.reversibility
    return ReviewedLine(
        path=line.path,
        before=to_json(line.before),
        after=to_json(line.after),
        role=line.role,
        reversibility=ReviewedReversibility(kind=back.kind, code=str(back.code or ""), why=back.why) if back else None,
        accept=texts[line.acceptance] if line.acceptance else None,
    )


def _reviewed_keep(item: Kept) -> ReviewedStep:
    address = item.address
    return ReviewedStep(
        id=item.id,
        kind=item.step.kind,
        params=encode(item.step),
        resource_id=None if isinstance(address, Unknown) else address.text,
        api_version=None,
        action="keep",
        request=None,
        lines=(
            ReviewedLine(
                path="",
                before=None,
                after=None,
                role="owned",
                reversibility=ReviewedReversibility(
                    kind="one-way" if item.one_way else "kept", code=str(item.code or ""), why=item.why
                ),
                accept=None,
            ),
        ),
        reason=item.why,
        waits=None,
        downtime="",
        estimate=None,
        permissions=(),
        needs=(),
        after=(),
        closes=None,
    )


def _action(decision: Decision) -> Action:
    if isinstance(decision, Change):
        return decision.action
    if isinstance(decision, Pending):
        return "wait"
    return "manual" if isinstance(decision, Manual) else "none"


def _reason(decision: Decision) -> str:
    return decision.instructions if isinstance(decision, Manual) else decision.why


def _waits(decision: Decision) -> str | None:
    return decision.why if isinstance(decision, Pending) else None


def _estimate(decision: Decision) -> ReviewedEstimate | None:
    if isinstance(decision, Change):
        return ReviewedEstimate(usual=decision.estimate.usual, worst=decision.estimate.worst)
    if isinstance(decision, Pending):
        return ReviewedEstimate(usual=decision.retry_after, worst=decision.retry_after)
    return None


def blocked_targets(projected: Mapping[str, Projected]) -> dict[str, Blocked]:
    """Return the targets that a blocked step keeps from being moved, each with the first reason in order."""
    blocked: dict[str, Blocked] = {}
    for item in projected.values():
        if isinstance(item.decision, Blocked):
            for target in item.node.targets:
                blocked.setdefault(target, item.decision)
    return blocked


def reviewed_block(blocked: Blocked) -> ReviewedBlock:
    """Return *blocked* as a review shows it."""
    return ReviewedBlock(code=blocked.code, why=blocked.why, next=blocked.next or blocked.code.next)


def steps_of(target: str, graph: Graph, kept: Iterable[Kept] = ()) -> tuple[str, ...]:
    """Return the ids of the steps of *target*, in the graph's order; what a rollback keeps comes last."""
    return (
        *(node.id for node in graph.nodes if target in node.targets),
        *(item.id for item in kept if target in item.targets),
    )


def graph_of(review: Review, registry: Registry) -> Graph:
    """Return the graph *review* was made from; steps that a rollback keeps are not part of it.

    Raises:
        ReviewError: CMK110 when a step's parameters are not its own; CMK112 or CMK116 when this version cannot read it.
    """
    targets: dict[str, dict[str, None]] = {}
    for target in review.targets:
        for step in target.steps:
            targets.setdefault(step, {})[target.id] = None
    steps: dict[str, Step] = {}
    nodes: list[Node] = []
    for entry in review.steps:
        if entry.action == "keep":
            continue
        decoded = decode(registry.step_class(entry.kind), entry.params, steps.__getitem__)
        if node_id(decoded) != entry.id:
            cause = f"the step {entry.id} has parameters that are not its own"
            raise ReviewError(codes.input_.REVIEW_ALTERED, cause, resource=review.short_digest)
        steps[entry.id] = decoded
        mine = tuple(targets.get(entry.id, {}))
        nodes.append(
            Node(entry.id, steps[entry.id], entry.needs, entry.after, entry.closes, mine, left_open=entry.left_open)
        )
    return Graph(tuple(nodes))


__all__ = ["Kept", "blocked_targets", "graph_of", "reviewed_block", "reviewed_steps", "steps_of"]
