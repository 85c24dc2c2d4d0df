"""A run store that outlives the machine: its journal is all a sandbox leaves behind, its leases are what keeps two apart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.engine import remote_log
from cmk_remediate.engine.journal import Journal
from cmk_remediate.engine.lease import LEASE, RENEW, take
from cmk_remediate.engine.remote_store import RemoteStore
from cmk_remediate.engine.run_store import find_run, state_of, summaries, unfinished
from cmk_remediate.engine.schedule import alongside
from cmk_remediate.errors import InputError, LeaseLost, RunStoreBusy, RunStoreError
from cmk_remediate.model.run_address import BLOB_SUFFIXES, parse_address
from cmk_remediate.simulator.faults import Killed
from cmk_remediate.simulator.virtual_time import VirtualClock, run
from tests.engine.journal_parts import RUN, SERVER, ended, intent, outcome, review, settled, started
from tests.engine.memory_objects import ADDRESS, MemoryObjects, Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

ONE, TWO = "a" * 64, "b" * 64
WRITE = 25.0


class Cloud:
    """A shelf, a clock, and processes that come and go."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.clock = VirtualClock(1_772_400_000.0)

    def objects(self) -> MemoryObjects:
        return MemoryObjects(self.shelf, self.clock.stamp)

    def store(self) -> RemoteStore:
        return RemoteStore(self.objects())

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        return run(main, self.clock)

    def segments(self) -> list[str]:
        return sorted(name.partition("/")[2] for name in self.shelf.data if "/journal" in name)


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


async def journal_of(store: RemoteStore, *records: Any) -> Journal:
    """Return a new journal that holds *records* after its first one."""
    journal = await Journal.create(store, review(), started())
    for record in records:
        await journal.append(record)
    return journal


def test_what_was_appended_is_read_back_by_another_process(cloud: Cloud) -> None:
    cloud.run(lambda: journal_of(cloud.store(), intent("a"), outcome("a"), settled("a")))

    async def heir() -> None:
        journal = await Journal.open(cloud.store(), RUN)
        assert journal.records == (started(), intent("a"), outcome("a"), settled("a"))
        assert not journal.torn
        await journal.append(ended())
        (summary,) = await summaries(cloud.store())
        assert (summary.run, summary.state) == (RUN, "finished")
        assert summary.targets == (SERVER,)
        assert await unfinished(cloud.store()) == ()
        assert await find_run(cloud.store(), RUN[:6]) == RUN

    cloud.run(heir)


def test_what_is_no_run_is_not_listed_as_one(cloud: Cloud) -> None:
    """A review without a journal was never begun; whatever else lies there is somebody's."""
    cloud.run(lambda: journal_of(cloud.store()))
    cloud.shelf.data |= {f"{ONE[:-1]}f/review.json": b"{}", "notes/journal.ndjson": b"{}"}
    assert cloud.run(lambda: cloud.store().runs()) == (RUN,)


def test_a_second_start_and_a_resume_of_nothing_are_refused(cloud: Cloud) -> None:
    with pytest.raises(RunStoreError):
        cloud.run(lambda: Journal.open(cloud.store(), RUN))
    cloud.run(lambda: journal_of(cloud.store(), intent("a")))
    with pytest.raises(LeaseLost):
        cloud.run(lambda: journal_of(cloud.store()))
    assert cloud.run(lambda: state_of(cloud.store(), RUN)).writes == 1


def test_a_hundred_appends_at_once_are_few_requests(cloud: Cloud) -> None:
    """An append blob takes 50,000 blocks in all."""

    async def main() -> int:
        objects = cloud.objects()
        journal = await journal_of(RemoteStore(objects))
        before = len(objects.asked)
        await asyncio.gather(*(journal.append(intent(f"step {number}")) for number in range(100)))
        return len(objects.asked) - before

    assert cloud.run(main) <= 2


def test_a_full_segment_is_followed_by_another_and_the_chain_goes_on(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remote_log.SEGMENT < 50_000
    monkeypatch.setattr(remote_log, "SEGMENT", 3)
    records = [intent(f"step {number}") for number in range(8)]
    cloud.run(lambda: journal_of(cloud.store(), *records[:5]))

    async def heir() -> None:
        journal = await Journal.open(cloud.store(), RUN)
        for record in records[5:]:
            await journal.append(record)
        assert journal.records == (started(), *records)

    async def heir_of_a_longer_segment() -> None:
        await (await Journal.open(cloud.store(), RUN)).append(intent("one more"))

    cloud.run(heir)
    assert cloud.segments() == ["journal.000001.ndjson", "journal.000002.ndjson", "journal.ndjson"]
    assert cloud.run(lambda: state_of(cloud.store(), RUN)).writes == 8
    monkeypatch.setattr(remote_log, "SEGMENT", 1)
    cloud.run(heir_of_a_longer_segment)
    assert len(cloud.segments()) == 4, "what another version left longer than we would is full"
    middle = f"{RUN}/journal.000001.ndjson"
    for spoilt in (b"", cloud.shelf.data[middle][:-30]):
        cloud.shelf.data[middle] = spoilt
        with pytest.raises(RunStoreError) as caught:
            cloud.run(lambda: Journal.open(cloud.store(), RUN))
        assert caught.value.code == codes.engine.JOURNAL_DAMAGED
    del cloud.shelf.data[middle]
    with pytest.raises(RunStoreError):
        cloud.run(lambda: state_of(cloud.store(), RUN))


def test_a_segment_cut_at_any_byte_of_its_last_line_is_left_and_the_journal_goes_on_in_the_next(cloud: Cloud) -> None:
    """Copied from a disk, say: an append itself is whole or not at all."""
    cloud.run(lambda: journal_of(cloud.store(), intent("a"), outcome("a")))
    name = f"{RUN}/journal.ndjson"
    whole = cloud.shelf.data[name]
    start = whole[:-1].rindex(b"\n") + 1
    for cut in range(start, len(whole), 7):
        cloud.shelf = Shelf({name: whole[:cut]}, {name: 3})

        async def heir() -> bool:
            journal = await Journal.open(cloud.store(), RUN)
            await journal.append(settled("a"))
            return journal.torn

        assert cloud.run(heir) == (cut > start)
        assert cloud.shelf.data[name] == whole[:cut] or cut == start
        found = cloud.run(lambda: Journal.open(cloud.store(), RUN))
        assert found.records == (started(), intent("a"), settled("a"))


def test_an_append_whose_answer_was_lost_counts_once(cloud: Cloud) -> None:
    async def main() -> None:
        objects = cloud.objects()
        journal = await journal_of(RemoteStore(objects))
        for number in range(3):
            objects.lost_answers = 1
            await journal.append(intent(f"step {number}"))
        await journal.append(ended())

    cloud.run(main)
    found = cloud.run(lambda: Journal.open(cloud.store(), RUN))
    assert [record.type for record in found.records] == ["run-started", "intent", "intent", "intent", "run-ended"]


@pytest.mark.parametrize("same", [False, True])
def test_whoever_lost_its_lease_cannot_append_to_its_successors_journal(cloud: Cloud, *, same: bool) -> None:
    """Not even where both are about to write down the very same thing."""

    async def main() -> None:
        old = await journal_of(cloud.store(), intent("a"))
        new = await Journal.open(cloud.store(), RUN)
        await new.append(outcome("a"))
        for _ in range(2):
            with pytest.raises(LeaseLost) as caught:
                await old.append(outcome("a") if same else settled("a"))
            assert caught.value.code == codes.engine.LEASE_LOST
        await new.append(settled("a"))
        assert (await Journal.open(cloud.store(), RUN)).records == (started(), intent("a"), outcome("a"), settled("a"))

    cloud.run(main)


def test_a_store_out_of_reach_takes_no_intent(cloud: Cloud) -> None:
    async def main() -> None:
        objects = cloud.objects()
        journal = await journal_of(RemoteStore(objects))
        objects.out_of_reach = True
        with pytest.raises(RunStoreError) as caught:
            await journal.append(intent("a"))
        assert caught.value.code == codes.engine.JOURNAL_UNWRITABLE
        objects.out_of_reach = False
        with pytest.raises(RunStoreError):  # whether the first one landed is not known
            await journal.append(intent("b"))

    cloud.run(main)


def test_many_large_records_go_in_several_appends(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_log, "BLOCK", 2000)
    records = [intent(f"step {number}", before={"text": "x" * 900}) for number in range(9)]

    async def main() -> None:
        journal = await journal_of(cloud.store())
        await asyncio.gather(*(journal.append(record) for record in records))
        assert (await Journal.open(cloud.store(), RUN)).records == (started(), *records)

    cloud.run(main)
    assert cloud.shelf.blocks[f"{RUN}/journal.ndjson"] > 5


async def life(store: RemoteStore, clock: VirtualClock) -> None:
    """Do what a run does to its store."""
    lease = await take(store, RUN, [SERVER], clock)
    begun = (await state_of(store, RUN)).started is not None
    journal = await (Journal.open(store, RUN) if begun else Journal.create(store, review(), started()))
    for record in (intent("a"), outcome("a"), settled("a"), ended())[len(journal.records) - 1 :]:
        await lease.permit(WRITE)
        await journal.append(record)
        await clock.sleep(RemoteStore.fresh + 1)
    await lease.release()


def test_death_at_every_request_to_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was half done, the next process goes on, and the journal holds everything once."""
    monkeypatch.setattr(remote_log, "SEGMENT", 2)
    calm = Cloud()
    objects = calm.objects()
    calm.run(lambda: life(RemoteStore(objects), calm.clock))
    for number in range(1, len(objects.asked) + 1):
        for side in ("before", "after"):
            die_and_go_on(number, side, f"{side} {number}: {objects.asked[number - 1]}")


def die_and_go_on(number: int, side: str, where: str) -> None:
    """Let a process die around its *number*-th request, and another one go on."""
    cloud = Cloud()
    dying = cloud.objects()
    dying.kill_at = (number, side)
    try:
        cloud.run(lambda: life(RemoteStore(dying), cloud.clock))
    except Killed:
        cloud.run(lambda: life(cloud.store(), cloud.clock))
    found = cloud.run(lambda: Journal.open(cloud.store(), RUN))
    assert found.records == (started(), intent("a"), outcome("a"), settled("a"), ended()), where
    assert cloud.run(lambda: cloud.store().claims()) == (), where


def test_of_two_that_want_one_resource_the_second_is_told_who_has_it(cloud: Cloud) -> None:
    async def main() -> None:
        lease = await take(cloud.store(), ONE, [SERVER], cloud.clock)

        async def second() -> None:
            with pytest.raises(RunStoreBusy) as caught:
                await take(cloud.store(), TWO, [SERVER], cloud.clock)
            assert (caught.value.holder, caught.value.resource) == (ONE, SERVER)

        await alongside(lease.keep(), second())
        await lease.release()
        await take(cloud.store(), TWO, [SERVER], cloud.clock)

    cloud.run(main)


def test_the_lease_of_an_ended_process_is_waited_out_and_no_longer(cloud: Cloud) -> None:
    async def main() -> None:
        await take(cloud.store(), ONE, [SERVER], cloud.clock)
        begun = cloud.clock.monotonic()
        lease = await take(cloud.store(), ONE, [SERVER], cloud.clock)
        assert LEASE - 1 <= cloud.clock.monotonic() - begun < LEASE + 5
        assert lease.remaining() > LEASE - 1

    cloud.run(main)


def test_an_hour_of_leases_is_a_hundred_and_eighty_requests(cloud: Cloud) -> None:
    async def main() -> int:
        objects = cloud.objects()
        lease = await take(RemoteStore(objects), ONE, [f"/server/{n}" for n in range(3000)], cloud.clock)
        before = len(objects.asked)
        await alongside(lease.keep(), cloud.clock.sleep(3600))
        assert not lease.lost
        return len(objects.asked) - before

    assert cloud.run(main) <= 3600 / RENEW


def test_whoever_slept_past_its_lease_writes_no_more_though_the_store_would_renew_it(cloud: Cloud) -> None:
    async def main() -> None:
        lease = await take(cloud.store(), ONE, [SERVER], cloud.clock)
        cloud.clock.catch_up(cloud.clock.stamp() + LEASE + 1)
        with pytest.raises(LeaseLost):
            await lease.permit(WRITE)

    cloud.run(main)


def test_unlock_takes_a_living_lease_and_its_holder_learns_it(cloud: Cloud) -> None:
    async def main() -> None:
        lease = await take(cloud.store(), ONE, [SERVER], cloud.clock)
        (claim,) = await cloud.store().claims()
        await cloud.store().clear(claim)  # without force a living one stays
        assert await cloud.store().claims() == (claim,)
        await cloud.store().clear(claim, force=True)
        assert await cloud.store().claims() == ()
        await cloud.clock.sleep(RemoteStore.fresh + 1)
        with pytest.raises(LeaseLost, match="somebody took it"):
            await lease.permit(WRITE)

    cloud.run(main)


@pytest.mark.parametrize(("cloud_name", "suffix"), BLOB_SUFFIXES.items())
def test_every_cloud_has_its_own_suffix(cloud_name: str, suffix: str) -> None:
    found = parse_address(f"https://RunsAccount.{suffix}/journals/team-a/2026/")
    assert (found.account, found.cloud, found.container, found.prefix) == (
        "runsaccount",
        cloud_name,
        "journals",
        "team-a/2026",
    )
    assert found.host == f"runsaccount.{suffix}"
    assert found.text == f"https://runsaccount.{suffix}/journals/team-a/2026"
    assert parse_address(found.text) == found


@pytest.mark.parametrize(
    "text",
    [
        "http://a.blob.core.windows.net/runs",
        "https://acc.blob.core.windows.net",
        "https://acc.blob.core.windows.net/",
        "https://acc.blob.core.windows.net/Runs",
        "https://acc.blob.core.windows.net/runs?sv=2024&sig=abc",
        "https://acc.blob.core.windows.net/runs/../other",
        "https://acc.blob.core.windows.net/runs//x",
        "https://acc.blob.core.windows.net:444/runs",
        "https://me@acc.blob.core.windows.net/runs",
        "https://acc.blob.core.windows.net.evil.example/runs",
        "https://acc.dfs.core.windows.net/runs",
        "ftp://acc.blob.core.windows.net/runs",
    ],
)
def test_any_other_url_is_refused_before_anything_is_sent(text: str) -> None:
    """A token must not travel to a host that a typing error made."""
    with pytest.raises(InputError) as caught:
        parse_address(text)
    assert caught.value.code == codes.input_.RUNS_ADDRESS_WRONG


def test_the_address_is_that_of_the_tests() -> None:
    assert parse_address(ADDRESS).text == ADDRESS
