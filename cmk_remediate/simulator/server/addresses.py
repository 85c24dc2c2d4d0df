"""Where a server is, and what to tell clients so that they find it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cmk_remediate.simulator.server.identity import PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.simulator.server.directory import Principal


@dataclass(frozen=True)
class Addresses:
    """Where one server is.

    Attributes:
        port: of Azure, over HTTPS.
        identity_port: of the managed-identity endpoint, over plain HTTP.
        proxy_port: of the proxy that leads the cloud's own host names here.
        authority: the certificate to trust.
        secret: the value of IDENTITY_HEADER.
    """

    port: int
    identity_port: int
    proxy_port: int
    authority: Path
    secret: str

    @property
    def arm(self) -> str:
        """The endpoint of Resource Manager, for clients that can be given one."""
        return f"https://localhost:{self.port}"

    @property
    def identity(self) -> str:
        """The managed-identity endpoint."""
        return f"http://127.0.0.1:{self.identity_port}{PATH}"

    @property
    def proxy(self) -> str:
        """The proxy, for clients that keep the cloud's own host names."""
        return f"http://127.0.0.1:{self.proxy_port}"

    def vault(self, name: str) -> str:
        """Return where the data plane of the vault *name* is, for clients that do not use the proxy."""
        return f"{self.arm}/vault/{name}"

    def environment(self, operator: Principal) -> Mapping[str, str]:
        """Return the variables that lead clients here, signed in as *operator*."""
        return {
            "REQUESTS_CA_BUNDLE": str(self.authority),  # Python's requests, so azure-core and the Azure CLI
            "SSL_CERT_FILE": str(self.authority),  # OpenSSL: aiohttp, httpx, Go
            "HTTPS_PROXY": self.proxy,
            "NO_PROXY": "localhost,127.0.0.1",
            "IDENTITY_ENDPOINT": self.identity,
            "IDENTITY_HEADER": self.secret,
            "AZURE_TENANT_ID": operator.tenant,
            "AZURE_CLIENT_ID": operator.client_id,
            "AZURE_CLIENT_SECRET": "any",  # the directory keeps none
            "ARM_ENDPOINT": self.arm,
        }


def as_exports(environment: Mapping[str, str]) -> str:
    """Return *environment* as lines for a POSIX shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
