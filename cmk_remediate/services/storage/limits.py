"""What forbids moving an account; pure, and each refusal names the property that forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.declared import wanted_key
from cmk_remediate.services.storage.account import ACCOUNT
from cmk_remediate.services.storage.choice import choose
from cmk_remediate.services.storage.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.steps import key_limits, pinned_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.codes.code import Code
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.storage.facts import AccountFacts

_KEY = "properties.encryption.keyvaultproperties"
_UPGRADE_FIRST = "blobstorage"


def judge(facts: AccountFacts, plan: PlanFile) -> Blocked | None:
    """Return the first thing that forbids moving the account in *facts*, or None."""
    return next(_refusals(facts, plan), None)


def _refusals(facts: AccountFacts, plan: PlanFile) -> Iterator[Blocked]:
    here, refused = facts.id, codes.storage
    yield from facts.out_of_bounds(ACCOUNT, refused.NOT_AN_ACCOUNT, refused.UNREADABLE)
    if facts.body is None:
        yield _no(facts, refused.ABSENT, f"the storage account {here.name} does not exist")
    else:
        yield from _not_ours(facts)
        if facts.scopes_refused and facts.wishes.move_encryption_scopes:
            yield _no(facts, refused.UNREADABLE, facts.scopes_refused)
        if not facts.compliant:
            yield from _in_use(facts)
            yield from _change(facts)
            yield from _key(facts, plan)


def _not_ours(facts: AccountFacts) -> Iterator[Blocked]:
    """Yield whose else the account or its key is."""
    yield from facts.owned_by_another("the account", codes.storage.MANAGED_BY)
    have = facts.account
    if have.federated:
        path = "properties.encryption.identity.federatedIdentityClientId"
        yield _no(facts, codes.storage.CROSS_TENANT, f"{path} of {facts.id.name} is set")
    if have.in_managed_hsm:
        yield _no(facts, codes.storage.MANAGED_HSM, f"{_KEY}.keyvaulturi of {facts.id.name} is {have.vault_uri}")


def _in_use(facts: AccountFacts) -> Iterator[Blocked]:
    """Yield what about the key in use refuses every change: Azure opens the account with it first."""
    current, have, name = facts.current, facts.account, facts.id.name
    if current is None:
        return
    if current.key is None or current.vault is None or current.refused:
        reason = current.refused or f"the vault {have.vault_name} was not found"
        why = f"{_KEY}.keyvaulturi of {name} is {have.vault_uri}: {reason}"
        yield _no(facts, codes.storage.CURRENT_KEY_OUT_OF_REACH, why)
    else:
        shown = f"{_KEY} of {name} is {have.words}"
        if current.named and not have.version:
            shown = f"{shown}, currentVersionedKeyIdentifier names version {current.named}"
        if current.body is None or current.in_use is None:
            yield _no(facts, codes.storage.CURRENT_KEY_UNUSABLE, f"{shown}, which does not exist")
        elif at_path(current.in_use, "properties.attributes.enabled") is False:
            yield _no(facts, codes.storage.CURRENT_KEY_UNUSABLE, f"{shown}, which is disabled")


def _change(facts: AccountFacts) -> Iterator[Blocked]:
    """Yield what about the account forbids giving it the plan's key."""
    have, name = facts.account, facts.id.name
    if have.state != "Succeeded":
        why = f"properties.provisioningState of {name} is {have.state or 'absent'}"
        yield _no(facts, codes.storage.BUSY, why)
    if have.moving:
        yield _no(facts, codes.storage.BUSY, f"properties.{have.moving} of {name} is true")
    if have.kind.lower() == _UPGRADE_FIRST:
        yield _no(facts, codes.storage.KIND, f"kind of {name} is {have.kind}")
    how = choose(facts).how
    if how == "unnamed":
        named = ", ".join(one.name for one in have.identities.attached)
        shown = f"{named}, which does not exist any more" if named else "absent"
        why = f"identity.userAssignedIdentities of {name} is {shown}, and the plan's user_assigned_identity no other"
        yield _no(facts, codes.storage.IDENTITY_NOT_NAMED, why)
    if how == "several":
        named = ", ".join(one.name for one in have.identities.attached)
        yield _no(facts, codes.storage.SEVERAL_IDENTITIES, f"identity.userAssignedIdentities of {name} is {named}")


def _key(facts: AccountFacts, plan: PlanFile) -> Iterator[Blocked]:
    """Yield what about the plan's vault and key forbids it."""
    wanted = wanted_key(plan, facts.wishes, "storage", KEY_TYPES, KEY_SIZES)
    yield from key_limits.judge(facts.wanted, facts.key, wanted, facts.now)
    if not facts.version:
        return
    if facts.wanted.body is None:
        why = f"the key {facts.key.name} does not exist, and key_version pins a version of it"
        yield Blocked(codes.vault.KEY_ABSENT, why, resource=facts.key.text)
    expires = pinned_key.refusal(facts.key, facts.wanted.body)
    if expires is not None and not plan.allow_expiring_pinned_key:
        yield expires


def _no(facts: AccountFacts, code: Code, why: str) -> Blocked:
    return Blocked(code, why, resource=facts.id.text)
