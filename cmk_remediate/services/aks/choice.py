"""What a plan wants of a target, and what of it can be done; pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.planfile.wishes import Wishes, entry_of, wishes
from cmk_remediate.services.aks import cluster
from cmk_remediate.services.aks.facts import ClusterFacts, TargetFacts
from cmk_remediate.services.aks.judging import ungranted, wrong
from cmk_remediate.services.disk_sets.found import key_fault
from cmk_remediate.steps import pinned_key
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.judging import judge_disk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.steps.disks.facts import DiskFacts
    from cmk_remediate.steps.disks.judging import WantedSet


@dataclass(frozen=True)
class Wish:
    """What the plan wants of one target.

    Attributes:
        facts: what was read.
        wishes: the plan's fields, the target's overrides laid over them.
    """

    facts: TargetFacts
    wishes: Wishes

    @property
    def id(self) -> ResourceId:
        """The target."""
        return self.facts.old.id

    @property
    def key(self) -> ResourceId:
        """The plan's key."""
        return self.wishes.key_id(self.id)

    @property
    def wanted(self) -> WantedSet | None:
        """The set of node disks and of most volumes; None where the plan names no identity for it."""
        return self.facts.sets.ordinary

    @property
    def chosen(self) -> tuple[WantedSet, ...]:
        """The sets that the target needs: that of the nodes first, that of Ultra and Premium SSD v2 volumes where there are any."""
        needed = self.facts.sets.chosen(self.facts.old.volumes)
        return tuple(one for one in self.sets if one == self.wanted or (one in needed and one.kind != bodies.DOUBLE))

    @property
    def sets(self) -> tuple[WantedSet, ...]:
        """The sets that a volume may be on: that of the nodes first."""
        both = (self.facts.sets.ordinary, self.facts.sets.direct)
        return tuple(dict.fromkeys(one for one in both if one is not None))

    @property
    def in_place(self) -> bool:
        """Whether the target itself was made with the plan's set: then it is not replaced."""
        return self.wanted is not None and cluster.encryption_set(self.facts.old.body) == self.wanted.id

    @property
    def judged(self) -> ClusterFacts:
        """The cluster that has to be right: the target itself, or the one that replaces it."""
        return self.facts.old if self.in_place else self.facts.new

    @cached_property
    def faults(self) -> tuple[str, ...]:
        """What about `judged` is not right; empty when all is."""
        if self.wanted is None or self.judged.body is None:
            return (f"there is no cluster {self.judged.id.name}",)
        one, sets = self.judged, [chosen.id for chosen in self.sets]
        granted = self.facts.granted.get(self.wanted.id.key, ())
        return (
            *wrong(one.id, one.body or {}, one.scale_sets, one.disks, sets),
            *ungranted(one.id, one.body or {}, granted, self.wanted.id),
        )

    @cached_property
    def right(self) -> bool:
        """Whether the cluster that has to be right is, and its sets are as the plan says."""
        used = self.facts.sets.chosen(self.judged.volumes)
        return not self.faults and all(
            self.facts.sets.as_planned(one) for one in self.sets if one == self.wanted or one in used
        )

    @property
    def key_fault(self) -> str:
        """Why the plan's key cannot be used now; empty where it can, or was not shown."""
        return key_fault(self.facts.wanted, self.key, self.facts.now)

    @property
    def cut_off(self) -> bool:
        """Whether the cluster that has to be right is on the plan's set, and that cannot use its key."""
        if self.wanted is None or cluster.encryption_set(self.judged.body) != self.wanted.id:
            return False
        sets = self.facts.sets
        if sets.body_of(self.wanted) is None or sets.out_of_bounds(self.wanted.id) is not None:
            return False
        return bool(self.key_fault) or not sets.as_planned(self.wanted)

    @property
    def deadline(self) -> str:
        """By when somebody must rotate the version that the plan pins, in words; empty where it does not expire."""
        if not self.wishes.pinned or not self.right:
            return ""
        return pinned_key.deadline(self.id, self.key, self.facts.wanted.body, self.wishes.key.key_version or "")

    @cached_property
    def left(self) -> tuple[tuple[DiskFacts, str], ...]:
        """The volumes of the target that are not moved, each with the reason."""
        judged = ((volume, self._stays(volume)) for volume in self._to_change)
        return tuple((volume, why) for volume, why in judged if why)

    @property
    def replaced(self) -> bool:
        """Whether another cluster has taken the target's place: what is left of it is but the way back."""
        return self.right and not self.in_place

    @property
    def moving(self) -> tuple[DiskFacts, ...]:
        """The volumes of the target that hang on nothing and can be moved."""
        if self.replaced:
            return ()
        return tuple(volume for volume in self._to_change if not self._stays(volume))

    @property
    def _to_change(self) -> Iterator[DiskFacts]:
        return (volume for volume in self.facts.old.volumes if not self.facts.sets.used_by(volume))

    def _stays(self, volume: DiskFacts) -> str:
        """Return why *volume* is not moved; empty where it is."""
        name, chosen = volume.id.name, self.facts.sets.of(volume)
        if cluster.is_locked(self.facts.old.body):
            return f"{name}: properties.nodeResourceGroupProfile.restrictionLevel of {self.id.name} is ReadOnly"
        if not cluster.principals(self.facts.old.body):
            return f"{name}: no identity of {self.id.name} was shown that could be Reader on the set: it would not be attached"
        refused = judge_disk(volume.id, volume.body)
        if refused is not None:
            return f"{name}: {refused.why}"
        current = bodies.encryption(volume.body)[1]
        bound = self.facts.sets.out_of_bounds(current) if current is not None else None
        if bound is not None:
            return f"{name}: {bound.why}"
        if chosen is None:
            return f"{name}: sku.name is {_sku(volume)}, and disk_encryption_set.system_assigned_resource_id is absent"
        if volume.is_direct_drive and chosen.kind == bodies.DOUBLE:
            return f"{name}: sku.name is {_sku(volume)}, and encryption_type is {chosen.kind}"
        state = bodies.disk_state(volume.body)
        if state != bodies.UNATTACHED or bodies.holders(volume.body):
            return f"{name}: properties.diskState is {state}"
        ready = at_path(volume.body, "properties.provisioningState")
        return "" if ready in (None, "Succeeded") else f"{name}: properties.provisioningState is {ready}"


def new_cluster(wanted: Wishes, target: ResourceId) -> ResourceId | None:
    """Return the id of the cluster that replaces *target*; None where the plan's name for it is none."""
    name = wanted.named(wanted.new_cluster.name, target)
    parent = target.text.rpartition("/")[0]
    return ResourceId(f"{parent}/{name}") if cluster.is_name(name) else None


def new_identity(wanted: Wishes, target: ResourceId) -> ResourceId | None:
    """Return the identity that the plan names for the new cluster's control plane; None where it names none."""
    named = wanted.new_cluster.user_assigned_identity
    return None if named is None else ResourceId.parse(wanted.named(named.resource_id, target))


def wish_of(facts: TargetFacts, plan: PlanFile) -> Wish:
    """Return what *plan* wants of what was read in *facts*."""
    return Wish(facts, wishes(plan, entry_of(plan, facts.old.id)))


def _sku(volume: DiskFacts) -> object:
    return at_path(volume.body, "sku.name")
