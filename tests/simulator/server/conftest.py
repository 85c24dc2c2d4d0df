"""A served Azure, and a session that trusts it and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from cmk_remediate import simulator
from cmk_remediate.simulator import server
from cmk_remediate.simulator.settings import Settings
from tests.simulator.raw import estate
from tests.simulator.server.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.server.running import Server

SCALE = 60.0


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    """Serve a small estate to the tests of a module; a minute there is a second here."""
    azure = simulator.azure(estate=estate(), settings=Settings.immediate())
    with server.background(azure, time_scale=SCALE) as running:
        yield running


@pytest.fixture
def client(served: Server) -> Iterator[Client]:
    """Give a plain HTTP client of that Azure, signed in as its operator."""
    with requests.Session() as session:
        session.trust_env = False
        yield Client(served, session)


@pytest.fixture
def led_here(served: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Set what the server prints as exports in this process."""
    for name, value in served.addresses.environment(served.front.directory.operator).items():
        monkeypatch.setenv(name, value)
    for name in ("https_proxy", "no_proxy", "all_proxy", "ALL_PROXY", "CURL_CA_BUNDLE", "MSI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    return served
