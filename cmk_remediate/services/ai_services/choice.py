"""Which identity an account reads its key with: its own state, its kind, the plan. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.values import ClientId, PrincipalId

if TYPE_CHECKING:
    from collections.abc import Container

    from cmk_remediate.planfile.wishes import Wishes
    from cmk_remediate.services.ai_services.account import Account


@dataclass(frozen=True)
class Choice:
    """How an account gets, or keeps, the identity it reads its key with.

    Attributes:
        how: ``keeps``: the one it reads its customer key with; ``system``: its system-assigned one, switched on where it is not;
            ``ours``: the plan's, attached; ``unnamed``: it needs one and the plan names none, or one that it has and that is gone.
        identity: the user-assigned identity; None for the system-assigned one.
        principal: the principal that gets the grant, where the body shows it.
        client: the client id that the account names it by, where the body shows it; None for the system-assigned one.
    """

    how: Literal["keeps", "system", "ours", "unnamed"]
    identity: ResourceId | None = None
    principal: PrincipalId | None = None
    client: ClientId | None = None


def choose(have: Account, wishes: Wishes, target: ResourceId, gone: Container[ResourceId] = ()) -> Choice:
    """Return which identity the account *target* uses: what it reads a customer key with today stays, if it works.

    *gone*: those of its identities that do not exist any more.
    """
    if have.is_customer and have.has_its_reader and have.reader not in gone:
        return _attached("keeps", have, have.reader) if have.client else _system("keeps", have)
    if have.row.user_assigned == "no" or wishes.identity == "system-assigned":
        return _system("system", have)
    ours = wishes.identity_id(target)
    return Choice("unnamed") if ours is None or ours in gone else _attached("ours", have, ours)


def _system(how: Literal["keeps", "system"], have: Account) -> Choice:
    return Choice(how, None, have.identities.principal_of(None))


def _attached(how: Literal["keeps", "ours"], have: Account, identity: ResourceId | None) -> Choice:
    key = identity.key if identity is not None else ""
    principal, client = have.identities.principals.get(key), have.clients.get(key)
    return Choice(how, identity, PrincipalId(principal) if principal else None, ClientId(client) if client else None)
