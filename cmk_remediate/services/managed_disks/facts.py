"""What is read about a target: raw bodies, and what Azure refused to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.key_facts import KeyFacts


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
    incremental: tuple[str, ...] = ()
    snapshots: int = 0

    @property
    def is_direct_drive(self) -> bool:
        """Whether it is an Ultra disk or a Premium SSD v2."""
        return bodies.is_direct_drive(self.body)


@dataclass(frozen=True)
class MachineFacts:
    """The machine of a target.

    Attributes:
        id: its id.
        body: its body with its instance view; None when it does not exist or was not shown.
        addresses: its public addresses that change when it is deallocated, by name.
    """

    id: ResourceId
    body: JsonObject | None
    addresses: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether it runs."""
        return bodies.power(self.body) == bodies.RUNNING


@dataclass(frozen=True)
class TargetFacts:
    """One entry of a plan's targets.

    Attributes:
        target: the entry's resource.
        machine: the machine it is; None for a disk.
        disks: the disks that move.
        group: the body of its resource group; None if not shown.
        sets: the encryption sets that the plan or a disk names, by lower-case id; None for one that does not exist.
        wanted: the plan's key and its vault.
        now: Azure's clock.
        refused: what Azure refused to show of machine and disks; empty when nothing was.
        sets_refused: the same of encryption sets.
    """

    target: ResourceId
    machine: MachineFacts | None
    disks: tuple[DiskFacts, ...]
    group: JsonObject | None
    sets: Mapping[str, JsonObject | None]
    wanted: KeyFacts
    now: datetime
    refused: str = ""
    sets_refused: Mapping[str, str] = field(default_factory=dict)
