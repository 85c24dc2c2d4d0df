"""Subscriptions, resource groups, providers and limits around what is written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import InputError
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.json_types import at_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cmk_remediate.engine.preflight.asking import Asking, Findings
    from cmk_remediate.engine.preflight.sites import Site
    from cmk_remediate.model.ids import ResourceId

CLOSED_STATES = ("disabled", "deleted", "expired")
"""learn.microsoft.com, "Azure subscription states": nothing can be written in these."""
MOST_ASSIGNMENTS = 4000
"""Role assignments a subscription holds at most (learn.microsoft.com, "Troubleshoot Azure RBAC limits")."""
NEARLY = 3900


async def check_subscriptions(sites: Sequence[Site], tenant: str, asking: Asking, findings: Findings) -> None:
    """Block what lies in a subscription that takes no writes.

    Raises:
        InputError: CMK104 when a subscription belongs to another tenant than *tenant*.
    """
    reads = {place: Read(place) for place in _sorted(site.places[0].subscription_id for site in sites)}
    await asking.about(reads.values())
    for place, read in reads.items():
        if error := asking.refused(read):
            findings.not_checked("the subscription", place, error)
        theirs = str(at_path(asking.body(read), "tenantId") or tenant)
        if tenant and theirs.lower() != tenant.lower():
            cause = f"the subscription belongs to tenant {theirs}, not {tenant}"
            raise InputError(codes.input_.TENANT_MISMATCH, cause, resource=place.text)
    for site in sites:
        place = site.places[0].subscription_id
        state = str(at_path(asking.body(reads[place]), "state") or "")
        if state.lower() in CLOSED_STATES:
            why = f"state of the subscription is {state}"
            findings.block(site.node, codes.access.SUBSCRIPTION_CLOSED, why, place)


async def check_groups(sites: Sequence[Site], asking: Asking, findings: Findings) -> None:
    """Block what lies in a resource group that another resource manages, or in one that does not exist."""
    reads = {place: Read(place) for place in _sorted(site.places[0].group_id for site in sites)}
    await asking.about(reads.values())
    for place, read in reads.items():
        if error := asking.refused(read):
            findings.not_checked("the resource group's owner", place, error)
    for site in sites:
        place = site.places[0].group_id
        group = asking.body(reads[place])
        manager, known = at_path(group, "managedBy"), site.node.step.managed_by()
        if manager and (known is None or known.key != str(manager).lower()):
            findings.block(
                site.node, codes.access.GROUP_MANAGED, f"managedBy of the resource group is {manager}", place
            )
        elif group is None and not asking.refused(reads[place]):
            findings.block(site.node, codes.access.GROUP_ABSENT, "the resource group does not exist", place)


async def check_providers(sites: Sequence[Site], asking: Asking, findings: Findings) -> None:
    """Block the creation of resources whose provider the subscription has not registered.

    Only top-level resources are looked at: where something of a provider exists, it is registered. We never register one.
    """
    reads: dict[str, Read] = {}
    for site in sites:
        resource = site.resource
        if resource is None or site.change.action != "create" or resource.parent or resource.scope:
            continue
        namespace = resource.type.partition("/")[0]
        reads[site.node.id] = Read(resource.subscription_id, "provider", (("namespace", namespace),))
    await asking.about(reads.values())
    for site in sites:
        read = reads.get(site.node.id)
        if read is None:
            continue
        if error := asking.refused(read):
            findings.not_checked(f"registration of {read.query[0][1]}", read.resource, error)
        state = str(at_path(asking.body(read), "registrationState") or "")
        if state and state.lower() not in ("registered", "registering"):
            why = f"registrationState of {read.query[0][1]} is {state}"
            findings.block(site.node, codes.access.PROVIDER_NOT_REGISTERED, why, read.resource)


async def check_grant_count(sites: Sequence[Site], asking: Asking, findings: Findings) -> None:
    """Block grants beyond what a subscription holds; say so when it comes near."""
    grants = [site for site in sites if site.grants]
    ours = Counter(site.places[0].subscription_id for site in grants)
    reads = {place: Read(place, "list:roleAssignments") for place in _sorted(ours)}
    await asking.about(reads.values())
    for place, read in reads.items():
        if error := asking.refused(read):
            findings.not_checked("number of role assignments", place, error)
            continue
        scopes = (str(at_path(item, "properties.scope") or "").lower() for item in asking.items(read))
        there = sum(f"{scope}/".startswith(f"{place.key}/") for scope in scopes)
        total = there + ours[place]
        text = (
            f"the subscription holds {there} role assignments, {ours[place]} are added, {MOST_ASSIGNMENTS} are allowed"
        )
        if total > MOST_ASSIGNMENTS:
            for site in grants:
                if site.places[0].subscription_id == place:
                    findings.block(site.node, codes.access.TOO_MANY_GRANTS, text, place)
        elif total >= NEARLY:
            findings.note(codes.access.TOO_MANY_GRANTS, place, text)


def _sorted(places: Iterable[ResourceId]) -> list[ResourceId]:
    return sorted(set(places))
