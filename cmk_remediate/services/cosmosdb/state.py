"""The state an account is found in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services import states
from cmk_remediate.services.cosmosdb.account import SYSTEM

if TYPE_CHECKING:
    from cmk_remediate.services.cosmosdb.facts import AccountFacts


def of_account(facts: AccountFacts) -> str:
    """Return the state of the account in *facts*, from the values of its body."""
    have = facts.account
    if facts.body is None:
        return states.INACCESSIBLE
    if at_path(facts.body, "managedBy") or at_path(facts.group, "managedBy"):
        return states.FOREIGN
    if have.federated:
        return states.CROSS_TENANT
    if have.state.lower() in ("updating", "creating"):
        return states.IN_PROGRESS
    if not have.is_customer:
        return states.PLATFORM
    if have.in_managed_hsm:
        return states.MANAGED_HSM
    return _of_customer(facts)


def _of_customer(facts: AccountFacts) -> str:
    have, current = facts.account, facts.current
    if have.revoked:
        return states.WRONG
    if current is None or current.key is None or current.refused:
        return states.NOT_CHECKABLE
    if not facts.compliant:
        return states.WRONG
    return states.SYSTEM_ASSIGNED if have.default == SYSTEM else states.HEALTHY
