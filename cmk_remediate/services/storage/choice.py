"""How an account gets, or keeps, the identity it reads its key with; pure.

Azure permits one user-assigned identity on a storage account (azure-mgmt-storage `Identity`; hashicorp/terraform-provider-azurerm
issue 19717): the one that is there is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.values import PrincipalId

if TYPE_CHECKING:
    from cmk_remediate.services.storage.facts import AccountFacts


@dataclass(frozen=True)
class Choice:
    """Which identity an account reads its key with.

    Attributes:
        how: ``keeps``: the one it reads its present key with; ``reuses``: the one that is attached; ``ours``: the plan's, attached;
            ``system``: its system-assigned one; ``unnamed``: it needs one and the plan names none, or the one that is gone;
            ``several``: more are attached than Azure permits, and the plan names none of them.
        identity: the user-assigned identity, if it is one.
        principal: the principal that gets the grant, where the body shows it.
        replaces: the identity that is gone and makes room.
    """

    how: Literal["keeps", "reuses", "ours", "system", "unnamed", "several"]
    identity: ResourceId | None = None
    principal: PrincipalId | None = None
    replaces: ResourceId | None = None


def choose(facts: AccountFacts) -> Choice:
    """Return which identity the account in *facts* uses."""
    have = facts.account
    if have.is_customer and facts.identity_works:
        return Choice("keeps", have.reads_as, have.identities.principal_of(have.reads_as))
    if facts.wishes.identity == "system-assigned":
        return Choice("system", None, have.identities.principal_of(None))
    ours = facts.wishes.identity_id(facts.id)
    alive = [one for one in have.identities.attached if one not in facts.gone]
    if ours is not None and ours in alive:
        return Choice("reuses", ours, have.identities.principal_of(ours))
    if len(alive) > 1:
        return Choice("several")
    if alive:
        return Choice("reuses", alive[0], have.identities.principal_of(alive[0]))
    if ours is None or ours in have.identities.attached:
        return Choice("unnamed")
    return Choice("ours", ours, None, next(iter(have.identities.attached), None))
