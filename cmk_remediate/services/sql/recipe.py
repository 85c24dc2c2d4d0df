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
from cmk_remediate.planfile.schema import PlanFile, seconds
from cmk_remediate.planfile.schema import RotationPolicy as DeclaredPolicy
from cmk_remediate.services.sql import geo
from cmk_remediate.services.sql.choice import Choice
from cmk_remediate.services.sql.facts import KeyFacts, ServerFacts
from cmk_remediate.services.sql.group import KEY_SIZES, KEY_TYPES, Group
from cmk_remediate.services.sql.limits import reaches
from cmk_remediate.services.sql.server_state import Identities
from cmk_remediate.services.sql.steps.attach_identity import AttachIdentity
from cmk_remediate.services.sql.steps.enable_tde import EnableTde
from cmk_remediate.services.sql.steps.find_key import FindKey
from cmk_remediate.services.sql.steps.register_server_key import RegisterServerKey
from cmk_remediate.services.sql.steps.set_protector import SetProtector
from cmk_remediate.services.sql.steps.switch_in_one_patch import SwitchInOnePatch
from cmk_remediate.steps import (
    AddAccessPolicy,
    AssignKeyRole,
    CreateIdentity,
    CreateKey,
    ProtectVault,
    RestrictVault,
    RotationPolicy,
    WaitForAccess,
    network,
    vault_state,
)

if TYPE_CHECKING:
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.services.service import RecipeContext

Principal = PrincipalId | Ref[PrincipalId]


class _Marks(TypedDict):
    """What says who asked for the things we create."""

    owner: str
    review: str


class _Place(TypedDict):
    """The keyword fields of every step on a server."""

    partner: bool
    group: str


@dataclass
class _Server:
    """One server while its steps are added."""

    facts: ServerFacts
    choice: Choice
    principal: Principal
    attach: AttachIdentity | None = None
    waits: dict[ResourceId, WaitForAccess] = field(default_factory=dict)
    first: Step | None = None


class Recipe:
    """Adds the steps of one target to a graph."""

    def __init__(self, group: Group, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Prepare; `add` does it."""
        self._group = group
        self._plan = plan
        self._graph = graph
        self._marks: _Marks = {"owner": plan.owner, "review": context.review_id}
        self._pair = group.name
        self._last_patch: Step | None = None

    def add(self) -> None:
        """Add every step."""
        key = self._key()
        servers = [_Server(facts, self._group.choice(facts), PrincipalId("")) for facts in self._group.servers]
        for server in servers:
            self._identity(server, key)
        for server in servers:
            self._grants(server, key)
        protect = self._protect_vault(servers, key)
        for server in servers:
            self._wait(server, key, protect)
        for server in servers:
            self._attach(server, key, servers)
        uri = self._uri(key)
        registered = [self._register(server, uri, servers) for server in servers]
        set_ = self._set_protectors(servers, registered, uri)
        encrypted = [step for server, done in zip(servers, set_, strict=True) for step in self._encrypt(server, done)]
        ahead = [self._role_ahead(server) for server in servers] if self._switches_to_roles else []
        self._restrict(servers, [*set_, *encrypted, *ahead])

    def _put(self, step: Step, *needs: Step | None) -> Step:
        return self._graph.add(step, target=self._group.id.text, needs=[need for need in needs if need is not None])

    def _key(self) -> CreateKey | FindKey:
        """Add the key: made if it is absent; a pinned version must be there."""
        if self._group.wishes.pinned:
            find = FindKey(self._group.key)
            self._put(find)
            return find
        declared = self._plan.key
        create = CreateKey(
            self._group.vault,
            self._group.key.name,
            declared.type,
            declared.size,
            _policy(declared.rotation_policy),
            declared.expires,
            KEY_TYPES,
            KEY_SIZES,
            **self._marks,
        )
        self._put(create)
        return create

    def _uri(self, key: CreateKey | FindKey) -> KeyUri | Ref[KeyUri]:
        version = self._group.wishes.key.key_version
        if version is None:
            return key.uri
        return KeyUri(f"{self._group.wanted.host}/keys/{self._group.key.name}/{version}")

    def _identity(self, server: _Server, key: Step) -> None:
        """Find out, or make, whom the grants are for; with a system-assigned identity that means switching it on now."""
        choice = server.choice
        if choice.identity is not None and (choice.how == "ours" or choice.principal is None):
            create = CreateIdentity(choice.identity, self._location(server), **self._marks)
            self._put(create)
            server.principal = create.principal_id
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
        named = self._group.wishes.key.user_assigned_identity
        shared = named is not None and "{target}" not in named.resource_id
        return str(at_path(self._group.wanted.vault if shared else server.facts.server, "location"))

    def _grants(self, server: _Server, key: Step) -> None:
        """Grant the server's principal every key of the group that it needs."""
        for held, facts in self._keys_for(server).items():
            self._put(self._grant(server, held, facts), key if held == self._group.key else None)
        if self._switches_to_roles:
            self._put(self._role_ahead(server), key)

    def _grant(self, server: _Server, key: ResourceId, facts: KeyFacts) -> AssignKeyRole | AddAccessPolicy:
        """Return the grant that the key's vault honours."""
        if facts.vault is not None and vault_state.uses_roles(facts.vault):
            return AssignKeyRole(key, server.principal, **self._marks)
        return AddAccessPolicy(key.top_level, self._plan.tenant, server.principal)

    @property
    def _switches_to_roles(self) -> bool:
        """Whether the plan switches the vault, which still uses access policies, to roles."""
        asked = self._plan.vault.restrict
        uses_roles = self._group.wanted.vault is not None and vault_state.uses_roles(self._group.wanted.vault)
        return asked is not None and asked.permission_model is not None and not uses_roles

    def _role_ahead(self, server: _Server) -> AssignKeyRole:
        return AssignKeyRole(self._group.key, server.principal, ahead_of_switch=True, **self._marks)

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

    def _protect_vault(self, servers: list[_Server], key: Step) -> Step:
        grants = [self._grant(server, self._group.key, self._group.wanted) for server in servers]
        protect = ProtectVault(self._group.vault, self._plan.tenant, self._plan.vault.bypass)
        return self._put(protect, key, *grants)

    def _wait(self, server: _Server, key: Step, protect: Step) -> None:
        for held, facts in self._keys_for(server).items():
            grant = self._grant(server, held, facts)
            own = held == self._group.key
            wait = WaitForAccess(
                grant=grant.grant,
                vault=held.top_level,
                key=held,
                principal_id=server.principal,
                floor=seconds(self._plan.access.floor),
                timeout=seconds(self._plan.access.timeout),
                scope=held if isinstance(grant, AssignKeyRole) else None,
                identity=server.choice.identity,
            )
            self._put(wait, *((protect, key) if own else ()))
            server.waits[held] = wait

    def _granted(self, server: _Server, key: ResourceId | None = None) -> Ref[Grant]:
        return server.waits[key or self._group.key].granted

    def _attach(self, server: _Server, key: CreateKey | FindKey, servers: list[_Server]) -> None:
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
                here, identity, self._group.key, self._uri(key), beside, server.choice.displaces, wait, **place
            )
            self._put(server.first, *_waits(servers), self._last_patch)
            self._last_patch = server.first
        elif server.choice.how == "ours":
            current = server.facts.current
            access = self._granted(server, current.key) if current is not None and current.key in server.waits else None
            server.first = AttachIdentity(here, identity, beside, server.choice.displaces, access, **place)
            self._put(server.first, *_waits([server]))

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
        copies = geo.receiving(server.facts.replication_links)
        return [
            self._put(EnableTde(server.facts.id, database.id.name, **self._place(server)), done)
            for database in server.facts.databases
            if not database.is_encrypted and database.id.name.lower() not in copies
        ]

    def _restrict(self, servers: list[_Server], done: list[Step]) -> None:
        """Restrict the vault, if asked, once everything else is right; for all targets it is one step."""
        asked = self._plan.vault.restrict
        if asked is None:
            return
        restrict = RestrictVault(
            self._group.vault,
            asked.default_action,
            asked.public_network_access,
            asked.permission_model,
            seconds(self._plan.access.timeout),
            self._group.wishes.private_endpoint,
            tuple(server.principal for server in servers),
            tuple(server.facts.id for server in servers),
        )
        self._put(restrict, *done)

    def _place(self, server: _Server) -> _Place:
        """Return what every step on *server* is told of the pair."""
        return {"partner": server.facts.id not in self._group.listed, "group": self._pair}


def _waits(servers: list[_Server]) -> list[WaitForAccess]:
    return [wait for server in servers for wait in server.waits.values()]


def _policy(declared: DeclaredPolicy | None) -> RotationPolicy | None:
    """Return the plan's rotation policy as a key is created with it."""
    if declared is None:
        return None
    return RotationPolicy(
        rotate_after_create=declared.rotate_after_create,
        notify_before_expiry=declared.notify_before_expiry,
        expiry_time=declared.expiry_time,
    )
