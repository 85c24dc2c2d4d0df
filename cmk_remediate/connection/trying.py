"""Reads that have a service try something: what it says, at once or at the end of an operation, is a fact.

Such a read is a POST that changes nothing (the guard's list has each with its source). Whether a refusal comes as the first
reply or as a failed operation is as open here as it is for writes: both are judged by the same tables.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Protocol

from cmk_remediate import codes
from cmk_remediate.connection.classify import judge_reply
from cmk_remediate.connection.operation import outcome_of_write
from cmk_remediate.errors import AzureError
from cmk_remediate.model.decisions import Estimate, tried
from cmk_remediate.model.outcomes import Accepted, Answer, NotYet, Operation, Refused, Started, WaitOutcome

if TYPE_CHECKING:
    from cmk_remediate.connection.calls import Reply
    from cmk_remediate.connection.catalog import Row
    from cmk_remediate.model.ids import ResourceId

NOT_ASKED = (401, 403, 404)
"""The caller may not ask, or there is nobody to ask: the service tried nothing."""
_TRIAL = Estimate(usual=5, worst=300)
"""Seconds (our choice: Azure documents none)."""


class Waits(Protocol):
    """How the end of an operation is waited for."""

    async def __call__(self, operation: Operation, estimate: Estimate) -> WaitOutcome:
        """Return what came of *operation*."""


async def what_was_tried(reply: Reply, row: Row, resource: ResourceId, caller: str, wait: Waits) -> Answer:
    """Return what *resource* says of what it was asked to try by *row*, as `decisions.tried` words it.

    Raises:
        AzureError: CMK210, no clear answer.
    """

    def record() -> Operation:
        return Operation(
            method=row.method,
            resource=resource,
            api_version=row.api_version,
            status_url=reply.headers.get("azure-asyncoperation", ""),
            location_url=reply.headers.get("location", ""),
            started=reply.at,
            client_request_id=str(uuid.uuid4()),
            correlation_id=reply.correlation_id,
            caller=caller,
            retry_after=reply.retry_after,
        )

    outcome = outcome_of_write(reply, record) if reply.ok else judge_reply(reply, resource.namespace)
    if isinstance(outcome, Started):
        # Without a status to read there is no resource that would show how it ended.
        polled = outcome.operation.status_url or outcome.operation.location_url
        ended = await wait(outcome.operation, _TRIAL) if polled else outcome
    else:
        ended = outcome
    if isinstance(ended, Accepted):
        return Answer(tried(), ended.at)
    if isinstance(ended, NotYet):
        return Answer(tried(ended.code, ended.text, later=True, network=ended.network_possible), reply.at)
    if isinstance(ended, Refused):
        return Answer(tried(ended.azure_code, ended.text), reply.at)
    text = getattr(ended, "text", "it was taken, and shows no status")
    raise AzureError(
        codes.access.UNCLEAR_ANSWER, f"{row.name} was not answered clearly: {text}", resource=resource.text
    )
