"""Puts the bearer token on, last but for the permit."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from azure.core.pipeline.policies import AsyncHTTPPolicy

from cmk_remediate.connection.policies.hosts import plain_https_host
from cmk_remediate.connection.policies.request_id import call_of

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest, PipelineResponse

    from cmk_remediate.connection.clouds import Cloud
    from cmk_remediate.connection.tokens import Tokens

_CLAIMS = re.compile(r'claims="([A-Za-z0-9+/_=-]+)"')


class TokenPolicy(AsyncHTTPPolicy[Any, Any]):
    """Asks for a token for the host, which `HostsPolicy` has allowed; after a 401 the next attempt gets a new one."""

    def __init__(self, cloud: Cloud, tokens: Tokens) -> None:
        """Take tokens from *tokens*."""
        super().__init__()
        self._cloud = cloud
        self._tokens = tokens

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send with a token."""
        scope = self._cloud.scope_for(plain_https_host(request.http_request.url) or "")
        token = await self._tokens.get(scope)
        request.http_request.headers["Authorization"] = f"Bearer {token}"
        response = await self.next.send(request)
        reply = call_of(request).reply
        if reply is not None and reply.status == 401:  # noqa: PLR2004 - Unauthorized
            self._tokens.refused(scope, token, claims_of(reply.headers.get("www-authenticate", "")))
        return response


def claims_of(challenge: str) -> str:
    """Return the claims that a challenge asks for (continuous access evaluation), or an empty text."""
    found = _CLAIMS.search(challenge)
    if found is None:
        return ""
    text = found.group(1)
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
