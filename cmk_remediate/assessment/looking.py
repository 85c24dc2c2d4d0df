"""Readers of an assessment: each thing is read once, and what belongs to one target alone is forgotten with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.model.outcomes import Answer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from cmk_remediate.model.decisions import Read
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.outcomes import Reader


class Shared:
    """What the targets of an assessment have in common: vaults, keys, identities, encryption sets, groups; read once."""

    def __init__(self, reader: Reader, own_types: Collection[str], vaults: Sequence[Any]) -> None:
        """Read through *reader*; resources of *own_types* (lower case) are their target's alone; *vaults* are listed already."""
        self._reader = reader
        self._once = EachOnce(reader)
        self._own_types = own_types
        self._kept: dict[Read, Answer] = {}
        self._vaults = vaults

    def batch(self, targets: Collection[ResourceId]) -> Batch:
        """Return a reader for *targets*."""
        return Batch(self, EachOnce(self._reader), targets)

    def owns(self, read: Read) -> bool:
        """Say whether what *read* asks for belongs to one target alone, and was not asked for another's sake yet."""
        return read.resource.top_level.type.lower() in self._own_types and read not in self._kept

    def keep(self, answers: Mapping[Read, Answer]) -> None:
        """Keep the bodies among *answers*: a target that was looked at may be another one's partner."""
        self._kept.update({read: one for read, one in answers.items() if _is_body(read)})

    async def read(self, read: Read) -> Answer:
        """Return the answer to *read*; vaults were listed with Resource Graph, those of other subscriptions among them."""
        if read.verb == "list:vaults":
            return Answer(self._vaults, self.now())
        return self._kept[read] if read in self._kept else await self._once.read(read)

    def now(self) -> datetime:
        """Return Azure's clock."""
        return self._reader.now()


class Batch:
    """A reader for a few targets: their own answers go when it goes.

    Attributes:
        assumed: what is taken to be absent without asking: the key, the identity and the set that a proposed plan would make.
    """

    def __init__(self, shared: Shared, own: EachOnce, targets: Collection[ResourceId]) -> None:
        """Read what is *shared* with others there, and what belongs to one of *targets* through *own*."""
        self._shared = shared
        self._own = own
        self._targets = targets
        self._looked_across = False
        self.assumed: set[ResourceId] = set()

    async def read(self, read: Read) -> Answer:
        """Return the answer to *read*."""
        if read.resource in self.assumed:
            return Answer(() if read.verb.startswith("list:") else None, self.now())
        if not self._shared.owns(read):
            return await self._shared.read(read)
        self._looked_across = self._looked_across or read.resource.top_level not in self._targets
        return await self._own.read(read)

    def now(self) -> datetime:
        """Return Azure's clock."""
        return self._shared.now()

    def over(self) -> None:
        """Forget what was read, but for what a partner elsewhere will be judged by."""
        if self._looked_across:
            self._shared.keep(self._own.seen())


def _is_body(read: Read) -> bool:
    return read.verb == "get" and read.resource == read.resource.top_level
