"""What a reviewer should know about a cluster beside its steps; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.review import Note
from cmk_remediate.services.redis_enterprise.cluster import KEY_PATH, is_persistent
from cmk_remediate.steps.named_key import NamedKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.codes.code import Code
    from cmk_remediate.services.redis_enterprise.facts import ClusterFacts

POLICY = "09aa11bb-87ec-409f-bf0b-49b7c1561a87"
"""Azure/azure-policy, Cache/RedisCacheEnterprise_CMKEnabled_Audit 1.0.0."""


def of_cluster(facts: ClusterFacts, *, blocked: bool) -> tuple[Note, ...]:
    """Return the notes; on a blocked cluster, or one with nothing to do, only what was found."""
    if facts.body is None:
        return ()
    notes = list(_found(facts))
    if not blocked and not facts.compliant:
        notes.extend(_changed(facts))
    return tuple(notes)


def _found(facts: ClusterFacts) -> Iterator[Note]:
    have, name = facts.cluster, facts.id.name
    there = at_path(facts.body, KEY_PATH) is not None
    verdict = "Compliant" if there else "NonCompliant"
    text = f"Azure Policy {POLICY} would say {verdict} of {name}: {KEY_PATH} is {'there' if there else 'absent'}"
    yield _note(codes.redis_enterprise.POLICY_SAYS, facts, text)
    wrong = tuple(_wrong(facts))
    if wrong:
        yield _note(codes.redis_enterprise.WRONG, facts, f"{name}: {'; '.join(wrong)}")
    if have.retires:
        text = f"sku.name of {name} is {have.sku}: it retires on 31 March 2027"
        yield _note(codes.redis_enterprise.RETIRES, facts, text)
    if have.is_customer and not have.key.in_managed_hsm:
        yield _covers(facts)
    if facts.version_unusable:
        yield _note(codes.redis_enterprise.VERSION_UNUSABLE, facts, f"{name}: {facts.version_unusable}")
    elif facts.current is not None:
        yield from _version(facts)


def _wrong(facts: ClusterFacts) -> Iterator[str]:
    """Yield the values that prove that the cluster's customer key is not as the plan wants it."""
    have, pinned = facts.cluster, facts.wishes.key.key_version
    if not have.is_customer or have.key.in_managed_hsm:
        return
    if not have.key.is_of(facts.key):
        yield f"{KEY_PATH}.keyEncryptionKeyUrl is {have.key.uri}"
    elif pinned is not None and have.key.version != pinned:
        yield f"{KEY_PATH}.keyEncryptionKeyUrl is {have.key.uri}, key_version is {pinned}"
    who = f"{KEY_PATH}.keyEncryptionKeyIdentity.userAssignedIdentityResourceId"
    if have.identity is None:
        yield f"{who} is absent"
    elif not facts.reader_works:
        lost = (
            "does not exist any more"
            if have.identity in facts.gone
            else "is not one of identity.userAssignedIdentities"
        )
        yield f"{who} is {have.identity.name}, which {lost}"
    if facts.not_permitted:
        yield facts.not_permitted
    if not have.at_rest and not have.busy:
        yield f"{facts.id.name} has {have.states}"


def _version(facts: ClusterFacts) -> Iterator[Note]:
    """Yield what is to be known of the version in use: that it is not the latest, and by when it expires."""
    have, current, name = facts.cluster, facts.current, facts.id.name
    if current is None or current.key is None:
        return
    latest = NamedKey.of(at_path(current.body, "properties.keyUriWithVersion")).version
    if latest and latest != have.key.version:
        text = f"{name} uses version {have.key.version} of {current.key.name}, the latest is {latest}"
        yield _note(codes.redis_enterprise.OLDER_VERSION, facts, text)
    if facts.deadline and facts.compliant:
        yield _note(codes.vault.PINNED_KEY_EXPIRES, facts, facts.deadline)


def _changed(facts: ClusterFacts) -> Iterator[Note]:
    have, name, choice = facts.cluster, facts.id.name, facts.choice
    if choice.identity is not None and choice.identity != facts.wishes.identity_id(facts.id):
        text = f"{name} keeps {choice.identity.name}, which it reads its key with: that one gets the grant"
        yield _note(codes.notes.IDENTITY_KEPT_BY_RESOURCE, facts, text)
    if facts.next_deadline:
        yield _note(codes.vault.PINNED_KEY_EXPIRES, facts, facts.next_deadline)
    if not have.is_customer:
        yield _covers(facts)
    text = f"{name} will name one version of {facts.key.name}: it does not follow new ones, each move is an outage"
    yield _note(codes.redis_enterprise.ONE_VERSION, facts, text)
    if facts.may_lose_data:
        shown = have.replicated or "absent"
        kept = sum(is_persistent(one) for one in facts.databases)
        text = (
            f"properties.highAvailability of {name} is {shown}, and {kept} of {len(facts.databases)} databases persistent: "
            "export first"
        )
        yield _note(codes.redis_enterprise.DATA_LOSS, facts, text)
    if facts.partners:
        text = f"{name} replicates to {', '.join(one.name for one in facts.partners)}: one of them is changed at a time"
        yield _note(codes.redis_enterprise.ONE_AT_A_TIME, facts, text)
    text = f"customer_managed_key of {name} belongs into its Terraform configuration before anybody applies again"
    yield _note(codes.redis_enterprise.TERRAFORM, facts, text)
    text = (
        f"persistence files and what was made of {name}'s disks from now on need {facts.key.name} in {facts.vault.name}"
    )
    yield _note(codes.notes.RESTORE_NEEDS, facts, text)


def _covers(facts: ClusterFacts) -> Note:
    flash = " and the NVMe disk" if facts.cluster.has_flash else ""
    kept = f"the system disk, the persistence disk and temporary export files; RAM{flash} it does not"
    return _note(codes.redis_enterprise.NOT_COVERED, facts, f"on {facts.id.name} the key covers {kept}")


def _note(code: Code, facts: ClusterFacts, text: str) -> Note:
    return Note(code=str(code), scope=facts.id.text, text=text)
