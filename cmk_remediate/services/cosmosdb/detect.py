"""Reads what there is to know about an account and the keys in question. Only reads; each thing once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.wishes import vaults_named, wishes
from cmk_remediate.services.cosmosdb.account import ACCOUNT, Account
from cmk_remediate.services.cosmosdb.facts import AccountFacts
from cmk_remediate.steps import asking
from cmk_remediate.steps.key_facts import KeyFacts, read_key, read_named_key

if TYPE_CHECKING:
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry

FEATURES = "features"
"""The row that reads an account in a preview api-version."""


async def detect(reader: Reader, plan: PlanFile, entry: TargetEntry) -> AccountFacts:
    """Return what was read about the account in *entry*."""
    target, wanted = ResourceId.parse(entry.resource_id), wishes(plan, entry)
    refusals: list[str] = []
    body = group = features = identity = None
    if target.is_type(ACCOUNT):
        body = await asking.body_of(reader, target, refusals)
    if body is not None:
        group = await asking.body_of(reader, target.group_id, [])
        features = await asking.body_of(reader, target, [], verb=FEATURES)
    unseen: list[str] = []
    have = Account.of(body)
    named = have.named if have.named in have.identities.attached else None
    reads_as = named or wanted.identity_id(target)
    if reads_as is not None:
        identity = await asking.body_of(reader, reads_as, unseen)
    gone = named if identity is None and not unseen else None
    current = await _current(reader, plan, target, body)
    key = wanted.key_id(target)
    mine = current if current is not None and current.key == key else await read_key(reader, key)
    refused = "; ".join(refusals)
    return AccountFacts(target, body, refused, group, current, mine, identity, wanted, reader.now(), features, gone)


async def _current(reader: Reader, plan: PlanFile, target: ResourceId, body: JsonObject | None) -> KeyFacts | None:
    """Return the customer key an account names."""
    have = Account.of(body)
    if not have.is_customer:
        return None
    if have.in_managed_hsm:
        return KeyFacts(None, None, None)
    return await read_named_key(reader, have.vault_name, have.key_name, vaults_named(plan), (target,))
