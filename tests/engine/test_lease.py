"""Leases: without them two runs write one resource at once, and a process that slept writes over its successor's work."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.claims import Claim, new_claim, run_name
from cmk_remediate.engine.journal import Journal
from cmk_remediate.engine.lease import LEASE, RENEW, SPARE, Lease, outwait, take
from cmk_remediate.engine.local_store import LocalStore
from cmk_remediate.engine.schedule import alongside
from cmk_remediate.errors import LeaseLost, RunStoreBusy, RunStoreError
from cmk_remediate.simulator.virtual_time import VirtualClock, run
from tests.engine.journal_parts import ended, intent, review, started

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any

ONE, TWO = "a" * 64, "b" * 64
SERVER, VAULT = "/subscriptions/s/servers/sql-one", "/subscriptions/s/vaults/kv"
WRITE = 25.0


class Store(LocalStore):
    """A folder that can be out of reach, and counts renewals."""

    out_of_reach = False
    renewals = 0

    async def renew(self, claim: Claim) -> bool:
        self.renewals += 1
        if self.out_of_reach:
            raise RunStoreError(codes.engine.JOURNAL_UNWRITABLE, "out of reach")
        return await super().renew(claim)


def timed(main: Callable[[VirtualClock], Coroutine[Any, Any, Any]]) -> Any:
    """Run *main* in virtual time."""
    clock = VirtualClock(1_772_400_000.0)
    return run(lambda: main(clock), clock)


def test_of_two_that_want_one_resource_the_second_is_told_who_has_it(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        store = LocalStore(tmp_path)
        lease = await take(store, ONE, [SERVER, VAULT], clock)

        async def second() -> None:
            with pytest.raises(RunStoreBusy, match="run aaaaaaaa is at work on it") as caught:
                await take(LocalStore(tmp_path), TWO, [VAULT, "/other"], clock)
            assert (caught.value.code, caught.value.resource) == (codes.engine.RUN_STORE_BUSY, VAULT)
            assert caught.value.holder == ONE

        await alongside(lease.keep(), second())
        await lease.release()
        await take(LocalStore(tmp_path), TWO, [VAULT], clock)

    timed(main)


def test_two_runs_that_share_nothing_hold_their_leases_at_once(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        before = clock.monotonic()
        leases = [await take(LocalStore(tmp_path), one, [name], clock) for one, name in ((ONE, SERVER), (TWO, VAULT))]
        assert [lease.remaining() > LEASE - 1 for lease in leases] == [True, True]
        assert clock.monotonic() - before < 1, "nobody waited for anybody"

    timed(main)


def test_of_two_that_come_at_the_same_moment_exactly_one_goes_on(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        async def one(run_: str) -> str:
            try:
                lease = await take(LocalStore(tmp_path), run_, [SERVER], clock)
            except RunStoreBusy as busy:
                return busy.holder
            await alongside(lease.keep(), clock.sleep(300))
            await lease.release()
            return ""

        for _ in range(10):
            ends = await asyncio.gather(one(ONE), one(TWO))
            assert sorted(ends) in (["", ONE], ["", TWO]), ends
            assert await LocalStore(tmp_path).claims() == ()

    timed(main)


def test_of_two_that_come_at_the_same_moment_the_later_name_steps_back_at_once(tmp_path: Path) -> None:
    """If both looked again after the same time they could step back from each other for ever."""

    async def main(clock: VirtualClock) -> None:
        began = clock.monotonic()
        stepped_back: list[float] = []
        theirs = replace(new_claim(ONE, [SERVER]), id=f"{'0' * 64}-{'0' * 16}")

        class Raced(LocalStore):
            async def claim(self, claim: Claim) -> None:
                await super().claim(claim)
                if not stepped_back:
                    await super().claim(theirs)

            async def withdraw(self, claim: Claim) -> None:
                stepped_back.append(clock.monotonic() - began)
                await super().withdraw(claim)

        await take(Raced(tmp_path), TWO, [SERVER], clock)
        assert stepped_back[0] == 0

    timed(main)


def test_a_store_says_where_it_is_and_saves_beside_what_is_there(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "runs")
    assert store.address == str(tmp_path / "runs")
    for name in ("pages/one", "pages/two"):
        asyncio.run(store.save(name, b"it"))
    assert sorted(one.name for one in (tmp_path / "runs" / "pages").iterdir()) == ["one", "two"]


def test_the_lease_of_an_ended_process_is_waited_out_and_no_longer(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        said: list[str] = []
        await take(LocalStore(tmp_path), ONE, [SERVER], clock)  # and dies
        begun = clock.monotonic()
        lease = await take(LocalStore(tmp_path), ONE, [SERVER], clock, notice=said.append)
        assert LEASE <= clock.monotonic() - begun < LEASE + 5
        assert lease.remaining() > LEASE - 1
        assert [claim.run for claim in await LocalStore(tmp_path).claims()] == [ONE]
        assert len(said) == 1
        assert "aaaaaaaa" in said[0]

    timed(main)


def test_a_living_process_of_the_same_run_shows_with_its_next_renewal(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        lease = await take(LocalStore(tmp_path), ONE, [SERVER], clock)

        async def again() -> float:
            begun = clock.monotonic()
            with pytest.raises(RunStoreBusy) as caught:
                await take(LocalStore(tmp_path), ONE, [SERVER], clock)
            assert caught.value.holder == ONE
            return clock.monotonic() - begun

        assert await alongside(lease.keep(), again()) < RENEW + 5
        assert not lease.lost

    timed(main)


def test_a_process_that_slept_past_its_lease_knows_before_it_writes(tmp_path: Path) -> None:
    """Nobody need have taken it: what it read before it slept is old."""

    async def main(clock: VirtualClock) -> None:
        lease = await take(LocalStore(tmp_path), ONE, [SERVER], clock)
        await lease.permit(WRITE)
        told: list[str] = []
        lease.on_loss(told.append)
        clock.catch_up(clock.stamp() + LEASE + 1)
        for _ in range(2):
            with pytest.raises(LeaseLost) as caught:
                await lease.permit(WRITE)
            assert caught.value.code == codes.engine.LEASE_LOST
        assert len(told) == 1
        assert lease.remaining() == 0

    timed(main)


def test_a_machine_whose_monotonic_clock_stood_still_sees_it_by_the_time_of_day(tmp_path: Path) -> None:
    class Paused(VirtualClock):
        def monotonic(self) -> float:
            return 0.0

    async def main(_: VirtualClock) -> None:
        clock = Paused(1_772_400_000.0)
        lease = Lease(LocalStore(tmp_path), new_claim(ONE, [SERVER]), clock)
        clock.catch_up(clock.stamp() + LEASE + 1)
        assert lease.remaining() == 0

    timed(main)


def test_whoever_was_taken_over_from_learns_it_before_the_next_write(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        store = LocalStore(tmp_path)
        lease = await take(store, ONE, [SERVER], clock)
        await store.clear((await store.claims())[0], force=True)  # runs --unlock
        with pytest.raises(LeaseLost, match="somebody took it"):
            await lease.permit(WRITE)

    timed(main)


def test_a_write_needs_its_own_time_and_ten_seconds_more(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        store = Store(tmp_path)
        lease = await take(store, ONE, [SERVER], clock)
        store.out_of_reach = True
        await clock.sleep(LEASE - WRITE - SPARE - 1)
        await lease.permit(WRITE)
        await clock.sleep(2)
        with pytest.raises(LeaseLost):
            await lease.permit(WRITE)

    timed(main)


def test_a_store_out_of_reach_for_a_moment_costs_nothing(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        store = Store(tmp_path)
        lease = await take(store, ONE, [SERVER], clock)

        async def work() -> None:
            for second in range(600):
                store.out_of_reach = second % 60 in range(15, 35)
                await clock.sleep(1)
                if second % 7 == 0:
                    await lease.permit(WRITE)

        await alongside(lease.keep(), work())
        assert not lease.lost

    timed(main)


def test_a_hundred_writes_at_once_share_one_renewal(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        store = Store(tmp_path)
        lease = await take(store, ONE, [SERVER], clock)
        await clock.sleep(1)
        await asyncio.gather(*(lease.permit(WRITE) for _ in range(100)))
        assert store.renewals == 1

    timed(main)


def test_an_hour_with_a_thousand_targets_is_a_hundred_and_eighty_renewals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A thousand servers with a key and a grant each: one claim, one renewal for all of them."""
    names = [
        f"/subscriptions/{'s' * 36}/resourceGroups/rg/providers/Microsoft.Sql/servers/sql-{n}" for n in range(3000)
    ]

    async def main(clock: VirtualClock) -> tuple[int, float]:
        store = Store(tmp_path)
        began = time.process_time()
        lease = await take(store, ONE, names, clock)
        await alongside(lease.keep(), clock.sleep(3600))
        spent = time.process_time() - began
        assert not lease.lost
        return store.renewals, spent

    renewals, spent = timed(main)
    assert renewals <= 180
    with capsys.disabled():
        print(f"\n3,000 leases for an hour: {renewals} renewals, {spent * 1000:.0f} ms of our time")


def test_another_run_need_not_wait_to_be_refused_what_an_unfinished_one_left(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        store = LocalStore(tmp_path)
        await take(store, ONE, [SERVER], clock)
        journal = await Journal.create(store, review(), started(ONE))
        await journal.append(intent("a"))
        begun = clock.monotonic()
        with pytest.raises(RunStoreBusy) as caught:
            await take(store, TWO, [SERVER], clock)
        assert caught.value.holder == ONE
        assert clock.monotonic() - begun < 1
        await journal.append(ended())
        journal.close()
        await take(store, TWO, [SERVER], clock)

    timed(main)


def test_a_damaged_journal_of_whoever_claims_does_not_stop_who_waits_for_the_lease(tmp_path: Path) -> None:
    """Fails: a machine stands still until somebody finds a backup of another run's journal."""

    async def main(clock: VirtualClock) -> None:
        store = LocalStore(tmp_path)
        claimed = await take(store, ONE, [SERVER], clock)
        (tmp_path / ONE).mkdir()
        (tmp_path / ONE / "journal.ndjson").write_bytes(b"\0\0\0\n")

        async def second() -> None:
            with pytest.raises(RunStoreBusy):
                await take(LocalStore(tmp_path), TWO, [SERVER], clock)

        await alongside(claimed.keep(), second())
        begun = clock.monotonic()
        await take(LocalStore(tmp_path), TWO, [SERVER], clock)
        assert clock.monotonic() - begun >= LEASE - RENEW

    timed(main)


def test_to_undo_a_run_is_to_wait_for_its_process(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        store = LocalStore(tmp_path)
        await take(store, ONE, [SERVER], clock)
        begun = clock.monotonic()
        await take(store, TWO, ["/other", run_name(ONE)], clock)
        assert clock.monotonic() - begun >= LEASE

    timed(main)


def test_a_rollback_whose_process_died_is_waited_for_like_the_run_it_undoes(tmp_path: Path) -> None:
    """Its journal says that it is unfinished, and whoever rolls back is to go on with it: no reason to be sent away."""

    async def main(clock: VirtualClock) -> None:
        store = LocalStore(tmp_path)
        await take(store, TWO, [SERVER, run_name(ONE)], clock)
        journal = await Journal.create(store, review(), started(TWO, undoes=ONE))
        await journal.append(intent("a"))
        journal.close()
        begun = clock.monotonic()
        with pytest.raises(RunStoreBusy):
            await outwait(store, ONE, [run_name(ONE)], clock)
        assert clock.monotonic() - begun < 1, "the run itself is not to be resumed now"
        for other in ("0" * 64, "f" * 64):
            with pytest.raises(RunStoreBusy):
                await outwait(store, other, [SERVER], clock, undoing=True)
        assert clock.monotonic() - begun < 1, "whoever undoes another run does not go on with this one"
        await outwait(store, ONE, [run_name(ONE)], clock, undoing=True)
        assert clock.monotonic() - begun >= LEASE

    timed(main)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"run": "x"}', b'{"names": "all"}'])
def test_a_claim_that_cannot_be_read_stands_for_everything(tmp_path: Path, data: bytes) -> None:
    async def main(clock: VirtualClock) -> None:
        (tmp_path / "leases").mkdir()
        (tmp_path / "leases" / f"{ONE}-1.json").write_bytes(data)
        begun = clock.monotonic()
        await outwait(LocalStore(tmp_path), TWO, [SERVER], clock)
        assert clock.monotonic() - begun >= LEASE

    timed(main)


def test_what_stands_in_a_claim_can_be_read_by_a_person(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        await take(LocalStore(tmp_path), ONE, [VAULT, SERVER], clock)

    timed(main)
    (path,) = (tmp_path / "leases").iterdir()
    assert json.loads(path.read_bytes()) == {"run": ONE, "names": [SERVER, VAULT, f"run:{ONE}"]}


def test_a_store_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def main(clock: VirtualClock) -> None:
        with pytest.raises(RunStoreError) as caught:
            await take(LocalStore(tmp_path / "file"), ONE, [SERVER], clock)
        assert caught.value.code == codes.engine.JOURNAL_UNWRITABLE

    timed(main)


def test_a_store_nobody_used_has_no_claims_and_asking_makes_none(tmp_path: Path) -> None:
    assert asyncio.run(LocalStore(tmp_path / "none").claims()) == ()
    assert not (tmp_path / "none").exists()
