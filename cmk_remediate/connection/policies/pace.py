"""Makes each attempt wait its turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.pipeline.policies import AsyncHTTPPolicy

from cmk_remediate.connection.calls import retry_after
from cmk_remediate.connection.pacing import POLL_YIELDS, Pacing
from cmk_remediate.connection.policies.hosts import plain_https_host
from cmk_remediate.connection.policies.request_id import call_of

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest, PipelineResponse

    from cmk_remediate.connection.azure_clock import AzureClock


class PacePolicy(AsyncHTTPPolicy[Any, Any]):
    """Draws one token an attempt and holds one of the slots until the whole answer is there."""

    def __init__(self, pacing: Pacing, azure_clock: AzureClock) -> None:
        """Draw from *pacing*; read dates in Retry-After by *azure_clock*."""
        super().__init__()
        self._pacing = pacing
        self._azure_clock = azure_clock

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Wait, send, and take in what the answer says about the budget."""
        call = call_of(request)
        bucket = self._pacing.bucket(plain_https_host(request.http_request.url) or "", call)
        response: PipelineResponse[Any, Any] | None = None
        while response is None:
            await bucket.take(patience=call.patience, yields=POLL_YIELDS if call.kind == "poll" else 0.0)
            number = 0
            try:
                async with self._pacing.slots:
                    if not bucket.overdrawn:
                        number = bucket.leave()
                        response = await self.next.send(request)
            finally:
                if not number:
                    bucket.give_back()
        if (reply := call.reply) is not None:
            wait = retry_after(reply.headers, self._azure_clock.now())
            self._pacing.learn(bucket, number, call, reply.status, reply.headers, wait)
        return response
