"""The same session against the embedded Azure: what one request cannot show."""

from __future__ import annotations

import asyncio
from typing import Any

from cmk_remediate import simulator
from cmk_remediate.connection import Session
from cmk_remediate.model.decisions import Estimate, Read, Request
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.outcomes import Accepted, Refused, Started, Unclear
from cmk_remediate.simulator.faults import Fault
from cmk_remediate.simulator.settings import Settings
from tests.connection.table import GROUP, SUB

TENANT = "11111111-1111-4111-8111-111111111111"
VAULT = ResourceId(f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-e2e")
PLATFORM = {"properties": {"serverKeyType": "ServiceManaged", "serverKeyName": "ServiceManaged"}}


def server(number: int) -> ResourceId:
    return ResourceId(f"{GROUP}/providers/Microsoft.Sql/servers/sql-e2e-{number}")


def estate(servers: int, role: str = "Owner") -> dict[str, Any]:
    vault = {"id": VAULT.text, "location": "westeurope", "properties": {"sku": {"family": "A", "name": "standard"}}}
    return {
        "operator": {"role": role},
        "subscriptions": [{"subscriptionId": SUB, "tenantId": TENANT}],
        "resources": [vault, *({"id": server(number).text, "location": "westeurope"} for number in range(servers))],
    }


def test_write_operation_and_read_back() -> None:
    azure = simulator.azure(estate=estate(1), settings=Settings(latency=0.05))
    connection = azure.connection()
    session = Session(connection, read_only=False)
    protector = server(0).child("encryptionProtector", "current")

    async def main() -> None:
        before = (await session.read(Read(protector))).body
        outcome = await session.send(Request("PUT", protector, PLATFORM), client_request_id="req-1")
        assert isinstance(outcome, Started)
        assert isinstance(await session.wait(outcome.operation, Estimate(60, 600)), Accepted)
        assert (await session.read(Read(protector))).body["properties"] == before["properties"]
        assert (await session.read(Read(server(9)))).body is None
        assert (await session.read(Read(server(0), "list:databases"))).body

    connection.run(main)
    assert session.traffic.polls == 1


def test_caller_without_rights_is_told_which_action_it_lacks() -> None:
    azure = simulator.azure(estate=estate(1, role="Reader"))
    connection = azure.connection()
    session = Session(connection, read_only=False)
    request = Request("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})
    outcome = connection.run(lambda: session.send(request, client_request_id="req-1"))
    assert isinstance(outcome, Refused)
    assert outcome.code == "CMK204"
    assert "Microsoft.KeyVault/vaults/write" in outcome.text


def test_two_hundred_operations_at_once_are_never_throttled() -> None:
    count = 250
    azure = simulator.azure(estate=estate(count), settings=Settings(latency=0.05, operation_seconds=60.0))
    connection = azure.connection()
    session = Session(connection, read_only=False)

    async def one(number: int) -> None:
        protector = server(number).child("encryptionProtector", "current")
        await session.read(Read(protector))
        outcome = await session.send(Request("PUT", protector, PLATFORM), client_request_id=str(number))
        assert isinstance(outcome, Started)
        assert isinstance(await session.wait(outcome.operation, Estimate(60, 600)), Accepted)
        await session.read(Read(protector))

    async def main() -> float:
        began = connection.clock.monotonic()
        await asyncio.gather(*(one(number) for number in range(count)))
        return connection.clock.monotonic() - began

    elapsed = connection.run(main)
    assert session.traffic.throttled == 0
    assert session.traffic.polls == count
    assert elapsed < 60 + (3 * count - 250) / 25 + 5


def test_write_whose_answer_is_lost_is_unclear_not_sent_again() -> None:
    azure = simulator.azure(estate=estate(1))
    connection = azure.connection()
    session = Session(connection, read_only=False)
    azure.faults.add(Fault("reset-after", method="PATCH"))
    request = Request("PATCH", VAULT, {"tags": {"a": "b"}})
    outcome = connection.run(lambda: session.send(request, client_request_id="req-1"))
    assert isinstance(outcome, Unclear)
    assert session.traffic.writes == 1
