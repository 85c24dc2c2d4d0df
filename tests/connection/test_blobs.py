"""The run store's way to blob storage, on the real Azurite: what only a server can say of leases, positions and answers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.connection.blobs import ATTEMPTS, Blobs, OneHost
from cmk_remediate.engine import remote_log
from cmk_remediate.engine.journal import Journal
from cmk_remediate.engine.lease import take
from cmk_remediate.engine.remote_store import RemoteStore
from cmk_remediate.engine.run_store import state_of, summaries
from cmk_remediate.errors import InputError, LeaseLost, RefusedError, RunStoreBusy, RunStoreError
from cmk_remediate.model.objects import Tail
from cmk_remediate.model.run_address import parse_address
from tests import azurite
from tests.engine.journal_parts import RUN, ended, intent, outcome, review
from tests.engine.journal_parts import started as run_started

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from cmk_remediate.model.protocols import Connection
    from tests.azurite import Azurite


@pytest.fixture
def connection(served: Azurite) -> Iterator[Connection]:
    found = served.connection()
    yield found
    found.run(found.close)


@pytest.fixture
def blobs(connection: Connection) -> Blobs:
    """Give a prefix of the test's own."""
    return Blobs(connection, parse_address(f"{azurite.ADDRESS}/{uuid.uuid4().hex}"))


def done(connection: Connection, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return connection.run(main)


def test_objects_are_written_listed_read_and_deleted(connection: Connection, blobs: Blobs) -> None:
    async def main() -> None:
        assert await blobs.items("") == ()
        assert await blobs.read("a/review.json") is None
        await blobs.write("a/review.json", b"old and longer")
        await blobs.write("a/review.json", b"new")
        await blobs.write("b/review.json", b"")
        assert [item.name for item in await blobs.items("")] == ["a/review.json", "b/review.json"]
        assert [item.name for item in await blobs.items("a/")] == ["a/review.json"]
        assert await blobs.read("a/review.json") == b"new"
        assert await blobs.read("b/review.json") == b""
        assert await blobs.delete("a/review.json")
        assert await blobs.delete("a/review.json"), "what is gone is gone"

    done(connection, main)


def test_an_append_counts_only_where_the_object_ends(connection: Connection, blobs: Blobs) -> None:
    async def main() -> None:
        assert await blobs.begin("log") == Tail(0, 0)
        assert await blobs.append("log", b"one\n", 0) == Tail(4, 1)
        assert await blobs.append("log", b"other\n", 0) is None
        assert await blobs.append("log", b"two\n", 4) == Tail(8, 2)
        assert await blobs.begin("log") == Tail(8, 2)
        assert await blobs.read("log", 4) == b"two\n"
        assert await blobs.read("log", 8) == b""

    done(connection, main)


def test_a_leased_object_is_its_holders(connection: Connection, blobs: Blobs) -> None:
    async def main() -> None:
        assert await blobs.lease("claim", 60) is None
        await blobs.write("claim", b"{}")
        lease = await blobs.lease("claim", 60)
        assert lease is not None
        assert await blobs.lease("claim", 60) is None
        assert (await blobs.items(""))[0].leased
        assert await blobs.renew("claim", lease)
        assert not await blobs.renew("claim", str(uuid.uuid4()))
        assert not await blobs.delete("claim")
        assert not await blobs.delete("claim", str(uuid.uuid4()))
        await blobs.break_lease("claim")
        await blobs.break_lease("claim")
        assert not (await blobs.items(""))[0].leased
        assert not await blobs.renew("claim", lease)
        assert await blobs.delete("claim")
        assert not await blobs.renew("claim", lease)
        await blobs.break_lease("claim")

    done(connection, main)


def test_a_journal_in_append_blobs(connection: Connection, blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments, another writer and a reader, against what a real server makes of positions."""
    monkeypatch.setattr(remote_log, "SEGMENT", 3)
    store = RemoteStore(blobs)

    async def main() -> None:
        old = await Journal.create(store, review(), run_started())
        for number in range(5):
            await old.append(intent(f"step {number}"))
        new = await Journal.open(store, RUN)
        await asyncio.gather(*(new.append(outcome(f"step {number}")) for number in range(5)))
        with pytest.raises(LeaseLost):
            await old.append(ended())
        await new.append(ended())
        state = await state_of(store, RUN)
        assert (state.writes, state.finished, len(new.records)) == (5, True, 12)
        (summary,) = await summaries(store)
        assert (summary.run, summary.state) == (RUN, "finished")
        names = [item.name for item in await blobs.items(RUN)]
        assert f"{RUN}/journal.000001.ndjson" in names

    done(connection, main)


def test_leases_in_blob_storage(connection: Connection, blobs: Blobs) -> None:
    one, two = "a" * 64, "b" * 64

    async def main() -> None:
        store = RemoteStore(blobs)
        lease = await take(store, one, ["/server", "/vault"], connection.clock)
        await lease.permit(25)
        free = await take(RemoteStore(blobs), two, ["/other"], connection.clock)
        await free.release()
        journal = await Journal.create(store, review(), run_started(one))
        await journal.append(intent("a"))
        with pytest.raises(RunStoreBusy) as caught:
            await take(RemoteStore(blobs), two, ["/vault"], connection.clock)
        assert (caught.value.holder, caught.value.resource) == (one, "/vault")
        (claim,) = await RemoteStore(blobs).claims()
        await RemoteStore(blobs).clear(claim, force=True)
        assert not await store.renew(claim), "unlocked"
        again = await take(RemoteStore(blobs), one, ["/vault"], connection.clock)
        await again.release()
        assert await store.claims() == ()

    done(connection, main)


def test_what_the_service_refuses_is_said_with_what_to_do(served: Azurite, connection: Connection) -> None:
    class Nobody(azurite.Credential):
        def token(self, scope: str = "") -> str:
            return super().token("https://vault.azure.net/.default")

    async def main(blobs: Blobs) -> str:
        with pytest.raises(RunStoreError) as caught:
            await blobs.items("")
        assert caught.value.code == codes.engine.JOURNAL_UNWRITABLE
        return caught.value.hint

    stranger = served.connection(Nobody())
    refused = Blobs(stranger, parse_address(azurite.ADDRESS))
    assert "Storage Blob Data Contributor" in stranger.run(lambda: main(refused))
    stranger.run(stranger.close)
    nowhere = Blobs(connection, parse_address(azurite.ADDRESS.replace(azurite.CONTAINER, "absent")))
    assert "Make the container absent first" in done(connection, lambda: main(nowhere))


class Flaky:
    """A transport that does not answer at first, after the request has had its effect."""

    def __init__(self, real: Any, silences: int) -> None:
        self.real = real
        self.silences = silences
        self.sent = 0

    async def send(self, request: Any, **options: Any) -> Any:
        from azure.core.exceptions import ServiceResponseError  # noqa: PLC0415 - as the product does

        self.sent += 1
        answer = await self.real.send(request, **options)
        if self.silences:
            self.silences -= 1
            raise ServiceResponseError("connection reset")
        return answer

    async def sleep(self, seconds: float) -> None:
        await self.real.sleep(seconds)


def quick(connection: Connection, transport: Any) -> Connection:
    """Return *connection* over *transport*, with a clock that does not wait."""

    class Hurried(type(connection.clock)):  # type: ignore[misc]
        async def sleep(self, seconds: float) -> None:
            return None

    return replace(connection, transport=transport, clock=Hurried())


def test_a_lost_answer_is_asked_for_again_and_nothing_happens_twice(connection: Connection) -> None:
    flaky = Flaky(connection.transport, 0)
    blobs = Blobs(quick(connection, flaky), parse_address(f"{azurite.ADDRESS}/{uuid.uuid4().hex}"))

    async def main() -> None:
        store = RemoteStore(blobs)
        journal = await Journal.create(store, review(), run_started())
        flaky.silences = 2
        await journal.append(intent("a"))
        await blobs.write("claim", b"{}")
        flaky.silences = 1
        lease = await blobs.lease("claim", 60)
        assert lease is not None
        assert await blobs.renew("claim", lease)
        await journal.append(ended())
        assert (await Journal.open(store, RUN)).records == (run_started(), intent("a"), ended())
        flaky.silences = 1_000
        before = flaky.sent
        with pytest.raises(RunStoreError, match="did not answer"):
            await blobs.items("")
        assert flaky.sent - before == 6

    done(connection, main)


class Lapsing(azurite.Credential):
    """Gives tokens that an SDK asks for anew each time, and fails so many times from now on."""

    def __init__(self) -> None:
        self.down = 0
        self.failed = 0

    async def get_token(self, *scopes: str, **options: Any) -> Any:
        if self.down:
            self.down -= 1
            self.failed += 1
            raise ConnectionError("the identity endpoint answered 500")
        return (await super().get_token(*scopes, **options))._replace(expires_on=0)


def test_without_a_token_the_store_is_tried_again_and_says_that_it_is_the_store(served: Azurite) -> None:
    """Fails: the journal's error is taken for one of the command line, and nobody says which machine was left stopped."""
    credential = Lapsing()
    real = served.connection(credential)
    blobs = Blobs(quick(real, real.transport), parse_address(f"{azurite.ADDRESS}/{uuid.uuid4().hex}"))

    async def main() -> None:
        assert await blobs.begin("log") == Tail(0, 0)
        credential.down = ATTEMPTS - 1
        assert await blobs.append("log", b"one\n", 0) == Tail(4, 1)
        await blobs.write("claim", b"{}")
        lease = await blobs.lease("claim", 60)
        assert lease is not None
        credential.down = 1
        with pytest.raises(RunStoreError):
            await blobs.renew("claim", lease)
        assert await blobs.renew("claim", lease)
        credential.down, credential.failed = 1_000, 0
        with pytest.raises(RunStoreError) as caught:
            await blobs.append("log", b"two\n", 4)
        assert (caught.value.code, credential.failed) == (codes.engine.JOURNAL_UNWRITABLE, ATTEMPTS)
        assert "the credential gave no token for https://storage.azure.com" in caught.value.cause
        assert caught.value.hint == codes.input_.CREDENTIAL_UNUSABLE.next

    done(real, main)
    real.run(real.close)


def test_whoever_has_not_signed_in_is_told_at_once() -> None:
    from cmk_remediate.connection import connect  # noqa: PLC0415 - only here

    credential = Lapsing()
    credential.down = 1_000
    connection = connect(credential)
    blobs = Blobs(connection, parse_address(azurite.ADDRESS))
    with pytest.raises(RunStoreError) as caught:
        connection.run(lambda: blobs.items(""))
    assert (caught.value.code, credential.failed) == (codes.engine.JOURNAL_UNWRITABLE, 1)
    connection.run(connection.close)


def test_what_leads_elsewhere_is_the_stores_error_too_and_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from cmk_remediate.connection import connect  # noqa: PLC0415 - only here

    asked: list[str] = []
    monkeypatch.setattr("cmk_remediate.connection.blobs.plain_https_host", asked.append)
    connection = connect(azurite.Credential())
    blobs = Blobs(connection, parse_address(azurite.ADDRESS))
    with pytest.raises(RunStoreError, match="was addressed to"):
        connection.run(lambda: blobs.items(""))
    assert len(asked) == 1
    connection.run(connection.close)


def test_no_other_host_is_asked_whatever_a_url_says() -> None:
    class Never:
        async def send(self, request: Any, **options: Any) -> Any:
            raise AssertionError(request.url)

    class Request:
        url = "https://runsaccount.blob.core.windows.net.evil.example/journals"

    with pytest.raises(RefusedError) as caught:
        asyncio.run(OneHost(Never(), azurite.HOST).send(Request()))
    assert caught.value.code == codes.access.HOST_REFUSED


def test_a_store_of_another_cloud_than_the_connections_is_refused() -> None:
    where = parse_address("https://runsaccount.blob.core.usgovcloudapi.net/journals")
    from cmk_remediate.connection import connect  # noqa: PLC0415 - only here

    with pytest.raises(InputError) as caught:
        Blobs(connect(azurite.Credential()), where)
    assert caught.value.code == codes.input_.TENANT_MISMATCH


def test_without_the_extra_one_error_names_it() -> None:
    code = (
        "import sys; sys.modules['azure.storage'] = None\n"
        "import cmk_remediate as cmk\n"
        "from tests.azurite import ADDRESS, Credential\n"
        "try:\n"
        "    cmk.runs(ADDRESS, connection=cmk.connect(Credential()))\n"
        "except cmk.CmkError as error:\n"
        "    print(error.code, error.hint)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "CMK131 pip install 'cmk-remediate[blob]'"
