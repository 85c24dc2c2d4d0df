"""Which identity a server uses its key with: the plan's rules and the server's own state. Pure.

The primary identity is also what SQL looks up Entra users with (learn.microsoft.com, "Managed identities in Microsoft Entra for
Azure SQL"), so a server with a primary user-assigned identity keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.values import PrincipalId
from cmk_remediate.steps.sql.server_state import Identities

if TYPE_CHECKING:
    from cmk_remediate.planfile.wishes import Wishes
    from cmk_remediate.services.protectors.facts import ServerFacts


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
