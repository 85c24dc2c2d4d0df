"""The steps of one target and their order; pure.

Key, identity, grant; protect the vault; wait for access; attach the identity, register the key, set the protector; encryption of
databases if asked; restrict the vault last. In a geo pair every identity has its grant on every key, and every server its server
key, before any protector moves; secondaries first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import Grant, KeyUri, PrincipalId, Ref
from cmk_remediate.services.declared import preparation
from cmk_remediate.services.protectors.choice import Choice
from cmk_remediate.services.protectors.facts import ServerFacts
from cmk_remediate.services.protectors.group import KEY_SIZES, KEY_TYPES, Group
from cmk_remediate.services.protectors.limits import reaches
from cmk_remediate.steps import AssignKeyRole, WaitForAccess, network
from cmk_remediate.steps.sql import sorts
from cmk_remediate.steps.sql.attach_identity import AttachIdentity
from cmk_remediate.steps.sql.enable_tde import EnableTde
from cmk_remediate.steps.sql.prove_access import ProveAccess
from cmk_remediate.steps.sql.register_server_key import RegisterServerKey
from cmk_remediate.steps.sql.server_state import Identities
from cmk_remediate.steps.sql.set_protector import SetProtector
from cmk_remediate.steps.sql.switch_in_one_patch import SwitchInOnePatch

if TYPE_CHECKING:
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.service import RecipeContext
    from cmk_remediate.steps.key_facts import KeyFacts

Principal = PrincipalId | Ref[PrincipalId]


class _Place(TypedDict):
    """The keyword fields of every step on a server."""

    partner: bool
    group: str
    region: str


@dataclass
class _Server:
    """One server while its steps are added."""

    facts: ServerFacts
    choice: Choice
    principal: Principal
    attach: AttachIdentity | None = None
    waits: dict[ResourceId, WaitForAccess] = field(default_factory=dict)
    first: Step | None = None
    proof: ProveAccess | None = None


class Recipe:
    """Adds the steps of one target to a graph."""

    def __init__(self, group: Group, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Prepare; `add` does it."""
        self._group = group
        self._plan = plan
        self._prepare = preparation(plan, graph, group.id, context, KEY_TYPES, KEY_SIZES)
        self._put = self._prepare.put
        self._pair = group.name
        self._last_patch: Step | None = None

    def add(self) -> None:
        """Add every step."""
        key = self._prepare.key(self._group.key, pinned=self._group.wishes.pinned)
        servers = [_Server(facts, self._group.choice(facts), PrincipalId("")) for facts in self._group.servers]
        for server in servers:
            self._identity(server, key)
        for server in servers:
            self._grants(server, key)
        grants = [self._prepare.grant(self._group.key, self._group.wanted, server.principal) for server in servers]
        protect = self._prepare.protect(self._group.vault, key, grants)
        for server in servers:
            self._wait(server, key, protect)
        uri = self._prepare.uri(key, self._group.key, self._group.wanted, self._group.wishes.key.key_version)
        for server in servers:
            self._attach(server, uri, servers)
        for server in servers:
            self._prove(server, uri)
        registered = [self._register(server, uri, servers) for server in servers]
        set_ = self._set_protectors(servers, registered, uri)
        encrypted = [step for server, done in zip(servers, set_, strict=True) for step in self._encrypt(server, done)]
        ahead = [self._role_ahead(server) for server in servers] if self._switches_to_roles else []
        self._prepare.restrict(
            self._group.vault,
            [server.principal for server in servers],
            [server.facts.id for server in servers],
            [*set_, *encrypted, *ahead],
            private_endpoint=self._group.wishes.private_endpoint,
        )

    def _identity(self, server: _Server, key: Step) -> None:
        """Find out, or make, whom the grants are for; with a system-assigned identity that means switching it on now."""
        choice = server.choice
        if choice.identity is not None and (choice.how == "ours" or choice.principal is None):
            server.principal = self._prepare.identity(choice.identity, self._location(server)).principal_id
        elif choice.principal is None:
            server.attach = AttachIdentity(server.facts.id, None, **self._place(server))
            self._put(server.attach, key)
            server.principal = server.attach.principal_id
        else:
            server.principal = choice.principal

    def _location(self, server: _Server) -> str:
        """Return the region an identity is made in: the server's, unless servers of several regions share it."""
        existing = at_path(server.facts.identity, "location")
        if existing:
            return str(existing)
        shared = self._group.wishes.identity_is_shared
        return str(at_path(self._group.wanted.vault if shared else server.facts.server, "location"))

    def _grants(self, server: _Server, key: Step) -> None:
        """Grant the server's principal every key of the group that it needs."""
        for held, facts in self._keys_for(server).items():
            grant = self._prepare.grant(held, facts, server.principal)
            self._put(grant, key if held == self._group.key else None)
        if self._switches_to_roles:
            self._put(self._role_ahead(server), key)

    @property
    def _switches_to_roles(self) -> bool:
        return self._prepare.switches_to_roles(self._group.wanted)

    def _role_ahead(self, server: _Server) -> AssignKeyRole:
        return self._prepare.role_ahead(self._group.key, server.principal)

    def _keys_for(self, server: _Server) -> dict[ResourceId, KeyFacts]:
        """Return the keys the server's principal must be able to use: the plan's, and those that are left or partnered.

        A server that keeps its identity can use its own present key already.
        """
        found = {self._group.key: self._group.wanted}
        for other in self._group.servers:
            current = other.current
            if current is None or current.key is None or current.body is None:
                continue
            if self._pair or server.choice.how != "keeps":
                found.setdefault(current.key, current)
        return found

    def _wait(self, server: _Server, key: Step, protect: Step) -> None:
        for held, facts in self._keys_for(server).items():
            grant = self._prepare.grant(held, facts, server.principal)
            needs = (protect, key) if held == self._group.key else ()
            server.waits[held] = self._prepare.wait(grant, held, server.principal, server.choice.identity, *needs)

    def _granted(self, server: _Server) -> Ref[Grant]:
        return (server.proof or server.waits[self._group.key]).granted

    def _attach(self, server: _Server, uri: KeyUri | Ref[KeyUri], servers: list[_Server]) -> None:
        """Attach our identity; where a policy demands it, together with the key."""
        identity = server.choice.identity
        if identity is None:
            server.first = server.attach
            return
        have = Identities.of(server.facts.server or {})
        beside = tuple(item for item in have.attached if item != identity)
        here, place = server.facts.id, self._place(server)
        if server.facts.policy_wants_key and not server.facts.is_customer:
            wait = self._granted(server)
            server.first = SwitchInOnePatch(
                here,
                identity,
                self._group.key,
                uri,
                beside,
                server.choice.displaces,
                wait,
                self._group.wishes.pinned,
                self._plan.allow_expiring_pinned_key,
                **place,
            )
            self._put(server.first, *_waits(servers), self._last_patch)
            self._last_patch = server.first
        elif server.choice.how == "ours":
            current = server.facts.current
            access = server.waits[current.key].granted if current and current.key in server.waits else None
            server.first = AttachIdentity(here, identity, beside, server.choice.displaces, access, **place)
            self._put(server.first, *_waits([server]))

    def _prove(self, server: _Server, uri: KeyUri | Ref[KeyUri]) -> None:
        """Have a managed instance try the key; where the key comes with the identity there is nothing to try before."""
        if server.facts.at_rest or isinstance(server.first, SwitchInOnePatch) or not sorts.is_instance(server.facts.id):
            return
        wait = server.waits[self._group.key]
        server.proof = ProveAccess(
            wait.grant,
            wait.vault,
            wait.key,
            wait.principal_id,
            wait.floor,
            wait.timeout,
            wait.scope,
            wait.identity,
            instance=server.facts.id,
            uri=uri,
            attached=server.first.attached if isinstance(server.first, AttachIdentity) else "",
            partner=self._place(server)["partner"],
        )
        self._put(server.proof, server.first, wait)

    def _register(self, server: _Server, uri: KeyUri | Ref[KeyUri], servers: list[_Server]) -> RegisterServerKey:
        """Add the server key: after every grant of the group, because a protector may not move before."""
        step = RegisterServerKey(
            server.facts.id,
            self._group.key,
            uri,
            self._group.wishes.key.versionless,
            self._group.wishes.pinned,
            self._granted(server),
            **self._place(server),
        )
        self._put(step, server.first, *_waits(servers))
        return step

    def _set_protectors(
        self, servers: list[_Server], registered: list[RegisterServerKey], uri: KeyUri | Ref[KeyUri]
    ) -> list[SetProtector]:
        """Add the protectors: once every server has the key, on secondaries first."""
        verdict = reaches(self._group, self._plan)
        unconfirmed = self._group.vault if isinstance(verdict, network.Acknowledge) else None
        steps = []
        secondaries: list[Step] = []
        for server in servers:
            previous, no_way_back = self._group.way_back(server.facts)
            step = SetProtector(
                server.facts.id,
                self._group.key,
                uri,
                self._group.wishes.key.versionless,
                self._group.wishes.pinned,
                previous,
                no_way_back,
                self._granted(server),
                unconfirmed,
                self._plan.allow_expiring_pinned_key,
                **self._place(server),
            )
            if self._group.leads(server.facts):
                self._put(step, *registered, *secondaries)
            else:
                self._put(step, *registered)
                secondaries.append(step)
            steps.append(step)
        return steps

    def _encrypt(self, server: _Server, done: SetProtector) -> list[Step]:
        """Switch encryption on where it is off and the plan asks for it."""
        if not self._group.wishes.enable_tde:
            return []
        copies = server.facts.copies
        return [
            self._put(EnableTde(server.facts.id, database.id.name, **self._place(server)), done)
            for database in server.facts.databases
            if not database.is_encrypted and database.id.name.lower() not in copies
        ]

    def _place(self, server: _Server) -> _Place:
        """Return what every step on *server* is told of the pair."""
        region = server.facts.region if self._pair else ""
        return {"partner": server.facts.id not in self._group.listed, "group": self._pair, "region": region}


def _waits(servers: list[_Server]) -> list[WaitForAccess]:
    proofs = [server.proof for server in servers if server.proof is not None]
    return [*(wait for server in servers for wait in server.waits.values()), *proofs]
