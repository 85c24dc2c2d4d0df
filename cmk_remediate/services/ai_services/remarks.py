"""What a reviewer should know about an account beside its steps; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.review import Note
from cmk_remediate.services.ai_services.kinds import POLICY
from cmk_remediate.steps import vault_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.codes.code import Code
    from cmk_remediate.services.ai_services.facts import AccountFacts


def of_account(facts: AccountFacts, *, blocked: bool) -> tuple[Note, ...]:
    """Return the notes; on a blocked account, or one with nothing to do, only what was found."""
    if facts.body is None:
        return ()
    notes = list(_found(facts))
    if not blocked and not facts.compliant:
        notes.extend(_changed(facts))
        notes.extend(_unconfirmed(facts))
    return tuple(notes)


def doubts_roles(facts: AccountFacts) -> bool:
    """Say whether the kind's page asks for access policies, and the vault is on roles."""
    return facts.account.row.access_policies and vault_state.uses_roles(facts.wanted.vault or {})


def _found(facts: AccountFacts) -> Iterator[Note]:
    have, name = facts.account, facts.id.name
    verdict = "compliant" if have.satisfies_policy else "not compliant"
    why = f"encryption.keySource is {have.source or 'absent'}, kind is {have.kind}"
    yield _note(codes.ai_services.POLICY, facts, f"Azure Policy {POLICY} calls {name} {verdict}: {why}")
    wrong = tuple(_wrong(facts))
    if wrong:
        yield _note(codes.ai_services.WRONG, facts, f"{name}: {'; '.join(wrong)}")
    if have.row.follows:
        text = f"of {name} the key does not cover agents in their basic setup, speech without storage of one's own, assistants"
        yield _note(
            codes.ai_services.COVERAGE, facts, f"{text} and compute; connected resources need keys of their own"
        )
    if facts.deadline:
        yield _note(codes.vault.PINNED_KEY_EXPIRES, facts, facts.deadline)
    if facts.behind:
        text = f"{name} names the version {have.version} of {facts.key.name}, which is not the latest"
        yield _note(codes.ai_services.VERSION_NAMED, facts, text)


def _wrong(facts: AccountFacts) -> Iterator[str]:
    """Yield the values that prove that the account's customer key is not as the plan wants it."""
    have, pinned = facts.account, facts.wishes.key.key_version
    if not have.is_customer or have.in_managed_hsm:
        return
    key = "properties.encryption.keyVaultProperties"
    if not have.names(facts.wanted.host, facts.key.name):
        yield f"{key} names {have.key_words}"
    elif pinned is not None and have.version != pinned:
        yield f"{key}.keyVersion is {have.version or 'empty'}, key_version is {pinned}"
    elif facts.follows and have.version:
        yield f"{key}.keyVersion is {have.version}, where none has to be named"
    if facts.unusable:
        yield facts.unusable
    if not facts.reader_works:
        shown = f"{have.client}, of {have.reader.name}, which does not exist any more" if have.reader else have.client
        yield f"{key}.identityClientId is {shown or 'absent'}, identity.type is {have.identities.type}"
    if facts.not_permitted:
        yield facts.not_permitted
    if have.rests and have.state.lower() != "succeeded":
        yield f"properties.provisioningState is {have.state}"


def _changed(facts: AccountFacts) -> Iterator[Note]:
    name, choice = facts.id.name, facts.choice
    if choice.how != "ours" and choice.identity != facts.wishes.identity_id(facts.id):
        who = choice.identity.name if choice.identity else "its system-assigned identity"
        yield _note(
            codes.notes.IDENTITY_KEPT_BY_RESOURCE, facts, f"{name} reads its key with {who}: that gets the grant"
        )
    if not facts.account.row.follows:
        text = f"{name} names the version of {facts.key.name}: after a rotation somebody moves it to the new one"
        yield _note(codes.ai_services.VERSION_NAMED, facts, text)
    if facts.account.row.follows and not facts.account.is_customer:
        text = f"hosting of {name} becomes dedicated, at a price; it goes on costing while {name} is deleted but not purged"
        yield _note(codes.ai_services.COST, facts, text)
    yield _note(codes.ai_services.TERRAFORM, facts, f"an apply of Terraform that does not know the key undoes {name}")
    text = f"what {name} keeps needs {facts.key.name} in {facts.vault.name}, all its versions"
    yield _note(codes.notes.RESTORE_NEEDS, facts, text)


def _unconfirmed(facts: AccountFacts) -> Iterator[Note]:
    have, choice, row = facts.account, facts.choice, facts.account.row
    said = f"kind of {facts.id.name} is {have.kind}"
    if have.key_unconfirmed and not have.is_customer:
        text = f"{said}: that it takes a customer-managed key is not confirmed"
        yield _note(codes.ai_services.KIND_UNCONFIRMED, facts, text)
    if have.tier_unconfirmed and not have.is_customer:
        text = (
            f"{said}: that its key is taken in the pricing tier {have.sku}, not in {row.tier} alone, is not confirmed"
        )
        yield _note(codes.ai_services.KIND_UNCONFIRMED, facts, text)
    if row.way_back == "unconfirmed" and not have.is_customer:
        text = f"{said}: that it goes back to platform keys is not confirmed"
        yield _note(codes.ai_services.KIND_UNCONFIRMED, facts, text)
    if choice.how == "ours" and row.user_assigned == "unconfirmed":
        text = (
            f"{said}: that it reads a key with a user-assigned identity is not confirmed; identity: system-assigned is"
        )
        yield _note(codes.ai_services.KIND_UNCONFIRMED, facts, text)
    if doubts_roles(facts):
        text = f"{said}: its page asks for a vault on access policies, and {facts.vault.name} is on roles"
        yield _note(codes.ai_services.KIND_UNCONFIRMED, facts, text)
    if row.by_request:
        text = f"{said}: Azure may want the key to be asked for by a form (aka.ms/cogsvc-cmk) first"
        yield _note(codes.ai_services.KIND_UNCONFIRMED, facts, text)


def _note(code: Code, facts: AccountFacts, text: str) -> Note:
    return Note(code=str(code), scope=facts.id.text, text=text)
