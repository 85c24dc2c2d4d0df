"""What is read about a target: raw bodies, and what Azure refused to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject
from cmk_remediate.services.disk_sets.found import Sets
from cmk_remediate.services.managed_disks.addresses import NONE, Addresses
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.facts import DiskFacts
from cmk_remediate.steps.key_facts import KeyFacts


@dataclass(frozen=True)
class MachineFacts:
    """The machine of a target.

    Attributes:
        id: its id.
        body: its body with its instance view; None when it does not exist or was not shown.
        addresses: where its public addresses are found.
    """

    id: ResourceId
    body: JsonObject | None
    addresses: Addresses = NONE

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
        sets: the encryption sets that the plan or a disk names.
        wanted: the plan's key and its vault.
        now: Azure's clock.
        refused: what Azure refused to show of machine and disks; empty when nothing was.
    """

    target: ResourceId
    machine: MachineFacts | None
    disks: tuple[DiskFacts, ...]
    group: JsonObject | None
    sets: Sets
    wanted: KeyFacts
    now: datetime
    refused: str = ""
