"""The state an account is found in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services import states

if TYPE_CHECKING:
    from cmk_remediate.services.ai_services.facts import AccountFacts


def of_account(facts: AccountFacts) -> str:
    """Return the state of the account in *facts*, from the values of its body."""
    have = facts.account
    if facts.body is None:
        return states.INACCESSIBLE
    if at_path(facts.body, "managedBy") or at_path(facts.group, "managedBy"):
        return states.FOREIGN
    if not have.rests:
        return states.IN_PROGRESS
    if not have.is_customer:
        return states.PLATFORM
    return states.MANAGED_HSM if have.in_managed_hsm else _of_customer(facts)


def _of_customer(facts: AccountFacts) -> str:
    current = facts.current
    if current is None or current.key is None or current.refused:
        return states.NOT_CHECKABLE
    at_rest = facts.account.state.lower() == "succeeded"
    if not facts.compliant or not at_rest or facts.deadline or facts.not_permitted:
        return states.WRONG
    return states.HEALTHY if facts.account.client else states.SYSTEM_ASSIGNED
