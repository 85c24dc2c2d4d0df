"""Move a disk to an encryption set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    PLAIN,
    REVERSIBLE,
    Acceptance,
    Change,
    Decision,
    Done,
    Effect,
    Found,
    Line,
    OneWay,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.values import Grant, Ref, promised
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.judging import judge_disk
from cmk_remediate.steps.disks.restore_disk import ESTIMATE, RARELY, RestoreDisk, at_rest, snapshots
from cmk_remediate.steps.disks.rights import on_disks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions
    from cmk_remediate.model.step import Undo

from cmk_remediate.model.step import Step

UNTIL_SNAPSHOT = Reversibility("reversible", "until the next incremental snapshot or backup")
TO_PREVIOUS = REVERSIBLE
ONE_WAY = Reversibility(
    "one-way",
    "the disk has incremental snapshots: Azure does not return it to the platform's key",
    codes.managed_disks.INCREMENTAL_SNAPSHOTS,
)


@dataclass(frozen=True)
class EncryptDisk(Step):
    """Name the encryption set on a disk that no running machine holds; its data is not written anew.

    Attributes:
        disk: the disk's id.
        encryption_set: the set's id.
        encryption_type: the set's type of encryption: both must agree (terraform-provider-azurerm#10588).
        machine: the machine it hangs on; None for a disk that hangs on none.
        previous: the set it is on now, where rollback can return to it.
        access: the wait for the set's grant.
        one_way: it has incremental snapshots: Azure does not return it to the platform's key.
        untried: nothing has used the key through this set before: a system-assigned one.
        cluster: the cluster in whose node resource group it is a volume (learn.microsoft.com, "Bring your own keys (BYOK) with
            Azure managed disks in AKS": a detached volume is changed like any disk); None for any other disk.
        previous_key: the key of the set it is on now.
        no_way_back: why rollback cannot return to that set; empty where it can.
        previous_reader: the object id of who reads that key for that set, where it could be seen what it was granted; stays out of
            the node's id.
    """

    kind: ClassVar[str] = "encrypt_disk"
    sets_key: ClassVar[bool] = True

    disk: ResourceId
    encryption_set: ResourceId
    encryption_type: str
    machine: ResourceId | None = None
    previous: ResourceId | None = None
    access: Grant | Ref[Grant] | None = None
    one_way: bool = False
    untried: bool = False
    cluster: ResourceId | None = None
    previous_key: ResourceId | None = None
    no_way_back: str = ""
    previous_reader: str = field(default="", compare=False)

    def address(self) -> ResourceId:
        """Return the disk's id."""
        return self.disk

    def managed_by(self) -> ResourceId | None:
        """Return the cluster whose volume it is."""
        return self.cluster

    def owns(self) -> Mapping[str, Any]:
        """Return the encryption."""
        return {"properties.encryption": f"{self.encryption_type} {self.encryption_set.key}"}

    def also_reads(self) -> tuple[Read, ...]:
        """Return the machine, and the snapshots: an incremental one closes the way back."""
        return (snapshots(self.disk), *([Read(self.machine)] if self.machine else []))

    def probes(self) -> Ref[Grant] | None:
        """Return the grant: a late one refuses this too."""
        return promised(self.access)

    def decide(self, found: Found) -> Decision:
        """Judge the disk found."""
        refused = judge_disk(self.disk, found.body)
        kind, current = bodies.encryption(found.body)
        if found.body is not None and (kind, current) == (self.encryption_type, self.encryption_set):
            return Done(f"the disk {self.disk.name} is on {self.encryption_set.name}")
        held = refused or at_rest(self.disk, self.machine, found)
        if held is not None:
            return held
        encryption = {"type": self.encryption_type, "diskEncryptionSetId": self.encryption_set.text}
        return Change(
            Request("PATCH", self.disk, {"properties": {"encryption": encryption}}),
            self._lines(found, kind, current),
            (Effect(self.disk, {"properties": {"encryption": encryption}}),),
            ESTIMATE,
            "update",
            f"properties.encryption.type of {self.disk.name} is {kind}"
            + (f", its set is {current.name}" if current else ""),
            caution=RARELY if self.untried else PLAIN,
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:  # noqa: ARG002 - used or not
        """Return to the platform's key, or to the previous set."""
        kind, was = bodies.encryption(before)
        if was is not None and was != self.previous:
            why = self.no_way_back or f"the previous encryption set {was.name} was not checked in the review"
            return OneWay(why, codes.managed_disks.PREVIOUS_SET_ONE_WAY)
        if was is None and self.one_way:
            return OneWay(f"{self.disk.name}: {ONE_WAY.why}", codes.managed_disks.INCREMENTAL_SNAPSHOTS)
        back, reader = (None, "") if was is None else (self.previous_key, self.previous_reader)
        return RestoreDisk(self.disk, self.encryption_set, kind, was, self.machine, self.cluster, back, reader)

    def permissions(self) -> Permissions:
        """Return reading and writing the disk, reading its snapshots, and naming the set."""
        return (
            *on_disks(self.disk, "disks/read", "disks/write"),
            *on_disks(self.disk.subscription_id, "snapshots/read")[:1],
            *on_disks(self.encryption_set, "diskEncryptionSets/read")[:1],
        )

    def _lines(self, found: Found, kind: str, current: ResourceId | None) -> tuple[Line, ...]:
        incremental = bodies.incremental(found.reads.get(snapshots(self.disk)) or (), self.disk)
        reversibility, accept = UNTIL_SNAPSHOT, None
        if current is not None and current == self.previous:
            reversibility = TO_PREVIOUS
        elif current is not None:
            why = self.no_way_back or f"the present encryption set {current.name} was not checked"
            reversibility = Reversibility("one-way", why, codes.managed_disks.PREVIOUS_SET_ONE_WAY)
            accept = Acceptance("previous-set", self.disk, "one-way")
        elif incremental:
            reversibility, accept = ONE_WAY, Acceptance("incremental-snapshots", self.disk, "one-way")
        where = current.text if current else None
        lines = [
            Line("properties.encryption.type", kind, self.encryption_type, reversibility=reversibility),
            Line(
                "properties.encryption.diskEncryptionSetId",
                where,
                self.encryption_set.text,
                reversibility=reversibility,
                acceptance=accept,
            ),
        ]
        if kind == self.encryption_type:
            lines[0] = Line("properties.encryption.type", kind, kind, "carried")
        if incremental:
            lines.append(Line("incremental snapshots", "there are some", "there are some", "relied_on"))
        return tuple(lines)
