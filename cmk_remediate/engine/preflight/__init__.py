"""What surrounds a run, looked at before its first write: rights, locks, deny assignments, policy, subscriptions, limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.engine.preflight.asking import Asking, Each, Findings
from cmk_remediate.engine.preflight.guards import check_deny_assignments, check_locks
from cmk_remediate.engine.preflight.policy import check_policy
from cmk_remediate.engine.preflight.rights import check_rights
from cmk_remediate.engine.preflight.sites import own_reads, sites_of
from cmk_remediate.engine.preflight.surroundings import (
    check_grant_count,
    check_groups,
    check_providers,
    check_subscriptions,
)
from cmk_remediate.errors import RefusedError
from cmk_remediate.model.decisions import Blocked, Reversibility
from cmk_remediate.model.permissions import Permissions
from cmk_remediate.model.review import Note

if TYPE_CHECKING:
    from cmk_remediate.model.decisions import Change
    from cmk_remediate.model.graph import Graph
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.outcomes import Reader

__all__ = ["Each", "Preflight", "preflight"]

NAMED = 3
SKEW_NOTED = timedelta(minutes=2)
SKEW_REFUSED = timedelta(minutes=5)


@dataclass(frozen=True)
class Preflight:
    """What the preflight found.

    Attributes:
        blocked: targets that must not be started, and why.
        notes: what a reviewer should know.
        missing: what the caller lacks, as far as Azure says.
        unchecked: what the caller needs and Azure does not report.
        one_way: steps whose undo something outside forbids, by node id: ``one-way`` for a policy, ``kept`` for a lock.
        needed: everything the run and this preflight need, for the role to print.
    """

    blocked: Mapping[str, Blocked]
    notes: tuple[Note, ...]
    missing: Permissions
    unchecked: Permissions
    one_way: Mapping[str, Reversibility]
    needed: Permissions


async def preflight(
    reader: Reader,
    graph: Graph,
    changes: Mapping[str, Change],
    *,
    caller: str,
    tenant: str,
    writing: bool,
    each: Each,
) -> Preflight:
    """Look at what surrounds *changes*; only reads, each once a scope.

    Args:
        reader: Azure; if it has an attribute ``skew`` (a `timedelta`), how far this machine's clock is off.
        graph: the run's graph, promises bound as far as they are known.
        changes: what is left to do, by node id.
        caller: the object id of who asks.
        tenant: whose subscriptions they must be; empty for any.
        writing: whether writes follow; then what is missing refuses, else it is a note.
        each: how many questions are asked at once.

    Raises:
        RefusedError: CMK204 or CMK214 when *writing* and the caller lacks a permission, or the clock is wrong.
        InputError: CMK104 when a subscription belongs to another tenant.
        AzureError: CMK210 when no clear answer came.
    """
    findings, asking = Findings(), Asking(reader, each)
    _check_clock(reader, findings, writing=writing)
    sites = await sites_of(graph, changes, asking)
    needed = tuple(dict.fromkeys((*(need for site in sites for need in site.needs), *own_reads(graph, sites))))
    missing, unchecked = await check_rights(needed if sites else (), asking)
    if missing and writing:
        lacking = "; ".join(_by_action(missing))
        raise RefusedError(codes.access.PERMISSION_MISSING, f"{caller or 'the caller'} lacks {lacking}")
    for text in _by_action(missing):
        findings.note(
            codes.notes.CALLER_LACKS_PERMISSION, None, f"checked as {caller or 'an unknown caller'}: lacks {text}"
        )
    for text in _by_action(unchecked, _short):
        findings.note(codes.access.PERMISSION_UNCHECKED, None, f"not checkable beforehand: {text}")
    located = [site for site in sites if site.places]
    await check_subscriptions(located, tenant, asking, findings)
    await check_groups(located, asking, findings)
    await check_providers(located, asking, findings)
    await check_locks(located, asking, findings)
    await check_deny_assignments(located, caller, asking, findings)
    await check_grant_count(located, asking, findings)
    await check_policy(located, asking, findings, writing=writing)
    return Preflight(findings.blocked, tuple(findings.notes), missing, unchecked, findings.one_way, needed)


def _by_action(needs: Permissions, name: Callable[[ResourceId], str] = str) -> list[str]:
    """Return one text an action, naming its first scopes and how many more there are."""
    scopes: dict[str, dict[ResourceId, None]] = {}
    for need in needs:
        scopes.setdefault(need.action, {})[need.scope] = None
    return [f"{action} at {_some(tuple(found), name)}" for action, found in sorted(scopes.items())]


def _some(scopes: tuple[ResourceId, ...], name: Callable[[ResourceId], str]) -> str:
    named = ", ".join(name(scope) for scope in scopes[:NAMED])
    return f"{named} and {len(scopes) - NAMED} more" if len(scopes) > NAMED else named


def _short(scope: ResourceId) -> str:
    """Return a name that a sentence can hold; whole ids stand in the review's permissions."""
    if scope == scope.subscription_id:
        return f"subscription {scope.subscription}"
    return scope.name if scope == scope.group_id else "/".join(scope.names)


def _check_clock(reader: Reader, findings: Findings, *, writing: bool) -> None:
    skew = getattr(reader, "skew", None)
    if not isinstance(skew, timedelta) or abs(skew) <= SKEW_NOTED:
        return
    text = f"this machine's clock is {abs(skew).total_seconds():.0f} s {'behind' if skew > timedelta() else 'ahead of'} Azure's"
    if writing and abs(skew) > SKEW_REFUSED:
        raise RefusedError(codes.access.CLOCK_SKEW, text)
    findings.note(codes.access.CLOCK_SKEW, None, text)
