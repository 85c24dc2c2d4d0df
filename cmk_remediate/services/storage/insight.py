"""What an assessment shows of an account; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.services.insight import ONLINE, Insight, Use, same_key, shown

if TYPE_CHECKING:
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
    have = facts.account
    paths = (*_ALWAYS, *(_OF_KEY if have.is_customer else ()))
    uncovered = tuple(f"properties.encryption.services.{one}.keyType" for one in have.uncovered if have.is_customer)
    evidence = shown(facts.id, facts.body, (*paths, *uncovered))
    for (place, _), body in zip(facts.named_scopes, facts.scopes, strict=True):
        evidence += shown(place, body, ("properties.source",))
    uses = () if facts.current is None else (Use(facts.id, have.words, facts.current, have.version),)
    return Insight(evidence, uses, ONLINE, same_key(facts.current))
