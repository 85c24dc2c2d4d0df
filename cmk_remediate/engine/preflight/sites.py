"""Where the changes of a run take place, and what they need to be allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.decisions import Change, Read
from cmk_remediate.model.graph import Node
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import merge_patch
from cmk_remediate.model.permissions import Permission, Permissions, Split
from cmk_remediate.model.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmk_remediate.engine.preflight.asking import Asking
    from cmk_remediate.model.graph import Graph
    from cmk_remediate.model.values import Unknown

ROLE_ASSIGNMENTS = "microsoft.authorization/roleassignments"
ARM_WRITES = ("put", "patch", "post", "delete")


@dataclass(frozen=True)
class Site:
    """One node that changes something.

    Attributes:
        node: the node.
        change: what it would send.
        resource: what the request goes to; None while its id is computed from something that does not exist yet.
        before: that resource's body before; None if there is none, or it is not known.
        after: the body the write leaves behind; may hold `UNKNOWN`; None when the write removes it.
        needs: its permissions and those of its undo.
    """

    node: Node
    change: Change
    resource: ResourceId | None
    before: Any
    after: Any
    needs: Permissions

    @property
    def writes(self) -> Permissions:
        """What it needs on the control plane beside reading."""
        return tuple(need for need in self.needs if not need.data and not need.is_read)

    @property
    def places(self) -> tuple[ResourceId, ...]:
        """What it writes to, as far as it is known: for a grant without a name yet, the scope. Nothing on the data plane."""
        if not self.writes:
            return ()
        return (self.resource,) if self.resource is not None else tuple(need.scope for need in self.writes)

    @property
    def grants(self) -> bool:
        """Whether it makes a role assignment."""
        if self.change.action != "create":
            return False
        if self.resource is not None:
            return self.resource.type.lower() == ROLE_ASSIGNMENTS
        return any(need.action.lower() == f"{ROLE_ASSIGNMENTS}/write" for need in self.needs)

    @property
    def reversible(self) -> bool:
        """Whether its lines promise that rollback restores something."""
        return any(
            line.role == "owned" and line.reversibility is not None and line.reversibility.kind == "reversible"
            for line in self.change.lines
        )


async def sites_of(graph: Graph, changes: Mapping[str, Change], asking: Asking) -> tuple[Site, ...]:
    """Return the sites of *graph*, in its order, reading what a changed resource is like now."""
    changing = [node for node in graph.nodes if node.id in changes]
    altered = [_existing(changes[node.id]) for node in changing]
    await asking.about(Read(resource) for resource in altered if resource is not None)
    laid: dict[str, Any] = {}
    sites = []
    for node in changing:
        change = changes[node.id]
        address = change.request.resource
        known = address if isinstance(address, ResourceId) else None
        before = None
        if known is not None and change.action != "create":
            before = laid.get(known.key, asking.body(Read(known)))
        after = _after(change, before)
        for effect in change.effects:
            if isinstance(effect.resource, ResourceId):
                old = laid.get(effect.resource.key, asking.body(Read(effect.resource)))
                laid[effect.resource.key] = None if effect.patch is None else merge_patch(old, effect.patch)
        needs = tuple(dict.fromkeys((*node.step.permissions(), *_undo_needs(node.step, change, before, after))))
        sites.append(Site(node, change, known, before, after, needs))
    return tuple(sites)


def _existing(change: Change) -> ResourceId | None:
    """Return the existing resource of the management plane that *change* alters, if it is one."""
    resource = change.request.resource
    plain = change.request.row in ARM_WRITES
    return resource if isinstance(resource, ResourceId) and plain and change.action != "create" else None


def _after(change: Change, before: Any) -> Any:
    request = change.request
    if request.method == "DELETE":
        return None
    own = [effect.patch for effect in change.effects if _same(effect.resource, request.resource)]
    return merge_patch(before or {}, own[0] if own else request.body or {})


def _same(one: ResourceId | Unknown, other: ResourceId | Unknown) -> bool:
    return one is other or (isinstance(one, ResourceId) and one == other)


def _undo_needs(step: Step, change: Change, before: Any, after: Any) -> Permissions:
    """Return what undoing *change* would need, if nothing were ever to use it."""
    undo = step.undo(None if change.action == "create" else before, after, used=False)
    steps = (undo,) if isinstance(undo, Step) else undo if isinstance(undo, tuple) else ()
    return tuple(need for one in steps for need in one.permissions())


def own_reads(graph: Graph, sites: tuple[Site, ...]) -> Permissions:
    """Return what the preflight itself reads.

    All but the permissions API are optional: without them the review says what was not checked. They are marked as not
    checkable so that a run is never refused for one of them.
    """
    reads = [need for node in graph.nodes for need in node.step.permissions() if need.is_read]
    changed = _groups(need for site in sites for need in site.needs)
    asked = {**_groups(reads), **changed}
    found = [Permission(_ASK, group, asked[group]) for group in sorted(asked)]
    for group in sorted(changed):
        found += [Permission(action, group, changed[group], checkable=False) for action in _IN_GROUP]
    subscriptions = {group.subscription_id: changed[group] for group in sorted(changed)}
    for subscription in sorted(subscriptions):
        found += [Permission(action, subscription, subscriptions[subscription], checkable=False) for action in _ABOVE]
    return tuple(dict.fromkeys((*reads, *found)))


def _groups(needs: Iterable[Permission]) -> dict[ResourceId, Split]:
    """Return the groups something is needed in, and who would hold it there."""
    found: dict[ResourceId, Split] = {}
    for need in needs:
        found.setdefault(need.scope.group_id, need.split)
    return found


_ASK = "Microsoft.Authorization/permissions/read"
_IN_GROUP = (
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.PolicyInsights/checkPolicyRestrictions/read",
)
_ABOVE = (
    "Microsoft.Authorization/denyAssignments/read",
    "Microsoft.Authorization/locks/read",
    "Microsoft.Authorization/policyAssignments/read",
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Resources/subscriptions/providers/read",
    "Microsoft.Resources/subscriptions/read",
)
"""Action names: learn.microsoft.com, "Azure permissions for Management and governance"."""
