"""Starts and stops what listens: Azure over HTTPS, the managed-identity endpoint, the proxy."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from cmk_remediate import codes
from cmk_remediate.errors import InputError
from cmk_remediate.simulator.server import certificates
from cmk_remediate.simulator.server.addresses import Addresses
from cmk_remediate.simulator.server.app import azure_app, identity_app
from cmk_remediate.simulator.server.clock import ScaledClock
from cmk_remediate.simulator.server.front import Front
from cmk_remediate.simulator.server.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cmk_remediate.simulator.embedded import EmbeddedAzure

LOOPBACK = "127.0.0.1"
_PATIENCE = 2
"""Seconds a request in progress has when the server is stopped."""


class _Listener(uvicorn.Server):
    """uvicorn, told from outside when to stop, and saying when it listens."""

    def __init__(self, config: uvicorn.Config, listens: Callable[[], None]) -> None:
        super().__init__(config)
        self._listens = listens

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._listens()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drop idle connections at once: TLS would wait for clients that keep them in a pool to agree."""
        for one in list(self.server_state.connections):
            cycle = getattr(one, "cycle", None)
            if cycle is None or cycle.response_complete:
                one.transport.abort()
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: `Server.serve` has its own, for both listeners."""
        yield


class Server:
    """One embedded Azure, served on loopback.

    Attributes:
        azure: what is served; its clock becomes the machine's, scaled.
        front: what answers.
        addresses: where it is.
    """

    def __init__(
        self,
        azure: EmbeddedAzure,
        *,
        port: int = 0,
        time_scale: float = 1.0,
        latency: float = 0.0,
        authority: Path | None = None,
    ) -> None:
        """Take the ports and make the certificates; nothing is answered before `serve`.

        Args:
            azure: what to serve.
            port: of Azure; the managed-identity endpoint and the proxy have the two ports after it. 0: any free ones.
            time_scale: seconds that pass in Azure in one of the machine's.
            latency: seconds by which every answer is late.
            authority: where to write the certificate to trust; in a temporary folder where none is given.

        Raises:
            InputError: CMK121: a port is taken.
        """
        self.azure = azure
        azure.clock = ScaledClock(azure.clock.stamp(), time_scale, azure.clock.skew)
        self._latency = latency
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: list[_Listener] = []
        self._sockets = _listening(port)
        taken = [one.getsockname()[1] for one in self._sockets]
        self.front = Front(azure, taken[0], time_scale)
        self._folder = tempfile.TemporaryDirectory(prefix="cmk-azure-")
        folder = Path(self._folder.name)
        self._files = certificates.made(self.front.hosts.certified(), authority or folder / "ca.pem", folder)
        self.addresses = Addresses(taken[0], taken[1], taken[2], self._files.authority, secrets.token_hex(16))

    async def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Answer until `stop`, or until SIGINT or SIGTERM in the main thread; *ready* is called once everything listens."""
        self._loop = asyncio.get_running_loop()
        waiting = [0, 0]

        def listens() -> None:
            waiting.pop()
            if not waiting:
                ready()

        key = str(self._files.server)
        azure = uvicorn.Config(azure_app(self.front, self._latency), ssl_certfile=key, ssl_keyfile=key, **_settings())
        plain = uvicorn.Config(identity_app(self.front, self.addresses.secret), **_settings())
        self._listeners = [_Listener(azure, listens), _Listener(plain, listens)]
        relay = Relay(self.addresses.port, self.front.hosts.known)
        proxy = await asyncio.start_server(relay.handle, sock=self._sockets[2])
        try:
            with self._signals(self._loop):
                await asyncio.gather(
                    *(one.serve(sockets=[sock]) for one, sock in zip(self._listeners, self._sockets, strict=False))
                )
        finally:
            proxy.close()
            relay.close()
            self.close()

    @contextlib.contextmanager
    def _signals(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        taken = []
        for one in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C interrupts instead
                loop.add_signal_handler(one, self.stop)
                taken.append(one)
        try:
            yield
        finally:
            for one in taken:
                loop.remove_signal_handler(one)

    def stop(self) -> None:
        """End `serve`; from any thread."""
        for one in self._listeners:
            one.should_exit = True

    def close(self) -> None:
        """Let go of ports and files, and save the state."""
        for one in self._sockets:
            one.close()
        self._folder.cleanup()
        self.azure.save()


def _settings() -> dict[str, Any]:
    return {
        "http": "h11",
        "ws": "none",
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "date_header": False,  # Azure's own clock goes into it
        "server_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": _PATIENCE,
    }


def _listening(port: int) -> list[socket.socket]:
    """Take three ports on loopback."""
    taken: list[socket.socket] = []
    for offset in range(3):
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.append(one)
        wanted = port + offset if port else 0
        try:
            one.bind((LOOPBACK, wanted))
            one.listen(128)
        except (OSError, OverflowError) as error:
            for other in taken:
                other.close()
            text = f"port {wanted} on {LOOPBACK} cannot be listened on: {error}"
            raise InputError(codes.input_.PORT_TAKEN, text, resource=f"--port {port}") from error
    return taken


@contextlib.contextmanager
def background(server: Server) -> Iterator[Server]:
    """Serve in a thread of its own while the block runs.

    Raises:
        RuntimeError: it ended before it listened.
    """
    event, failed = threading.Event(), []

    def work() -> None:
        try:
            asyncio.run(server.serve(event.set))
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            failed.append(error)
        finally:
            event.set()

    thread = threading.Thread(target=work, name="embedded-azure", daemon=True)
    thread.start()
    event.wait()
    if failed:
        raise RuntimeError("the server did not start") from failed[0]
    try:
        yield server
    finally:
        server.stop()
        thread.join()
