"""What Azure Policy's built-in definitions say of an account; computed from what was read, beside our own judgement.

Conditions: Azure/azure-policy, built-in-policies/policyDefinitions/Storage. They ask for ``keySource``, the key type of queues
and tables, and the ``source`` of scopes; not for the key, its version, vault or state, nor the identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.services.storage.facts import AccountFacts

ACCOUNT = "6fac406b-40ca-413b-bf8e-0bf964659c25"
QUEUE = "f0e5abd0-2554-4736-b7c0-4ffef23475ef"
TABLE = "7c322315-e26d-4174-a99e-f49d351b4688"
SCOPE = "b5ec538c-daa0-4006-8596-35468b9148e8"


def verdicts(facts: AccountFacts) -> Iterator[str]:
    """Yield each definition that concerns the account, with its verdict, in words."""
    have = facts.account
    yield _words("account", ACCOUNT, compliant=have.is_customer)
    for name, definition in (("queue", QUEUE), ("table", TABLE)):
        # The condition asks for the account's own key first: on platform keys it says nothing.
        kind = str(at_path(facts.body, f"properties.encryption.services.{name}.keyType") or "")
        yield _words(name, definition, compliant=not have.is_customer or kind.lower() == "account")
    for place, scope in facts.named_scopes:
        yield _words(f"scope {place.name}", SCOPE, compliant=scope.is_customer)


def _words(what: str, definition: str, *, compliant: bool) -> str:
    return f"{what} {'compliant' if compliant else 'non-compliant'} ({definition})"
