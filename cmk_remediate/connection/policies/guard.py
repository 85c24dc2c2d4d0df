"""Refuses what is not a read, where only reads are allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core.pipeline.policies import SansIOHTTPPolicy

from cmk_remediate import codes
from cmk_remediate.connection.policies.request_id import call_of
from cmk_remediate.errors import BugError

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest


@dataclass(frozen=True)
class ReadOnlyPost:
    """A POST that changes nothing.

    Attributes:
        path: matches the whole path, in lower case.
        source: where Azure says so.
    """

    path: re.Pattern[str]
    source: str


READ_ONLY_POSTS = (
    ReadOnlyPost(
        re.compile(r"/providers/microsoft\.resourcegraph/resources"),
        "learn.microsoft.com, REST API reference, Azure Resource Graph: Resources - Resources",
    ),
    ReadOnlyPost(
        re.compile(
            r"/subscriptions/[^/]+(/resourcegroups/[^/]+)?/providers/microsoft\.policyinsights/checkpolicyrestrictions"
        ),
        "learn.microsoft.com, REST API reference, Policy Insights: Policy Restrictions - Check At Resource Group Scope",
    ),
    ReadOnlyPost(
        re.compile(
            r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.sql/managedinstances/[^/]+"
            r"/validateazurekeyvaultencryptionkey"
        ),
        "azure.mgmt.sql.operations.ManagedInstancesOperations.begin_validate_azure_key_vault_encryption_key",
    ),
)
"""Every POST that is a read; one more needs its source here."""


def is_read(method: str, url: str) -> bool:
    """Say whether a request with *method* to *url* changes nothing."""
    path = urlsplit(url).path.lower().rstrip("/")
    return method in ("GET", "HEAD") or (
        method == "POST" and any(post.path.fullmatch(path) is not None for post in READ_ONLY_POSTS)
    )


class GuardPolicy(SansIOHTTPPolicy[Any, Any]):
    """The belt beside the type: a `Reader` cannot write either."""

    def __init__(self, *, read_only: bool) -> None:
        """Refuse all writes if *read_only*; a call that says it reads is held to it in any case."""
        super().__init__()
        self._read_only = read_only

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Refuse a write where only reads are allowed.

        Raises:
            BugError: CMK212; nothing was sent.
        """
        call = call_of(request)
        http = request.http_request
        if (self._read_only or call.reads) and not is_read(http.method, http.url):
            raise BugError(
                codes.access.WRITE_IN_READ_ONLY,
                f"{http.method} ({call.label}) is not a read",
                resource=urlsplit(http.url).path,
            )
