"""What no single field of a plan shows: fields that contradict each other, or what the service takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.clock import parse_utc
from cmk_remediate.errors import InputError
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.run_address import is_remote, parse_address
from cmk_remediate.planfile.declared import DECLARED
from cmk_remediate.planfile.problems import Location, Problem
from cmk_remediate.planfile.schema import CustomerManagedKey, NewCluster, PlanFile, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

TARGET = "{target}"
"""Stands for the target's name."""
_KEY_NAME = re.compile(r"^[0-9A-Za-z-]{1,127}$")


def check(plan: PlanFile) -> Iterator[Problem]:
    """Yield every problem of *plan*, without lines."""
    yield from _targets(plan)
    yield from _fields(plan)
    yield from _sets(plan)
    yield from _new_clusters(plan)
    yield from _placeholders(plan)
    yield from _key(plan)
    yield from _expiry(plan)
    yield from _identity(plan)
    yield from _times(plan)
    yield from _rest(plan)


def keys(plan: PlanFile) -> Iterator[tuple[Location, CustomerManagedKey]]:
    """Yield each key the plan names, with its place: its own, then the targets'."""
    yield ("customer_managed_key",), plan.customer_managed_key
    for index, target in enumerate(plan.targets):
        if target.overrides and target.overrides.customer_managed_key:
            yield ("targets", index, "overrides", "customer_managed_key"), target.overrides.customer_managed_key


def _wrong(where: Location, text: str) -> Problem:
    return Problem(codes.input_.PLAN_INVALID, where, text)


def _targets(plan: PlanFile) -> Iterator[Problem]:
    takes = DECLARED[plan.service]
    wanted = (takes.resource_type, *takes.also)
    seen: dict[ResourceId, int] = {}
    for index, target in enumerate(plan.targets):
        where: Location = ("targets", index, "resource_id")
        found = ResourceId.parse(target.resource_id)
        if not any(found.is_type(one) for one in wanted):
            yield _wrong(where, f"is a {found.type}; service {plan.service} moves {' and '.join(wanted)}")
        if found in seen:
            yield _wrong(where, f"the same resource as targets[{seen[found]}]")
        seen.setdefault(found, index)


def _fields(plan: PlanFile) -> Iterator[Problem]:
    """Yield what the plan asks for that its service does not have."""
    overrides = [
        (("targets", index, "overrides"), target.overrides)
        for index, target in enumerate(plan.targets)
        if target.overrides is not None
    ]
    places: list[tuple[Location, BaseModel]] = [((), plan), *keys(plan), *overrides]
    for where, part in places:
        for name, why in DECLARED[plan.service].without.items():
            if getattr(part, name, None) not in (None, False, "user-assigned"):
                yield _wrong((*where, name), f"is not for service {plan.service}: {why}")


def _sets(plan: PlanFile) -> Iterator[Problem]:
    """Yield what is missing of disk encryption sets, or contradicts them."""
    takes = DECLARED[plan.service]
    if not takes.one_key:
        return
    for index, target in enumerate(plan.targets):
        own = target.overrides.disk_encryption_set if target.overrides else None
        if plan.disk_encryption_set is None and own is None:
            yield _wrong(("targets", index), "has no disk_encryption_set, and neither has the plan")
    for where, key in keys(plan):
        named = key.user_assigned_identity.resource_id if key.user_assigned_identity else ""
        for field, text in (("key_name", key.key_name), ("user_assigned_identity", named)):
            if TARGET in text:
                yield _wrong((*where, field), f"a disk encryption set serves many targets: {TARGET} names only one")


def _new_clusters(plan: PlanFile) -> Iterator[Problem]:
    """Yield what the names of new clusters, and of their identities, cannot be."""
    named: list[tuple[Location, NewCluster]] = [(("new_cluster",), plan.new_cluster)] if plan.new_cluster else []
    for index, target in enumerate(plan.targets):
        own = target.overrides.new_cluster if target.overrides else None
        if own is not None:
            named.append((("targets", index, "overrides", "new_cluster"), own))
    for where, one in named:
        identity = one.user_assigned_identity.resource_id if one.user_assigned_identity else ""
        places = ((("name",), one.name), (("user_assigned_identity", "resource_id"), identity))
        for path, text in places:
            if {"{", "}"} & set(text.replace(TARGET, "")):
                yield _wrong((*where, *path), f"{TARGET} is the only thing that stands for something")
    shared = [target for target in plan.targets if not (target.overrides and target.overrides.new_cluster)]
    if plan.new_cluster and TARGET not in plan.new_cluster.name and len(shared) > 1:
        yield _wrong(("new_cluster", "name"), f"names one cluster for {len(shared)} targets: let it hold {TARGET}")


def _placeholders(plan: PlanFile) -> Iterator[Problem]:
    only = f"{TARGET} is read only in key_name and in the last name of user_assigned_identity.resource_id"
    for where, key in keys(plan):
        if not _KEY_NAME.fullmatch(key.key_name.replace(TARGET, "x")):
            yield _wrong((*where, "key_name"), f"{key.key_name!r} is not a key's name; {only}")
        if "{" in key.key_vault_resource_id or "}" in key.key_vault_resource_id:
            yield _wrong((*where, "key_vault_resource_id"), only)
        if key.user_assigned_identity:
            head, _, name = key.user_assigned_identity.resource_id.rpartition("/")
            if {"{", "}"} & set(head + name.replace(TARGET, "")):
                yield _wrong((*where, "user_assigned_identity", "resource_id"), only)
        if key.key_version and TARGET in key.key_name:
            yield _wrong((*where, "key_version"), f"one version cannot belong to many keys ({TARGET} in key_name)")
    for index, target in enumerate(plan.targets):
        if {"{", "}"} & set(target.resource_id):
            yield _wrong(("targets", index, "resource_id"), only)


def _key(plan: PlanFile) -> Iterator[Problem]:
    takes = DECLARED[plan.service]
    unsuitable = codes.input_.KEY_DECLARED_UNSUITABLE
    if plan.key.type not in takes.key_types:
        yield Problem(
            unsuitable, ("key", "type"), f"{plan.service} takes {' or '.join(takes.key_types)}, not {plan.key.type}"
        )
    if plan.key.size not in takes.key_sizes:
        sizes = " or ".join(map(str, takes.key_sizes))
        yield Problem(unsuitable, ("key", "size"), f"{plan.service} takes {sizes} bits, not {plan.key.size}")
    for where, key in keys(plan):
        length = len(ResourceId.parse(key.key_vault_resource_id).name) + len(key.key_name)
        if takes.name_limit and TARGET not in key.key_name and length > takes.name_limit:
            text = f"vault and key name have {length} characters together; {plan.service} takes {takes.name_limit}"
            yield Problem(unsuitable, (*where, "key_name"), text)
        if key.versionless and key.key_version:
            yield _wrong((*where, "versionless"), "contradicts key_version")
        if key.versionless and plan.cloud != "AzureCloud":
            yield _wrong((*where, "versionless"), f"is available in AzureCloud only, not in {plan.cloud}")


def _expiry(plan: PlanFile) -> Iterator[Problem]:
    policy = plan.key.rotation_policy
    expiring: list[Location] = []
    if plan.key.expires:
        expiring.append(("key", "expires"))
    if policy and policy.expiry_time:
        expiring.append(("key", "rotation_policy", "expiry_time"))
    pinned = [f"{'.'.join(map(str, where))}.key_version" for where, key in keys(plan) if key.key_version]
    pinned += [f"service {plan.service}"] if DECLARED[plan.service].pins else []
    for where in expiring:
        if pinned and not plan.allow_expiring_pinned_key:
            text = f"{pinned[0]} pins one version: once it expired, nothing would follow a new one"
            yield _wrong(where, f"{text}; where a policy demands expiry, say allow_expiring_pinned_key: true")
    if plan.key.expires and not policy:
        yield _wrong(("key", "expires"), "without a rotation_policy nobody makes the version that has to follow")
    if policy and policy.notify_before_expiry and not policy.expiry_time:
        yield _wrong(("key", "rotation_policy", "notify_before_expiry"), "needs expiry_time")


def _identity(plan: PlanFile) -> Iterator[Problem]:
    text = "system-assigned contradicts user_assigned_identity"
    overrides = [target.overrides for target in plan.targets]
    others_use_it = any(item is not None and item.identity == "user-assigned" for item in overrides)
    if plan.identity == "system-assigned" and plan.customer_managed_key.user_assigned_identity and not others_use_it:
        yield _wrong(("identity",), text)
    for index, item in enumerate(overrides):
        key = item.customer_managed_key if item else None
        if item and key and item.identity == "system-assigned" and key.user_assigned_identity:
            yield _wrong(("targets", index, "overrides", "identity"), text)


def _times(plan: PlanFile) -> Iterator[Problem]:
    if plan.window and parse_utc(plan.window.opens) >= parse_utc(plan.window.closes):
        yield _wrong(("window", "closes"), "the window closes before it opens")
    if plan.access.floor and seconds(plan.access.floor) > seconds(plan.access.timeout):
        yield _wrong(("access", "floor"), "is longer than access.timeout")
    if not seconds(plan.review_expires):
        yield _wrong(("review_expires",), "a review that expires at once can never be applied")


def _rest(plan: PlanFile) -> Iterator[Problem]:
    restrict = plan.vault.restrict
    if restrict and not (restrict.default_action or restrict.public_network_access or restrict.permission_model):
        yield _wrong(("vault", "restrict"), "names nothing to restrict; leave it out")
    if plan.runs and is_remote(plan.runs):
        try:
            cloud = parse_address(plan.runs).cloud
        except InputError as error:
            yield Problem(error.code, ("runs",), error.cause)
        else:
            if cloud != plan.cloud:
                yield _wrong(("runs",), f"the run store is in {cloud}, the plan is for {plan.cloud}")
