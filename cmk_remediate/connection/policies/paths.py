"""Refuses paths that mean something else than they say, and subscriptions that nobody reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core.pipeline.policies import SansIOHTTPPolicy

from cmk_remediate import codes
from cmk_remediate.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Collection

    from azure.core.pipeline import PipelineRequest

_ENCODED = ("%2e", "%2f", "%5c", "%25", "%00", "%0a", "%0d")
"""A dot, a slash, a backslash, a second encoding, signs that end something: never in a path of ours."""
_SHOWN = 200


class PathsPolicy(SansIOHTTPPolicy[Any, Any]):
    """Stands before the token: an edited file must not lead our rights to another place."""

    def __init__(self, subscriptions: Collection[str] | None) -> None:
        """Allow *subscriptions*, in lower case, and what is below none; all of them for None."""
        super().__init__()
        self._subscriptions = subscriptions

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Refuse a path that steps up, hides a slash, or lies in another subscription.

        Raises:
            RefusedError: CMK211 or CMK222; nothing was sent and no token asked for.
        """
        path = urlsplit(request.http_request.url).path
        if not is_plain(path):
            raise RefusedError(
                codes.access.HOST_REFUSED, f"the path {path[:_SHOWN]!r} means another place than it names"
            )
        subscription = subscription_in(path)
        if self._subscriptions is not None and subscription and subscription not in self._subscriptions:
            raise RefusedError(
                codes.access.SUBSCRIPTION_REFUSED,
                f"the request was addressed to subscription {subscription[:_SHOWN]!r}, which the review does not name",
            )


def is_plain(path: str) -> bool:
    """Say whether every segment of *path* stands for itself."""
    lower = path.lower()
    return not any(part in lower for part in _ENCODED) and not {".", ".."} & set(lower.split("/"))


def subscription_in(path: str) -> str:
    """Return the subscription *path* is below, in lower case; empty for none."""
    parts = path.lower().split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "subscriptions" else ""  # noqa: PLR2004 - "", subscriptions, id
