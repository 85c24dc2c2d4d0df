"""The state an account is found in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services import states

if TYPE_CHECKING:
    from cmk_remediate.services.storage.facts import AccountFacts


def of_account(facts: AccountFacts) -> str:
    """Return the state of the account in *facts*, from the values of its body."""
    have = facts.account
    if facts.body is None:
        return states.INACCESSIBLE
    if at_path(facts.body, "managedBy") or at_path(facts.group, "managedBy"):
        return states.FOREIGN
    if have.federated:
        return states.CROSS_TENANT
    if have.state != "Succeeded" or have.moving:
        return states.IN_PROGRESS
    return _of_key(facts) if have.is_customer else states.PLATFORM


def _of_key(facts: AccountFacts) -> str:
    have, current = facts.account, facts.current
    if have.in_managed_hsm:
        return states.MANAGED_HSM
    if current is None or current.vault is None or current.refused:
        return states.NOT_CHECKABLE
    if not facts.account_compliant or facts.not_permitted or facts.deadline:
        return states.WRONG
    if have.uncovered or facts.on_platform:
        return states.MIXED
    return states.HEALTHY if have.reads_as else states.SYSTEM_ASSIGNED
