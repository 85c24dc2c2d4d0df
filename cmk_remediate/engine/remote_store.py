"""A run store in an `ObjectStore`: a claim is an object that its process keeps leased."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.engine.claims import CLAIMS, Claim, from_bytes, id_of, name_of, to_bytes
from cmk_remediate.engine.journal_lines import DIGEST
from cmk_remediate.engine.remote_log import RemoteLog, bytes_of, segment_number
from cmk_remediate.errors import RunStoreError

if TYPE_CHECKING:
    from cmk_remediate.model.objects import ObjectStore

LEASE_SECONDS = 60
"""`lease.LEASE` as blob storage takes it: 15 to 60 (learn.microsoft.com, "Lease Blob")."""


class RemoteStore:
    """The `run_store.RunStore` over *objects*."""

    def __init__(self, objects: ObjectStore) -> None:
        """Nothing is asked yet."""
        self._objects = objects
        self._leases: dict[str, str] = {}
        self._kept: set[str] = set()
        self._names: dict[str, frozenset[str] | None] = {}

    fresh = 5.0
    """A renewal is a request (our choice)."""

    @property
    def address(self) -> str:
        """Return the store's URL."""
        return self._objects.address

    async def runs(self) -> tuple[str, ...]:
        """See `run_store.RunStore`."""
        found = set()
        for item in await self._objects.items(""):
            run = item.name.partition("/")[0]
            if DIGEST.fullmatch(run) and segment_number(item.name) == 0:
                found.add(run)
        return tuple(sorted(found))

    async def journal(self, run: str) -> tuple[bytes, ...]:
        """See `run_store.RunStore`."""
        return await bytes_of(self._objects, run)

    async def load(self, name: str) -> bytes | None:
        """See `run_store.RunStore`."""
        return await self._objects.read(name)

    async def save(self, name: str, data: bytes) -> str:
        """See `run_store.RunStore`."""
        await self._objects.write(name, data)
        return f"{self.address}/{name}"

    def log(self, run: str) -> RemoteLog:
        """See `run_store.RunStore`."""
        return RemoteLog(self._objects, run)

    async def claims(self) -> tuple[Claim, ...]:
        """See `run_store.RunStore`; what a claim names does not change, so it is read once."""
        found = []
        for item in await self._objects.items(f"{CLAIMS}/"):
            id_ = id_of(item.name)
            if id_ is None or (id_ in self._kept and not item.leased):
                continue
            if id_ not in self._names:
                data = await self._objects.read(item.name)
                if data is None:
                    continue
                self._names[id_] = from_bytes(id_, data).names
            found.append(Claim(id_, self._names[id_], expired=not item.leased))
        return tuple(found)

    async def claim(self, claim: Claim) -> None:
        """See `run_store.RunStore`; one that somebody has removed before it was leased does not stand, as `claims` shows."""
        name = name_of(claim.id)
        await self._objects.write(name, to_bytes(claim))
        lease = await self._objects.lease(name, LEASE_SECONDS)
        if lease is not None:
            self._leases[claim.id] = lease

    async def renew(self, claim: Claim) -> bool:
        """See `run_store.RunStore`."""
        lease = self._leases.get(claim.id)
        return lease is not None and await self._objects.renew(name_of(claim.id), lease)

    async def withdraw(self, claim: Claim) -> None:
        """See `run_store.RunStore`."""
        name = name_of(claim.id)
        if not await self._objects.delete(name, self._leases.pop(claim.id, "")):
            # It is ours, leased by nobody any more, or not to be deleted: then nobody need wait until its lease runs out.
            await self._objects.break_lease(name)
            await self._objects.delete(name)

    async def clear(self, claim: Claim, *, force: bool = False) -> None:
        """See `run_store.RunStore`; while it is leased nobody else can delete it.

        One that is not leased and cannot be deleted all the same (an immutability policy) does not stand: its lease is broken, so
        that no late renewal revives it, and `claims` leaves it out.
        """
        name = name_of(claim.id)
        if force:
            await self._objects.break_lease(name)
        if await self._objects.delete(name):
            return
        if not any(item.leased for item in await self._objects.items(name)):
            await self._objects.break_lease(name)
            self._kept.add(claim.id)
        elif force:
            cause = "it was leased again meanwhile"
            raise RunStoreError(codes.engine.JOURNAL_UNWRITABLE, cause, resource=f"{self.address}/{name}")
