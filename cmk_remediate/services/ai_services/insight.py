"""What an assessment shows of an account; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.findings import Cost
from cmk_remediate.services.ai_services.account import VAULT_URI
from cmk_remediate.services.ai_services.steps.ways import way_back
from cmk_remediate.services.insight import Insight, Use, of_key, of_reader, owned, same_key, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.services.ai_services.facts import AccountFacts

_OF_KEY = (
    VAULT_URI,
    "properties.encryption.keyVaultProperties.keyName",
    "properties.encryption.keyVaultProperties.keyVersion",
    "properties.encryption.keyVaultProperties.identityClientId",
)


def of_account(facts: AccountFacts) -> Insight:
    """Return what proves the state of the account in *facts*, and what moving it takes."""
    have, current = facts.account, facts.current
    evidence = shown(facts.id, facts.body, _paths(facts)) + owned(facts.id, facts.body, facts.group)
    evidence += of_reader(facts, have.reader) + of_key(current, facts.now, pinned=bool(have.version))
    uses = () if current is None else (Use(facts.id, have.key_words, current, have.version),)
    return Insight(evidence, uses, _cost(facts), same_key(current))


def _cost(facts: AccountFacts) -> Cost:
    back = way_back(facts.id, facts.account, *facts.way_back)[0]
    if back.kind == "one-way":
        return Cost(downtime="none", one_way=back.why, text="moved online")
    return Cost(downtime="none", one_way="", text=f"moved online; {back.why}")


def _paths(facts: AccountFacts) -> Iterator[str]:
    have = facts.account
    yield "properties.encryption.keySource"
    if have.is_customer:
        yield from _OF_KEY
        if not facts.reader_works:
            yield "identity.type"
            yield "identity.userAssignedIdentities"
    if have.state.lower() != "succeeded":
        yield "properties.provisioningState"
