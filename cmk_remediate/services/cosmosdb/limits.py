"""What forbids moving an account; pure, and each refusal names the property that forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.services.cosmosdb import account
from cmk_remediate.services.cosmosdb.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.declared import wanted_key
from cmk_remediate.steps import key_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.cosmosdb.facts import AccountFacts


def judge(facts: AccountFacts, plan: PlanFile) -> Blocked | None:
    """Return the first thing that forbids moving the account in *facts*, or None."""
    return next(_refusals(facts, plan), None)


def _refusals(facts: AccountFacts, plan: PlanFile) -> Iterator[Blocked]:
    yield from facts.out_of_bounds(account.ACCOUNT, codes.cosmosdb.NOT_AN_ACCOUNT, codes.cosmosdb.ACCOUNT_UNREADABLE)
    if facts.body is None:
        yield account.absent(facts.id)
    else:
        yield from _foreign(facts)
        yield from _customer(facts)
        if not facts.compliant:
            yield from _change(facts, plan)


def _foreign(facts: AccountFacts) -> Iterator[Blocked]:
    """Yield whose else the account or its key is."""
    here, have = facts.id, facts.account
    yield from facts.owned_by_another("the account", codes.cosmosdb.ACCOUNT_MANAGED_BY)
    if have.federated:
        why = f"properties.defaultIdentity of {here.name} names a federated client"
        yield Blocked(codes.cosmosdb.CROSS_TENANT, why, resource=here.text)
    if have.in_managed_hsm:
        why = f"properties.keyVaultKeyUri of {here.name} is {have.uri}, in a managed HSM"
        yield Blocked(codes.cosmosdb.MANAGED_HSM, why, resource=here.text)


def _customer(facts: AccountFacts) -> Iterator[Blocked]:
    """Yield what about the key in use refuses every change."""
    here, have = facts.id, facts.account
    if have.revoked:
        yield account.revoked(here, have)
    current = facts.current
    if current is not None and (current.key is None or current.refused):
        reason = current.refused or f"the vault {have.vault_name} was not found"
        why = f"properties.keyVaultKeyUri of {here.name} is {have.uri}: {reason}"
        yield Blocked(codes.cosmosdb.CURRENT_KEY_OUT_OF_REACH, why, resource=here.text)


def _change(facts: AccountFacts, plan: PlanFile) -> Iterator[Blocked]:
    """Yield what forbids giving the account the plan's key."""
    here, have = facts.id, facts.account
    if have.state != "Succeeded" and not facts.only_waits:
        why = f"properties.provisioningState of {here.name} is {have.state or 'absent'}"
        yield Blocked(codes.cosmosdb.ACCOUNT_BUSY, why, resource=here.text)
    excluded = None if have.is_customer else account.excluded(here, have, facts.features)
    if excluded is not None:
        yield excluded
    wanted = wanted_key(plan, facts.wishes, "cosmos", KEY_TYPES, KEY_SIZES)
    yield from key_limits.judge(facts.wanted, facts.key, wanted, facts.now)
    if facts.deleted is not None:
        why = f"properties.defaultIdentity of {here.name} is {have.default}, which does not exist"
        yield Blocked(codes.cosmosdb.IDENTITY_GONE, why, resource=here.text)
    if facts.choice.how == "unnamed":
        why = f"properties.defaultIdentity of {here.name} is {have.default} and the plan's user_assigned_identity is absent"
        yield Blocked(codes.cosmosdb.IDENTITY_NOT_NAMED, why, resource=here.text)
