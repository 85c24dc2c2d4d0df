"""What a remote run store is made of: named objects, some of them appended to, some leased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Item:
    """An object in a listing.

    Attributes:
        name: within the store.
        leased: somebody has it leased now.
    """

    name: str
    leased: bool = False


@dataclass(frozen=True)
class Tail:
    """Where an object that is appended to ends.

    Attributes:
        size: in bytes.
        blocks: how often it was appended to.
    """

    size: int = 0
    blocks: int = 0


class ObjectStore(Protocol):
    """Objects by name.

    What is not answered is tried again; every method raises `RunStoreError` CMK512 when that is of no use.

    Attributes:
        address: the URL of the store, without a trailing slash.
    """

    @property
    def address(self) -> str:
        """Return the store's URL."""

    async def items(self, prefix: str) -> tuple[Item, ...]:
        """Return the objects whose names begin with *prefix*, by name."""

    async def read(self, name: str, start: int = 0) -> bytes | None:
        """Return the object *name* from the byte *start* on; None when there is none."""

    async def write(self, name: str, data: bytes) -> None:
        """Make the object *name* hold *data*."""

    async def begin(self, name: str) -> Tail:
        """Return where the object *name* ends; one that can be appended to is made if there is none."""

    async def append(self, name: str, data: bytes, at: int) -> Tail | None:
        """Append *data* if the object *name* ends at the byte *at*; None when it does not.

        Tried again after a lost answer it says None too: then what stands there is the same *data*.
        """

    async def lease(self, name: str, seconds: int) -> str | None:
        """Lease the object *name* and return the lease's id; None when there is no such object, or somebody has leased it."""

    async def renew(self, name: str, lease: str) -> bool:
        """Renew our *lease*; False when it is not ours any more. Tried once: whoever renews tries again."""

    async def delete(self, name: str, lease: str = "") -> bool:
        """Delete the object *name*; False when somebody has leased it under another id than *lease*, or it must not be deleted."""

    async def break_lease(self, name: str) -> None:
        """End whoever's lease on the object *name*; harmless when there is none."""
