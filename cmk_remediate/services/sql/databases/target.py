"""A database and its replicas as one value: what a recipe and the limits work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.planfile.wishes import entry_of, wishes
from cmk_remediate.services.protectors.joined import OnPlansKey, joined
from cmk_remediate.services.sql.databases.facts import KEY_SIZES, KEY_TYPES, DatabaseFacts, ReplicaFacts
from cmk_remediate.steps import key_state, previous_key
from cmk_remediate.steps.sql import geo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.planfile.schema import PlanFile


@dataclass(frozen=True)
class Target(OnPlansKey):
    """One target: a database, or a geo group of them.

    Attributes:
        replicas: secondaries first, the primary last.
    """

    replicas: tuple[ReplicaFacts, ...]

    @property
    def parts(self) -> tuple[Any, ...]:
        """Its replicas."""
        return self.replicas

    def uses_wanted(self, replica: ReplicaFacts) -> bool:
        """Say whether *replica* uses the plan's key, and follows it or pins it as the plan wants; and the key can be used."""
        have = replica.own
        if not have.names(self.key) or bool(have.follows) == self.wishes.pinned or self.wanted.body is None:
            return False
        if self.wishes.pinned and have.key.version != self.wishes.key.key_version:
            return False
        return key_state.judge_key(self.key, self.wanted.body, self.now) is None

    def left_out(self, replica: ReplicaFacts) -> tuple[str, ...]:
        """Return the server's keys that cannot go along: they are gone, or cannot be used."""
        return tuple(one.named.words for one in replica.held if not one.facts.refused and not one.usable(self.now))

    def way_back(self, replica: ReplicaFacts) -> tuple[ResourceId | None, str]:
        """Return the customer key that a rollback of *replica* can return to, or why it cannot; neither on platform keys.

        The previous key is judged as the new one is: usable, its vault recoverable and within reach.
        """
        if replica.from_server:
            shown = f"properties.serverKeyName of its server {replica.id.top_level.name} is {replica.shown.words()}"
            return (
                None,
                f"{shown}, and Azure takes a database's own key away on a server with a service-managed key only",
            )
        return (None, "") if replica.own.names(self.key) else self.returns_to(replica)

    def returns_to(self, replica: ReplicaFacts) -> tuple[ResourceId | None, str]:
        """Return the same of *replica*, which has a key of its own, whatever key the plan wants."""
        endpoint = self.wishes.private_endpoint
        return previous_key.way_back(
            replica.current, "sql", self.now, types=KEY_TYPES, sizes=KEY_SIZES, private_endpoint=endpoint
        )


def leads(replica: ReplicaFacts) -> bool:
    """Say whether *replica* is the primary of a link."""
    return geo.is_primary((), replica.links)


def targets(found: Sequence[DatabaseFacts], plan: PlanFile) -> tuple[Target, ...]:
    """Return what was read about the plan's targets, joined where databases replicate to each other."""
    alike = joined(found, lambda facts: {one.id for one in facts.replicas} | {facts.target})
    return tuple(_target(facts, plan) for facts in alike)


def _target(found: Sequence[DatabaseFacts], plan: PlanFile) -> Target:
    first = found[0]
    replicas = {one.id: one for facts in found for one in facts.replicas}
    return Target(
        first.target,
        tuple(dict.fromkeys(facts.target for facts in found)),
        tuple(dict.fromkeys(name for facts in found for name in facts.unlocated)),
        first.wanted,
        wishes(plan, entry_of(plan, first.target)),
        first.now,
        tuple(sorted(replicas.values(), key=lambda one: (leads(one), one.id.key))),
    )
