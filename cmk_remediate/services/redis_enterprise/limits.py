"""What forbids moving a cluster; pure, and each refusal names the property that forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.services.declared import wanted_key
from cmk_remediate.services.redis_enterprise import cluster, geo
from cmk_remediate.services.redis_enterprise.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.steps import key_limits, pinned_key, vault_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.codes.code import Code
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.redis_enterprise.facts import ClusterFacts

PINNED_BY = "keyEncryptionKeyUrl, which takes no key without a version,"
"""What pins a version, whatever the plan says."""


def judge(facts: ClusterFacts, plan: PlanFile) -> Blocked | None:
    """Return the first thing that forbids moving the cluster in *facts*, or None."""
    return next(_refusals(facts, plan), None)


def _refusals(facts: ClusterFacts, plan: PlanFile) -> Iterator[Blocked]:
    here = facts.id
    refused = codes.redis_enterprise
    yield from facts.out_of_bounds(cluster.CLUSTER, refused.NOT_A_CLUSTER, refused.CLUSTER_UNREADABLE)
    if facts.body is None:
        yield cluster.absent(here)
    else:
        yield from _foreign(facts)
        if not facts.compliant:
            yield from _change(facts, plan)


def _foreign(facts: ClusterFacts) -> Iterator[Blocked]:
    """Yield whose else the cluster or its key is."""
    have, name = facts.cluster, facts.id.name
    yield from facts.owned_by_another("the cluster", codes.redis_enterprise.MANAGED_BY)
    if have.key.in_managed_hsm:
        why = f"keyEncryptionKeyUrl of {name} is {have.key.uri}, in a managed HSM"
        yield _no(codes.redis_enterprise.MANAGED_HSM, facts, why)
    current = facts.current
    if current is not None and (current.key is None or current.refused):
        reason = current.refused or f"the vault {have.key.vault} was not found"
        why = f"keyEncryptionKeyUrl of {name} is {have.key.uri}: {reason}"
        yield _no(codes.redis_enterprise.CURRENT_KEY_OUT_OF_REACH, facts, why)


def _change(facts: ClusterFacts, plan: PlanFile) -> Iterator[Blocked]:
    """Yield what forbids giving the cluster the plan's key."""
    here, have = facts.id, facts.cluster
    unready = cluster.unready(here, have, facts.databases)
    if unready is not None:
        yield unready
    waits = geo.judge(facts.links, facts.partners, here)
    if waits is not None:
        yield waits
    yield from _key(facts, plan)
    if facts.choice.how == "unnamed":
        ours = facts.wishes.identity_id(here)
        why = f"identity.type of {here.name} is {have.identities.type} and the plan's user_assigned_identity is absent"
        if ours is not None:
            why = (
                f"the plan's user_assigned_identity {ours.name} is attached to {here.name} and does not exist any more"
            )
        yield _no(codes.redis_enterprise.IDENTITY_NOT_NAMED, facts, why)
    if not plan.allow_downtime:
        why = f"changing properties.encryption of {here.name} disrupts it, and allow_downtime is false"
        yield _no(codes.redis_enterprise.DOWNTIME, facts, why)


def _key(facts: ClusterFacts, plan: PlanFile) -> Iterator[Blocked]:
    """Yield what about the vault and the key refuses them."""
    body, wanted = facts.wanted.body, wanted_key(plan, facts.wishes, "redis", KEY_TYPES, KEY_SIZES)
    yield from key_limits.judge(facts.wanted, facts.key, wanted, facts.now)
    vault = facts.wanted.vault or {}
    region, there = vault_state.region(facts.body or {}), vault_state.region(vault)
    if region != there:
        why = f"location of {facts.vault.name} is {there}, of {facts.id.name} {region}"
        yield Blocked(codes.redis_enterprise.VAULT_ELSEWHERE, why, resource=facts.vault.text)
    if facts.wishes.pinned and body is None:
        why = f"the key {facts.key.name} does not exist, and key_version pins a version of it"
        yield Blocked(codes.vault.KEY_ABSENT, why, resource=facts.key.text)
    expires = pinned_key.refusal(facts.key, body, PINNED_BY)
    if expires is not None and not plan.allow_expiring_pinned_key:
        yield expires


def _no(code: Code, facts: ClusterFacts, why: str) -> Blocked:
    return Blocked(code, why, resource=facts.id.text)
