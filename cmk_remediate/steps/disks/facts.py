"""What is read about a disk: its raw body, and its snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.steps.disks import bodies

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class DiskFacts:
    """One disk.

    Attributes:
        id: its id.
        body: its body; None when it does not exist or was not shown.
        incremental: the names of its incremental snapshots.
        snapshots: how many snapshots of it there are, of either kind.
    """

    id: ResourceId
    body: JsonObject | None
    incremental: tuple[str, ...]
    snapshots: int

    @property
    def is_direct_drive(self) -> bool:
        """Whether it is an Ultra disk or a Premium SSD v2."""
        return bodies.is_direct_drive(self.body)


def disk_facts(disk: ResourceId, body: JsonObject | None, listed: Sequence[JsonObject]) -> DiskFacts:
    """Return what *body*, and *listed*, the snapshots of its subscription, say of *disk*."""
    made = [
        one for one in listed if str(at_path(one, "properties.creationData.sourceResourceId") or "").lower() == disk.key
    ]
    return DiskFacts(disk, body, bodies.incremental(listed, disk), len(made))
