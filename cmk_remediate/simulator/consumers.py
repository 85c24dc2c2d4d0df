"""What a provider declares of resources that use customer-managed keys: for the monitor of the laws."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.effects import Json

if TYPE_CHECKING:
    from cmk_remediate.simulator.world import World  # noqa: TC004 - world imports declare; nobody evaluates the annotations


@dataclass(frozen=True)
class KeyUse:
    """A key that a resource, a replica of it or a backup within retention needs.

    Attributes:
        name: what tells this need from others of the resource: a thumbprint, or the URI.
        uri: the key's URI; empty where nothing leads to the key any more.
        why: what needs it: `CURRENT`, or words of the provider's own.
        missing: what is in the way beside key, right and network path; empty for nothing.
    """

    name: str
    uri: str
    why: str
    missing: str = ""


CURRENT = "its present encryption"
"""Why a resource needs the key that it uses at this moment."""


def _nothing(_sent: Json) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Consumer:
    """A resource type whose resources use customer-managed keys: what the monitor of the laws asks about them.

    Attributes:
        type: the full type.
        principal: the object id such a resource reaches vaults with, or empty: (world, id).
        uses: the keys it needs, by what is declared: (world, id).
        points: the URI of the key that a write to it or its children points it at, or empty: (world, lower-case id of what
            is written, the ``properties`` sent).
        usable: whether it can use its present key at this moment, all delays counted in: (world, id).
        ailing: what of it does not work: (world, id) -> (id, in words).
        holds: the URIs of keys that such a write makes it hold beside: (the ``properties`` sent).
    """

    type: str
    principal: Callable[[World, ResourceId], str]
    uses: Callable[[World, ResourceId], Iterable[KeyUse]]
    points: Callable[[World, str, Json], str]
    usable: Callable[[World, ResourceId], bool]
    ailing: Callable[[World, ResourceId], Iterable[tuple[ResourceId, str]]]
    holds: Callable[[Json], Iterable[str]] = _nothing

    def resource_of(self, key: str) -> str:
        """Return the resource of this type that *key*, an id in lower case, is or is below; empty for none."""
        namespace, *kinds = self.type.lower().split("/")
        before, mark, after = key.partition(f"/providers/{namespace}/")
        parts = after.split("/")
        below = len(parts) >= 2 * len(kinds) and parts[0 : 2 * len(kinds) : 2] == kinds
        return f"{before}{mark}{'/'.join(parts[: 2 * len(kinds)])}" if mark and below else ""
