"""Undo of a disk's encryption: back to the platform's key, or to the previous encryption set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    PLAIN,
    REVERSIBLE,
    Blocked,
    Caution,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    Pending,
    Read,
    Request,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.step import Step
from cmk_remediate.steps.disks import bodies, previous_set
from cmk_remediate.steps.disks.rights import on_disks

if TYPE_CHECKING:
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions

ESTIMATE = Estimate(usual=15, worst=1800)
"""Seconds for one disk; at worst what the Terraform provider waits for one (30 minutes)."""
RARELY = Caution(tries=3, pause=60)
"""Its machine stands still meanwhile, and nothing has tried the set's key before, or not for long (our choice)."""
LAG = 10
"""Seconds after which a disk is looked at again that does not show yet that its machine is deallocated."""


def snapshots(disk: ResourceId) -> Read:
    """Return the read of the subscription's snapshots: those of a disk may lie in any of its groups."""
    return Read(disk.subscription_id, "list:snapshots")


def at_rest(disk: ResourceId, machine: ResourceId | None, found: Found) -> Blocked | Pending | None:
    """Return what forbids the change now: a machine that is not deallocated; None when the disk is at rest."""
    if bodies.disk_state(found.body) in (bodies.UNATTACHED, bodies.RESERVED):
        return None
    if machine is not None and bodies.power(found.reads.get(Read(machine))) == bodies.DEALLOCATED:
        return Pending(f"{disk.name} does not show yet that {machine.name} is deallocated", LAG)
    on = ", ".join(one.name for one in bodies.holders(found.body))
    why = f"properties.diskState of {disk.name} is {bodies.disk_state(found.body)}: it hangs on {on}"
    return Blocked(codes.managed_disks.ATTACHED, why, resource=disk.text)


@dataclass(frozen=True)
class RestoreDisk(Step):
    """Return to the platform's key, or to an encryption set, unless somebody has chosen another one since.

    Azure refuses a platform key together with a set's id (Azure/azure-cli#22484), so the id is sent as null. Incremental
    snapshots forbid the way back to the platform's key: they are read again.

    Attributes:
        disk: the disk's id.
        wrote: the set that our own write named.
        encryption_type: the type to return to.
        encryption_set: the set to return to; None for the platform's key.
        machine: the machine it hangs on, if any.
        cluster: the cluster whose volume it is, if any.
        key: the key of the set to return to, where the review found it.
        reader: the object id of who reads that key for the set, where the review could see what it was granted; stays out of the
            node's id.
    """

    kind: ClassVar[str] = "restore_disk"
    sets_key: ClassVar[bool] = True

    disk: ResourceId
    wrote: ResourceId
    encryption_type: str
    encryption_set: ResourceId | None = None
    machine: ResourceId | None = None
    cluster: ResourceId | None = None
    key: ResourceId | None = None
    reader: str = field(default="", compare=False)

    def address(self) -> ResourceId:
        """Return the disk's id."""
        return self.disk

    def managed_by(self) -> ResourceId | None:
        """Return the cluster whose volume it is."""
        return self.cluster

    def also_reads(self) -> tuple[Read, ...]:
        """Return the machine, the snapshots, and the set to return to with its key and access."""
        machine = [Read(self.machine)] if self.machine else []
        return (snapshots(self.disk), *machine, *previous_set.looked_at(self.encryption_set, self.key, self.reader))

    def decide(self, found: Found) -> Decision:
        """Judge the disk found."""
        if found.body is None:
            why = f"the disk {self.disk.name} does not exist"
            return Blocked(codes.managed_disks.ABSENT, why, resource=self.disk.text)
        kind, current = bodies.encryption(found.body)
        if (kind, current) == (self.encryption_type, self.encryption_set):
            return Done(f"the disk {self.disk.name} is as it was")
        if current != self.wrote:
            path, shown = ("diskEncryptionSetId", current.name) if current else ("type", kind)
            why = f"properties.encryption.{path} of {self.disk.name} is {shown}, this run wrote {self.wrote.name}"
            return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.disk.text)
        names = bodies.incremental(found.reads.get(snapshots(self.disk)) or (), self.disk)
        if names and self.encryption_set is None:
            why = f"{self.disk.name} has incremental snapshots: {', '.join(names)}"
            return Blocked(codes.managed_disks.INCREMENTAL_SNAPSHOTS, why, resource=self.disk.text)
        lost = previous_set.lost(self.encryption_set, self.disk, self.encryption_type, self.key, self.reader, found)
        held = lost or at_rest(self.disk, self.machine, found)
        if held is not None:
            return held
        back = self.encryption_set.text if self.encryption_set else None
        encryption: dict[str, Any] = {"type": self.encryption_type, "diskEncryptionSetId": back}
        return Change(
            Request("PATCH", self.disk, {"properties": {"encryption": encryption}}),
            (
                Line("properties.encryption.type", kind, self.encryption_type, reversibility=REVERSIBLE),
                Line("properties.encryption.diskEncryptionSetId", current.text, back, reversibility=REVERSIBLE),
            ),
            (Effect(self.disk, {"properties": {"encryption": encryption}}),),
            ESTIMATE,
            "update",
            f"the disk {self.disk.name} is still on {current.name}",
            caution=RARELY if self.encryption_set else PLAIN,
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Leave it restored."""
        return Keep("a rollback is not rolled back: make a new dry run of the plan", codes.managed_disks.ROLLBACK_DONE)

    def permissions(self) -> Permissions:
        """Return reading and writing the disk, reading its snapshots, and the set to return to with its key and access."""
        listed = on_disks(self.disk.subscription_id, "snapshots/read")[:1]
        back = previous_set.reading(self.encryption_set, self.key, self.reader)
        return (*on_disks(self.disk, "disks/read", "disks/write"), *listed, *back)
