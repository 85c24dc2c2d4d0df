"""What lies among the claims of a run store. Fails: a living claim is taken away, or a dead one is in the way for ever."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.claims import Claim, run_name
from cmk_remediate.engine.lease import LEASE, outwait, take
from cmk_remediate.engine.local_store import LocalStore
from cmk_remediate.engine.remote_store import RemoteStore
from cmk_remediate.engine.schedule import alongside
from cmk_remediate.errors import RunStoreBusy, RunStoreError
from tests.engine.memory_objects import MemoryObjects
from tests.engine.test_lease import ONE, SERVER, TWO, timed
from tests.engine.test_remote_store import WRITE, Cloud

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.simulator.virtual_time import VirtualClock


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.mark.parametrize("when", ["told that it waits", "between two looks"])
def test_an_onlooker_that_stood_still_takes_no_living_claim_away(tmp_path: Path, when: str) -> None:
    """Its terminal was paused: when it wakes a minute has passed, but what it has seen of the other is from before that."""

    async def main(clock: VirtualClock) -> None:
        await take(LocalStore(tmp_path), ONE, [SERVER], clock)
        begun = clock.stamp()
        (claim,) = (tmp_path / "leases").iterdir()

        def stand_still() -> None:
            # The other one has renewed since we looked, and will again.
            if clock.stamp() - begun < LEASE:
                os.utime(claim, (begun, begun))
                clock.catch_up(clock.stamp() + LEASE + 1)

        class Onlooker(LocalStore):
            async def claims(self) -> tuple[Claim, ...]:
                found = await super().claims()
                if when == "between two looks" and clock.stamp() > begun:
                    stand_still()
                return found

        with pytest.raises(RunStoreBusy):
            await outwait(
                Onlooker(tmp_path),
                ONE,
                [run_name(ONE)],
                clock,
                lambda _: stand_still() if when == "told that it waits" else None,
            )
        assert claim.exists()

    timed(main)


def test_a_claim_that_was_renewed_since_it_was_read_is_not_cleared(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        store = LocalStore(tmp_path)
        await take(store, ONE, [SERVER], clock)
        (read,) = await store.claims()
        assert await store.renew(read)
        await store.clear(read)
        (left,) = await store.claims()
        await store.clear(left)
        assert await store.claims() == ()
        await store.clear(left)

    timed(main)


@pytest.mark.parametrize("name", ["readme.txt", "notes.json", f"{ONE}.json", f"copy of {ONE}-1.json", f"{ONE}-1.new"])
def test_what_else_lies_beside_the_claims_is_in_nobodys_way(tmp_path: Path, name: str) -> None:
    async def main(clock: VirtualClock) -> None:
        (tmp_path / "leases" / "old").mkdir(parents=True)
        (tmp_path / "leases" / name).write_bytes(b"notes")
        begun = clock.monotonic()
        lease = await take(LocalStore(tmp_path), TWO, [SERVER], clock)
        assert clock.monotonic() - begun < 1
        await lease.release()

    timed(main)
    assert (tmp_path / "leases" / name).read_bytes() == b"notes"


class Immutable(MemoryObjects):
    """A container with an immutability policy: nothing is deleted, and nothing that is there is written anew."""

    async def delete(self, name: str, lease: str = "") -> bool:
        await self._ask(f"delete {name} {lease}".strip())
        return name not in self.shelf.data

    async def write(self, name: str, data: bytes) -> None:
        if name in self.shelf.data:
            raise RunStoreError(codes.engine.JOURNAL_UNWRITABLE, "immutable", resource=name)
        await super().write(name, data)


@pytest.mark.parametrize("ended", ["well", "killed"])
def test_a_claim_that_cannot_be_deleted_is_in_nobodys_way_once_its_process_has_ended(cloud: Cloud, ended: str) -> None:
    """Fails: under an immutability policy the second run waits for ever, and says nothing."""

    async def main() -> None:
        def objects() -> Immutable:
            return Immutable(cloud.shelf, cloud.clock.stamp)

        first = RemoteStore(objects())
        lease = await take(first, ONE, [SERVER], cloud.clock)
        (claimed,) = await first.claims()
        if ended == "well":
            await lease.release()
        for run_, wait in ((TWO, 0 if ended == "well" else LEASE), (ONE, 0)):
            begun, asked = cloud.clock.monotonic(), objects()
            store = RemoteStore(asked)
            again = await asyncio.wait_for(take(store, run_, [SERVER], cloud.clock), 3600)
            assert wait - 1 <= cloud.clock.monotonic() - begun <= wait + 5
            assert [claim.run for claim in await store.claims()] == [run_]
            with pytest.raises(RunStoreBusy):
                await alongside(again.keep(), take(RemoteStore(objects()), "c" * 64, [SERVER], cloud.clock))
            await again.permit(WRITE)
            await again.release()
        assert not await first.renew(claimed), "a late renewal revives nothing"

    cloud.run(main)


def test_unlock_where_claims_cannot_be_deleted_takes_the_lease_away(cloud: Cloud) -> None:
    async def main() -> None:
        store = RemoteStore(Immutable(cloud.shelf, cloud.clock.stamp))
        await take(RemoteStore(Immutable(cloud.shelf, cloud.clock.stamp)), ONE, [SERVER], cloud.clock)
        (claim,) = await store.claims()
        await store.clear(claim, force=True)
        assert await store.claims() == ()
        begun = cloud.clock.monotonic()
        await take(RemoteStore(Immutable(cloud.shelf, cloud.clock.stamp)), TWO, [SERVER], cloud.clock)
        assert cloud.clock.monotonic() - begun < 5

    cloud.run(main)


@pytest.mark.parametrize("stray", ["leases/readme.txt", "leases/old/x.json", f"leases/old/{ONE}-1.json"])
def test_what_else_lies_beside_the_claims_in_a_container_is_in_nobodys_way(cloud: Cloud, stray: str) -> None:
    async def main() -> None:
        cloud.shelf.data[stray] = b"notes"
        begun = cloud.clock.monotonic()
        await asyncio.wait_for(take(cloud.store(), TWO, [SERVER], cloud.clock), 3600)
        assert cloud.clock.monotonic() - begun < 1
        assert cloud.shelf.data[stray] == b"notes"

    cloud.run(main)
