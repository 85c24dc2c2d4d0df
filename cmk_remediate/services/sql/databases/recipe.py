"""The steps of one database and its replicas, and their order; pure.

Key, identity, grants; protect the vault; wait for access; identity and keys on every replica, secondaries first; then the
protectors, the primary's first; encryption if asked; restrict the vault last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.values import KeyUri, PrincipalId, Ref
from cmk_remediate.services.declared import preparation
from cmk_remediate.services.sql.databases.facts import KEY_SIZES, KEY_TYPES, ReplicaFacts
from cmk_remediate.services.sql.databases.limits import reaches
from cmk_remediate.services.sql.databases.steps.add_database_keys import AddDatabaseKeys
from cmk_remediate.services.sql.databases.steps.set_database_protector import SetDatabaseProtector
from cmk_remediate.services.sql.databases.target import Target, leads
from cmk_remediate.steps import WaitForAccess, network
from cmk_remediate.steps.sql import geo
from cmk_remediate.steps.sql.enable_tde import EnableTde

if TYPE_CHECKING:
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.step import Step
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.service import RecipeContext
    from cmk_remediate.steps.key_facts import KeyFacts

Principal = PrincipalId | Ref[PrincipalId]


class _Place(TypedDict):
    """The keyword fields of every step on a database."""

    partner: bool
    group: str


@dataclass
class _Replica:
    """One database while its steps are added."""

    facts: ReplicaFacts
    identity: ResourceId
    principal: Principal
    waits: dict[ResourceId, WaitForAccess] = field(default_factory=dict)


class Recipe:
    """Adds the steps of one target to a graph."""

    def __init__(self, target: Target, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Prepare; `add` does it."""
        self._target = target
        self._plan = plan
        self._prepare = preparation(plan, graph, target.id, context, KEY_TYPES, KEY_SIZES)
        self._put = self._prepare.put

    def add(self) -> None:
        """Add every step."""
        target, prepare = self._target, self._prepare
        key = prepare.key(target.key, pinned=target.wishes.pinned)
        uri = prepare.uri(key, target.key, target.wanted, target.wishes.key.key_version)
        replicas = [self._identity(facts) for facts in target.replicas]
        grants = [self._grant(replica, key) for replica in replicas]
        protect = prepare.protect(target.vault, key, [one for each in grants for one in each])
        for replica in replicas:
            self._wait(replica, protect, key)
        done = self._switch(replicas, uri)
        ahead: list[Step] = []
        if prepare.switches_to_roles(target.wanted):
            ahead = [self._put(prepare.role_ahead(target.key, one.principal), key) for one in replicas]
        prepare.restrict(
            target.vault,
            [one.principal for one in replicas],
            [one.facts.id for one in replicas],
            [*done, *ahead],
            private_endpoint=target.wishes.private_endpoint,
        )

    def _identity(self, facts: ReplicaFacts) -> _Replica:
        """Find out, or make, whom the grants are for."""
        choice = facts.choice(self._target.wishes)
        # The limits refuse a database that needs an identity where the plan names none.
        identity = choice.identity or facts.id
        if choice.principal is not None:
            return _Replica(facts, identity, choice.principal)
        # Replicas have one name, and so one identity: it is made beside the database that the plan names.
        named = next(one for one in self._target.replicas if one.id == self._target.id)
        shared = self._target.wishes.identity_is_shared
        beside = at_path(self._target.wanted.vault if shared else named.server, "location")
        location = at_path(facts.identity, "location") or beside
        return _Replica(facts, identity, self._prepare.identity(identity, str(location)).principal_id)

    def _keys_for(self, replica: _Replica) -> dict[ResourceId, KeyFacts]:
        """Return the keys a database's identity must be able to use: the plan's, and all that any replica may still need.

        A database that keeps its identity can use the key of its own already.
        """
        found = {self._target.key: self._target.wanted}
        for other in self._target.replicas:
            mine = other is replica.facts
            current = [] if other.current is None or (mine and other.own.attached) else [other.current]
            held = [one.facts for one in other.held if one.usable(self._target.now)]
            found |= {one.key: one for one in (*current, *held) if one.key is not None and one.body is not None}
        return {**found, self._target.key: self._target.wanted}

    def _grant(self, replica: _Replica, key: Step) -> list[Step]:
        grants = []
        for one, facts in self._keys_for(replica).items():
            grant = self._prepare.grant(one, facts, replica.principal)
            grants.append(self._put(grant, key if one == self._target.key else None))
        return grants

    def _wait(self, replica: _Replica, protect: Step, key: Step) -> None:
        for one, facts in self._keys_for(replica).items():
            grant = self._prepare.grant(one, facts, replica.principal)
            needs = (protect, key) if one == self._target.key else ()
            replica.waits[one] = self._prepare.wait(grant, one, replica.principal, replica.identity, *needs)

    def _switch(self, replicas: list[_Replica], uri: KeyUri | Ref[KeyUri]) -> list[Step]:
        """Add identity and keys of every replica, then the protectors; secondaries come first, and then last."""
        added: list[Step] = []
        for replica in replicas:
            before = added if leads(replica.facts) else []
            step = AddDatabaseKeys(
                replica.facts.id,
                replica.identity,
                self._target.key,
                uri,
                replica.waits[self._target.key].granted,
                self._target.wishes.pinned,
                replica.facts.from_server,
                self._target.left_out(replica.facts),
                tuple(one.facts.key for one in replica.facts.held if one.facts.key and one.usable(self._target.now)),
                replica.facts.retention is not None,
                **self._place(replica),
            )
            added = [*added, self._put(step, *replica.waits.values(), *before)]
        done: list[Step] = []
        primaries: list[Step] = []
        for replica in reversed(replicas):
            step_, last = self._protector(replica, uri), leads(replica.facts)
            self._put(step_, *added, *([] if last else primaries))
            primaries += [step_] if last else []
            done += [step_, *self._encrypt(replica, step_)]
        return done

    def _protector(self, replica: _Replica, uri: KeyUri | Ref[KeyUri]) -> SetDatabaseProtector:
        previous, no_way_back = self._target.way_back(replica.facts)
        acknowledged = isinstance(reaches(self._target, self._plan), network.Acknowledge)
        return SetDatabaseProtector(
            replica.facts.id,
            replica.identity,
            self._target.key,
            uri,
            replica.waits[self._target.key].granted,
            self._target.wishes.pinned,
            replica.facts.from_server,
            self._target.left_out(replica.facts),
            previous,
            no_way_back,
            self._target.vault if acknowledged else None,
            self._plan.allow_expiring_pinned_key,
            **self._place(replica),
        )

    def _encrypt(self, replica: _Replica, done: Step) -> list[Step]:
        """Switch encryption on where it is off and the plan asks for it; a secondary follows its primary."""
        facts = replica.facts
        if facts.is_encrypted or not self._target.wishes.enable_tde or geo.receiving(facts.links):
            return []
        return [self._put(EnableTde(facts.id.top_level, facts.id.name, **self._place(replica)), done)]

    def _place(self, replica: _Replica) -> _Place:
        """Return what every step on *replica* is told of the group."""
        return {"partner": replica.facts.id not in self._target.listed, "group": self._target.name}
