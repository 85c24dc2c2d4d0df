"""A plain HTTP client, as a script with `requests` would be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from cmk_remediate.simulator.server.running import Server

ARM = "https://management.azure.com"


@dataclass
class Client:
    """Sends requests to one server.

    Attributes:
        server: the server.
        session: what sends them.
    """

    server: Server
    session: requests.Session

    def token(self, resource: str = ARM, **query: str) -> requests.Response:
        """Ask the managed-identity endpoint."""
        address = self.server.addresses
        asked = {"api-version": "2019-08-01", "resource": resource, **query}
        return self.session.get(address.identity, params=asked, headers={"X-IDENTITY-HEADER": address.secret})

    def __call__(
        self, method: str, url: str, body: Any = None, *, audience: str = ARM, signed: bool = True, proxy: bool = False
    ) -> requests.Response:
        """Send a request, *url* below the server's own endpoint unless it is whole."""
        address = self.server.addresses
        whole = url if url.startswith("https://") else address.arm + url
        headers = {"Authorization": f"Bearer {self.token(audience).json()['access_token']}"} if signed else {}
        return self.session.request(
            method,
            whole,
            json=body,
            headers=headers,
            verify=str(address.authority),
            proxies={"https": address.proxy} if proxy else None,
            timeout=20,
        )
