"""Which part of Azure a request is for: the Host header decides; on the server's own name the path does.

A client that comes through the proxy uses the cloud's own host names. One that was told of another endpoint asks this server by
its own name: paths there are Resource Manager's, but for ``/vault/<name>/...`` (a vault's data plane) and the authority's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.simulator.embedded import EmbeddedAzure
    from cmk_remediate.simulator.settings import Cloud

Part = Literal["arm", "vault", "login", "metadata", "nowhere"]

OWN = ("localhost", "127.0.0.1")
ALIASES: Mapping[str, tuple[str, ...]] = {
    "AzureCloud": ("login.windows.net", "login.microsoft.com", "sts.windows.net"),
    "AzureUSGovernment": ("login.usgovcloudapi.net",),
    "AzureChinaCloud": ("login.partner.microsoftonline.cn",),
}
"""Other names of the authority: the ``metadata`` of its instance discovery document."""
_VAULT = re.compile(r"/vault/([^/]+)(/.*)?", re.IGNORECASE)
_LOGIN = re.compile(r"/[^/]+/(oauth2/.*|(v2\.0/)?\.well-known/openid-configuration|discovery/instance)", re.IGNORECASE)


@dataclass(frozen=True)
class Destination:
    """What a request is for.

    Attributes:
        part: which part of Azure.
        url: the whole URL, as the cloud names it.
        inside: the beginning of that part's URLs, as the cloud names it.
        outside: the same as this client has to name it; equal to *inside* for one that uses the cloud's names.
    """

    part: Part
    url: str
    inside: str
    outside: str


class Hosts:
    """The host names one server answers to."""

    def __init__(self, azure: EmbeddedAzure, port: int) -> None:
        """Serve *azure* at *port*."""
        self._azure = azure
        self.endpoint = f"https://localhost:{port}"

    @property
    def cloud(self) -> Cloud:
        """The cloud's own names."""
        return self._azure.world.cloud

    @property
    def login(self) -> tuple[str, ...]:
        """Every name of the authority."""
        return (self.cloud.login, *ALIASES.get(self._azure.world.settings.cloud, ()))

    def certified(self) -> tuple[str, ...]:
        """Return the names that the server's certificate has to hold."""
        return (*OWN, self.cloud.arm, *self.login, f"*.{self.cloud.suffixes['vault']}")

    def known(self, host: str) -> bool:
        """Say whether *host*, lower case, is a name of this Azure; a vault that does not exist has none."""
        return host in OWN or host in self.login or self._azure.hosts(host)

    def destination(self, url: str) -> Destination:
        """Return what the request for *url*, with the host as the client named it, is for."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        tail = parts.path + (f"?{parts.query}" if parts.query else "")
        if host in OWN:
            return self._by_path(unquote(parts.path), parts.path, tail, f"https://{parts.netloc}")
        base = f"https://{host}"
        if host in self.login:
            return Destination("login", base + tail, base, base)
        if host == self.cloud.arm:
            return Destination("metadata" if _is_metadata(parts.path) else "arm", base + tail, base, base)
        return Destination("vault" if self._azure.hosts(host) else "nowhere", base + tail, base, base)

    def _by_path(self, path: str, raw: str, tail: str, own: str) -> Destination:
        vault = _VAULT.fullmatch(path)
        if vault is not None:
            host = f"{vault[1].lower()}.{self.cloud.suffixes['vault']}"
            head = "/".join(raw.split("/")[:3])
            part: Part = "vault" if self._azure.hosts(host) else "nowhere"
            return Destination(part, f"https://{host}{tail[len(head) :] or '/'}", f"https://{host}", own + head)
        if _LOGIN.fullmatch(path):
            return Destination("login", own + tail, own, own)
        inside = f"https://{self.cloud.arm}"
        return Destination("metadata" if _is_metadata(path) else "arm", inside + tail, inside, own)


def _is_metadata(path: str) -> bool:
    return path.rstrip("/").lower() == "/metadata/endpoints"
