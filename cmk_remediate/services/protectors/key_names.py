"""What about a key's name and versions Azure SQL refuses; the same for servers and databases. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.steps import pinned_key
from cmk_remediate.steps.sql.names import NAME_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.planfile.wishes import Wishes
    from cmk_remediate.steps.key_facts import KeyFacts


def judge(key: ResourceId, wishes: Wishes, facts: KeyFacts, plan: PlanFile) -> Iterator[Blocked]:
    """Yield what forbids *key*, found as in *facts*, by its name and by the version that the plan pins."""
    vault = key.top_level
    length = len(vault.name) + len(key.name)
    if length > NAME_LIMIT:
        why = f"key_name {key.name} and the vault {vault.name} have {length} characters together"
        yield Blocked(codes.sql.KEY_NAME_TOO_LONG, why, resource=key.text)
    wanted = wishes.key
    if wanted.versionless and plan.cloud != "AzureCloud":
        why = f"customer_managed_key.versionless is true and the cloud is {plan.cloud}"
        yield Blocked(codes.sql.VERSIONLESS_NOT_HERE, why, resource=key.text)
    if not wishes.pinned:
        return
    if wanted.versionless:
        why = "customer_managed_key.versionless is true and key_version is given"
        yield Blocked(codes.vault.VERSIONLESS_AND_PINNED, why, resource=key.text)
    body = facts.body
    if body is None:
        if not facts.refused:
            why = f"the key {key.name} does not exist, and key_version pins a version of it"
            yield Blocked(codes.vault.KEY_ABSENT, why, resource=key.text)
    elif not plan.allow_expiring_pinned_key:
        expires = pinned_key.refusal(key, body)
        if expires is not None:
            yield expires
