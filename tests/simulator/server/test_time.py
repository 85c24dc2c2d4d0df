"""Without these a scaled Azure would age wrongly, or its clients wait for minutes that are over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cmk_remediate import simulator
from cmk_remediate.clock import SystemClock
from cmk_remediate.simulator.server.clock import ScaledClock
from cmk_remediate.simulator.server.directory import Directory
from cmk_remediate.simulator.server.front import Front
from cmk_remediate.simulator.settings import Settings
from cmk_remediate.simulator.wire import Incoming
from tests.simulator.raw import IDENTITY, OPERATOR, SERVER, TENANT, estate

if TYPE_CHECKING:
    from datetime import datetime


class Machine(SystemClock):
    """A machine's clock that a test moves."""

    def __init__(self) -> None:
        object.__setattr__(self, "seconds", 100.0)

    seconds: float

    def pass_(self, seconds: float) -> None:
        object.__setattr__(self, "seconds", self.seconds + seconds)

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return super().now()

    async def sleep(self, seconds: float) -> None:
        self.pass_(seconds)


def test_a_minute_there_is_a_second_here() -> None:
    machine = Machine()
    clock = ScaledClock(1000.0, 60.0, machine=machine)
    machine.pass_(2)
    assert clock.stamp() == 1120.0
    clock.catch_up(1100.0)
    assert clock.stamp() == 1120.0
    clock.catch_up(5000.0)
    machine.pass_(1)
    assert clock.stamp() == 5060.0
    asyncio.run(clock.sleep(120))
    assert clock.stamp() == 5180.0


def test_a_clock_that_stands_still_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        ScaledClock(0.0, 0.0)


def test_waits_are_told_in_the_clients_seconds() -> None:
    azure = simulator.azure(estate=estate(), settings=Settings.immediate(throttle=True, reads=(1, 0.01)))
    front = Front(azure, 8443, time_scale=60.0)
    token = Directory(azure).token(front.directory.operator, "https://management.azure.com").text
    incoming = Incoming(
        "GET", f"https://localhost:8443{SERVER}?api-version=2023-08-01", {"authorization": f"Bearer {token}"}
    )
    front.answer(incoming)
    told = front.answer(incoming)

    assert told.status == 429
    assert told.headers["Retry-After"] == "2"  # 100 s at a sixtieth


def test_links_of_an_operation_lead_back_to_the_client() -> None:
    azure = simulator.azure(estate=estate(), settings=Settings.immediate())
    front = Front(azure, 8443)
    token = Directory(azure).token(front.directory.operator, "https://management.azure.com").text
    body = b'{"identity": {"type": "UserAssigned", "userAssignedIdentities": {"%s": {}}}}' % IDENTITY.encode()
    for host in ("localhost:8443", "management.azure.com"):
        url = f"https://{host}{SERVER}?api-version=2023-08-01"
        given = front.answer(Incoming("PATCH", url, {"authorization": f"Bearer {token}"}, body))
        assert given.status in (200, 202), given.body
        links = [value for name, value in given.headers.items() if name in ("Location", "Azure-AsyncOperation")]
        assert links
        assert all(link.startswith(f"https://{host}/subscriptions/") for link in links)


def test_a_token_with_an_end_ends_on_the_clients_clock() -> None:
    machine = Machine()
    azure = simulator.azure(estate=estate(), settings=Settings.immediate(token_seconds=3600.0))
    directory = Directory(azure, 60.0, machine)
    token = directory.token(directory.operator, "https://management.azure.com")

    assert (directory.operator.object_id, directory.tenants) == (OPERATOR, (TENANT,))
    assert token.seconds == 60
