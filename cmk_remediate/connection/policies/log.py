"""Bounds and logs every attempt; nothing secret is logged."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core.pipeline.policies import AsyncHTTPPolicy

from cmk_remediate.connection.pacing import REQUEST_LIMIT
from cmk_remediate.connection.policies.hook import load, reply_from
from cmk_remediate.connection.policies.request_id import call_of

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest, PipelineResponse

    from cmk_remediate.clock import Clock
    from cmk_remediate.connection.azure_clock import AzureClock
    from cmk_remediate.connection.traffic import Traffic

LOGGER = logging.getLogger("cmk_remediate.connection")


class LogPolicy(AsyncHTTPPolicy[Any, Any]):
    """Puts the answer of each attempt into its call, counts and logs it, and reads Azure's clock.

    Logged are method, host, path, status and correlation id; never headers, bodies and queries. The query of a status URL
    carries a signature.
    """

    def __init__(self, clock: Clock, azure_clock: AzureClock, traffic: Traffic) -> None:
        """Measure by *clock*, set *azure_clock*, count in *traffic*."""
        super().__init__()
        self._clock = clock
        self._azure_clock = azure_clock
        self._traffic = traffic

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send, count and log."""
        call = call_of(request)
        url = urlsplit(request.http_request.url)
        began = self._clock.monotonic()
        status = 0
        correlation = ""
        try:
            response = await asyncio.wait_for(self._whole(request), REQUEST_LIMIT)
            call.reply = reply_from(response.http_response, self._azure_clock)
            status = call.reply.status
            correlation = call.reply.headers.get("x-ms-correlation-request-id", "")
            self._azure_clock.observe(call.reply.headers.get("date", ""))
        finally:
            self._traffic.count(call.kind, status)
            LOGGER.debug(
                "%s https://%s%s -> %s in %d ms (%s, attempt %d, request %s, correlation %s)",
                request.http_request.method,
                url.hostname,
                url.path,
                status or "no answer",
                round((self._clock.monotonic() - began) * 1000),
                call.label,
                call.attempts,
                call.client_request_id,
                correlation or "unknown",
            )
        return response

    async def _whole(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Return an answer whose body is loaded: reading it is part of the attempt."""
        response: PipelineResponse[Any, Any] = await self.next.send(request)
        await load(response.http_response)
        return response
