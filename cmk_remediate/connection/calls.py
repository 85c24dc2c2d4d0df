"""What one call of ours carries through the SDK's pipeline, and what it brings back.

SDK methods pass unknown keyword arguments on to the pipeline, so a `Call` travels as the keyword `OPTION`; the policies find it
in the request's context. The raw answer comes back in `Call.reply`, and past the SDK (`Answered`): no SDK model is made of it,
and no exception class is judged where an answer exists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from io import BytesIO
from typing import Any, Literal, NoReturn, TypeGuard

Kind = Literal["read", "poll", "write", "delete"]

OPTION = "cmk_call"
"""The keyword under which a `Call` is given to an SDK method, and its place in a request's context."""

_SUCCESS = 2
_OK = 200

PATIENCE = 600.0
"""Seconds a call waits at most where Azure asked everybody to wait; queueing for a budget is not limited."""


@dataclass(frozen=True)
class Reply:
    """A raw answer.

    Attributes:
        status: the HTTP status.
        headers: by lower-case name.
        content: the body's bytes.
        at: Azure's clock when it answered.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    at: datetime

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return self.status // 100 == _SUCCESS

    @property
    def json(self) -> Any:
        """The body as JSON, not to be changed; None when it is empty or not JSON."""
        return self._parsed[0]

    @property
    def malformed(self) -> bool:
        """Whether there is a body and it is not JSON."""
        return self._parsed[1]

    @property
    def spoiled(self) -> bool:
        """Whether it says 200 and no JSON object: it was cut off on its way, or is another's, and says nothing."""
        return self.malformed or (self.status == _OK and not isinstance(self.json, dict))

    @cached_property
    def _parsed(self) -> tuple[Any, bool]:
        try:
            found = json.loads(self.content or b"null", parse_constant=_no_json)
            return (_writable(found) if _LONE.search(self.content) else found), False
        except (ValueError, RecursionError):
            return None, bool(self.content.strip())

    @property
    def retry_after(self) -> int:
        """Seconds that Retry-After asks to wait, rounded up; 0 without one."""
        return retry_after(self.headers, self.at)

    @property
    def correlation_id(self) -> str:
        """Azure's id of the request for its activity log; may be empty."""
        return self.headers.get("x-ms-correlation-request-id", "") or self.headers.get("x-ms-request-id", "")


def are_objects(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Say whether *value* is a list of nothing but JSON objects, as a page of a list or a search is."""
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


_LONE = re.compile(rb"\\u[dD][89a-fA-F]")
"""Half of a character beyond 16 bits, as JSON may spell one without the other half: no text that can be written anywhere."""


def _writable(value: Any) -> Any:
    """Return *value* with U+FFFD in place of each lone half of a character."""
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _no_json(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and JSON (RFC 8259) does not know."""
    raise ValueError(name)


@dataclass
class Call:
    """One call of ours: one request, or the pages of a list.

    Attributes:
        kind: what it counts as.
        label: the catalog row, for logs and errors.
        subscription: whose budget it uses; lower case.
        client_request_id: sent with every attempt.
        body: what is sent; rewound before each attempt.
        patience: seconds it waits at most where Azure asks everybody to wait.
        reply: the last answer; None as long as none came.
        refreshed: whether a 401 has already led to a new token.
        attempts: how often it was sent.
        permit: asked before each attempt leaves, with the seconds it may take; raises where it must not.
    """

    kind: Kind
    label: str
    subscription: str
    client_request_id: str
    body: BytesIO | None = None
    patience: float = PATIENCE
    reply: Reply | None = None
    refreshed: bool = False
    attempts: int = 0
    permit: Callable[[float], Awaitable[None]] | None = None

    @property
    def reads(self) -> bool:
        """Whether it may only read."""
        return self.kind in ("read", "poll")


class Answered(Exception):  # noqa: N818 - a signal between our own modules, never shown
    """An answer is in `Call.reply`; raised past the SDK, which would only make models or errors of it that nobody reads."""


class Throttled(Exception):  # noqa: N818 - a signal between our own modules, never shown
    """Azure asked everybody on a budget to wait longer than the call's patience; nothing was sent.

    Attributes:
        retry_after: seconds, rounded up.
    """

    def __init__(self, retry_after: int) -> None:
        """Keep the seconds."""
        super().__init__(f"throttled for another {retry_after} s")
        self.retry_after = retry_after


LONGEST_WAIT = 30 * 86400
"""Seconds of the longest wait that is taken seriously (our choice): what asks for more asks for this."""


def retry_after(headers: Mapping[str, str], now: datetime) -> int:
    """Return the seconds that ``Retry-After`` or ``retry-after-ms`` ask to wait; 0 without one, or for nonsense.

    At most `LONGEST_WAIT`.

    RFC 9110 section 10.2.3 allows seconds and a date.
    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if milliseconds.isascii() and milliseconds.isdigit():
        return -(-_bounded(milliseconds, LONGEST_WAIT * 1000) // 1000)
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return _bounded(text, LONGEST_WAIT)
    moment = http_date(text)
    return min(LONGEST_WAIT, max(0, round((moment - now).total_seconds()))) if moment is not None else 0


def _bounded(digits: str, most: int) -> int:
    return min(int(digits), most) if len(digits.lstrip("0")) <= len(str(most)) else most


@lru_cache(maxsize=1024)
def http_date(text: str) -> datetime | None:
    """Return the moment an HTTP date names, or None where it names none."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return moment if moment.tzinfo is not None else None
