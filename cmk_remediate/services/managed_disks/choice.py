"""Which encryption set each disk of a target gets, by the plan's rules; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.wishes import Wishes, entry_of, wishes
from cmk_remediate.services.managed_disks.facts import DiskFacts, TargetFacts
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.judging import WantedSet, judge_set

if TYPE_CHECKING:
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.planfile.schema import PlanFile

KEY_TYPES = ("RSA", "RSA-HSM")
KEY_SIZES = (2048, 3072, 4096)
"""What disk encryption sets take (learn.microsoft.com, "Restrictions of customer-managed keys for managed disks")."""


@dataclass(frozen=True)
class Wish:
    """What the plan wants of one target.

    Attributes:
        facts: what was read.
        wishes: the plan's fields, the target's overrides laid over them.
        ordinary: the set of most disks; None where the plan names no identity for it.
        direct: the set of Ultra and Premium SSD v2 disks; None where the plan names none.
    """

    facts: TargetFacts
    wishes: Wishes
    ordinary: WantedSet | None
    direct: WantedSet | None

    @property
    def id(self) -> ResourceId:
        """The target."""
        return self.facts.target

    @property
    def key(self) -> ResourceId:
        """The plan's key."""
        return self.wishes.key_id(self.id)

    @property
    def vault(self) -> ResourceId:
        """The plan's vault."""
        return self.key.top_level

    def set_for(self, disk: DiskFacts) -> WantedSet | None:
        """Return the set that *disk* gets; None where the plan has none for it."""
        return self.direct if disk.is_direct_drive else self.ordinary

    def body_of(self, chosen: WantedSet) -> JsonObject | None:
        """Return the body of a set; None where it does not exist."""
        return self.facts.sets.get(chosen.id.key)

    def uses_wanted(self, disk: DiskFacts) -> bool:
        """Say whether *disk* is on its set, and the set is as the plan says."""
        chosen = self.set_for(disk)
        if chosen is None or bodies.encryption(disk.body) != (chosen.kind, chosen.id):
            return False
        body = self.body_of(chosen)
        return body is not None and judge_set(chosen, body) is None

    @property
    def compliant(self) -> bool:
        """Whether every disk is on its set."""
        return bool(self.facts.disks) and all(self.uses_wanted(disk) for disk in self.facts.disks)

    @property
    def stops(self) -> bool:
        """Whether a running machine has to be deallocated."""
        machine = self.facts.machine
        return machine is not None and machine.runs and not self.compliant

    def previous(self, disk: DiskFacts) -> ResourceId | None:
        """Return the other encryption set a disk is on, where a rollback can return to it."""
        kind, current = bodies.encryption(disk.body)
        body = self.facts.sets.get(current.key) if current is not None else None
        if current is None or body is None or (body.get("properties") or {}).get("autoKeyRotationError"):
            return None
        return current if (body.get("properties") or {}).get("encryptionType") == kind else None


def wish_of(facts: TargetFacts, plan: PlanFile) -> Wish:
    """Return what *plan* wants of what was read in *facts*."""
    wanted = wishes(plan, entry_of(plan, facts.target))
    return Wish(facts, wanted, *sets_of(wanted, facts.target))


def sets_of(wanted: Wishes, target: ResourceId) -> tuple[WantedSet | None, WantedSet | None]:
    """Return the set of most disks, and that of Ultra and Premium SSD v2 disks."""
    declared = wanted.disk_encryption_set
    if declared is None:
        return None, None
    key, version = wanted.key_id(target), wanted.key.key_version or ""
    kind = declared.encryption_type

    def named(text: str | None, identity: ResourceId | None) -> WantedSet | None:
        return None if text is None else WantedSet(ResourceId.parse(text), identity, key, kind, version)

    if wanted.identity == "system-assigned":
        ours = named(declared.resource_id, None)
        return ours, named(declared.system_assigned_resource_id, None) or ours
    identity = wanted.identity_id(target)
    ours = None if identity is None else named(declared.resource_id, identity)
    return ours, named(declared.system_assigned_resource_id, None)
