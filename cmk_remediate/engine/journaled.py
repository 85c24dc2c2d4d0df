"""What a run writes into its journal of a write and its operation, and what a later process makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cmk_remediate import codes
from cmk_remediate.clock import format_utc, parse_utc
from cmk_remediate.engine.attempts import unproven_for
from cmk_remediate.model.decisions import Estimate
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.outcomes import (
    Accepted,
    Lost,
    NotYet,
    Operation,
    Refused,
    StillRunning,
    Unclear,
    WaitOutcome,
)
from cmk_remediate.model.records import OperationBegan, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cmk_remediate.engine.journal_state import StepState
    from cmk_remediate.model.decisions import Caution
    from cmk_remediate.model.graph import Node
    from cmk_remediate.model.review import ReviewedStep

STILL_RUNNING = Estimate(usual=1, worst=3600)
"""For an operation another process began: it may have ended long ago, so ask at once."""

Ended = Accepted | NotYet | Refused | Unclear
Took = Ended | StillRunning


def nobody_knows(left: StepState) -> bool:
    """Say whether nobody has seen what became of the last write; also where a read failed, or the step was given up or left."""
    if left.settled is not None and left.settled.result in ("done", "already done"):
        return False
    return left.open_intent is not None or (left.outcome is not None and left.outcome.result == "unclear")


def after_wait(outcome: WaitOutcome, operation: Operation) -> Took:
    """Return what came of a write whose *operation* ended with *outcome*; of one that nobody can follow its beginning is known."""
    if isinstance(outcome, Lost):
        return Unclear(outcome.text, operation.correlation_id, operation.started)
    return outcome


def refused_for_good(answer: NotYet) -> Refused:
    """Turn a "not yet" into a refusal: Azure had taken this write already, and it must not be sent twice."""
    return Refused(codes.access.REFUSED_BY_AZURE, answer.code, answer.text, correlation_id=answer.correlation_id)


def resumed_operation(record: OperationBegan) -> Operation:
    """Return the operation that *record* remembers."""
    return Operation(
        method=record.method,
        resource=ResourceId.parse(record.resource_id),
        api_version=record.api_version,
        status_url=record.status_url,
        location_url=record.location_url,
        started=parse_utc(record.started),
        client_request_id=record.client_request_id,
        correlation_id=record.correlation_id,
        caller=record.caller,
        retry_after=record.retry_after,
    )


def unproven_left(left: StepState, step: ReviewedStep, now: datetime) -> float:
    """Return for how many seconds more an effect that shows, of the last write of *left*, is not believed."""
    if step.estimate is None:
        return 0.0
    gone = (now - parse_utc(left.intents[-1].at)).total_seconds()
    return max(0.0, unproven_for(step.action, step.estimate.usual, step.estimate.worst) - gone)


def operation_began(node: Node, operation: Operation, caution: Caution) -> OperationBegan:
    """Return the record of *operation*, which Azure began for a write of *node*."""
    return OperationBegan(
        step=node.id,
        method=operation.method,
        resource_id=operation.resource.text,
        api_version=operation.api_version,
        status_url=operation.status_url,
        location_url=operation.location_url,
        started=format_utc(operation.started),
        client_request_id=operation.client_request_id,
        correlation_id=operation.correlation_id,
        caller=operation.caller,
        retry_after=operation.retry_after,
        leave_after=caution.background,
        final=caution.final,
    )


def outcome_of(node: Node, outcome: Ended, now: datetime) -> Outcome:
    """Return the record of what came of a write of *node*."""
    azure_code = (
        outcome.code if isinstance(outcome, NotYet) else outcome.azure_code if isinstance(outcome, Refused) else ""
    )
    return Outcome(
        step=node.id,
        at=format_utc(now),
        result=_RESULTS[type(outcome)],
        azure_at=format_utc(outcome.at) if isinstance(outcome, Accepted) else "",
        azure_code=azure_code,
        text="" if isinstance(outcome, Accepted) else outcome.text,
        correlation_id=outcome.correlation_id,
        sent=not isinstance(outcome, NotYet) or outcome.sent,
    )


_RESULTS: Mapping[type[Ended], Literal["accepted", "not-yet", "refused", "unclear"]] = {
    Accepted: "accepted",
    NotYet: "not-yet",
    Refused: "refused",
    Unclear: "unclear",
}
