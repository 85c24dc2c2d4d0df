"""What forbids moving an account; pure, and each refusal names the property that forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.services.ai_services import account
from cmk_remediate.services.ai_services.account import VAULT_URI
from cmk_remediate.services.ai_services.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.declared import wanted_key
from cmk_remediate.steps import key_limits, network, pinned_key, vault_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.ai_services.facts import AccountFacts

FREE = "f0"
"""The free pricing tier: every page asks for a paid one; unconfirmed kind by kind, so it is refused for all."""


def judge(facts: AccountFacts, plan: PlanFile) -> Blocked | None:
    """Return the first thing that forbids moving the account in *facts*, or None."""
    return next(_refusals(facts, plan), None)


def reaches(facts: AccountFacts, plan: PlanFile) -> network.Verdict:
    """Say whether the account reaches the plan's vault, as it will be before the switch and as it will be once restricted."""
    wanted = wanted_key(plan, facts.wishes, "ai", KEY_TYPES, KEY_SIZES)
    return key_limits.reaches(facts.vault, facts.wanted.vault or {}, wanted)


def _refusals(facts: AccountFacts, plan: PlanFile) -> Iterator[Blocked]:
    yield from facts.out_of_bounds(
        account.ACCOUNT, codes.ai_services.NOT_AN_ACCOUNT, codes.ai_services.ACCOUNT_UNREADABLE
    )
    if facts.body is None:
        yield account.absent(facts.id)
    else:
        yield from _foreign(facts)
        yield from _customer(facts)
        if not facts.compliant:
            yield from _change(facts)
            yield from _key(facts, plan)


def _foreign(facts: AccountFacts) -> Iterator[Blocked]:
    """Yield whose else the account or its key is."""
    here, have = facts.id, facts.account
    yield from facts.owned_by_another("the account", codes.ai_services.ACCOUNT_MANAGED_BY)
    if have.in_managed_hsm:
        why = f"{VAULT_URI} of {here.name} is {have.vault_uri}, a managed HSM"
        yield Blocked(codes.ai_services.MANAGED_HSM, why, resource=here.text)


def _customer(facts: AccountFacts) -> Iterator[Blocked]:
    """Yield what about the key in use refuses every change: both keys have to work while one replaces the other."""
    here, have, current = facts.id, facts.account, facts.current
    if current is not None and (current.key is None or current.refused):
        reason = current.refused or f"the vault {have.vault_name} was not found"
        why = f"{VAULT_URI} of {here.name} is {have.vault_uri}: {reason}"
        yield Blocked(codes.ai_services.CURRENT_KEY_OUT_OF_REACH, why, resource=here.text)


def _change(facts: AccountFacts) -> Iterator[Blocked]:
    """Yield what about the account forbids giving it the plan's key."""
    here, have = facts.id, facts.account
    if have.state.lower() != "succeeded" and not facts.only_waits:
        why = f"properties.provisioningState of {here.name} is {have.state or 'absent'}"
        yield Blocked(codes.ai_services.ACCOUNT_BUSY, why, resource=here.text)
    if have.sku.lower() == FREE and not have.is_customer:
        yield Blocked(codes.ai_services.FREE_TIER, f"sku.name of {here.name} is {have.sku}", resource=here.text)
    if have.row.one_vault and have.is_customer and not have.names(facts.wanted.host, have.key_name):
        why = f"{VAULT_URI} of {here.name} is {have.vault_uri}, the plan's vault is {facts.vault.name}"
        yield Blocked(codes.ai_services.OTHER_VAULT, why, resource=here.text)
    if facts.choice.how == "unnamed":
        ours = facts.wishes.identity_id(here)
        why = f"{here.name} does not read a key yet and the plan's user_assigned_identity is absent"
        if ours is not None:
            why = (
                f"the plan's user_assigned_identity {ours.name} is attached to {here.name} and does not exist any more"
            )
        yield Blocked(codes.ai_services.IDENTITY_NOT_NAMED, why, resource=here.text)


def _key(facts: AccountFacts, plan: PlanFile) -> Iterator[Blocked]:
    """Yield what about the plan's key and vault the account refuses."""
    key, vault = facts.key, facts.wanted.vault
    there, here = (vault_state.region(body) if body else "" for body in (vault, facts.body))
    if there and there != here:
        why = f"location of {facts.id.name} is {here}, that of {facts.vault.name} is {there}"
        yield Blocked(codes.ai_services.OTHER_REGION, why, resource=facts.vault.text)
    yield from key_limits.judge(
        facts.wanted, key, wanted_key(plan, facts.wishes, "ai", KEY_TYPES, KEY_SIZES), facts.now
    )
    if facts.wishes.pinned and facts.wanted.body is None:
        why = f"the key {key.name} does not exist, and key_version pins a version of it"
        yield Blocked(codes.vault.KEY_ABSENT, why, resource=key.text)
    if not facts.follows and not plan.allow_expiring_pinned_key:
        yield from _expiring(facts, plan)


def _expiring(facts: AccountFacts, plan: PlanFile) -> Iterator[Blocked]:
    """Yield that a version which expires would be named by an account that follows no new one."""
    key, policy = facts.key, plan.key.rotation_policy
    by = pinned_key.BY_PLAN if facts.wishes.pinned else facts.id.name
    found = pinned_key.refusal(key, facts.wanted.body, by)
    if found is not None:
        yield found
    declared = plan.key.expires or (policy.expiry_time if policy is not None else None)
    if facts.wanted.body is None and declared:
        why = f"{by} pins a version of {key.name}, which the plan lets expire: {declared}"
        yield Blocked(codes.vault.PINNED_KEY_EXPIRES, why, resource=key.text)
