"""A remote run store's objects in memory: leases by the virtual clock, and everything that may happen on the way."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import RunStoreError
from cmk_remediate.model.objects import Item, Tail
from cmk_remediate.simulator.virtual_time import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS = "https://runsaccount.blob.core.windows.net/runs/team"


@dataclass
class Shelf:
    """All that outlives a process.

    Attributes:
        data: what each object holds.
        blocks: how often each was appended to.
        leases: each object's lease, and when it ends.
    """

    data: dict[str, bytes] = field(default_factory=dict)
    blocks: dict[str, int] = field(default_factory=dict)
    leases: dict[str, tuple[str, float]] = field(default_factory=dict)


class MemoryObjects:
    """One process's way to a shelf.

    Attributes:
        asked: every request, in words.
        kill_at: the number of the request (from 1) around which the process dies: before its effect, or after it.
        lost_answers: so many appends take effect without an answer; the SDK's second try then meets the first one's bytes.
        out_of_reach: nothing is answered.
    """

    address = ADDRESS

    def __init__(self, shelf: Shelf, now: Callable[[], float]) -> None:
        self.shelf = shelf
        self._now = now
        self.asked: list[str] = []
        self.kill_at: tuple[int, str] = (0, "")
        self.lost_answers = 0
        self.out_of_reach = False

    async def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.out_of_reach:
            raise RunStoreError(codes.engine.JOURNAL_UNWRITABLE, "out of reach", resource=self.address)
        await self._die("before")

    async def _die(self, side: str) -> None:
        if self.kill_at == (len(self.asked), side):
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            loop.kill()
            await loop.create_future()

    def _leased(self, name: str) -> str:
        lease, until = self.shelf.leases.get(name, ("", 0.0))
        return lease if self._now() < until else ""

    async def items(self, prefix: str) -> tuple[Item, ...]:
        await self._ask(f"list {prefix}")
        names = sorted(name for name in self.shelf.data if name.startswith(prefix))
        return tuple(Item(name, bool(self._leased(name))) for name in names)

    async def read(self, name: str, start: int = 0) -> bytes | None:
        await self._ask(f"read {name}")
        data = self.shelf.data.get(name)
        return None if data is None else data[start:]

    async def write(self, name: str, data: bytes) -> None:
        await self._ask(f"write {name}")
        self.shelf.data[name] = data
        await self._die("after")

    async def begin(self, name: str) -> Tail:
        await self._ask(f"begin {name}")
        self.shelf.data.setdefault(name, b"")
        await self._die("after")
        return Tail(len(self.shelf.data[name]), self.shelf.blocks.get(name, 0))

    async def append(self, name: str, data: bytes, at: int) -> Tail | None:
        await self._ask(f"append {name}")
        if len(self.shelf.data[name]) != at:
            return None
        self.shelf.data[name] += data
        self.shelf.blocks[name] = self.shelf.blocks.get(name, 0) + 1
        await self._die("after")
        if self.lost_answers:
            self.lost_answers -= 1
            return None
        return Tail(at + len(data), self.shelf.blocks[name])

    async def lease(self, name: str, seconds: int) -> str | None:
        await self._ask(f"lease {name}")
        if name not in self.shelf.data or self._leased(name):
            return None
        lease = str(uuid.uuid4())
        self.shelf.leases[name] = (lease, self._now() + seconds)
        await self._die("after")
        return lease

    async def renew(self, name: str, lease: str) -> bool:
        await self._ask(f"renew {name}")
        # An expired lease may be renewed as long as nobody has taken or changed the object (learn.microsoft.com, "Lease Blob").
        if name not in self.shelf.data or self.shelf.leases.get(name, ("", 0.0))[0] != lease:
            return False
        self.shelf.leases[name] = (lease, self._now() + 60)
        return True

    async def delete(self, name: str, lease: str = "") -> bool:
        await self._ask(f"delete {name}")
        if self._leased(name) not in ("", lease):
            return False
        self.shelf.data.pop(name, None)
        self.shelf.leases.pop(name, None)
        await self._die("after")
        return True

    async def break_lease(self, name: str) -> None:
        await self._ask(f"break {name}")
        self.shelf.leases.pop(name, None)
