"""The customer key that a resource is on: the version in use, and whether who reads it exists and may use it.

Facts: a deleted user-assigned identity stays named by what it was attached to (learn.microsoft.com, "Manage user-assigned managed
identities"); what a vault honours, role assignments or access policies, is its own choice (learn.microsoft.com, "Provide access to
Key Vault with Azure role-based access control").
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps import asking, key_state, policies, reads, roles, vault_state
from cmk_remediate.steps.key_facts import KeyFacts, read_named_key
from cmk_remediate.steps.named_key import NamedKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.outcomes import Reader

NEEDED = ("get", "wrapKey", "unwrapKey")


async def read_key_in_use(
    reader: Reader,
    vault: str,
    key: str,
    version: str,
    named: Iterable[ResourceId],
    places: Iterable[ResourceId],
    *,
    seen: str = "",
) -> KeyFacts:
    """Return the key *key* of the vault called *vault*, looked for as `find_vault` does, and the version of it in use.

    Args:
        reader: asked.
        vault: the vault's name.
        key: the key's name.
        version: the version that is named; empty where new ones are followed.
        named: as for `find_vault`.
        places: as for `find_vault`.
        seen: of a resource that follows new versions, the one it uses by its own account: read where it is not the latest.
    """
    found = await read_named_key(reader, vault, key, named, places)
    if not version and seen != NamedKey.of(at_path(found.body, "properties.keyUriWithVersion")).version:
        version = seen
    found = replace(found, named=version)
    if not version or found.key is None or found.body is None:
        return found
    refused: list[str] = []
    body = await asking.body_of(reader, found.key.child("versions", version), refused)
    return replace(found, version=body, refused="; ".join(refused))


async def read_identities(reader: Reader, named: Iterable[ResourceId]) -> dict[str, JsonObject | None]:
    """Return the bodies of the identities *named*, by lower-case id: None for one that does not exist.

    One that was not shown is left out.
    """
    found: dict[str, JsonObject | None] = {}
    for one in dict.fromkeys(named):
        refused: list[str] = []
        body = await asking.body_of(reader, one, refused)
        if not refused:
            found[one.key] = body
    return found


def gone(named: Iterable[ResourceId], found: Mapping[str, JsonObject | None]) -> tuple[ResourceId, ...]:
    """Return those of *named* that are known not to exist, by what `read_identities` *found*."""
    return tuple(one for one in dict.fromkeys(named) if one.key in found and found[one.key] is None)


async def not_permitted(reader: Reader, facts: KeyFacts, principal: str, who: str) -> str:
    """Return why *principal* may not use the key in *facts*, in words; empty where it may, and where that is not known.

    A role that nobody knows here may give it. What a group of the principal was given is not seen.

    Args:
        reader: asked for role assignments; nothing where the vault is on access policies.
        facts: the key in use.
        principal: the object id of who reads it; empty where it is not shown.
        who: that one, for the sentence.
    """
    if facts.key is None or facts.vault is None or facts.body is None or not principal:
        return ""
    listed: Iterable[JsonObject] = ()
    if vault_state.uses_roles(facts.vault):
        refused: list[str] = []
        listed = await asking.items_of(reader, reads.role_assignments(facts.key, principal), refused)
        if refused:
            return ""
    return lacks_access(facts.key, facts.vault, listed, principal, who)


def lacks_access(key: ResourceId, vault: JsonObject, listed: Iterable[JsonObject], principal: str, who: str) -> str:
    """Return why *principal* may not use *key*, in words, as `not_permitted` does; pure.

    Args:
        key: the key.
        vault: its vault's body, whose choice it is what counts.
        listed: the role assignments of the principal that count at the key.
        principal: the object id of who reads it.
        who: that one, for the sentence.
    """
    if not vault_state.uses_roles(vault):
        tenant = vault_state.tenant(vault)
        own = (one for one in policies.entries(vault) if policies.is_for(one, principal, tenant))
        lacking = policies.lacking(next(own, None), NEEDED)
        why = f"properties.accessPolicies of {key.top_level.name} permit {who} no {', '.join(lacking)}"
        return why if lacking else ""
    if any(roles.may_use_keys(one, principal) for one in roles.covering(listed, key)):
        return ""
    return f"no role assignment at {key.name} in {key.top_level.name} or above lets {who} use it"


def unusable(facts: KeyFacts | None, now: datetime) -> str:
    """Return why the key in use cannot be used, in words; empty where it can, where none is in use, or nothing is known of it."""
    if facts is None or facts.key is None or facts.vault is None or facts.refused:
        return ""
    if facts.body is None:
        return f"the key {facts.key.name} does not exist"
    if facts.in_use is None:
        return f"the key {facts.key.name} has no version {facts.named}"
    blocked = key_state.judge_key(facts.key, facts.in_use, now)
    return "" if blocked is None else blocked.why
