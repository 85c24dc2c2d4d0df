"""What a reviewer should know about an account beside its steps; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.review import Note
from cmk_remediate.services.storage import policies
from cmk_remediate.services.storage.choice import choose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.codes.code import Code
    from cmk_remediate.services.storage.facts import AccountFacts


def of_account(facts: AccountFacts, *, blocked: bool) -> tuple[Note, ...]:
    """Return the notes; on a blocked account, or one with nothing to do, only what was found."""
    if facts.body is None:
        return ()
    notes = list(_found(facts))
    if not blocked and not facts.compliant:
        notes.extend(_changed(facts))
    return tuple(notes)


def _found(facts: AccountFacts) -> Iterator[Note]:
    have, name = facts.account, facts.id.name
    wrong = tuple(_wrong(facts))
    if wrong:
        yield _note(codes.storage.WRONG, facts, f"{name}: {'; '.join(wrong)}")
    if have.uncovered:
        kinds = ", ".join(f"services.{one}.keyType is Service" for one in have.uncovered)
        text = f"{' and '.join(have.uncovered)} of {name} stay on Azure's own key: properties.encryption.{kinds}"
        yield _note(codes.storage.NOT_COVERED, facts, text)
    scopes = [
        f"{place.name} is {'' if scope.enabled else 'disabled and '}on {scope.words}"
        for place, scope in facts.named_scopes
        if place not in facts.to_move
        and not scope.uri.lower().startswith(f"{facts.wanted.host}/keys/{facts.key.name}".lower())
    ]
    if facts.scopes_refused:
        scopes.append(facts.scopes_refused)
    if scopes:
        yield _note(codes.storage.SCOPES, facts, f"encryption scopes of {name}: {'; '.join(scopes)}")
    yield _note(codes.storage.POLICY, facts, f"Azure Policy on {name}: {'; '.join(policies.verdicts(facts))}")
    if facts.deadline:
        yield _note(codes.vault.PINNED_KEY_EXPIRES, facts, facts.deadline)


def _wrong(facts: AccountFacts) -> Iterator[str]:
    """Yield the values that prove that the account's customer key is not as the plan wants it."""
    have = facts.account
    if not have.is_customer:
        return
    if have.version != facts.version:
        yield f"properties.encryption.keyvaultproperties.keyversion is {have.version or 'empty'}"
    if not have.names(facts.wanted.host, facts.key.name):
        yield f"properties.encryption.keyvaultproperties names {have.words}"
    if not facts.identity_works:
        shown = f"{have.reads_as.name}, which is not attached or gone" if have.reads_as else "none"
        yield f"properties.encryption.identity.userAssignedIdentity is {shown}, identity.type is {have.identities.type}"
    current = facts.current
    if facts.unusable and current is not None and current.named and not have.version:
        yield f"properties.encryption.keyvaultproperties.currentVersionedKeyIdentifier names version {current.named}"
    yield from (why for why in (facts.unusable, facts.not_permitted) if why)


def _changed(facts: AccountFacts) -> Iterator[Note]:
    name, choice = facts.id.name, choose(facts)
    if choice.how in ("keeps", "reuses") and choice.identity != facts.wishes.identity_id(facts.id):
        who = choice.identity.name if choice.identity else "its system-assigned identity"
        text = f"{name} reads its key with {who}, which it has already: that one gets the grant"
        yield _note(codes.notes.IDENTITY_KEPT_BY_RESOURCE, facts, text)
    text = f"azurerm_storage_account {name}: without customer_managed_key and identity in it, an apply takes them away"
    yield _note(codes.storage.TERRAFORM, facts, text)
    text = f"{name}, if it is deleted and recovered, needs {facts.key.name} in {facts.vault.name}, all its versions"
    yield _note(codes.notes.RESTORE_NEEDS, facts, text)


def _note(code: Code, facts: AccountFacts, text: str) -> Note:
    return Note(code=str(code), scope=facts.id.text, text=text)
