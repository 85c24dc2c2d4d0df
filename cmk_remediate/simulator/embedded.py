"""The embedded Azure as an object: for tests, the command line, and what stands in front of it (a transport, a server)."""

from __future__ import annotations

import functools
import hashlib
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.protocols import Connection
from cmk_remediate.simulator import arm, dataplane, estate, virtual_time
from cmk_remediate.simulator.builtin import CORE
from cmk_remediate.simulator.credential import SimulatedCredential
from cmk_remediate.simulator.faults import Faults
from cmk_remediate.simulator.registry import Registry
from cmk_remediate.simulator.settings import Settings
from cmk_remediate.simulator.state import StateFile
from cmk_remediate.simulator.store import Store
from cmk_remediate.simulator.throttle import Counters, kind_of
from cmk_remediate.simulator.transport import SimulatedTransport
from cmk_remediate.simulator.virtual_time import VirtualClock
from cmk_remediate.simulator.wire import Incoming, Outgoing
from cmk_remediate.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cmk_remediate.simulator.declare import Json, Provider
    from cmk_remediate.simulator.monitor.values import Violation


@dataclass(frozen=True)
class Exchange:
    """One request, as the log keeps it.

    Attributes:
        number: counted from 1 over the life of the state.
        at: when, on Azure's clock, ISO 8601.
        method: the HTTP method.
        url: the whole URL.
        status: what was answered; 0 for a host that does not exist.
        caller: the object id of who asked; empty for none.
        code: the error code answered, or empty.
        reads: whether the request by its nature changes nothing.
        poll: whether it asked for an operation's status.
        digest: SHA-256 of the request's body, or empty for no body.
        body: the request's body; not in the log file.
    """

    number: int
    at: str
    method: str
    url: str
    status: int
    caller: str
    code: str
    reads: bool
    poll: bool
    digest: str
    body: bytes = b""

    def to_json(self) -> Json:
        """Return the line of the log."""
        return {name: value for name, value in asdict(self).items() if name != "body"}


class EmbeddedAzure:
    """An Azure of one's own.

    Attributes:
        world: its state.
        requests: every request this object answered, in order.
        faults: what tests let go wrong; counted by the requests sent through this object's transports.
        sent: how many those are.
        counters: what was asked, for a bench.
        observers: called with (this object, exchange) after every request, before its answer leaves.
        violations: the broken laws a monitor has seen (`monitor.watch`); empty without one.
        clock: Azure's clock, as the program that uses it sees it.
        state: its file, or None in memory.
        threads: whether jobs of programs on virtual time run in threads; without them a run is the same every time.
    """

    def __init__(self, world: World, state: StateFile | None = None) -> None:
        """Look at *world*; `open_azure` and `fresh` make one."""
        self.world = world
        self.state = state
        self.requests: list[Exchange] = []
        self.faults = Faults()
        self.sent = 0
        self.counters = Counters()
        self.observers: list[Callable[[EmbeddedAzure, Exchange], None]] = []
        self.violations: list[Violation] = []
        self.clock = VirtualClock(world.stamp, world.settings.clock_skew)
        self.threads = True
        self._number: int = world.store.get("meta", "requests", 0)

    # -- answering ---------------------------------------------------------------------------------------------------------

    def hosts(self, host: str) -> bool:
        """Say whether *host* exists in this cloud."""
        return host == self.world.cloud.arm or dataplane.plane_of(self.world, host) is not None

    def answer(self, incoming: Incoming) -> Outgoing:
        """Answer a request at the clock's time; state and log are written before this returns."""
        with self._turn():
            world = self.world
            plane = None if incoming.host == world.cloud.arm else dataplane.plane_of(world, incoming.host)
            if plane is None and incoming.host != world.cloud.arm:
                raise LookupError(incoming.host)
            try:
                if plane is None:
                    given, caller = arm.answer(world, incoming)
                else:
                    self.counters.data += 1
                    given, caller = dataplane.answer(world, incoming, plane)
            except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
                where = f"{incoming.method} {incoming.url.partition('?')[0]}"
                cause = f"a body is not of the shape its type has: {type(error).__name__}: {error}"
                raise estate.invalid(cause, where) from error
            self._finish(incoming, given, caller)
            return given

    def pretend(self, incoming: Incoming, given: Outgoing) -> Outgoing:
        """Log *incoming* as answered with *given*, without any effect: a fault."""
        with self._turn():
            self._finish(incoming, given, "")
            return given

    def note_unknown(self, incoming: Incoming) -> None:
        """Log a request to a host that does not exist."""
        with self._turn():
            self._finish(incoming, Outgoing(0), "")

    def _finish(self, incoming: Incoming, given: Outgoing, caller: str) -> None:
        self._number += 1
        world = self.world
        world.store.put_quietly("meta", "requests", self._number)
        mark = hashlib.blake2b(f"{world.seed}|{self._number}".encode(), digest_size=16).hexdigest()
        request_id = f"{mark[:8]}-{mark[8:12]}-4{mark[13:16]}-8{mark[17:20]}-{mark[20:]}"
        given.headers.setdefault("x-ms-request-id", request_id)
        given.headers.setdefault(
            "x-ms-correlation-request-id", incoming.headers.get("x-ms-correlation-request-id", request_id)
        )
        given.headers["Date"] = format_datetime(world.now, usegmt=True)
        if "x-ms-client-request-id" in incoming.headers:
            given.headers["x-ms-client-request-id"] = incoming.headers["x-ms-client-request-id"]
        if given.body is not None:
            given.headers.setdefault("Content-Type", "application/json; charset=utf-8")
        given.headers["Content-Length"] = str(len(given.content))
        exchange = self._exchange(incoming, given, caller)
        self._count(exchange)
        self.requests.append(exchange)
        for observer in self.observers:
            observer(self, exchange)
        if self.state is not None:
            self.state.commit(world.store, world.stamp, exchange.to_json())
        else:
            world.store.touched.clear()

    def _exchange(self, incoming: Incoming, given: Outgoing, caller: str) -> Exchange:
        code = ""
        if given.status >= 400 and isinstance(given.body, dict):  # noqa: PLR2004
            code = str((given.body.get("error") or {}).get("code", ""))
        return Exchange(
            self._number,
            self.world.now.isoformat().replace("+00:00", "Z"),
            incoming.method,
            incoming.url,
            given.status,
            caller,
            code,
            given.read or arm.only_asks(incoming),
            given.poll,
            hashlib.sha256(incoming.body).hexdigest() if incoming.body else "",
            incoming.body,
        )

    def _count(self, exchange: Exchange) -> None:
        self.counters.requests += 1
        self.counters.polls += exchange.poll
        self.counters.throttled += exchange.status == 429  # noqa: PLR2004
        if exchange.url.startswith(f"https://{self.world.cloud.arm}"):
            kind = kind_of(exchange.method)
            setattr(self.counters, kind, getattr(self.counters, kind) + 1)

    # -- time ------------------------------------------------------------------------------------------------------------

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Have the state to oneself, up to date and at the clock's time."""
        if self.state is None:
            self.world.advance_to(self.clock.stamp())
            yield
            return
        with self.state.held():
            self._reload(self.state)
            self.world.advance_to(self.clock.stamp())
            yield

    def _reload(self, state: StateFile) -> None:
        if state.load(self.world.store):
            self.world.refresh()
        last = state.last_request()
        if last is not None and last["number"] > self._number:
            self._number = last["number"]
            self.clock.catch_up(datetime.fromisoformat(last["at"].replace("Z", "+00:00")).timestamp())
        self.clock.catch_up(self.world.stamp)

    def advance(self, seconds: float) -> list[str]:
        """Let *seconds* pass and return what happened by itself, a sentence each with its time."""
        with self._turn():
            self.world.said.clear()
            self.clock.catch_up(self.clock.stamp() + seconds)
            self.world.advance_to(self.clock.stamp())
            said = [f"{moment:%Y-%m-%dT%H:%M:%SZ} {sentence}" for moment, sentence in self.world.said]
            self.world.said.clear()
            if self.state is not None:
                self.state.fold(self.world.store, self.world.stamp)
            return said

    # -- ways in ---------------------------------------------------------------------------------------------------------

    @property
    def operator(self) -> Json:
        """The estate's operator: ``object_id, tenant``."""
        found: Json = self.world.store.get("meta", "operator")
        return found

    def connection(self, principal: str | None = None, tenant: str | None = None) -> Connection:
        """Return the outside world as *principal* sees it: an object id; the operator's where none is given."""
        settings = self.world.settings
        who, home = principal or self.operator["object_id"], tenant or self.operator["tenant"]
        credential = SimulatedCredential(who, home, self.clock.stamp, settings.token_seconds)
        return Connection(
            transport=SimulatedTransport(self, self.clock),
            credential=credential,
            clock=self.clock,
            cloud=settings.cloud,
            run=functools.partial(virtual_time.run, clock=self.clock, threads=self.threads),
            close=self._close,
            simulated=str(self.state.path) if self.state else "in memory",
        )

    async def _close(self) -> None:
        self.save()

    def save(self) -> None:
        """Fold the state file, the clock's time in it."""
        if self.state is not None:
            with self.state.held():
                self._reload(self.state)
                self.world.advance_to(self.clock.stamp())
                self.state.fold(self.world.store, self.world.stamp)

    def clone(self) -> EmbeddedAzure:
        """Return a copy in memory, at the same time, with a log and faults of its own and no observers."""
        world = World(self.world.store.clone(), self.world.settings, self.world.registry)
        world.stamp = self.world.stamp
        copy = EmbeddedAzure(world)
        copy.clock = VirtualClock(self.clock.stamp(), self.world.settings.clock_skew)
        copy.threads = self.threads
        return copy

    def with_settings(self, **changes: Any) -> EmbeddedAzure:
        """Change settings from now on and return this object."""
        self.world.settings = replace(self.world.settings, **changes)
        self.world.store.put("meta", "settings", self.world.settings.to_json())
        self.clock.skew = self.world.settings.clock_skew
        return self


def registry_of(providers: Iterable[Provider] | None = None) -> Registry:
    """Return what is declared: the engine's own types and *providers*', all there are where none are given."""
    if providers is None:
        from cmk_remediate.simulator.providers import PROVIDERS  # noqa: PLC0415 - tests open worlds without them

        providers = PROVIDERS
    return Registry([*CORE, *providers])


def fresh(
    content: Mapping[str, Any],
    *,
    seed: int = 0,
    doubts: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    providers: Iterable[Provider] | None = None,
) -> EmbeddedAzure:
    """Return an embedded Azure in memory that holds the estate *content*.

    Raises:
        InputError: CMK106.
    """
    chosen = settings or Settings()
    try:
        chosen = chosen.with_(**dict(content.get("settings") or {}))
        chosen = Settings.from_json(chosen.to_json())
    except (TypeError, ValueError, AttributeError, LookupError, OverflowError) as error:
        raise estate.invalid(f"`settings`: {error}") from error
    store = Store()
    registry = registry_of(providers)
    try:
        store.put("meta", "seed", seed or int(content.get("seed") or 0))
    except (TypeError, ValueError, OverflowError) as error:
        raise estate.invalid("`seed` is no number") from error
    store.put("meta", "settings", chosen.to_json())
    store.put("meta", "doubts", registry.checked(doubts or {}))
    if content.get("now"):
        store.put("meta", "now", estate.begins(content["now"]))
    world = World(store, chosen, registry)
    store.put("meta", "now", world.stamp)
    estate.load(world, content)
    store.put("meta", "opened", record=True)
    world.said.clear()
    return EmbeddedAzure(world)


def open_azure(
    path: Path | str | None = None,
    *,
    content: Mapping[str, Any] | None = None,
    seed: int = 0,
    doubts: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    create: bool = True,
    providers: Iterable[Provider] | None = None,
) -> EmbeddedAzure:
    """Open the state file *path*, made from the estate *content* if it is missing; without *path*, in memory.

    For a file that exists, *settings* and *doubts* replace those it holds, *seed* and *content* do nothing.

    Raises:
        FileNotFoundError: it is missing and *create* is false.
        InputError: CMK106: file or estate is not valid.
    """
    if path is None:
        return fresh(content or {}, seed=seed, doubts=doubts, settings=settings, providers=providers)
    file = StateFile(Path(path))
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.lock.touch()  # where none can be, waiting for it would go on as long as for another process
    with file.held():
        if not file.path.exists():
            if not create:
                raise FileNotFoundError(str(path))
            made = fresh(content or {}, seed=seed, doubts=doubts, settings=settings, providers=providers)
            file.changes.unlink(missing_ok=True)
            file.log.unlink(missing_ok=True)
            StateFile(file.path).fold(made.world.store, made.world.stamp)
        store = Store()
        file.load(store)
        registry = registry_of(providers)
        chosen = settings or Settings.from_json(store.get("meta", "settings", {}))
        if settings is not None:
            store.put("meta", "settings", chosen.to_json())
        if doubts:
            store.put("meta", "doubts", {**store.get("meta", "doubts", {}), **registry.checked(doubts)})
        azure = EmbeddedAzure(World(store, chosen, registry), file)
        file.commit(store, azure.world.stamp, None)
        azure._reload(file)  # noqa: SLF001 - its own class, one line on
    return azure


def utc(stamp: float) -> datetime:
    """Return *stamp*, seconds since 1970, as a moment."""
    return datetime.fromtimestamp(stamp, timezone.utc)
