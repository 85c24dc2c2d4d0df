"""What an assessment shows of an account; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.services.insight import Insight, Use, of_key, of_reader, online, owned, same_key, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.services.storage.facts import AccountFacts

_ALWAYS = ("properties.encryption.keySource",)
_OF_KEY = (
    "properties.encryption.keyvaultproperties.keyvaulturi",
    "properties.encryption.keyvaultproperties.keyname",
    "properties.encryption.keyvaultproperties.keyversion",
    "properties.encryption.identity.userAssignedIdentity",
)


def of_account(facts: AccountFacts) -> Insight:
    """Return what proves the state of the account in *facts*, and what moving it takes."""
    have, current = facts.account, facts.current
    evidence = shown(facts.id, facts.body, _paths(facts)) + owned(facts.id, facts.body, facts.group)
    evidence += of_reader(facts, have.reads_as) + of_key(current, facts.now, pinned=bool(have.version))
    for (place, _), body in zip(facts.named_scopes, facts.scopes, strict=True):
        evidence += shown(place, body, ("properties.source",))
    uses = () if current is None else (Use(facts.id, have.words, current, have.version),)
    return Insight(evidence, uses, online(facts.way_back[1]), same_key(current))


def _paths(facts: AccountFacts) -> Iterator[str]:
    have = facts.account
    yield from _ALWAYS
    if have.is_customer:
        yield from _OF_KEY
        if facts.unusable and not have.version:
            yield "properties.encryption.keyvaultproperties.currentVersionedKeyIdentifier"
        if have.federated:
            yield "properties.encryption.identity.federatedIdentityClientId"
        if not facts.identity_works:
            yield "identity.type"
            yield "identity.userAssignedIdentities"
        for name in have.uncovered:
            yield f"properties.encryption.services.{name}.keyType"
    if have.state != "Succeeded":
        yield "properties.provisioningState"
    if have.moving:
        yield f"properties.{have.moving}"
