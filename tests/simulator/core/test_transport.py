"""Real SDK clients, faults, and the virtual loop."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline import AsyncPipeline
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy
from azure.core.rest import HttpRequest
from azure.mgmt.authorization.v2022_04_01.aio import AuthorizationManagementClient
from azure.mgmt.msi.aio import ManagedServiceIdentityClient
from azure.mgmt.resource.locks.aio import ManagementLockClient

from cmk_remediate.simulator.faults import Fault, Killed
from cmk_remediate.simulator.settings import Settings
from cmk_remediate.simulator.virtual_time import DeadlockError, run
from tests.simulator.core.toy import IDENTITY, SUB, THINGS, Raw, V, azure

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.simulator.embedded import EmbeddedAzure, Exchange

SCOPE = "https://management.azure.com/.default"


def msi(connection: Connection) -> ManagedServiceIdentityClient:
    return ManagedServiceIdentityClient(
        cast("Any", connection.credential), SUB.split("/")[2], transport=connection.transport
    )


def body(**more: Any) -> io.BytesIO:
    return io.BytesIO(json.dumps({"location": "westeurope", **more}).encode())


async def put(connection: Connection, name: str) -> Any:
    return await msi(connection).user_assigned_identities.create_or_update("rg1", name, body(tags={"a": "b"}))


def go(connection: Connection, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return connection.run(main)


def test_sdk_clients_work_unaware() -> None:
    it = azure(locks=[{"scope": f"{THINGS}/one", "level": "CanNotDelete"}])
    connection = it.connection()

    async def main() -> None:
        identities = msi(connection).user_assigned_identities
        made = await identities.create_or_update("rg1", "new", body())
        assert made.principal_id == (await identities.get("rg1", "new")).principal_id
        assert [one.name async for one in identities.list_by_resource_group("rg1")] == ["u1", "new"]
        rights = AuthorizationManagementClient(
            cast("Any", connection.credential), SUB.split("/")[2], transport=connection.transport
        )
        assert [one.actions async for one in rights.permissions.list_for_resource_group("rg1")] == [["*"]]
        locks = ManagementLockClient(
            cast("Any", connection.credential), SUB.split("/")[2], transport=connection.transport
        )
        listed = locks.management_locks.list_at_resource_level("rg1", "Microsoft.Toy", "", "things", "one")
        assert [one.level async for one in listed] == ["CanNotDelete"]
        with pytest.raises(HttpResponseError) as caught:
            await identities.get("rg1", "none")
        assert caught.value.error is not None
        assert caught.value.error.code == "ResourceNotFound"

    go(connection, main)


def test_a_request_takes_its_latency_on_the_virtual_clock() -> None:
    it = azure(Settings.immediate(latency=0.05))
    connection = it.connection()

    async def main() -> float:
        before = connection.clock.monotonic()
        await asyncio.gather(*(put(connection, f"i{number}") for number in range(20)))
        return connection.clock.monotonic() - before

    assert go(connection, main) == pytest.approx(0.05, abs=0.01)
    assert it.counters.writes == 20


def test_time_goes_on_from_one_loop_to_the_next_and_may_be_skewed() -> None:
    it = azure(Settings.immediate(clock_skew=120.0))
    connection = it.connection()

    async def main() -> str:
        await connection.clock.sleep(60)
        return connection.clock.now().isoformat()

    assert go(connection, main) == "2030-01-07T08:03:00+00:00"
    assert go(connection, main) == "2030-01-07T08:04:00+00:00"
    assert Raw(it)("GET", f"{THINGS}/one").headers["Date"] == "Mon, 07 Jan 2030 08:02:00 GMT"


def test_only_the_clouds_hosts_exist() -> None:
    it = azure()
    connection = it.connection()
    policy = AsyncBearerTokenCredentialPolicy(cast("Any", connection.credential), SCOPE)

    async def main() -> None:
        pipeline: Any = AsyncPipeline(transport=connection.transport, policies=[policy])
        for host in ("example.org", "nothing.vault.azure.net", "management.usgovcloudapi.net"):
            with pytest.raises(ServiceRequestError):
                await pipeline.run(HttpRequest("GET", f"https://{host}/"))

    go(connection, main)
    assert (it.requests[0].status, it.requests[0].url) == (0, "https://example.org/")
    assert len(it.requests) == 3


@pytest.mark.parametrize(("kind", "left"), [("kill-before", 404), ("kill-after", 200)])
def test_a_kill_stops_everything_at_once(kind: Any, left: int) -> None:
    it = azure()
    connection = it.connection()
    after: list[str] = []

    async def bystander() -> None:
        await connection.clock.sleep(100)
        after.append("slept on")

    async def main() -> None:
        other = asyncio.gather(bystander())
        try:
            await put(connection, "first")
            await put(connection, "second")
        finally:
            after.append("cleaned up")
        await other

    it.faults.add(Fault(kind, number=2))
    with pytest.raises(Killed):
        go(connection, main)
    assert after == []
    it.faults.clear()
    raw = Raw(it)
    assert raw("GET", f"{IDENTITY}/first").status == 200
    assert raw("GET", f"{IDENTITY}/second").status == left


def test_connections_are_lost_before_or_after_the_effect() -> None:
    for kind, error, left in (("reset-before", ServiceRequestError, 404), ("reset-after", ServiceResponseError, 200)):
        it = azure()
        connection = it.connection()
        it.faults.add(Fault(cast("Any", kind), method="PUT", url="userassignedidentities/x"))

        async def main(connection: Connection = connection, error: type[Exception] = error) -> None:
            client = ManagedServiceIdentityClient(
                cast("Any", connection.credential), SUB.split("/")[2], transport=connection.transport, retry_total=0
            )
            with pytest.raises(error):
                await client.user_assigned_identities.create_or_update("rg1", "x", body())

        go(connection, main)
        assert Raw(it)("GET", f"{IDENTITY}/x").status == left


def test_an_error_may_be_answered_without_the_effect_or_after_it() -> None:
    for kind, left in (("status", 404), ("status-after", 200)):
        it = azure()
        connection = it.connection()
        it.faults.add(
            Fault(cast("Any", kind), method="PUT", url="userassignedidentities/x", status=504, code="GatewayTimeout")
        )

        async def main(connection: Connection = connection) -> None:
            client = ManagedServiceIdentityClient(
                cast("Any", connection.credential), SUB.split("/")[2], transport=connection.transport, retry_total=0
            )
            with pytest.raises(HttpResponseError) as caught:
                await client.user_assigned_identities.create_or_update("rg1", "x", body())
            assert caught.value.status_code == 504

        go(connection, main)
        assert Raw(it)("GET", f"{IDENTITY}/x").status == left


def test_statuses_slowness_and_nonsense() -> None:
    it = azure()
    connection = it.connection()
    it.faults.add(Fault("status", number=1, status=503, code="Oops", headers={"Retry-After": "7"}))
    it.faults.add(Fault("slow", number=2, seconds=30))
    it.faults.add(Fault("slow", number=3, seconds=30))
    it.faults.add(Fault("malformed", number=4))
    policy = AsyncBearerTokenCredentialPolicy(cast("Any", connection.credential), SCOPE)
    url = f"https://management.azure.com{THINGS}/one?api-version={V}"

    async def main() -> None:
        pipeline: Any = AsyncPipeline(transport=connection.transport, policies=[policy])
        first = (await pipeline.run(HttpRequest("GET", url))).http_response
        assert (first.status_code, first.headers["retry-after"], first.json()["error"]["code"]) == (503, "7", "Oops")
        before = connection.clock.monotonic()
        assert (await pipeline.run(HttpRequest("GET", url))).http_response.status_code == 200
        assert connection.clock.monotonic() - before > 30
        with pytest.raises(ServiceResponseError):
            await pipeline.run(HttpRequest("GET", url), read_timeout=10)
        spoiled = (await pipeline.run(HttpRequest("GET", url))).http_response
        with pytest.raises(json.JSONDecodeError):
            spoiled.json()

    go(connection, main)
    assert [one.status for one in it.requests] == [503, 200, 200, 200]


def test_a_cancelled_write_still_takes_effect() -> None:
    it = azure()
    connection = it.connection()

    async def main() -> None:
        task = asyncio.gather(put(connection, "x"))
        while not it.requests:
            await connection.clock.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    go(connection, main)
    assert Raw(it)("GET", f"{IDENTITY}/x").status == 200


def test_observers_see_the_world_after_each_request() -> None:
    it = azure()
    seen: list[tuple[int, bool]] = []

    def observer(embedded: EmbeddedAzure, exchange: Exchange) -> None:
        seen.append((exchange.status, embedded.world.get(f"{IDENTITY}/x") is not None))

    it.observers.append(observer)
    raw = Raw(it)
    raw("GET", f"{IDENTITY}/x")
    raw("PUT", f"{IDENTITY}/x", {"location": "westeurope"})
    assert seen == [(404, False), (201, True)]


def test_the_clock_stands_still_while_a_thread_works() -> None:
    event = threading.Event()

    async def main() -> float:
        loop = asyncio.get_running_loop()
        asyncio.get_running_loop().call_later(5, event.set)
        before = loop.time()
        threading.Timer(0.05, event.set).start()
        await loop.run_in_executor(None, event.wait)
        return loop.time() - before

    assert run(main) == 0


def test_a_program_that_waits_for_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmk_remediate.simulator.virtual_time._DEADLOCK", 0.05)

    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(DeadlockError):
        run(main)


def test_the_same_seed_gives_the_same_log_whatever_the_hash_seed() -> None:
    program = (
        "import asyncio, hashlib\n"
        "from cmk_remediate.simulator.settings import Settings\n"
        "from tests.simulator.core.test_transport import go, put, msi\n"
        "from tests.simulator.core.toy import azure\n"
        "it = azure(Settings(), seed=3)\n"
        "c = it.connection()\n"
        "async def main():\n"
        "    await asyncio.gather(*(put(c, f'i{n}') for n in range(30)))\n"
        "    [one async for one in msi(c).user_assigned_identities.list_by_resource_group('rg1')]\n"
        "go(c, main)\n"
        "print(hashlib.sha256(repr([one.to_json() for one in it.requests]).encode()).hexdigest(), it.world.seed)\n"
    )
    logs = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONPATH": ".", "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(logs) == 1
