"""Takes our call out of the SDK's options and names the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.pipeline.policies import SansIOHTTPPolicy

from cmk_remediate import codes
from cmk_remediate.connection.calls import OPTION, Call
from cmk_remediate.errors import BugError

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest

USER_AGENT = "cmk-remediate"


class RequestIdPolicy(SansIOHTTPPolicy[Any, Any]):
    """Sets ``x-ms-client-request-id``: the same for every attempt, so that Azure's activity log joins to the journal."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Move the call into the context, where all policies find it."""
        call = request.context.options.pop(OPTION, None)
        if not isinstance(call, Call):
            raise BugError(codes.engine.BUG, "a request left without a call of ours")
        request.context[OPTION] = call
        headers = request.http_request.headers
        headers["x-ms-client-request-id"] = call.client_request_id
        headers["User-Agent"] = USER_AGENT


def call_of(request: PipelineRequest[Any]) -> Call:
    """Return the call that *request* belongs to."""
    call: Call = request.context[OPTION]
    return call
