"""Who we are, and how we reach Azure."""

from __future__ import annotations

import asyncio
import inspect
import os
from typing import TYPE_CHECKING, Any

from cmk_remediate.clock import SystemClock
from cmk_remediate.connection.clouds import Cloud, cloud_named
from cmk_remediate.connection.pacing import IN_FLIGHT, REQUEST_LIMIT
from cmk_remediate.connection.runner import run
from cmk_remediate.model.protocols import AsyncCredential, Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

_MANAGED_IDENTITY = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT")
"""What Azure Automation and its Hybrid Workers set (learn.microsoft.com, "Enable managed identity for Automation")."""


def connect(credential: Any = None, cloud: str = "AzureCloud", client_id: str | None = None) -> Connection:
    """Return the real Azure.

    Args:
        credential: any `azure.core` credential, plain or asynchronous; it stays the caller's to close. None: the managed
            identity in Azure Automation or on a Hybrid Worker, `azure.identity.DefaultAzureCredential` elsewhere.
        cloud: ``AzureCloud``, ``AzureUSGovernment`` or ``AzureChinaCloud``.
        client_id: of a user-assigned managed identity; only without *credential*.

    Raises:
        InputError: CMK102 when there is no such cloud.
    """
    chosen = cloud_named(cloud)
    transport = new_transport()
    ours = credential is None
    used = default_credential(chosen, client_id, os.environ) if ours else as_async(credential)

    async def close() -> None:
        await transport.__aexit__(None, None, None)
        if ours:
            await used.close()

    return Connection(transport, used, SystemClock(), chosen.name, run, close)


def new_transport() -> Any:
    """Return a transport with as many connections as requests may be in flight, without retries or redirects."""
    import requests
    from azure.core.pipeline.transport import AsyncioRequestsTransport

    session = requests.Session()
    session.mount("https://", requests.adapters.HTTPAdapter(pool_connections=4, pool_maxsize=IN_FLIGHT, max_retries=0))
    session.auth = _no_netrc  # else requests puts what ~/.netrc says of the host in place of our bearer token
    return AsyncioRequestsTransport(session=session, connection_timeout=REQUEST_LIMIT, read_timeout=REQUEST_LIMIT)


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def default_credential(cloud: Cloud, client_id: str | None, environment: Mapping[str, str]) -> AsyncCredential:
    """Return the managed identity where *environment* has one, else whatever the machine is signed in with.

    `azure.identity.aio` would use aiohttp; it is given a transport of its own, which it closes.
    """
    from azure.core.pipeline.transport import AsyncioRequestsTransport
    from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

    transport: Any = AsyncioRequestsTransport(connection_timeout=REQUEST_LIMIT)
    chosen: Any
    if any(environment.get(name) for name in _MANAGED_IDENTITY):
        options: dict[str, Any] = {"client_id": client_id} if client_id else {}
        chosen = ManagedIdentityCredential(transport=transport, **options)
    else:
        options = {"managed_identity_client_id": client_id} if client_id else {}
        chosen = DefaultAzureCredential(authority=cloud.authority, transport=transport, **options)
    found: AsyncCredential = chosen
    return found


def as_async(credential: Any) -> AsyncCredential:
    """Return *credential*, wrapped to be asked in a thread where it is a plain one."""
    if inspect.iscoroutinefunction(credential.get_token):
        found: AsyncCredential = credential
        return found
    return ThreadCredential(credential)


class ThreadCredential:
    """A plain credential, asked in a thread so that nothing else stands still meanwhile."""

    def __init__(self, credential: Any) -> None:
        """Ask *credential*."""
        self._credential = credential

    async def get_token(self, *scopes: str, **options: Any) -> Any:
        """Return the plain credential's `azure.core.credentials.AccessToken`."""
        return await asyncio.to_thread(self._credential.get_token, *scopes, **options)

    async def close(self) -> None:
        """Do nothing: it is its owner's to close."""
