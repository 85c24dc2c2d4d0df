"""SDK clients: imported when first needed, kept by class and subscription, never entered and never closed.

Closing one would close the transport they share.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.connection.clouds import Cloud
    from cmk_remediate.model.protocols import Connection


class Clients:
    """The clients of one session."""

    def __init__(self, connection: Connection, cloud: Cloud, policies: Callable[[], list[Any]]) -> None:
        """Build clients for *cloud* over *connection*'s transport, each with the list that *policies* makes."""
        self._connection = connection
        self._cloud = cloud
        self._policies = policies
        self._kept: dict[tuple[str, str], Any] = {}

    def typed(self, path: str, subscription: str) -> Any:
        """Return the client that *path* (``module:class``) names, for *subscription*."""
        key = (path, subscription.lower())
        if key not in self._kept:
            module, _, name = path.partition(":")
            client = getattr(importlib.import_module(module), name)
            self._kept[key] = client(
                credential=self._connection.credential,
                subscription_id=subscription,
                base_url=self._cloud.arm,
                credential_scopes=[self._cloud.arm_scope],
                policies=self._policies(),
                transport=self._connection.transport,
            )
        return self._kept[key]

    def raw(self) -> Any:
        """Return an `azure.core.AsyncPipelineClient`, for what has no typed method: next pages, status URLs, vaults."""
        key = ("", "")
        if key not in self._kept:
            from azure.core import AsyncPipelineClient

            self._kept[key] = AsyncPipelineClient(
                self._cloud.arm, policies=self._policies(), transport=self._connection.transport
            )
        return self._kept[key]
