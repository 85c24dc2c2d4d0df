"""The state a cluster is found in, in the words of docs/how-it-works.md."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services import states
from cmk_remediate.services.aks import cluster
from cmk_remediate.services.aks.judging import uncovered
from cmk_remediate.services.sets_in_use import state_alone, state_of
from cmk_remediate.steps.disks import bodies

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.services.aks.choice import Wish
    from cmk_remediate.services.aks.cluster import Body


def of_target(wish: Wish) -> str:
    """Return the state of a target: that of the cluster, its nodes and volumes, or of what has replaced it."""
    facts = wish.facts
    if facts.refused or (facts.old.body is None and facts.new.body is None):
        return states.INACCESSIBLE
    if at_path(facts.group, "managedBy"):
        return states.FOREIGN
    if wish.cut_off:
        return states.WRONG
    if wish.right:
        replaced = wish.replaced and facts.old.body is not None
        return states.MIXED if replaced or wish.wanted is None else _of_set(wish, wish.wanted.id)
    return _of_old(wish)


def as_found(wish: Wish) -> str:
    """Return the state of a target that a plan wants on the set it is on, each volume on another set as if that were wanted."""
    known = {one.id for one in wish.sets}
    sets, wanted, old = wish.facts.sets, wish.facts.wanted, wish.facts.old
    others = [one for one in old.volumes if _set_of(one.body) not in (None, *known)]
    apart = {one.id.key for one in others}
    rest = tuple(one for one in old.disks if str(one.get("id")).lower() not in apart)
    volumes = tuple(one for one in old.volumes if one.id.key not in apart)
    facts = replace(wish.facts, old=replace(old, disks=rest, volumes=volumes))
    return states.joined([of_target(replace(wish, facts=facts)), *(state_alone(sets, wanted, one) for one in others)])


def _set_of(disk: Body | None) -> ResourceId | None:
    return bodies.encryption(disk)[1]


def _of_set(wish: Wish, place: ResourceId) -> str:
    """Return the state of the set *place*, which was shown, as the plan sees it."""
    return state_of(wish.facts.sets, wish.facts.wanted, wish.wanted, place)


def _of_old(wish: Wish) -> str:
    old = wish.facts.old
    current = cluster.encryption_set(old.body)
    if current is None:
        return states.MIXED if any(_set_of(one.body) is not None for one in old.volumes) else states.PLATFORM
    if wish.facts.sets.found.get(current.key) is None:
        return states.NOT_CHECKABLE
    found = _of_set(wish, current)
    known = (states.NOT_CHECKABLE, states.WRONG, states.CROSS_TENANT, states.MANAGED_HSM)
    return found if found in known else _in_place(wish)


def _in_place(wish: Wish) -> str:
    """Return the state of a cluster that is on its set, which is right, while something else about it is not."""
    old, sets = wish.facts.old, [one.id for one in wish.sets]
    if any(uncovered(old.body or {}, old.scale_sets, old.disks, sets)):
        return states.MIXED
    ready = str(at_path(old.body, "properties.provisioningState") or "")
    return states.WRONG if ready in ("Succeeded", "Failed", "Canceled") else states.IN_PROGRESS
