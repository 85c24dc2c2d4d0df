"""A tiny Azure for these tests: a transport that answers from a table, and a connection over it on virtual time."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from azure.core.pipeline.transport import AsyncHttpTransport

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.protocols import Connection
from cmk_remediate.simulator.transport import SimulatedResponse
from cmk_remediate.simulator.virtual_time import VirtualClock, run

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from typing_extensions import Self

T = TypeVar("T")

SUB = "00000000-0000-0000-0000-0000000000aa"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg1"
VAULT = ResourceId(f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv1")
KEY = VAULT.child("keys", "k1")
SERVER = ResourceId(f"{GROUP}/providers/Microsoft.Sql/servers/s1")
PROTECTOR = SERVER.child("encryptionProtector", "current")
START = datetime(2026, 6, 1, 12, 0, tzinfo=timezone.utc)
ARM = "https://management.azure.com"


def b64(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def jwt(number: int) -> str:
    return f"{b64({'alg': 'none'})}.{b64({'oid': 'caller-oid', 'tid': 'tenant', 'n': number})}.c2ln"


@dataclass
class Credential:
    """Gives numbered tokens and remembers what it was asked."""

    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    error: Exception | None = None
    closed: int = 0

    async def get_token(self, *scopes: str, **options: Any) -> Any:
        self.asked.append((scopes[0], options))
        if self.error is not None:
            raise self.error
        return SimpleNamespace(token=jwt(len(self.asked)), expires_on=START.timestamp() + 86400)

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Sent:
    """One request as it left."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def path(self) -> str:
        return re.sub(r"^https://[^/]+", "", self.url).partition("?")[0]

    @property
    def api_version(self) -> str:
        found = re.search(r"api-version=([^&]+)", self.url)
        return found.group(1) if found else ""


@dataclass
class Say:
    """One answer."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    @property
    def content(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else json.dumps(self.body).encode()


Turn = Say | Exception


def error(status: int, code: str, message: str = "no", inner: str = "", **headers: str) -> Say:
    says: dict[str, Any] = {"code": code, "message": message}
    if inner:
        says["innererror"] = {"code": inner}
    return Say(status, {"error": says}, {name.replace("_", "-"): value for name, value in headers.items()})


class TableTransport(AsyncHttpTransport[Any, Any]):
    """Answers each (method, end of path) with its turns in order, the last for ever."""

    def __init__(self, clock: VirtualClock, latency: float, skew: float) -> None:
        self.clock = clock
        self.latency = latency
        self.skew = skew
        self.sent: list[Sent] = []
        self.table: dict[tuple[str, str], list[Turn]] = {}
        self.rule: Callable[[Sent], Turn] | None = None
        self.closed = 0

    def on(self, method: str, ends: str, *turns: Turn) -> None:
        self.table[method, ends.lower()] = list(turns)

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def sleep(self, duration: float) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_details: object) -> None:
        self.closed += 1

    async def send(self, request: Any, **options: Any) -> SimulatedResponse:
        assert not set(options) - {"stream"}, f"requests would choke on {options}"
        data = getattr(request, "content", None) or getattr(request, "data", None) or b""
        body = data.read() if hasattr(data, "read") else data
        headers = {str(name).lower(): str(value) for name, value in request.headers.items()}
        sent = Sent(request.method, request.url, headers, bytes(body), self.clock.monotonic())
        self.sent.append(sent)
        turn = self._turn(sent)
        if self.latency:
            await self.clock.sleep(self.latency)
        if isinstance(turn, Exception):
            raise turn
        date = format_datetime(self.clock.now() + timedelta(seconds=self.skew), usegmt=True)
        given = {"Date": date, "Content-Type": "application/json", **turn.headers}
        return SimulatedResponse(request, turn.status, given, turn.content)

    def _turn(self, sent: Sent) -> Turn:
        if self.rule is not None:
            return self.rule(sent)
        fits = [key for key in self.table if key[0] == sent.method and sent.path.lower().endswith(key[1])]
        if not fits:
            return error(404, "ResourceNotFound", "there is no such thing")
        turns = self.table[max(fits, key=lambda key: len(key[1]))]
        return turns.pop(0) if len(turns) > 1 else turns[0]


@dataclass
class World:
    """Everything a test touches."""

    connection: Connection
    azure: TableTransport
    credential: Credential
    clock: VirtualClock

    def run(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return run(main, self.clock)


def world(cloud: str = "AzureCloud", latency: float = 0.0, skew: float = 0.0) -> World:
    clock = VirtualClock(START.timestamp())
    azure = TableTransport(clock, latency, skew)
    credential = Credential()

    async def close() -> None:
        await azure.__aexit__()

    connection = Connection(azure, credential, clock, cloud, lambda main: run(main, clock), close)
    return World(connection, azure, credential, clock)
