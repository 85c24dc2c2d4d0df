"""Keeps the raw answer, before anything of the SDK reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.pipeline.policies import AsyncHTTPPolicy

from cmk_remediate.connection.calls import Reply, http_date
from cmk_remediate.connection.policies.request_id import call_of

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest, PipelineResponse

    from cmk_remediate.connection.azure_clock import AzureClock


class HookPolicy(AsyncHTTPPolicy[Any, Any]):
    """Puts the last attempt's answer into `Call.reply`."""

    def __init__(self, azure_clock: AzureClock) -> None:
        """Date answers without a Date header by *azure_clock*."""
        super().__init__()
        self._azure_clock = azure_clock

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send, and keep what comes back; a list's earlier page is forgotten first."""
        call = call_of(request)
        call.reply = None
        response = await self.next.send(request)
        call.reply = reply_from(response.http_response, self._azure_clock)
        return response


def headers_of(response: Any) -> dict[str, str]:
    """Return the headers of an SDK response by lower-case name."""
    return {str(name).lower(): str(value) for name, value in response.headers.items()}


async def load(response: Any) -> None:
    """Read the body into memory: the SDKs leave that to later for some requests.

    The older generators answer with `azure.core.pipeline.transport.AsyncHttpResponse`, the newer ones with
    `azure.core.rest.AsyncHttpResponse`.
    """
    if hasattr(response, "read"):
        await response.read()
    elif hasattr(response, "load_body"):
        await response.load_body()


def content_of(response: Any) -> bytes:
    """Return the body of *response*, which is loaded."""
    content = response.content if hasattr(response, "content") else response.body()
    return bytes(content or b"")


def reply_from(response: Any, azure_clock: AzureClock) -> Reply:
    """Return what *response*, whose body is loaded, says."""
    headers = headers_of(response)
    at = http_date(headers.get("date", "")) or azure_clock.now()
    return Reply(int(response.status_code), headers, content_of(response), at)
