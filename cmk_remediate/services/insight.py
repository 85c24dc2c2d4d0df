"""What an assessment wants to know of a target beside its state: the proofs, the keys in use, what moving it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.findings import Cost, Evidence
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.planfile.schema import CustomerManagedKey, Overrides
from cmk_remediate.steps.key_facts import KeyFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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
        as_found: what a plan would say of it that wanted it as it is; None on platform keys, and where its key was not found.
        covers: resource groups whose resources it speaks for, such as those of a cluster's nodes.
    """

    evidence: tuple[Evidence, ...]
    uses: tuple[Use, ...]
    cost: Cost
    as_found: Overrides | None
    covers: tuple[ResourceId, ...] = ()


ONLINE = Cost(downtime="none", one_way="", text="moved online, and back")


def shown(resource: ResourceId, body: Mapping[str, Any] | None, paths: Iterable[str]) -> tuple[Evidence, ...]:
    """Return what *body* of *resource* has at *paths*; of one that was not shown nothing."""
    if body is None:
        return ()
    return tuple(Evidence(resource=resource.text, path=path, value=at_path(body, path)) for path in paths)


def same_key(facts: KeyFacts | None) -> Overrides | None:
    """Return what a plan would say that wanted the key in *facts*, following its versions; None where it was not found."""
    if facts is None or facts.key is None:
        return None
    key = CustomerManagedKey(key_vault_resource_id=facts.key.top_level.text, key_name=facts.key.name)
    return Overrides(customer_managed_key=key)
