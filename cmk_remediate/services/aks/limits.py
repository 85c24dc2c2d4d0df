"""What forbids making a cluster ready; pure, and each refusal names the property that forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.aks import cluster
from cmk_remediate.services.aks.choice import new_cluster
from cmk_remediate.services.disk_sets.limits import key_refusals, place_refusals, set_refusals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.aks.choice import Wish


def judge(wish: Wish, plan: PlanFile) -> Blocked | None:
    """Return the first thing that forbids making *wish*'s target ready, or None."""
    return next(_refusals(wish, plan), None)


def _refusals(wish: Wish, plan: PlanFile) -> Iterator[Blocked]:
    facts, target, aks = wish.facts, wish.id, codes.aks
    if not target.is_type(cluster.CLUSTER):
        yield _no(aks.NOT_A_CLUSTER, target, f"the type of {target.name} is {target.type}")
    if facts.refused:
        yield _no(aks.UNREADABLE, target, facts.refused)
    if facts.old.body is None and facts.new.body is None:
        yield _no(aks.ABSENT, target, f"there is no cluster {target.name}, and no {facts.new.id.name}")
    owner = at_path(facts.group, "managedBy")
    if owner:
        yield _no(aks.MANAGED_BY, target, f"managedBy of the resource group {target.resource_group} is {owner}")
    if wish.right and not wish.moving:
        if facts.wanted.refused:
            yield _no(codes.vault.KEY_UNREADABLE, wish.key.top_level, facts.wanted.refused)
        return
    if facts.old.body is not None:
        yield from _old(wish)
    yield from _sets(wish)
    yield from key_refusals(plan, wish.wishes, target, facts.wanted, facts.now)


def _old(wish: Wish) -> Iterator[Blocked]:
    """Yield what about the cluster itself forbids it."""
    body, target, aks = wish.facts.old.body, wish.id, codes.aks
    state = at_path(body, "properties.provisioningState")
    if state != "Succeeded":
        yield _no(aks.NOT_READY, target, f"properties.provisioningState of {target.name} is {state}")
    if wish.facts.old.nodes is None:
        name = at_path(body, "properties.nodeResourceGroup")
        yield _no(aks.UNREADABLE, target, f"properties.nodeResourceGroup of {target.name} is {name!r}")
    current = cluster.encryption_set(body)
    if current is not None and not wish.in_place:
        yield _no(aks.OTHER_SET, target, f"{cluster.SET_PATH} of {target.name} is {current.text}")
    if cluster.has_virtual_nodes(body):
        yield _no(
            aks.VIRTUAL_NODES, target, f"properties.addonProfiles.aciConnectorLinux.enabled of {target.name} is true"
        )
    if not wish.in_place and new_cluster(wish.wishes, target) is None:
        name = wish.wishes.named(wish.wishes.new_cluster.name, target)
        yield _no(aks.NEW_NAME, target, f"new_cluster.name is {name}: no cluster can be called that")


def _sets(wish: Wish) -> Iterator[Blocked]:
    if wish.wanted is None:
        why = "customer_managed_key.user_assigned_identity is absent"
        yield _no(codes.managed_disks.IDENTITY_NOT_NAMED, wish.id, why)
    yield from set_refusals(wish.facts.sets, wish.chosen)
    location = (wish.facts.old.body or wish.facts.new.body or {}).get("location")
    for one in wish.chosen:
        yield from place_refusals(wish.facts.sets, one, wish.id, location, wish.facts.wanted, wish.key.top_level)


def _no(code: Code, resource: ResourceId, why: str) -> Blocked:
    return Blocked(code, why, resource=resource.text)
