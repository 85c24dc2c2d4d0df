"""What an assessment wants to know of a target beside its state: the proofs, the keys in use, what moving it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.findings import Cost, Evidence
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.planfile.schema import CustomerManagedKey, Overrides, UserAssignedIdentity
from cmk_remediate.steps import key_state, pinned_key, vault_state
from cmk_remediate.steps.key_facts import KeyFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from cmk_remediate.services.single import SingleFacts


@dataclass(frozen=True)
class Use:
    """A customer-managed key in use.

    Attributes:
        by: the resource that uses it.
        named: how that resource names it, for a key that was not found.
        facts: the key and its vault as found.
        version: the version it is pinned to; empty where new versions are followed.
    """

    by: ResourceId
    named: str
    facts: KeyFacts
    version: str = ""


@dataclass(frozen=True)
class Insight:
    """What an assessment shows of a target.

    Attributes:
        evidence: the property values that prove its state.
        uses: the customer-managed keys it uses.
        cost: what moving it takes.
        as_found: what the plan that would leave it unchanged says of it; None on platform keys, and where its key was not found.
        covers: resource groups whose resources it speaks for, such as those of a cluster's nodes.
        state: as found, where no one plan could want it as it is, because its parts use different keys; else empty.
    """

    evidence: tuple[Evidence, ...]
    uses: tuple[Use, ...]
    cost: Cost
    as_found: Overrides | None
    covers: tuple[ResourceId, ...] = ()
    state: str = ""


def online(no_way_back: str = "") -> Cost:
    """Return what moving takes that nobody notices; *no_way_back* says why there is none, and is empty where there is one."""
    return Cost(downtime="none", one_way=no_way_back, text="moved online" if no_way_back else "moved online, and back")


_OF_KEY = (
    "properties.attributes.enabled",
    "properties.attributes.exp",
    "properties.attributes.nbf",
    "properties.keyOps",
)
_EXPIRY = (
    "properties.keyUriWithVersion",
    "properties.attributes.exp",
    "properties.rotationPolicy.attributes.expiryTime",
)


def shown(resource: ResourceId, body: Mapping[str, Any] | None, paths: Iterable[str]) -> tuple[Evidence, ...]:
    """Return what *body* of *resource* has at *paths*; of one that was not shown nothing."""
    if body is None:
        return ()
    return tuple(Evidence(resource=resource.text, path=path, value=at_path(body, path)) for path in paths)


def absent(resource: ResourceId) -> Evidence:
    """Return that *resource* does not exist."""
    return Evidence(resource=resource.text, path="id", value=None)


def owned(resource: ResourceId, *bodies: Mapping[str, Any] | None) -> tuple[Evidence, ...]:
    """Return whose *resource* is, by its body and that of its resource group; nothing where it is its owner's own."""
    places = zip((resource, resource.group_id), bodies, strict=True)
    return tuple(one for place, body in places for one in shown(place, body, ("managedBy",)) if one.value)


def of_key(facts: KeyFacts | None, now: datetime, *, pinned: bool = False) -> tuple[Evidence, ...]:
    """Return what forbids using the key in *facts*, now or, where a version is pinned, one day; nothing of one not shown."""
    if facts is None or facts.key is None or facts.refused:
        return ()
    if facts.vault is None or facts.body is None:
        return (absent(facts.key.top_level if facts.vault is None else facts.key),)
    key = facts.key.child("versions", facts.named) if facts.named else facts.key
    if facts.in_use is None:
        return (absent(key),)
    if key_state.judge_key(key, facts.in_use, now) is not None:
        return tuple(one for one in shown(key, facts.in_use, _OF_KEY) if one.value is not None)
    if not pinned or not (pinned_key.expiry(facts.body) or pinned_key.expiry(facts.in_use)):
        return ()
    of_version = shown(key, facts.in_use, _EXPIRY[1:2]) if facts.named else ()
    return (*shown(facts.key, facts.body, _EXPIRY), *of_version)


def of_reader(facts: SingleFacts, reader: ResourceId | None) -> tuple[Evidence, ...]:
    """Return what keeps who reads the key in use from it: the identity *reader* is gone, or access was revoked.

    *reader* is None for a system-assigned identity, and for one that is not known.
    """
    current = facts.current
    if reader is not None and reader in facts.gone:
        return (absent(reader),)
    if not facts.not_permitted or current is None or current.key is None or current.vault is None:
        return ()
    if vault_state.uses_roles(current.vault):
        return (Evidence(resource=current.key.text, path="roleAssignments", value=None),)
    return shown(current.key.top_level, current.vault, ("properties.accessPolicies",))


def named_key(facts: KeyFacts | None, identity: ResourceId | None = None) -> CustomerManagedKey | None:
    """Return how a plan names the key in *facts*, following its versions, read with *identity*; None where it was not found."""
    if facts is None or facts.key is None:
        return None
    named = None if identity is None else UserAssignedIdentity(resource_id=identity.text)
    vault = facts.key.top_level.text
    return CustomerManagedKey(key_vault_resource_id=vault, key_name=facts.key.name, user_assigned_identity=named)


def same_key(facts: KeyFacts | None, identity: ResourceId | None = None) -> Overrides | None:
    """Return what a plan would say that wanted the key in *facts*, following its versions; None where it was not found.

    Args:
        facts: the key in use.
        identity: the user-assigned identity that reads it; None for another, or where it does not matter.
    """
    key = named_key(facts, identity)
    return None if key is None else Overrides(customer_managed_key=key)
