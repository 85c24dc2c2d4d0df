"""Retries reads; a write leaves once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError as SdkError
from azure.core.pipeline.policies import AsyncHTTPPolicy
from tenacity import AsyncRetrying, RetryCallState, wait_exponential

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
_UNAUTHORIZED, _THROTTLED = 401, 429
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
        number = 0
        while True:
            number += 1
            call.attempts += 1
            call.reply = None
            if call.body is not None:
                call.body.seek(0)
            try:
                response: PipelineResponse[Any, Any] = await self.next.send(request)
            except Exception as error:
                if not (call.reads and is_no_answer(error)) or _enough(call, number):
                    raise
            else:
                if not _again(call) or _enough(call, number):
                    return response
            await self._clock.sleep(_pause(call, number))


def _status(call: Call) -> int:
    """Return the status of the last attempt, 0 when no answer came."""
    return call.reply.status if call.reply is not None else 0


def _again(call: Call) -> bool:
    """Say whether the answer that came is worth another attempt; a body that is no JSON was cut off on its way."""
    status = _status(call)
    if status == _UNAUTHORIZED and not call.refreshed:
        call.refreshed = True
        return True
    spoiled = status // 100 == _SUCCESS and call.reply is not None and call.reply.spoiled
    return call.reads and (spoiled or status in PASSING)


def _enough(call: Call, number: int) -> bool:
    most = THROTTLED_ATTEMPTS if _status(call) == _THROTTLED else ATTEMPTS
    return number >= most or _asked(call) > call.patience


def _asked(call: Call) -> float:
    """Return the seconds Azure asks to wait before the next attempt."""
    return float(call.reply.retry_after) if call.reply is not None else 0.0


def _pause(call: Call, number: int) -> float:
    if _status(call) in (
        _UNAUTHORIZED,
        _THROTTLED,
    ):  # a new token needs no wait; for a 429 pacing waits, with everybody else
        return 0.0
    state = RetryCallState(AsyncRetrying(), None, (), {})
    state.attempt_number = number
    return max(_asked(call), float(_BACKOFF(state)))
