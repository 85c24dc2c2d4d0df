"""Asks once more whether a request may leave, now that it has waited its turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.pipeline.policies import AsyncHTTPPolicy

from cmk_remediate.connection.pacing import REQUEST_LIMIT
from cmk_remediate.connection.policies.request_id import call_of

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest, PipelineResponse


class PermitPolicy(AsyncHTTPPolicy[Any, Any]):
    """Stands after pacing, which may have taken minutes, and after the token: whoever asks may have lost its lease since."""

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send if the call's permit does not raise."""
        permit = call_of(request).permit
        if permit is not None:
            await permit(REQUEST_LIMIT)
        response: PipelineResponse[Any, Any] = await self.next.send(request)
        return response
