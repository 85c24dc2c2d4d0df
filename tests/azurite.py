"""The real Azurite (npm package `azurite`) on loopback, and a transport on which its account has Azure's host name."""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import trustme
from azure.core.pipeline.transport import AsyncioRequestsTransport
from requests.adapters import HTTPAdapter

from cmk_remediate.clock import SystemClock
from cmk_remediate.connection.runner import run
from cmk_remediate.model.protocols import Connection
from cmk_remediate.simulator.tokens import Claims, minted

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "runsaccount"
HOST = f"{ACCOUNT}.blob.core.windows.net"
CONTAINER = "journals"
ADDRESS = f"https://{HOST}/{CONTAINER}/team-a"
_KEY = base64.b64encode(b"no secret: of an emulator on loopback").decode()
_PATIENCE = 60.0


def program() -> str | None:
    """Return Azurite's blob server: from the setting AZURITE_BLOB, beside this Python, or from PATH."""
    beside = Path(sys.prefix) / "node_modules" / ".bin" / "azurite-blob"
    return os.environ.get("AZURITE_BLOB") or (str(beside) if beside.exists() else shutil.which("azurite-blob"))


def missing() -> str:
    """Return why Azurite cannot be started; empty if it can."""
    if program() is None:
        return "azurite is not installed: npm install --prefix <this environment> azurite"
    return "" if shutil.which("node") else "azurite needs node"


@dataclass(frozen=True)
class Azurite:
    """One that runs.

    Attributes:
        port: on loopback.
        ca: the file with the certificate authority to trust.
    """

    port: int
    ca: str

    def transport(self) -> Any:
        """Return a transport that finds the account here under its name at Azure."""
        session = requests.Session()
        session.trust_env = False
        session.mount(f"https://{HOST}", _Here(self))
        return AsyncioRequestsTransport(session=session, connection_timeout=10, read_timeout=10)

    def connection(self, credential: Any = None) -> Connection:
        """Return a connection whose only Azure is this."""
        transport = self.transport()

        async def close() -> None:
            await transport.__aexit__(None, None, None)

        return Connection(transport, credential or Credential(), SystemClock(), "AzureCloud", run, close)

    def make_container(self, name: str = CONTAINER) -> None:
        """Make the container: the operator's work, not ours."""
        answer = self._asked("PUT", f"https://{HOST}/{name}?restype=container")
        assert answer.status_code in (201, 409), answer.text

    def contents(self, address: str) -> dict[str, str]:
        """Return the text of every blob below *address*, by its name, as anybody who may read the container gets it."""
        prefix = address.removeprefix(f"https://{HOST}/{CONTAINER}/")
        listed = self._asked("GET", f"https://{HOST}/{CONTAINER}?restype=container&comp=list&prefix={prefix}").text
        names = re.findall("<Name>(.*?)</Name>", listed)
        return {name: self._asked("GET", f"https://{HOST}/{CONTAINER}/{name}").text for name in names}

    def _asked(self, method: str, url: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {Credential().token()}", "x-ms-version": "2025-01-05"}
        session = requests.Session()
        session.trust_env = False
        session.mount(f"https://{HOST}", _Here(self))
        with closing(session):
            return session.request(method, url, headers=headers, timeout=10)


class Credential:
    """Tokens of the embedded Azure's making, with what Azurite looks at beside."""

    def token(self, scope: str = "https://storage.azure.com/.default") -> str:
        claims = Claims("77777777-7777-4777-8777-7777777777aa", "t", scope.removesuffix("/.default"), 0.0)
        return minted(claims, {"iat": 0, "nbf": 0})

    async def get_token(self, *scopes: str, **_options: Any) -> Any:
        from azure.core.credentials import AccessToken  # noqa: PLC0415 - as the product does

        return AccessToken(self.token(scopes[0]), 4102444800)

    async def close(self) -> None:
        """Nothing is held."""


class _Here(HTTPAdapter):
    """Leads the account's host to loopback; names in requests and certificates stay as they are."""

    def __init__(self, azurite: Azurite) -> None:
        self._azurite = azurite
        super().__init__(max_retries=0)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, self._azurite.ca, cert)
        return {**host, "host": "127.0.0.1", "port": self._azurite.port}, {
            **pool,
            "server_hostname": HOST,
            "assert_hostname": HOST,
        }

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        request.headers["Host"] = HOST
        options["verify"] = self._azurite.ca
        return super().send(request, *args, **options)


@contextmanager
def started(folder: Path) -> Iterator[Azurite]:
    """Start Azurite with its data in memory, and end it."""
    found = program()
    assert found is not None
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for number, part in enumerate(certificate.cert_chain_pems):
        part.write_to_path(folder / "cert.pem", append=number > 0)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(found, "--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"),
        *("--blobHost", "127.0.0.1", "--blobPort", str(port), "--oauth", "basic"),
        *("--cert", str(folder / "cert.pem"), "--key", str(folder / "key.pem")),
    ]
    environment = os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{_KEY}"}
    log = (folder / "azurite.log").open("wb")
    with log, subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder) as process:
        try:
            _wait_for(port, process, folder)
            azurite = Azurite(port, str(folder / "ca.pem"))
            azurite.make_container()
            yield azurite
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    clock = SystemClock()
    end = clock.monotonic() + _PATIENCE
    while clock.monotonic() < end and process.poll() is None:
        with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
            return
        run(lambda: clock.sleep(0.1))
    raise AssertionError((folder / "azurite.log").read_text(encoding="utf-8", errors="replace"))
