"""What a reviewer should know about an account beside its steps; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.review import Note
from cmk_remediate.services.cosmosdb.account import FIRST_PARTY, FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.codes.code import Code
    from cmk_remediate.services.cosmosdb.facts import AccountFacts

POLICY = "1f905d99-2ab7-462c-a6b0-f709acca6c8f"
"""Azure/azure-policy, Cosmos DB/Cosmos_CMK_Deny 1.1.0: keyVaultKeyUri does not exist."""


def of_account(facts: AccountFacts, *, blocked: bool) -> tuple[Note, ...]:
    """Return the notes; on a blocked account, or one with nothing to do, only what was found."""
    notes = list(_found(facts))
    if not blocked and not facts.compliant:
        notes.extend(_changed(facts))
        if not facts.account.is_customer:
            notes.extend(_door(facts))
    return tuple(notes)


def _found(facts: AccountFacts) -> Iterator[Note]:
    have, name = facts.account, facts.id.name
    if facts.body is not None:
        there = have.uri or "absent"
        verdict = "compliant" if have.is_customer else "non-compliant"
        text = f"Azure Policy {POLICY} calls {name} {verdict}: properties.keyVaultKeyUri is {there}"
        yield _note(codes.cosmosdb.POLICY_VERDICT, facts, text)
    if have.is_customer and have.default == FIRST_PARTY:
        yield _note(codes.cosmosdb.FIRST_PARTY, facts, f"{name} reads its key as {FIRST_PARTY}")
    if have.pinned:
        yield _note(codes.cosmosdb.PINNED, facts, f"{name} is pinned to {have.uri}")


def _changed(facts: AccountFacts) -> Iterator[Note]:
    name, choice = facts.id.name, facts.choice
    if choice.how == "keeps" and choice.identity != facts.wishes.identity_id(facts.id):
        who = choice.identity.name if choice.identity else "its system-assigned identity"
        text = f"{name} keeps {who} as its default identity: that one gets the grant"
        yield _note(codes.notes.IDENTITY_KEPT_BY_RESOURCE, facts, text)
    text = (
        f"key_vault_key_id of {name} is ForceNew in Terraform: an apply that does not know the key destroys the account"
    )
    yield _note(codes.cosmosdb.TERRAFORM, facts, text)
    text = f"a copy of {name} restored from now on needs {facts.key.name} in {facts.vault.name}, all its versions"
    yield _note(codes.notes.RESTORE_NEEDS, facts, text)


def _door(facts: AccountFacts) -> Iterator[Note]:
    name = facts.id.name
    yield _note(codes.cosmosdb.COST, facts, f"requests to {name} cost 5 to 15 % more request units afterwards")
    text = f"until {name} is encrypted Azure refuses other changes of it; that takes hours or longer, without downtime"
    yield _note(codes.cosmosdb.BLOCKED_MEANWHILE, facts, text)
    text = f"whether {name} holds documents with ids over 990 bytes is not shown by Resource Manager"
    yield _note(codes.cosmosdb.LARGE_IDS, facts, text)
    yield _note(codes.cosmosdb.OLD_BACKUPS, facts, f"existing periodic backups of {name} stay on platform keys")
    for flag in FLAGS:
        if at_path(facts.features, f"properties.{flag}") is None:
            yield _note(codes.cosmosdb.FLAG_UNREAD, facts, f"properties.{flag} of {name} was not shown")


def _note(code: Code, facts: AccountFacts, text: str) -> Note:
    return Note(code=str(code), scope=facts.id.text, text=text)
