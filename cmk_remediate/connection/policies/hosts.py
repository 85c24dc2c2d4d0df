"""Refuses every host but the cloud's Resource Manager and the vaults we were given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core.pipeline.policies import SansIOHTTPPolicy

from cmk_remediate import codes
from cmk_remediate.errors import RefusedError

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest

    from cmk_remediate.connection.clouds import Cloud


_SHOWN = 120


class HostsPolicy(SansIOHTTPPolicy[Any, Any]):
    """Stands before the token: a next link or an edited journal must not carry a bearer token away."""

    def __init__(self, cloud: Cloud, vault_hosts: set[str]) -> None:
        """Allow *cloud*'s Resource Manager and *vault_hosts*; the set may grow."""
        super().__init__()
        self._cloud = cloud
        self._vault_hosts = vault_hosts

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Refuse a foreign host, another scheme, a port or a user name.

        Raises:
            RefusedError: CMK211; nothing was sent and no token asked for.
        """
        host = plain_https_host(request.http_request.url)
        if host is None or (host != self._cloud.arm_host and host not in self._vault_hosts):
            shown = request.http_request.url.partition("?")[0].rpartition("@")[2][:_SHOWN]
            raise RefusedError(
                codes.access.HOST_REFUSED,
                f"the request was addressed to {shown!r}, not to {self._cloud.arm_host} or a vault of the plan",
            )


def plain_https_host(url: str) -> str | None:
    """Return the host of *url* in lower case, or None when it is not plainly ``https://host/...``."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    plain = (
        parts.scheme == "https"
        and port in (None, 443)
        and "@" not in parts.netloc
        and "\\" not in url
        and url.isascii()
    )
    return (parts.hostname or None) if plain else None
