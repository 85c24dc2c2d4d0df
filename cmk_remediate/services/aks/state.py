"""The state a cluster is found in, in the words of docs/how-it-works.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services import states
from cmk_remediate.services.aks import cluster
from cmk_remediate.services.disk_sets import key_is_usable
from cmk_remediate.steps.disks import bodies

if TYPE_CHECKING:
    from cmk_remediate.services.aks.choice import Wish


def of_target(wish: Wish) -> str:
    """Return the state of a target: that of the cluster, its nodes and volumes, or of what has replaced it."""
    facts = wish.facts
    if facts.refused or (facts.old.body is None and facts.new.body is None):
        return states.INACCESSIBLE
    if at_path(facts.group, "managedBy"):
        return states.FOREIGN
    if wish.right:
        return states.MIXED if wish.replaced and facts.old.body is not None else _healthy(wish)
    return _of_old(wish)


def _healthy(wish: Wish) -> str:
    if wish.facts.wanted.refused:
        return states.NOT_CHECKABLE
    if not key_is_usable(wish.facts.wanted, wish.key, wish.facts.now):
        return states.WRONG
    body = wish.facts.sets.body_of(wish.wanted) if wish.wanted is not None else None
    if at_path(body, "properties.previousKeys"):
        return states.IN_PROGRESS
    return states.HEALTHY if at_path(body, "identity.userAssignedIdentities") else states.SYSTEM_ASSIGNED


def _of_old(wish: Wish) -> str:
    current = cluster.encryption_set(wish.facts.old.body)
    if current is None:
        on_sets = any(bodies.encryption(one.body)[1] is not None for one in wish.facts.old.volumes)
        return states.MIXED if on_sets else states.PLATFORM
    if wish.facts.sets.found.get(current.key) is None:
        return states.NOT_CHECKABLE
    if wish.in_place and wish.wanted is not None and wish.facts.sets.as_planned(wish.wanted):
        return states.MIXED
    return states.WRONG
