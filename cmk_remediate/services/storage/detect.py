"""Reads what there is to know about an account, its encryption scopes and the keys in question. Only reads; each thing once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.decisions import Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.wishes import vaults_named, wishes
from cmk_remediate.services.storage.account import ACCOUNT, Account
from cmk_remediate.services.storage.facts import AccountFacts
from cmk_remediate.steps import asking
from cmk_remediate.steps.key_facts import KeyFacts, read_key
from cmk_remediate.steps.key_in_use import gone, not_permitted, read_identities, read_key_in_use

if TYPE_CHECKING:
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry

SCOPES = "list:encryptionScopes"
"""The row that lists an account's encryption scopes."""


async def detect(reader: Reader, plan: PlanFile, entry: TargetEntry) -> AccountFacts:
    """Return what was read about the account in *entry*."""
    target, wanted = ResourceId.parse(entry.resource_id), wishes(plan, entry)
    refusals: list[str] = []
    body = await asking.body_of(reader, target, refusals) if target.is_type(ACCOUNT) else None
    hidden: list[str] = []
    scopes = await asking.items_of(reader, Read(target, SCOPES), hidden) if body is not None else ()
    group = await asking.body_of(reader, target.group_id, []) if body is not None else None
    have, ours = Account.of(body), wanted.identity_id(target)
    named = [*have.identities.attached, *([have.reads_as] if have.reads_as else [])]
    identities = await read_identities(reader, [*named, *([ours] if ours else [])])
    lost = gone(named, identities)
    current = await _current(reader, plan, target, have)
    principal = "" if have.reads_as in lost else have.reader
    return AccountFacts(
        target,
        body,
        "; ".join(refusals),
        group,
        current,
        await read_key(reader, wanted.key_id(target)),
        None if ours is None else identities.get(ours.key),
        wanted,
        reader.now(),
        tuple(scopes),
        "; ".join(hidden),
        identities,
        gone=lost,
        not_permitted="" if current is None else await not_permitted(reader, current, principal, have.reader_words),
    )


async def _current(reader: Reader, plan: PlanFile, target: ResourceId, have: Account) -> KeyFacts | None:
    """Return the customer key an account names, in the version it uses."""
    if not have.is_customer:
        return None
    if have.in_managed_hsm:
        return KeyFacts(None, None, None)
    return await read_key_in_use(
        reader, have.vault_name, have.key_name, have.version, vaults_named(plan), (target,), seen=have.shown_version
    )
