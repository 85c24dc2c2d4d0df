"""Long-running operations: our own record of them, and waiting for their end.

Source: learn.microsoft.com "Track asynchronous Azure operations": ``Azure-AsyncOperation``, else ``Location``, else the
resource's ``provisioningState``; an absent state means done. The record holds nothing of an SDK's: its continuation token is
base64 JSON that, edited, makes the SDK send our bearer token to another host.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from cmk_remediate.clock import Clock
from cmk_remediate.connection.azure_clock import AzureClock
from cmk_remediate.connection.classify import judge_operation, judge_reply
from cmk_remediate.connection.clouds import Cloud
from cmk_remediate.connection.durations import CLOSE, Durations
from cmk_remediate.errors import NoTokenError
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.outcomes import (
    Accepted,
    Lost,
    Operation,
    SendOutcome,
    Started,
    StillRunning,
    Unclear,
    WaitOutcome,
)

if TYPE_CHECKING:
    from cmk_remediate.connection.calls import Call, Reply
    from cmk_remediate.model.decisions import Estimate

_TERMINAL = frozenset({"succeeded", "failed", "canceled", "cancelled"})
_LOST = frozenset({401, 403, 404, 410})
_NO_CONTENT = 204
_TAKEN = 202
_FIRST_INTERVAL = 5.0
"""Seconds between the first poll and the second where Azure asks for nothing longer (our choice); then growing by half."""
_LONGEST_INTERVAL = 120.0
_DATE_IS_CUT = 1
"""Seconds by which the Date that `started` comes from may be early: without it the first poll comes too soon."""
_LEAST_DEADLINE = 120
"""Seconds an operation is followed at least, however short its estimate."""


def record_of(
    reply: Reply, call: Call, *, method: str, resource: ResourceId, api_version: str, caller: str
) -> Operation:
    """Return our record of the operation that *reply* started."""
    return Operation(
        method=method,
        resource=resource,
        api_version=api_version,
        status_url=reply.headers.get("azure-asyncoperation", ""),
        location_url=reply.headers.get("location", ""),
        started=reply.at,
        client_request_id=call.client_request_id,
        correlation_id=reply.correlation_id,
        caller=caller,
        retry_after=reply.retry_after,
    )


def outcome_of_write(reply: Reply, record: Callable[[], Operation]) -> SendOutcome:
    """Return what a 2xx answer to a write means."""
    if reply.malformed:
        return Unclear(f"HTTP {reply.status} with a body that is not JSON", reply.correlation_id)
    state = str(at_path(reply.json, "properties.provisioningState") or "").lower()
    runs = (
        reply.status == _TAKEN
        or "azure-asyncoperation" in reply.headers
        or (reply.status != _NO_CONTENT and bool(state) and state not in _TERMINAL)
    )
    if runs:
        return Started(record(), reply.at)
    if state in _TERMINAL - {"succeeded"}:
        return Unclear(f"accepted, and the resource's provisioningState is {state}", reply.correlation_id)
    return Accepted(reply.json, reply.at, reply.correlation_id)


def followable(url: str, operation: Operation, cloud: Cloud) -> bool:
    """Say whether *url* is one we give our token to: plain https, the cloud's own host, the same subscription.

    It comes out of a journal, and a journal can be edited.
    """
    from cmk_remediate.connection.policies.hosts import plain_https_host

    prefix = f"/subscriptions/{operation.resource.subscription}/".lower()
    path = urlsplit(url).path.lower() if plain_https_host(url) == cloud.arm_host else ""
    return path.startswith(prefix) and "/.." not in path and "%2e" not in path


class Asks(Protocol):
    """How a status is asked for: polls count as such and wait behind reads."""

    def __call__(self, url: str, *, patience: float) -> Awaitable[Reply | None]:
        """Return the answer, or None when none came."""


@dataclass(frozen=True)
class Waiting:
    """Waits for operations.

    Attributes:
        cloud: whose hosts a status URL may name.
        clock: ours, to wait by.
        azure_clock: Azure's, to tell how old an operation is.
        durations: how long such operations take today.
        ask: polls a status URL.
        read: returns the body of a resource, None when it does not exist.
    """

    cloud: Cloud
    clock: Clock
    azure_clock: AzureClock
    durations: Durations
    ask: Asks
    read: Callable[[ResourceId], Awaitable[Any]]

    async def end_of(self, operation: Operation, estimate: Estimate, leave_after: int = 0) -> WaitOutcome:
        """Poll until *operation* ends, first after its usual duration or Retry-After, whichever is later.

        With *leave_after* given, poll no longer than so many seconds after it began.
        """
        self.durations.begun(operation)
        took = None
        try:
            outcome = await self._end_of(operation, estimate, leave_after)
            if isinstance(outcome, Accepted):
                took = self._age(operation)
        finally:
            self.durations.ended(operation, took)
        return outcome

    def _age(self, operation: Operation) -> float:
        return (self.azure_clock.now() - operation.started).total_seconds()

    async def _end_of(self, operation: Operation, estimate: Estimate, leave_after: int) -> WaitOutcome:
        url = next(
            (
                one
                for one in (operation.status_url, operation.location_url)
                if one and followable(one, operation, self.cloud)
            ),
            "",
        )
        deadline = operation.started + timedelta(seconds=leave_after or max(estimate.worst * 3, _LEAST_DEADLINE))
        interval = _FIRST_INTERVAL
        usual = self.durations.usual(operation, estimate.usual)
        first = operation.started + timedelta(seconds=max(usual, operation.retry_after) + _DATE_IS_CUT)
        await self._sleep_until(min(first, deadline))
        while self.durations.left_to_another(operation) and self._age(operation) < estimate.worst:
            await self.clock.sleep(CLOSE)
        while True:
            try:
                asked, outcome = await (self._poll(url, operation, deadline) if url else self._look(operation))
            except NoTokenError:
                asked, outcome = 0, None  # nothing was asked; the operation goes on without us
            if outcome is not None:
                return outcome
            left = (deadline - self.azure_clock.now()).total_seconds()
            if left <= 0 and leave_after:
                return StillRunning(self.azure_clock.now(), operation.correlation_id)
            if left <= 0:
                return Unclear(
                    "the operation has not ended within three times its worst estimate", operation.correlation_id
                )
            pause = self.durations.pause(operation, interval)
            await self.clock.sleep(min(max(pause, float(asked)), max(left, 1.0)))
            interval = min(interval * 1.5, _LONGEST_INTERVAL)

    async def _sleep_until(self, moment: Any) -> None:
        seconds = (moment - self.azure_clock.now()).total_seconds()
        if seconds > 0:
            await self.clock.sleep(seconds)

    async def _poll(self, url: str, operation: Operation, deadline: Any) -> tuple[int, WaitOutcome | None]:
        """Return the seconds to wait at least, and the outcome if there is one."""
        patience = max(1.0, (deadline - self.azure_clock.now()).total_seconds())
        reply = await self.ask(url, patience=patience)
        if reply is None:
            return 0, None
        return reply.retry_after, outcome_of_poll(reply, operation, is_location=url != operation.status_url)

    async def _look(self, operation: Operation) -> tuple[int, WaitOutcome | None]:
        """Judge by the resource itself."""
        body = await self.read(operation.resource)
        now = self.azure_clock.now()
        if body is None:
            gone = operation.method == "DELETE"
            return 0, Accepted(None, now, operation.correlation_id) if gone else Lost("the resource is not there")
        state = str(at_path(body, "properties.provisioningState") or "").lower()
        if not state:
            return 0, Lost("there is no status to read, and the resource shows none")
        if state not in _TERMINAL:
            return 0, None
        if state == "succeeded":
            return 0, Accepted(body, now, operation.correlation_id)
        return 0, Unclear(f"the resource's provisioningState is {state}", operation.correlation_id)


def outcome_of_poll(reply: Reply, operation: Operation, *, is_location: bool) -> WaitOutcome | None:
    """Return what a poll's answer means; None while the operation runs, or when the answer says nothing.

    Only a status URL's ``status`` counts, never an ``error`` that stands beside InProgress.
    """
    if reply.status in _LOST:
        return Lost(f"its status answers {reply.status}")
    correlation = operation.correlation_id or reply.correlation_id
    if not reply.ok:
        silent = reply.status in (408, 429) or reply.status >= 500  # noqa: PLR2004 - says nothing of the operation
        return None if silent else judge_reply(reply, operation.resource.namespace)
    if reply.malformed:
        return None
    body = reply.json
    status = str(at_path(body, "status") or "").lower() if isinstance(body, dict) else ""
    if status in ("failed", "canceled", "cancelled"):
        return judge_operation(
            body, operation.resource.namespace, correlation_id=correlation, retry_after=reply.retry_after
        )
    if status == "succeeded":
        return Accepted(None, reply.at, correlation)
    if is_location and reply.status != _TAKEN and not status:
        state = str(at_path(body, "properties.provisioningState") or "succeeded").lower()
        if state == "succeeded":
            return Accepted(body, reply.at, correlation)
        return _of_state(state, body, operation, correlation)
    return None


def _of_state(state: str, body: Any, operation: Operation, correlation: str) -> WaitOutcome | None:
    """Return what the provisioning state in a Location's final answer means."""
    if state not in _TERMINAL:
        return None
    says = {
        "status": state,
        **({"error": at_path(body, "properties.error")} if at_path(body, "properties.error") else {}),
    }
    return judge_operation(says, operation.resource.namespace, correlation_id=correlation)
