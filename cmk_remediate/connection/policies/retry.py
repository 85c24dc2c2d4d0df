"""Retries reads; a write leaves once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError as SdkError
from azure.core.pipeline.policies import AsyncHTTPPolicy
from tenacity import AsyncRetrying, RetryCallState, wait_exponential

from cmk_remediate.connection.calls import spoiled
from cmk_remediate.connection.policies.hook import content_of, headers_of
from cmk_remediate.connection.policies.request_id import call_of

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest, PipelineResponse

    from cmk_remediate.clock import Clock
    from cmk_remediate.connection.calls import Call

ATTEMPTS = 6
"""Attempts of a read that Azure does not answer, or answers with a failure of its own (our choice)."""
THROTTLED_ATTEMPTS = 30
"""Attempts of a read that is throttled; between them pacing waits as long as Azure asks (our choice)."""
PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses worth another read: those of `azure.core.pipeline.policies.RetryPolicy`."""

_SUCCESS = 2
_BACKOFF = wait_exponential(multiplier=0.5, max=20)


def is_no_answer(error: BaseException) -> bool:
    """Say whether *error* means that no answer came: the one thing judged by an exception's class."""
    return isinstance(error, (SdkError, OSError, asyncio.TimeoutError))


class RetryPolicy(AsyncHTTPPolicy[Any, Any]):
    """Tries reads again on our clock; any call once more after a 401, with a new token: a 401 means that nothing was done."""

    def __init__(self, clock: Clock) -> None:
        """Wait on *clock*."""
        super().__init__()
        self._clock = clock

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send, and again where that is safe and worth it; the last answer or error is the one that counts."""
        call = call_of(request)

        async def attempt() -> PipelineResponse[Any, Any]:
            call.attempts += 1
            if call.body is not None:
                call.body.seek(0)
            return await self.next.send(request)

        retrying = AsyncRetrying(
            sleep=self._clock.sleep,
            retry=lambda state: _again(state, call),
            stop=lambda state: _enough(state, call),
            wait=_pause,
            retry_error_callback=_outcome,
        )
        response: PipelineResponse[Any, Any] = await retrying(attempt)
        return response


def _status(state: RetryCallState) -> int:
    """Return the status of the last attempt, 0 when no answer came."""
    outcome = state.outcome
    return 0 if outcome is None or outcome.failed else int(outcome.result().http_response.status_code)


def _again(state: RetryCallState, call: Call) -> bool:
    status = _status(state)
    if status == 401 and not call.refreshed:  # noqa: PLR2004 - Unauthorized
        call.refreshed = True
        return True
    if not call.reads:
        return False
    if status // 100 == _SUCCESS and _spoiled(state):
        return True
    error = state.outcome.exception() if state.outcome is not None and state.outcome.failed else None
    return status in PASSING or (error is not None and is_no_answer(error))


def _spoiled(state: RetryCallState) -> bool:
    """Say whether the body of the last answer, already loaded, is neither empty nor JSON: cut off on its way."""
    content = content_of(state.outcome.result().http_response) if state.outcome is not None else b""
    return spoiled(content)


def _enough(state: RetryCallState, call: Call) -> bool:
    throttled = _status(state) == 429  # noqa: PLR2004 - Too Many Requests
    return state.attempt_number >= (THROTTLED_ATTEMPTS if throttled else ATTEMPTS) or _asked(state) > call.patience


def _asked(state: RetryCallState) -> float:
    """Return the seconds Azure asks to wait before the next attempt."""
    if not _status(state):
        return 0.0
    text = headers_of(state.outcome.result().http_response).get("retry-after", "") if state.outcome else ""
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _pause(state: RetryCallState) -> float:
    if _status(state) in (401, 429):  # a new token needs no wait; for a 429 pacing waits, with everybody else
        return 0.0
    return max(_asked(state), float(_BACKOFF(state)))


def _outcome(state: RetryCallState) -> Any:
    """Return the last answer, or raise the last error as it was."""
    return state.outcome.result() if state.outcome is not None else None
