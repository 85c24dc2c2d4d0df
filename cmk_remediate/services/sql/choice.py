"""Which identity a server uses its key with: the plan's rules and the server's own state. Pure.

The primary identity is also what SQL looks up Entra users with (learn.microsoft.com, "Managed identities in Microsoft Entra for
Azure SQL"), so a server with a primary user-assigned identity keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.values import PrincipalId
from cmk_remediate.planfile.schema import CustomerManagedKey, Overrides, PlanFile, TargetEntry
from cmk_remediate.services.sql.server_state import Identities

if TYPE_CHECKING:
    from cmk_remediate.services.sql.facts import ServerFacts


@dataclass(frozen=True)
class Choice:
    """How a server gets, or keeps, its identity.

    Attributes:
        how: ``keeps``: the identity it has; ``ours``: the plan's, attached and primary; ``system``: its system-assigned one,
            switched on by us; ``unnamed``: it needs one and the plan names none.
        identity: the user-assigned identity; None for the system-assigned one.
        principal: the principal that gets the grant, where the server's body shows it; None otherwise.
        displaces: an identity that may look up Entra users is displaced: accepted by name.
    """

    how: Literal["keeps", "ours", "system", "unnamed"]
    identity: ResourceId | None = None
    principal: PrincipalId | None = None
    displaces: bool = False


@dataclass(frozen=True)
class Wishes:
    """What the plan wants for one target, its overrides laid over it."""

    key: CustomerManagedKey
    identity: Literal["user-assigned", "system-assigned"]
    private_endpoint: bool
    enable_tde: bool

    @property
    def pinned(self) -> bool:
        """Whether the plan names the key's version."""
        return self.key.key_version is not None

    def named(self, text: str, target: ResourceId) -> str:
        """Return *text* with ``{target}`` replaced."""
        return text.replace("{target}", target.name)

    def key_id(self, target: ResourceId) -> ResourceId:
        """Return the ARM id of the key for *target*."""
        vault = ResourceId.parse(self.key.key_vault_resource_id)
        return vault.child("keys", self.named(self.key.key_name, target))

    def identity_id(self, target: ResourceId) -> ResourceId | None:
        """Return the id of the plan's identity for *target*; None where it names none."""
        chosen = self.key.user_assigned_identity
        return None if chosen is None else ResourceId.parse(self.named(chosen.resource_id, target))


def wishes(plan: PlanFile, entry: TargetEntry | None) -> Wishes:
    """Return what *plan* wants for the target in *entry*."""
    special = entry.overrides if entry is not None and entry.overrides is not None else Overrides()
    return Wishes(
        key=special.customer_managed_key or plan.customer_managed_key,
        identity=special.identity or plan.identity,
        private_endpoint=plan.private_endpoint if special.private_endpoint is None else special.private_endpoint,
        enable_tde=plan.enable_tde if special.enable_tde is None else special.enable_tde,
    )


def entry_of(plan: PlanFile, target: ResourceId) -> TargetEntry | None:
    """Return the plan's entry for *target*, or None for a partner it does not list."""
    return next((entry for entry in plan.targets if ResourceId.parse(entry.resource_id) == target), None)


def choose(facts: ServerFacts, wanted: Wishes, *, compliant: bool) -> Choice:
    """Return which identity the server in *facts* uses, by the rules of the module."""
    have = Identities.of(facts.server or {})
    if have.primary is not None:
        return Choice("keeps", have.primary, _principal(have.principals.get(have.primary.key)))
    if have.system and (compliant or wanted.identity == "system-assigned"):
        return Choice("keeps", None, _principal(have.system_principal))
    if wanted.identity == "system-assigned":
        return Choice("system")
    ours = wanted.identity_id(facts.id)
    if ours is None:
        return Choice("unnamed")
    displaces = have.any and (facts.entra is not False or have.entra)
    return Choice("ours", ours, _principal(have.principals.get(ours.key)), displaces=displaces)


def _principal(text: str | None) -> PrincipalId | None:
    return PrincipalId(text) if text else None
