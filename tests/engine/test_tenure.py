"""A lease that is lost while a machine stands still. Fails: it stands still until somebody resumes, or two write at once."""

from __future__ import annotations

import asyncio
import errno
import os
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.claims import CLAIMS, Claim, run_name
from cmk_remediate.engine.journal import Journal
from cmk_remediate.engine.lease import LEASE, Unlimited, take
from cmk_remediate.engine.local_store import LocalStore
from cmk_remediate.engine.remote_store import RemoteStore
from cmk_remediate.engine.schedule import alongside
from cmk_remediate.engine.tenure import PATIENCE, Tenure
from cmk_remediate.errors import CmkError, LeaseLost, RunStoreError
from cmk_remediate.simulator.virtual_time import VirtualClock, run
from tests.engine.journal_parts import RUN, ended, intent, outcome, review, started
from tests.engine.memory_objects import MemoryObjects, Shelf

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from pathlib import Path

    from cmk_remediate.engine.run_store import RunStore
    from cmk_remediate.model.objects import Tail

MACHINE, VAULT = "/subscriptions/s/machines/vm", "/subscriptions/s/vaults/kv"
OTHER = "b" * 64
WRITE = 25.0


class Place:
    """A run store, in a folder or in objects, and the clock by which processes go to it."""

    def __init__(self, folder: Path | None) -> None:
        self.clock = VirtualClock(1_772_400_000.0)
        self.folder = folder
        self.shelf = Shelf()
        self.said: list[str] = []

    def store(self) -> RunStore:
        """Return a new process's way to it."""
        return LocalStore(self.folder) if self.folder else RemoteStore(MemoryObjects(self.shelf, self.clock.stamp))

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        return run(main, self.clock)

    async def begun(self, *, stands: bool = True, store: RunStore | None = None) -> tuple[Tenure, Journal]:
        """Return a process in the middle of its run; *stands*: a machine stands still because of it."""
        store = store or self.store()
        lease = await take(store, RUN, {MACHINE, VAULT}, self.clock)
        tenure = Tenure(store, (RUN,), lease, self.clock, self.said.append)
        journal = await Journal.create(store, review(), started(), tenure)
        tenure.looks_after(journal, lambda: {MACHINE} if stands else ())
        await journal.append(intent("deallocate", resource=MACHINE))
        return tenure, journal

    def sleep(self, seconds: float = LEASE + 1) -> None:
        """Let a process stand still."""
        self.clock.catch_up(self.clock.stamp() + seconds)


@pytest.fixture(params=["a folder", "objects"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path if request.param == "a folder" else None)


async def refused(*asked: Awaitable[object]) -> None:
    """Assert that each of these is refused for want of the lease."""
    for one in asked:
        with pytest.raises(LeaseLost) as caught:
            await one
        assert caught.value.code == codes.engine.LEASE_LOST


@pytest.mark.parametrize("stands", [True, False])
def test_where_nobody_has_come_what_stands_still_is_closed_and_written_down_and_nothing_else(
    place: Place, *, stands: bool
) -> None:
    async def main() -> None:
        tenure, journal = await place.begun(stands=stands)
        place.sleep()
        await refused(tenure.permit(WRITE))
        await tenure.permit(WRITE, closing=True)
        (claim,) = await place.store().claims()
        assert claim.names == frozenset({run_name(RUN), *([MACHINE] if stands else [])}), "no more than it needs"
        await asyncio.gather(*(journal.append(outcome(f"step {number}")) for number in range(3)))
        await refused(tenure.permit(WRITE))
        await alongside(tenure.keep(), place.clock.sleep(3 * LEASE))
        await journal.append(ended())
        await tenure.release()
        assert await place.store().claims() == ()

    place.run(main)
    assert any("nobody has come" in text for text in place.said) == stands


async def _went_on(place: Place) -> None:
    heir = await Journal.open(place.store(), RUN)
    await heir.append(outcome("deallocate"))


async def _undoes(place: Place) -> None:
    await Journal.create(place.store(), review(), started(OTHER, undoes=RUN))


@pytest.mark.parametrize("came", [_went_on, _undoes], ids=["a successor, gone", "a rollback, gone"])
def test_where_somebody_has_come_nothing_is_written(place: Place, came: Callable[[Place], Awaitable[None]]) -> None:
    async def main() -> None:
        tenure, journal = await place.begun()
        place.sleep()
        await came(place)
        before = await place.store().journal(RUN)
        for _ in range(2):
            await refused(tenure.permit(WRITE, closing=True), journal.append(outcome("a")))
        assert await place.store().journal(RUN) == before
        await tenure.release()
        assert await place.store().claims() == ()

    place.run(main)


def test_a_successor_that_has_written_nothing_yet_is_seen_by_its_claim(place: Place) -> None:
    async def main() -> None:
        tenure, journal = await place.begun()
        place.sleep()
        heirs = place.store()
        lease = await take(heirs, RUN, {MACHINE, VAULT}, place.clock)
        opened = await Journal.open(heirs, RUN)

        async def woken() -> None:
            await refused(tenure.permit(WRITE, closing=True), journal.append(outcome("a")))

        await alongside(lease.keep(), woken())
        assert not lease.lost
        await opened.append(outcome("deallocate"))

    place.run(main)


def test_a_successor_that_died_before_it_wrote_is_waited_out(place: Place) -> None:
    async def main() -> None:
        tenure, journal = await place.begun()
        place.sleep()
        await take(place.store(), RUN, {MACHINE, VAULT}, place.clock)
        await tenure.permit(WRITE, closing=True)
        await journal.append(outcome("a"))

    place.run(main)


def test_a_process_that_has_not_opened_its_journal_claims_nothing_anew(place: Place) -> None:
    async def main() -> None:
        store = place.store()
        lease = await take(store, RUN, {MACHINE}, place.clock)
        tenure = Tenure(store, (RUN,), lease, place.clock)
        place.sleep()
        await refused(Journal.create(store, review(), started(), tenure))
        assert await store.journal(RUN) in ((), (b"",))

    place.run(main)


def test_a_journal_that_has_grown_since_it_was_read_is_not_opened(place: Place) -> None:
    async def main() -> None:
        tenure, _ = await place.begun()
        await refused(Journal.open(place.store(), RUN, tenure, known=1))
        assert len((await Journal.open(place.store(), RUN, tenure, known=2)).records) == 2

    place.run(main)


class Away(LocalStore):
    """A folder whose claims are out of reach until some moment."""

    until = 0.0
    clock: VirtualClock

    async def _there(self) -> None:
        if self.clock.stamp() < self.until:
            raise RunStoreError(codes.engine.JOURNAL_UNWRITABLE, "out of reach")

    async def renew(self, claim: Claim) -> bool:
        await self._there()
        return await super().renew(claim)

    async def claims(self) -> tuple[Claim, ...]:
        await self._there()
        return await super().claims()


@pytest.mark.parametrize(("away", "stands"), [(PATIENCE - 60, True), (PATIENCE + 60, True), (90, False)])
def test_a_store_out_of_reach_is_asked_for_a_while_as_long_as_something_stands_still(
    tmp_path: Path, away: float, *, stands: bool
) -> None:
    place = Place(tmp_path)

    async def main() -> None:
        store = Away(tmp_path)
        store.clock = place.clock
        tenure, _ = await place.begun(stands=stands, store=store)
        place.sleep()
        store.until = place.clock.stamp() + away
        if stands and away < PATIENCE:
            await tenure.permit(WRITE, closing=True)
            return
        begun = place.clock.monotonic()
        await refused(tenure.permit(WRITE, closing=True))
        waited = place.clock.monotonic() - begun
        assert (waited >= PATIENCE) == stands
        await refused(tenure.permit(WRITE, closing=True))
        assert place.clock.monotonic() - begun < waited + 10, "one patience an outage"

    place.run(main)
    assert sum("out of reach" in text for text in place.said) == stands
    assert (tmp_path / CLAIMS).exists()


@pytest.mark.parametrize("stands", [True, False])
@pytest.mark.parametrize("lost", [False, True], ids=["the lease holds", "the lease is lost"])
def test_what_a_folder_does_not_take_now_is_written_when_it_does_as_long_as_something_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, lost: bool, stands: bool
) -> None:
    """A network folder that is away for half a minute, in the middle of a line, and not to be cut back either."""
    place = Place(tmp_path)
    back: list[float] = []
    real = os.write, os.ftruncate

    def write(handle: int, data: bytes) -> int:
        if back and place.clock.stamp() < back[0]:
            real[0](handle, bytes(data)[:20])
            raise OSError(errno.EIO, "away")
        return real[0](handle, data)

    def truncate(handle: int, size: int) -> None:
        if back and place.clock.stamp() < back[0]:
            raise OSError(errno.EIO, "away")
        real[1](handle, size)

    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(os, "ftruncate", truncate)

    async def main() -> None:
        tenure, journal = await place.begun(stands=stands)
        back.append(place.clock.stamp() + 2 * LEASE)
        keeping = place.clock.sleep(3600) if lost else tenure.keep()
        if not stands:
            with pytest.raises(RunStoreError):
                await alongside(keeping, journal.append(outcome("a")))
            return
        await alongside(keeping, journal.append(outcome("a")))
        assert place.clock.stamp() >= back[0]
        assert (await Journal.open(LocalStore(tmp_path), RUN)).records == (*journal.records[:-1], outcome("a"))

    place.run(main)


class Patient(Unlimited):
    """Does not give an append up before so many failures; *between* happens after each of them."""

    def __init__(self, most: int, between: Callable[[], object]) -> None:
        self.left = most
        self.between = between

    async def again(self, error: CmkError) -> bool:
        self.left -= 1
        self.between()
        return self.left >= 0


@pytest.mark.parametrize("landed", ["not", "at once", "late"])
def test_an_append_that_is_not_given_up_is_there_once_when_the_store_is_back(landed: str) -> None:
    """The store is away in the middle of a bracket: what it had taken is found, and the journal goes on."""

    class Cut(MemoryObjects):
        async def append(self, name: str, data: bytes, at: int) -> Tail | None:
            if self.out_of_reach and landed != "not":
                held.append((name, data, at))
                if landed == "at once" and len(held) == 1:
                    await MemoryObjects(self.shelf, cloud.clock.stamp).append(name, data, at)
            return await super().append(name, data, at)

    cloud = Place(None)
    held: list[tuple[str, bytes, int]] = []
    objects = Cut(cloud.shelf, cloud.clock.stamp)

    def back() -> None:
        objects.out_of_reach = pen.left > 1
        if not objects.out_of_reach and landed == "late":
            name, data, at = held[0]
            assert len(cloud.shelf.data[name]) == at
            cloud.shelf.data[name] += data
            cloud.shelf.blocks[name] += 1

    pen = Patient(4, back)

    async def main() -> None:
        journal = await Journal.create(RemoteStore(objects), review(), started(), pen)
        objects.out_of_reach = True
        await asyncio.gather(journal.append(intent("a")), journal.append(intent("b")))
        assert pen.left < 4
        await journal.append(outcome("a"))
        found = (await Journal.open(cloud.store(), RUN)).records
        assert found == (started(), intent("a"), intent("b"), outcome("a"))

    cloud.run(main)
