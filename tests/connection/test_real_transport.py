"""The transport a runbook uses, over an adapter that answers in place of a socket: what the in-process one cannot show."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from cmk_remediate.connection import Session, connect
from cmk_remediate.model.decisions import Read, Request
from cmk_remediate.model.outcomes import Accepted, Started, Unclear
from tests.connection.table import ARM, GROUP, PROTECTOR, SERVER, VAULT, Credential

ROLE = VAULT.extension("Microsoft.Authorization/roleAssignments", "g1")


class Socketless(BaseAdapter):
    """Answers every request alike and keeps what was sent."""

    def __init__(self, status: int, body: Any, headers: dict[str, str], broken: Exception | None = None) -> None:
        super().__init__()
        self.status, self.content, self.headers, self.broken = status, json.dumps(body).encode(), headers, broken
        self.sent: list[tuple[str, str, bytes, str]] = []

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        body: Any = request.body
        content = body.read() if hasattr(body, "read") else body or b""
        self.sent.append((str(request.method), str(request.url), content, request.headers["Authorization"]))
        if self.broken is not None:
            raise self.broken
        answer = requests.Response()
        answer.status_code = self.status
        answer.headers.update(
            {"Content-Type": "application/json", "Content-Length": str(len(self.content)), **self.headers}
        )
        answer.raw = HTTPResponse(
            io.BytesIO(self.content), status=self.status, headers=dict(answer.headers), preload_content=False
        )
        answer.url = str(request.url)
        answer.request = request
        return answer

    def close(self) -> None: ...


def ask(adapter: Socketless, what: Read | Request) -> Any:
    connection = connect(Credential())
    connection.transport.session.mount("https://", adapter)

    async def main() -> Any:
        session = Session(connection, read_only=False)
        try:
            if isinstance(what, Read):
                return (await session.read(what)).body
            return await session.send(what, client_request_id="req-1")
        finally:
            await connection.close()

    return connection.run(main)


@pytest.mark.parametrize("what", [Read(SERVER), Read(VAULT), Read(ROLE)], ids=["sql", "keyvault", "authorization"])
def test_reads_of_old_and_new_generated_clients(what: Read) -> None:
    adapter = Socketless(200, {"properties": {"odd": None}}, {})
    assert ask(adapter, what) == {"properties": {"odd": None}}


def test_list_with_pages() -> None:
    adapter = Socketless(200, {"value": [{"name": "a"}], "nextLink": None}, {})
    assert ask(adapter, Read(VAULT, "list:roleAssignments")) == [{"name": "a"}]
    assert ask(adapter, Read(SERVER, "list:databases")) == [{"name": "a"}]


@pytest.mark.parametrize(("method", "target"), [("PATCH", VAULT), ("PATCH", SERVER), ("PUT", ROLE), ("PUT", PROTECTOR)])
def test_our_bytes_reach_the_socket(method: Any, target: Any) -> None:
    adapter = Socketless(200, {"properties": {}}, {})
    assert isinstance(ask(adapter, Request(method, target, {"b": None, "a": 1})), Accepted)
    assert adapter.sent[0][2] == b'{"a":1,"b":null}'


def test_operation_begins() -> None:
    adapter = Socketless(202, {"operation": "x"}, {"Azure-AsyncOperation": f"{ARM}{GROUP}/op/1", "Retry-After": "15"})
    outcome = ask(adapter, Request("PUT", PROTECTOR, {}))
    assert isinstance(outcome, Started)
    assert outcome.operation.status_url.endswith("/op/1")


@pytest.mark.parametrize(
    "broken", [requests.exceptions.ReadTimeout("slow"), requests.exceptions.ConnectionError("reset"), OSError("gone")]
)
def test_write_without_an_answer_left_once(broken: Exception) -> None:
    adapter = Socketless(200, {}, {}, broken)
    assert isinstance(ask(adapter, Request("PATCH", VAULT, {})), Unclear)
    assert len(adapter.sent) == 1


def test_netrc_does_not_replace_the_token(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine management.azure.com login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    adapter = Socketless(200, {}, {})
    ask(adapter, Read(VAULT))
    assert adapter.sent[0][3].startswith("Bearer ")
