"""A database and its replicas as one value: what a recipe and the limits work on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.wishes import Wishes, entry_of, wishes
from cmk_remediate.services.sql.databases.facts import KEY_SIZES, KEY_TYPES, DatabaseFacts, ReplicaFacts
from cmk_remediate.steps import key_state, pinned_key, previous_key
from cmk_remediate.steps.key_facts import KeyFacts
from cmk_remediate.steps.sql import geo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.planfile.schema import PlanFile


@dataclass(frozen=True)
class Target:
    """One target: a database, or a geo group of them.

    Attributes:
        id: the first of its databases that the plan names.
        listed: all of them that the plan names.
        replicas: secondaries first, the primary last.
        unlocated: partners no resource id leads to.
        wanted: the plan's key and its vault.
        wishes: what the plan wants for it.
        now: Azure's clock.
    """

    id: ResourceId
    listed: tuple[ResourceId, ...]
    replicas: tuple[ReplicaFacts, ...]
    unlocated: tuple[str, ...]
    wanted: KeyFacts
    wishes: Wishes
    now: datetime

    @property
    def name(self) -> str:
        """The name of its lock; empty for a database on its own."""
        return self.id.key if len(self.replicas) > 1 else ""

    @property
    def key(self) -> ResourceId:
        """The plan's key."""
        return self.wanted.key or self.wishes.key_id(self.id)

    @property
    def vault(self) -> ResourceId:
        """The plan's vault."""
        return self.key.top_level

    @property
    def compliant(self) -> bool:
        """Whether every replica uses the plan's key as the plan wants it."""
        return bool(self.replicas) and all(self.uses_wanted(one) for one in self.replicas)

    def uses_wanted(self, replica: ReplicaFacts) -> bool:
        """Say whether *replica* uses the plan's key, and follows it or pins it as the plan wants; and the key can be used."""
        have = replica.own
        if not have.names(self.key) or bool(have.follows) == self.wishes.pinned or self.wanted.body is None:
            return False
        if self.wishes.pinned and have.key.version != self.wishes.key.key_version:
            return False
        return key_state.judge_key(self.key, self.wanted.body, self.now) is None

    def deadline(self, replica: ReplicaFacts) -> str:
        """Return, in a sentence, by when somebody must rotate the key that the plan pins; empty if nobody need."""
        version = self.wishes.key.key_version
        return pinned_key.deadline(replica.id, self.key, self.wanted.body, version) if version else ""

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
    joined: list[list[DatabaseFacts]] = []
    for facts in found:
        members = {one.id for one in facts.replicas} | {facts.target}
        home = next((other for other in joined if any({r.id for r in one.replicas} & members for one in other)), None)
        if home is None:
            joined.append([facts])
        else:
            home.append(facts)
    return tuple(_target(facts, plan) for facts in joined)


def _target(found: Sequence[DatabaseFacts], plan: PlanFile) -> Target:
    first = found[0]
    replicas = {one.id: one for facts in found for one in facts.replicas}
    return Target(
        first.target,
        tuple(dict.fromkeys(facts.target for facts in found)),
        tuple(sorted(replicas.values(), key=lambda one: (leads(one), one.id.key))),
        tuple(dict.fromkeys(name for facts in found for name in facts.unlocated)),
        first.wanted,
        wishes(plan, entry_of(plan, first.target)),
        first.now,
    )
