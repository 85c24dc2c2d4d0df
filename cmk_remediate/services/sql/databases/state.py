"""The state a database is found in, in the words that reviews and assessments use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services import states
from cmk_remediate.services.insight import named_key

if TYPE_CHECKING:
    from cmk_remediate.services.sql.databases.facts import ReplicaFacts
    from cmk_remediate.services.sql.databases.target import Target


def of_target(target: Target) -> str:
    """Return the state of a target: that of its replicas, joined."""
    return states.joined(_of_replica(target, one) for one in target.replicas)


def as_found(target: Target) -> str:
    """Return the state of a target as plans see it of which each wants one of its replicas as it is."""
    return states.joined(_of_replica(_wanting(target, one), one) for one in target.replicas)


def _wanting(target: Target, replica: ReplicaFacts) -> Target:
    known, key = replica.current, named_key(replica.current)
    return (
        target
        if known is None or key is None
        else replace(target, wanted=known, wishes=replace(target.wishes, key=key))
    )


def _of_replica(target: Target, replica: ReplicaFacts) -> str:
    """Return the state of one database; its server's is told in a note beside it."""
    have = replica.own
    if replica.body is None or replica.server is None or replica.protector is None or have.inaccessible:
        return states.INACCESSIBLE
    kind = str(replica.server.get("kind") or "").lower()
    if "analytics" in kind or at_path(replica.server, "managedBy") or at_path(replica.group, "managedBy"):
        return states.FOREIGN
    if have.federated:
        return states.CROSS_TENANT
    if not have.uri:
        return states.WRONG if replica.from_server else states.PLATFORM
    return _of_own_key(target, replica)


def _of_own_key(target: Target, replica: ReplicaFacts) -> str:
    """Return the state of a database that has a customer key of its own."""
    if replica.own.in_managed_hsm:
        return states.MANAGED_HSM
    known = replica.current
    if known is None or known.key is None or known.refused:
        return states.NOT_CHECKABLE
    if not target.uses_wanted(replica) or target.deadline(replica):
        return states.WRONG
    if not replica.own.attached or not replica.is_encrypted:
        return states.WRONG
    scan = str(at_path(replica.tde, "properties.scanState") or "").lower()
    return states.IN_PROGRESS if scan in ("running", "resume") else states.HEALTHY
