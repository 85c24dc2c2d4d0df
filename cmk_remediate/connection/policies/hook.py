"""Hands the raw answer to the call, past everything of the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.pipeline.policies import AsyncHTTPPolicy

from cmk_remediate.connection.calls import Answered, Reply, http_date
from cmk_remediate.connection.policies.request_id import call_of

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest, PipelineResponse

    from cmk_remediate.connection.azure_clock import AzureClock


class HookPolicy(AsyncHTTPPolicy[Any, Any]):
    """Stands outermost of those who see the answer, and ends the SDK's part in it."""

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send.

        Raises:
            Answered: the last attempt brought an answer; it is in the call.
        """
        await self.next.send(request)
        raise Answered(call_of(request).label)


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
