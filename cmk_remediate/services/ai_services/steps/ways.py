"""How an account's key can be undone, and what has to be accepted where it cannot, or perhaps not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Acceptance, Reversibility

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.services.ai_services.account import Account

DOOR = Reversibility("one-way", "a Foundry resource does not go back to platform keys", codes.ai_services.DOOR)
TO_PLATFORM = Reversibility("reversible", "rollback returns to Microsoft.CognitiveServices, platform keys")
PERHAPS = Reversibility(
    "reversible", "rollback asks for platform keys; that Azure grants it is not confirmed for this kind"
)
TO_PREVIOUS = Reversibility("reversible", "rollback sets the previous key again")


def way_back(
    account: ResourceId, have: Account, previous: ResourceId | None, no_way_back: str
) -> tuple[Reversibility, Acceptance | None]:
    """Return how a new key on *account*, found as *have*, can be undone, and what must be accepted for it.

    Args:
        account: its id.
        have: what its body says.
        previous: the customer key it uses now, where rollback can return to it.
        no_way_back: why rollback cannot return to the key in use; empty where it can.
    """
    if not have.is_customer:
        if have.row.way_back == "no":
            return DOOR, Acceptance("foundry-cmk", account, "one-way")
        if have.row.way_back == "yes":
            return TO_PLATFORM, None
        return PERHAPS, Acceptance("way-back-unconfirmed", account, "unconfirmed")
    if previous is not None:
        return TO_PREVIOUS, None
    why = no_way_back or f"the present key {have.key_words} was not checked"
    one_way = Reversibility("one-way", why, codes.ai_services.PREVIOUS_KEY_ONE_WAY)
    return one_way, Acceptance("previous-key", account, "one-way")
