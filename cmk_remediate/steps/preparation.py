"""What every switch stands on, as one piece of a recipe: key, identity, grant, protected vault, wait; and the restriction last.

The order is that of docs/how-it-works.md. What belongs to a vault or an identity is added by every target that needs it and
becomes one node of the graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from cmk_remediate.model.values import KeyUri, PrincipalId, Ref
from cmk_remediate.steps import vault_state
from cmk_remediate.steps.access_policy import AddAccessPolicy
from cmk_remediate.steps.assign_key_role import AssignKeyRole
from cmk_remediate.steps.create_identity import CreateIdentity
from cmk_remediate.steps.create_key import CreateKey
from cmk_remediate.steps.find_key import FindKey
from cmk_remediate.steps.protect_vault import ProtectVault
from cmk_remediate.steps.restrict_vault import RestrictVault
from cmk_remediate.steps.rotation import RotationPolicy
from cmk_remediate.steps.wait_for_access import WaitForAccess

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.step import Step
    from cmk_remediate.steps.key_facts import KeyFacts

Principal = PrincipalId | Ref[PrincipalId]


class _Marks(TypedDict):
    """What says who asked for the things we create."""

    owner: str
    review: str


@dataclass(frozen=True)
class Restriction:
    """What the plan asks of the vault at the end; None leaves it."""

    default_action: str | None
    public_network_access: str | None
    permission_model: str | None


@dataclass(frozen=True)
class Declared:
    """What a plan declares for all its targets, and the service for its keys.

    Attributes:
        tenant: the plan's tenant id.
        owner: who answers for what we create.
        review: the review's random id.
        key_type: the type a key is made with.
        key_size: its length in bits.
        rotation_policy: what it is made with; None for none.
        expires: its expiry, ISO 8601 in UTC; None for none.
        types: the values of ``kty`` the service takes.
        sizes: the lengths in bits it takes.
        floor: seconds that the youngest cause of the access must be old.
        timeout: seconds after which a refusal is not explained by a young grant any more.
        bypass: what the vault's bypass is set to; None to leave it.
        restriction: the last step, if asked for.
    """

    tenant: str
    owner: str
    review: str
    key_type: str
    key_size: int
    rotation_policy: RotationPolicy | None
    expires: str | None
    types: tuple[str, ...]
    sizes: tuple[int, ...]
    floor: int
    timeout: int
    bypass: str | None
    restriction: Restriction | None


class Preparation:
    """Adds these steps to a graph for one target."""

    def __init__(self, graph: GraphBuilder, target: ResourceId, declared: Declared) -> None:
        """Prepare for *target*; nothing is added yet."""
        self._graph = graph
        self._target = target
        self._declared = declared
        self._marks: _Marks = {"owner": declared.owner, "review": declared.review}

    def put(self, step: Step, *needs: Step | None) -> Step:
        """Add *step*, after those of *needs* that there are."""
        return self._graph.add(step, target=self._target.text, needs=[need for need in needs if need is not None])

    def key(self, key: ResourceId, *, pinned: bool) -> CreateKey | FindKey:
        """Add the key: made if it is absent; with a pinned version it must be there."""
        if pinned:
            find = FindKey(key)
            self.put(find)
            return find
        create = CreateKey(
            key.top_level,
            key.name,
            self._declared.key_type,
            self._declared.key_size,
            self._declared.rotation_policy,
            self._declared.expires,
            self._declared.types,
            self._declared.sizes,
            **self._marks,
        )
        self.put(create)
        return create

    @staticmethod
    def uri(step: CreateKey | FindKey, key: ResourceId, facts: KeyFacts, version: str | None) -> KeyUri | Ref[KeyUri]:
        """Return the key's versioned URI: that of *version*, or a promise of the latest."""
        return step.uri if version is None else KeyUri(f"{facts.host}/keys/{key.name}/{version}")

    def identity(self, identity: ResourceId, location: str) -> CreateIdentity:
        """Add the identity, made in *location* if it is absent."""
        create = CreateIdentity(identity, location, **self._marks)
        self.put(create)
        return create

    def grant(self, key: ResourceId, facts: KeyFacts, principal: Principal) -> AssignKeyRole | AddAccessPolicy:
        """Return the grant of *key* that its vault honours; it is not added."""
        if facts.vault is not None and vault_state.uses_roles(facts.vault):
            return AssignKeyRole(key, principal, **self._marks)
        return AddAccessPolicy(key.top_level, self._declared.tenant, principal)

    def switches_to_roles(self, facts: KeyFacts) -> bool:
        """Say whether the plan switches the vault, which still uses access policies, to roles."""
        asked = self._declared.restriction
        uses_roles = facts.vault is not None and vault_state.uses_roles(facts.vault)
        return asked is not None and asked.permission_model is not None and not uses_roles

    def role_ahead(self, key: ResourceId, principal: Principal) -> AssignKeyRole:
        """Return the role that counts once the vault is switched to roles; it is not added."""
        return AssignKeyRole(key, principal, ahead_of_switch=True, **self._marks)

    def protect(self, vault: ResourceId, key: Step, grants: Iterable[Step]) -> Step:
        """Add the vault's protection: once key and grants exist, before anything points at the key."""
        return self.put(ProtectVault(vault, self._declared.tenant, self._declared.bypass), key, *grants)

    def wait(
        self,
        grant: AssignKeyRole | AddAccessPolicy,
        key: ResourceId,
        principal: Principal,
        identity: ResourceId | None,
        *needs: Step,
    ) -> WaitForAccess:
        """Add the wait for *grant* of *key* to arrive."""
        wait = WaitForAccess(
            grant=grant.grant,
            vault=key.top_level,
            key=key,
            principal_id=principal,
            floor=self._declared.floor,
            timeout=self._declared.timeout,
            scope=key if isinstance(grant, AssignKeyRole) else None,
            identity=identity,
        )
        self.put(wait, *needs)
        return wait

    def restrict(
        self,
        vault: ResourceId,
        principals: Sequence[Principal],
        moved: Sequence[ResourceId],
        done: Iterable[Step],
        *,
        private_endpoint: bool,
    ) -> None:
        """Restrict the vault, if asked, once everything else is right; for all targets it is one step.

        Args:
            vault: its id.
            principals: whom this target's grants are for.
            moved: the resources of this target that will name the vault.
            done: what must have succeeded.
            private_endpoint: the service reaches the vault by private endpoint.
        """
        asked = self._declared.restriction
        if asked is None:
            return
        restrict = RestrictVault(
            vault,
            asked.default_action,
            asked.public_network_access,
            asked.permission_model,
            self._declared.timeout,
            private_endpoint,
            tuple(principals),
            tuple(moved),
        )
        self.put(restrict, *done)
