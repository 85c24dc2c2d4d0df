"""What an assessment shows of an account; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.findings import Cost
from cmk_remediate.services.cosmosdb.steps.set_key import DOOR
from cmk_remediate.services.insight import Insight, Use, absent, of_key, owned, same_key, shown
from cmk_remediate.steps.named_key import NamedKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.services.cosmosdb.facts import AccountFacts

COST = Cost(downtime="none", one_way=DOOR.why, text="moved online, its data encrypted anew in the background")


def of_account(facts: AccountFacts) -> Insight:
    """Return what proves the state of the account in *facts*, and what moving it takes."""
    have, current = facts.account, facts.current
    evidence = shown(facts.id, facts.body, _paths(facts))
    if facts.deleted is not None:
        evidence += (absent(facts.deleted),)
    evidence += owned(facts.id, facts.body, facts.group) + of_key(current, facts.now)
    uses = () if current is None else (Use(facts.id, have.uri, current, NamedKey.of(have.uri).version),)
    return Insight(evidence, uses, COST, same_key(current, have.named))


def _paths(facts: AccountFacts) -> Iterator[str]:
    have = facts.account
    yield "properties.keyVaultKeyUri"
    if have.is_customer or have.federated:
        yield "properties.defaultIdentity"
    if have.is_customer and not have.default_works:
        yield "identity.type"
        yield "identity.userAssignedIdentities"
    if have.status:
        yield "properties.customerManagedKeyStatus"
    if have.state != "Succeeded":
        yield "properties.provisioningState"
