"""Locks and deny assignments: what refuses a write whatever rights the caller has.

Sources: learn.microsoft.com, "Lock your Azure resources to protect your infrastructure" and "Understand Azure deny assignments".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.engine.preflight.rights import allows
from cmk_remediate.model.decisions import Read, Reversibility
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cmk_remediate.engine.preflight.asking import Asking, Findings
    from cmk_remediate.engine.preflight.sites import Site

_OF_AUTHORIZATION = "/providers/microsoft.authorization/"
ALL_PRINCIPALS = "00000000-0000-0000-0000-000000000000"
"""Stands for everybody in a deny assignment ("Understand Azure deny assignments", All Principals)."""


async def check_locks(sites: Sequence[Site], asking: Asking, findings: Findings) -> None:
    """Block what a ReadOnly lock forbids; say what a CanNotDelete lock keeps from being rolled back."""
    found = await _extensions("list:locks", "locks", sites, asking, findings)
    for site in sites:
        for lock, scope in found:
            if not any(_covers(scope, place) for place in site.places):
                continue
            level = str(at_path(lock, "properties.level", "")).lower()
            where = scope or site.places[0].subscription_id
            name = f"{at_path(lock, 'properties.level')} lock {at_path(lock, 'name')} on {where.name}"
            if level == "readonly" or (level == "cannotdelete" and site.change.action == "delete"):
                findings.block(site.node, codes.access.LOCKED, f"the {name} forbids the write", where)
            elif level == "cannotdelete" and site.change.action == "create" and site.reversible:
                why = f"the {name} forbids removing it; rollback leaves it"
                findings.one_way.setdefault(site.node.id, Reversibility("kept", why, codes.notes.LOCK_FORBIDS_REMOVAL))
                findings.note(codes.notes.LOCK_FORBIDS_REMOVAL, site.places[0], why)


async def check_deny_assignments(sites: Sequence[Site], caller: str, asking: Asking, findings: Findings) -> None:
    """Block what a deny assignment forbids the *caller*; say where that depends on groups we cannot look into."""
    found = await _extensions("list:denyAssignments", "deny assignments", sites, asking, findings)
    for site in sites:
        for deny, scope in found:
            applies = _applies(at_path(deny, "properties", {}), caller)
            if not applies:
                continue
            only_here = at_path(deny, "properties.doNotApplyToChildScopes") is True
            for need in site.writes:
                covered = need.scope == scope if only_here else _covers(scope, need.scope)
                if not covered or not allows(at_path(deny, "properties.permissions") or (), need.action):
                    continue
                name = f"deny assignment {at_path(deny, 'properties.denyAssignmentName') or at_path(deny, 'name')}"
                where = scope or need.scope.subscription_id
                if applies == "certainly":
                    findings.block(site.node, codes.access.DENY_ASSIGNMENT, f"the {name} denies {need.action}", where)
                else:
                    text = f"the {name} denies {need.action} to groups; whether the caller is in one was not looked up"
                    findings.note(codes.access.DENY_ASSIGNMENT, where, text)


def _applies(properties: Any, caller: str) -> str:
    """Return ``certainly``, ``perhaps`` (a group decides) or nothing."""
    denied, spared = (at_path(properties, name) or () for name in ("principals", "excludePrincipals"))
    if _names(spared, caller):
        return ""
    if _names(denied, caller) or _names(denied, ALL_PRINCIPALS):
        return "perhaps" if _groups(spared) else "certainly"
    return "perhaps" if _groups(denied) else ""


def _names(principals: Any, wanted: str) -> bool:
    return bool(wanted) and any(str(at_path(item, "id", "")).lower() == wanted.lower() for item in principals)


def _groups(principals: Any) -> bool:
    return any(str(at_path(item, "type", "")).lower() == "group" for item in principals)


async def _extensions(
    verb: str, words: str, sites: Sequence[Site], asking: Asking, findings: Findings
) -> list[tuple[Any, ResourceId | None]]:
    """Return what *verb* lists with its scopes: one read a subscription, one a group where that is refused."""
    places = [place for site in sites for place in site.places]
    subscriptions = [Read(item, verb) for item in sorted({place.subscription_id for place in places})]
    await asking.about(subscriptions)
    closed = {read.resource: error for read in subscriptions if (error := asking.refused(read))}
    groups = [Read(item, verb) for item in sorted({p.group_id for p in places if p.subscription_id in closed})]
    await asking.about(groups)
    for subscription, error in closed.items():
        findings.not_checked(f"{words} above the resource groups", subscription, error)
    for read in groups:
        if refusal := asking.refused(read):
            findings.not_checked(words, read.resource, refusal)
    return list(_scoped(item for read in (*subscriptions, *groups) for item in asking.items(read)))


def _scoped(items: Iterable[Any]) -> Iterator[tuple[Any, ResourceId | None]]:
    """Yield each item with where it is set; None stands for above the subscriptions."""
    for item in items:
        text = str(at_path(item, "properties.scope") or "") or str(at_path(item, "id", ""))
        # Cut by hand: a lock's name, and that of what it is on, may hold what no id of ours does (blanks).
        place = text[:cut] if (cut := text.lower().rfind(_OF_AUTHORIZATION)) >= 0 else text
        yield item, ResourceId(place.rstrip("/")) if place.lower().startswith("/subscriptions/") else None


def _covers(scope: ResourceId | None, place: ResourceId) -> bool:
    return scope is None or place.within(scope)
