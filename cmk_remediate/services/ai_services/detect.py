"""Reads what there is to know about an account and the keys in question. Only reads; each thing once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.wishes import vaults_named, wishes
from cmk_remediate.services.ai_services.account import ACCOUNT, Account
from cmk_remediate.services.ai_services.choice import choose
from cmk_remediate.services.ai_services.facts import AccountFacts
from cmk_remediate.steps import asking
from cmk_remediate.steps.key_facts import KeyFacts, read_key
from cmk_remediate.steps.key_in_use import gone, not_permitted, read_identities, read_key_in_use

if TYPE_CHECKING:
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry


async def detect(reader: Reader, plan: PlanFile, entry: TargetEntry) -> AccountFacts:
    """Return what was read about the account in *entry*."""
    target, wanted = ResourceId.parse(entry.resource_id), wishes(plan, entry)
    refusals: list[str] = []
    body: JsonObject | None = None
    if target.is_type(ACCOUNT):
        body = await asking.body_of(reader, target, refusals)
    group = None if body is None else await asking.body_of(reader, target.group_id, [])
    have, key = Account.of(body), wanted.key_id(target)
    lost = gone(have.identities.attached, await read_identities(reader, have.identities.attached))
    choice = choose(have, wanted, target, lost)
    identity = None
    if choice.how == "ours" and choice.identity is not None:
        identity = await asking.body_of(reader, choice.identity, [])
    current = await _current(reader, plan, target, have)
    principal = "" if have.reader in lost else have.reader_principal
    return AccountFacts(
        target,
        body,
        "; ".join(refusals),
        group,
        current,
        current if current is not None and current.key == key else await read_key(reader, key),
        identity,
        wanted,
        reader.now(),
        gone=lost,
        not_permitted="" if current is None else await not_permitted(reader, current, principal, have.reader_words),
    )


async def _current(reader: Reader, plan: PlanFile, target: ResourceId, have: Account) -> KeyFacts | None:
    """Return the customer key an account names, in the version it names; one in a managed HSM is not looked for."""
    if not have.is_customer:
        return None
    if have.in_managed_hsm:
        return KeyFacts(None, None, None)
    return await read_key_in_use(reader, have.vault_name, have.key_name, have.version, vaults_named(plan), (target,))
