"""Reads what there is to know about an account, its encryption scopes and the keys in question. Only reads; each thing once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.model.decisions import Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.wishes import vaults_named, wishes
from cmk_remediate.services.storage.account import ACCOUNT, Account
from cmk_remediate.services.storage.facts import AccountFacts
from cmk_remediate.steps import asking
from cmk_remediate.steps.key_facts import KeyFacts, read_key, read_named_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.model.json_types import JsonObject
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
    identities = await _identities(reader, [*have.attached, *(one for one in (have.reads_as, ours) if one)])
    return AccountFacts(
        id=target,
        body=body,
        refused="; ".join(refusals),
        group=group,
        scopes=tuple(scopes),
        scopes_refused="; ".join(hidden),
        current=await _current(reader, plan, target, have),
        wanted=await read_key(reader, wanted.key_id(target)),
        identities=identities,
        wishes=wanted,
        now=reader.now(),
    )


async def _identities(reader: Reader, named: Iterable[ResourceId]) -> dict[str, JsonObject | None]:
    found: dict[str, JsonObject | None] = {}
    for one in dict.fromkeys(named):
        refused: list[str] = []
        body = await asking.body_of(reader, one, refused)
        if not refused:
            found[one.key] = body
    return found


async def _current(reader: Reader, plan: PlanFile, target: ResourceId, have: Account) -> KeyFacts | None:
    """Return the customer key an account names; at the version it is pinned to, where it names one."""
    if not have.is_customer:
        return None
    if have.in_managed_hsm:
        return KeyFacts(None, None, None)
    found = await read_named_key(reader, have.vault_name, have.key_name, vaults_named(plan), (target,))
    if not have.version or found.key is None or found.body is None:
        return found
    refused: list[str] = []
    pinned = await asking.body_of(reader, found.key.child("versions", have.version), refused)
    return replace(found, body=pinned, refused="; ".join(refused))
