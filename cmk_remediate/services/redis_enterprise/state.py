"""The state a cluster is found in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services import states

if TYPE_CHECKING:
    from cmk_remediate.services.redis_enterprise.facts import ClusterFacts


def of_cluster(facts: ClusterFacts) -> str:
    """Return the state of the cluster in *facts*, from the values of its body."""
    have = facts.cluster
    if facts.body is None:
        return states.INACCESSIBLE
    if at_path(facts.body, "managedBy") or at_path(facts.group, "managedBy"):
        return states.FOREIGN
    if have.busy:
        return states.IN_PROGRESS
    if not have.is_customer:
        return states.PLATFORM
    if have.key.in_managed_hsm:
        return states.MANAGED_HSM
    current = facts.current
    if current is None or current.key is None or current.refused:
        return states.NOT_CHECKABLE
    right = facts.compliant and have.at_rest and not facts.deadline and not facts.not_permitted
    return states.HEALTHY if right else states.WRONG
