"""The SDKs' way in: an asynchronous transport that ends in the embedded Azure instead of a socket."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import AsyncHttpResponse
from azure.core.utils import CaseInsensitiveDict

from cmk_remediate.simulator.faults import Fault, Killed
from cmk_remediate.simulator.virtual_time import VirtualLoop
from cmk_remediate.simulator.wire import Incoming, Outgoing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from typing_extensions import Self

    from cmk_remediate.clock import Clock
    from cmk_remediate.simulator.embedded import EmbeddedAzure

_REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 400: "Bad Request", 401: "Unauthorized"}
_REASONS |= {403: "Forbidden", 404: "Not Found", 409: "Conflict", 429: "Too Many Requests"}
_SPOILED = b'{"id": "/subscr'


class SimulatedTransport(AsyncHttpTransport[Any, Any]):
    """Hands requests to an `EmbeddedAzure`; one takes its latency on the connection's clock.

    The effect happens before the first wait, so a request that is cancelled has taken effect, as on a socket.
    """

    def __init__(self, azure: EmbeddedAzure, clock: Clock) -> None:
        """Talk to *azure*."""
        self._azure = azure
        self._clock = clock

    async def open(self) -> None:
        """Do nothing: there is no connection."""

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_details: object) -> None:
        return None

    async def sleep(self, duration: float) -> None:
        """Let *duration* pass, for the SDKs' own policies."""
        await self._clock.sleep(duration)

    async def send(self, request: Any, **options: Any) -> SimulatedResponse:
        """Answer *request*.

        Raises:
            ServiceRequestError: the host does not exist, or a fault lost the connection before the effect.
            ServiceResponseError: a fault lost it after the effect, or the answer took longer than ``read_timeout``.
        """
        headers = {str(name).lower(): str(value) for name, value in request.headers.items()}
        incoming = Incoming(request.method.upper(), request.url, headers, _content(request))
        faults = self._azure.faults
        if faults.dead:
            await self._die()
        number = self._azure.sent + 1
        self._azure.sent = number
        fault = faults.strike(number, incoming.method, incoming.url) if faults.planned else None
        kind = fault.kind if fault else ""
        if kind == "kill-before":
            await self._die()
        if kind == "reset-before":
            raise ServiceRequestError("the connection was reset")
        if fault is not None and kind == "status":
            outgoing = self._azure.pretend(incoming, _spoken(fault))
        elif not self._azure.hosts(incoming.host):
            self._azure.note_unknown(incoming)
            raise ServiceRequestError(f"Failed to resolve '{incoming.host}' (name or service not known)")
        else:
            outgoing = self._azure.answer(incoming)
        if kind == "kill-after":
            await self._die()
        if fault is not None and kind == "status-after":
            outgoing = _spoken(fault, outgoing.headers)
        await self._travel(fault, options)
        if kind == "reset-after":
            raise ServiceResponseError("the connection was reset")
        content = _SPOILED if kind == "malformed" else b"" if kind == "empty" else outgoing.content
        return SimulatedResponse(request, outgoing.status, outgoing.headers, content)

    async def _travel(self, fault: Fault | None, options: dict[str, Any]) -> None:
        latency = self._azure.world.settings.latency
        if fault is not None and fault.kind == "slow":
            patience = options.get("read_timeout")
            if patience is not None and fault.seconds > patience:
                await self._clock.sleep(patience)
                raise ServiceResponseError("the answer took too long")
            latency += fault.seconds
        if latency:
            await self._clock.sleep(latency)

    async def _die(self) -> None:
        self._azure.faults.dead = True
        loop = asyncio.get_running_loop()
        if not isinstance(loop, VirtualLoop):
            raise Killed("the process was killed")
        loop.kill()
        await loop.create_future()


def _spoken(fault: Fault, traced: Mapping[str, str] | None = None) -> Outgoing:
    """Return the answer of *fault*, with the date and the request ids of the answer *traced* that it stands for."""
    error = {"error": {"code": fault.code, "message": f"The request failed with {fault.status}."}}
    kept = {name: value for name, value in (traced or {}).items() if name == "Date" or name.startswith("x-ms-")}
    return Outgoing(fault.status, error, {**kept, **fault.headers})


def _content(request: Any) -> bytes:
    data = getattr(request, "content", None)
    if data is None:
        data = getattr(request, "body", None)
    if data is None:
        return b""
    if hasattr(data, "read"):
        data = data.read()
    if isinstance(data, str):
        return data.encode()
    return bytes(data) if isinstance(data, (bytes, bytearray)) else b"".join(data)


class SimulatedResponse(AsyncHttpResponse):
    """An answer, whole from the start; also knows what older generated clients ask of a response."""

    def __init__(self, request: Any, status: int, headers: dict[str, str], content: bytes) -> None:
        """Hold an answer."""
        self._request = request
        self._status = status
        self._headers: Any = CaseInsensitiveDict(headers)
        self._content = content
        self._encoding: str | None = None
        self._closed = False
        self.internal_response = self
        self.block_size = 4096

    @property
    def request(self) -> Any:
        """The request this answers."""
        return self._request

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self._status

    @property
    def headers(self) -> Any:
        """The headers, by name in any casing."""
        return self._headers

    @property
    def reason(self) -> str:
        """The reason phrase."""
        return _REASONS.get(self._status, "")

    @property
    def content_type(self) -> str | None:
        """The Content-Type header."""
        found: str | None = self._headers.get("Content-Type")
        return found

    @property
    def is_closed(self) -> bool:
        """Whether the answer was closed."""
        return self._closed

    @property
    def is_stream_consumed(self) -> bool:
        """Whether the body was read: it always is."""
        return True

    @property
    def encoding(self) -> str | None:
        """The encoding for `text`, if one was set."""
        return self._encoding

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._encoding = value

    @property
    def url(self) -> str:
        """The URL that was asked."""
        return str(self._request.url)

    @property
    def content(self) -> bytes:
        """The body."""
        return self._content

    def body(self) -> bytes:
        """Return the body, for older clients."""
        return self._content

    def text(self, encoding: str | None = None) -> str:
        """Return the body as text."""
        return self._content.decode(encoding or self._encoding or "utf-8-sig")

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.text())

    def raise_for_status(self) -> None:
        """Raise for a status of 400 and above."""
        if self._status >= 400:  # noqa: PLR2004
            raise HttpResponseError(response=self)

    async def read(self) -> bytes:
        """Return the body."""
        return self._content

    async def load_body(self) -> None:
        """Do nothing: the body is there."""

    async def close(self) -> None:
        """Close the answer."""
        self._closed = True

    async def iter_raw(self, **_options: Any) -> AsyncIterator[bytes]:
        """Go through the body, in one piece."""
        yield self._content

    async def iter_bytes(self, **_options: Any) -> AsyncIterator[bytes]:
        """Go through the body, in one piece."""
        yield self._content

    def stream_download(self, _pipeline: Any = None, **options: Any) -> AsyncIterator[bytes]:
        """Go through the body, for older clients."""
        return self.iter_bytes(**options)

    async def __aexit__(self, *_details: object) -> None:
        await self.close()
