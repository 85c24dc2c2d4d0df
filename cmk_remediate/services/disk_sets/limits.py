"""What about an encryption set, its key or its vault forbids naming it; pure: each refusal names the property that forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.declared import wanted_key
from cmk_remediate.services.disk_sets.found import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.states import CROSS_TENANT, MANAGED_HSM
from cmk_remediate.steps import key_limits, pinned_key
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.judging import judge_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.planfile.wishes import Wishes
    from cmk_remediate.services.disk_sets.found import Sets
    from cmk_remediate.steps.disks.judging import WantedSet
    from cmk_remediate.steps.key_facts import KeyFacts


_BOUNDS = {CROSS_TENANT: codes.managed_disks.CROSS_TENANT, MANAGED_HSM: codes.managed_disks.MANAGED_HSM}


def set_refusals(sets: Sets, chosen: Iterable[WantedSet]) -> Iterator[Blocked]:
    """Yield what about the sets *chosen* themselves forbids naming them."""
    for one in chosen:
        hidden = sets.hidden.get(one.id.key)
        if hidden:
            yield _no(codes.managed_disks.SET_UNREADABLE, one.id, hidden)
        yield from out_of_bounds(sets, one.id)
        lost = sets.without_identity(one.id)
        if lost:
            yield _no(codes.managed_disks.SET_WITHOUT_IDENTITY, one.id, lost)
        body = sets.body_of(one)
        if body is not None and at_path(body, "properties.provisioningState") != "Failed":
            differs = judge_set(one, body)
            if differs is not None:
                yield differs


def out_of_bounds(sets: Sets, place: ResourceId | None) -> Iterator[Blocked]:
    """Yield that the key of the set *place*, which a disk is on or is to be on, is none that is dealt with here."""
    bound = sets.out_of_bounds(place) if place is not None else None
    if place is not None and bound is not None:
        yield _no(_BOUNDS[bound.state], place, bound.why)


def place_refusals(
    sets: Sets, chosen: WantedSet, resource: ResourceId, region: object, key: KeyFacts, vault: ResourceId
) -> Iterator[Blocked]:
    """Yield where the set *chosen*, or the *vault* of its *key*, is not where *resource*, which is to name it, is."""
    disks, name = codes.managed_disks, resource.name
    if chosen.id.subscription.lower() != resource.subscription.lower():
        why = f"{chosen.id.name} is in the subscription {chosen.id.subscription}, {name} in {resource.subscription}"
        yield _no(disks.SET_ELSEWHERE, chosen.id, why)
    body = sets.body_of(chosen)
    if body is not None and not bodies.same_place(body.get("location"), region):
        why = f"location of {chosen.id.name} is {body.get('location')}, of {name} {region}"
        yield _no(disks.SET_ELSEWHERE, chosen.id, why)
    found = key.vault
    if found is not None and not bodies.same_place(found.get("location"), region):
        why = f"location of {vault.name} is {found.get('location')}, of {name} {region}"
        yield _no(disks.VAULT_ELSEWHERE, vault, why)


def key_refusals(
    plan: PlanFile, wanted: Wishes, target: ResourceId, facts: KeyFacts, now: datetime
) -> Iterator[Blocked]:
    """Yield what about the vault and the key of *target* refuses a set."""
    key = wanted.key_id(target)
    yield from key_limits.judge(facts, key, wanted_key(plan, wanted, "disks", KEY_TYPES, KEY_SIZES), now)
    if not wanted.pinned:
        return
    if facts.body is None:
        why = f"the key {key.name} does not exist, and key_version pins a version of it"
        yield _no(codes.vault.KEY_ABSENT, key, why)
        return
    expires = pinned_key.refusal(key, facts.body)
    if expires is not None and not plan.allow_expiring_pinned_key:
        yield expires


def _no(code: Code, resource: ResourceId, why: str) -> Blocked:
    return Blocked(code, why, resource=resource.text)
