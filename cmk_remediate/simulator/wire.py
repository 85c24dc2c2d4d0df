"""A request and its answer, apart from any HTTP library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import ArmError, Json


@dataclass(frozen=True)
class Incoming:
    """A request as it arrives.

    Attributes:
        method: upper case.
        url: the whole URL.
        headers: names in lower case.
        body: the bytes sent.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def host(self) -> str:
        """The host, lower case."""
        return (urlsplit(self.url).hostname or "").lower()

    @cached_property
    def path(self) -> str:
        """The path, decoded, without a trailing or doubled slash."""
        parts = [part for part in unquote(urlsplit(self.url).path).split("/") if part]
        return "/" + "/".join(parts)

    @cached_property
    def query(self) -> dict[str, str]:
        """Query parameters, names in lower case."""
        return {name.lower(): value for name, value in parse_qsl(urlsplit(self.url).query, keep_blank_values=True)}

    @cached_property
    def sent(self) -> Json | None:
        """The JSON body, an empty object for no body, or None for one that is no JSON object."""
        if not self.body:
            return {}
        try:
            data = json.loads(self.body)
        except ValueError:
            return None
        return data if isinstance(data, dict) else None


@dataclass
class Outgoing:
    """An answer.

    Attributes:
        status: the HTTP status.
        body: JSON, raw bytes, or None for an empty body.
        headers: as they are sent.
        poll: whether it answered a poll of an operation's status.
        read: whether the request changed nothing by its nature (a POST may be one).
    """

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    poll: bool = False
    read: bool = False

    @cached_property
    def content(self) -> bytes:
        """The body as bytes; the body no longer changes once this was asked for."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


def refused(error: ArmError) -> Outgoing:
    """Return the answer that carries *error*."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    return Outgoing(error.status, error.body(), headers)
