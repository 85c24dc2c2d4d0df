"""The verb: from scopes to an assessment."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from cmk_remediate.api.planning import own_version
from cmk_remediate.api.store import open_store
from cmk_remediate.assessment.accesses import failed_accesses
from cmk_remediate.assessment.comparing import compared, remediated, since
from cmk_remediate.assessment.coverage import gaps
from cmk_remediate.assessment.discovery import discover
from cmk_remediate.assessment.exempting import exempted
from cmk_remediate.assessment.figures import figures
from cmk_remediate.assessment.imported import Imported
from cmk_remediate.assessment.journals import moved_by
from cmk_remediate.assessment.locks import read_only_locks, with_locks
from cmk_remediate.assessment.looking import Shared
from cmk_remediate.assessment.policies import policy_views, with_policy
from cmk_remediate.assessment.proposal import Vaults, vaults_found
from cmk_remediate.assessment.selection import Selection
from cmk_remediate.assessment.work import Work
from cmk_remediate.clock import format_utc
from cmk_remediate.connection import Session
from cmk_remediate.inventory import Gathering
from cmk_remediate.inventory.scopes import parse
from cmk_remediate.model.findings import FORMAT_VERSION, Assessment, NotRead
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.review import Made
from cmk_remediate.services import services

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from pathlib import Path

    from cmk_remediate.model.findings import VaultFound
    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.planfile.exemptions import ExemptionEntry
    from cmk_remediate.services.service import Service

ALL = Selection()
"""Everything in the scopes."""
NOTHING = Imported((), ())
"""No findings of other tools."""
_FIRST = ("aks", "managed-disks")
"""Clusters speak for the disks of their nodes, machines for theirs: those are looked at first."""


async def assess(
    scopes: str | Sequence[str],
    *,
    connection: Connection,
    only: Selection = ALL,
    exemptions: Sequence[ExemptionEntry] = (),
    imported: Imported = NOTHING,
    earlier: Assessment | None = None,
    runs: str | Path | None = None,
    vaults: Sequence[str] = (),
    owner_tag: str = "owner",
) -> Assessment:
    """Return what was found in *scopes*; sends nothing but reads, and asks no vault's own endpoint.

    Args:
        scopes: the id of a subscription (its GUID will do), a resource group, a management group or a resource; or several. May be
            empty where findings are *imported*.
        connection: where Azure is.
        only: which resources are looked at; all of those in the scopes if nothing is said.
        exemptions: what does not count for now.
        imported: findings of other tools: their resources are looked at beside the scopes.
        earlier: what to compare with: what moved since, and how long it took.
        runs: the run store whose journals say when something was moved.
        vaults: the ids of vaults that proposed plans name first, each in its own region.
        owner_tag: the tag that names who answers for a resource, in any casing.

    Raises:
        InputError: CMK122 when a scope is none, CMK105 when the credential gives no token.
        AzureError: what there is in a scope could not be searched.
        RunStoreError: CMK512 when the run store cannot be read.
    """
    given = [scopes] if isinstance(scopes, str) else list(scopes)
    chosen = parse([*given, *imported.resources], resources=True)
    preferred = [ResourceId.parse(one).text for one in vaults]
    moved, unreadable = ({}, ()) if runs is None else await moved_by(open_store(runs, connection))
    session = Session(connection, read_only=True)
    caller, tenant = await session.caller(), await session.tenant()
    known = {name: one for name, one in services().items() if not only.services or name in only.services}
    types = looked_for(known.values())
    gathering = Gathering(session)
    found = await discover(gathering, chosen, types)
    shared = Shared(session, {kind.lower() for kind in types}, found.vaults)
    may_name = _nameable(vaults_found(found.vaults, preferred), found.subscriptions)
    work = Work(shared, Vaults(may_name), tenant, connection.cloud, owner_tag)
    for name in sorted(known, key=lambda one: (_order(one), one)):
        # What was looked at is not held any longer: of a large estate it would be most of the memory.
        await work.service(known[name], [one for one in found.take(known[name].looked_for) if only.keeps(one)])
    searched = [one for _, one in sorted(found.subscriptions.items())]
    views, unseen = await policy_views(gathering, searched)
    partly, unsure = await gaps(session, [*found.whole, *found.groups], types)
    locks, unlisted = await read_only_locks(session, found.places)
    places = tuple(scope.id.text for scope in chosen)
    failed = await failed_accesses(session, work.findings)
    now = session.now()
    at = format_utc(now)
    ordered = sorted(work.findings, key=lambda one: (one.service, one.id.lower()))
    work.findings.clear()
    findings = tuple(with_locks(with_policy(one, views), locks) for one in ordered)
    findings, exempt = exempted(since(findings, earlier, at), exemptions, now)
    not_read = [*found.not_read, *(NotRead(what=what, why=why) for what, why in map(_split, gathering.not_read))]
    not_read += [*partly, *unseen, *work.not_read]
    not_read += [NotRead(what=f"run {run}", why="its journal is damaged") for run in unreadable]
    return Assessment(
        format_version=FORMAT_VERSION,
        made=Made(id=str(uuid.uuid4()), at=at, by=caller, with_=f"cmk_remediate {own_version()}"),
        tenant=tenant,
        cloud=connection.cloud,
        scopes=places,
        filters=only.words(),
        subscriptions=tuple(one.text for one in searched),
        not_read=tuple({one.what: one for one in not_read}.values()),
        not_covered=imported.not_covered,
        exemptions=exempt,
        vaults=may_name,
        findings=findings,
        figures=figures(findings, remediated(findings, earlier, moved, at), failed, now),
        compared=None if earlier is None else compared(findings, places, only.words(), earlier),
        unsure=(*unsure, *unlisted),
    )


def _nameable(vaults: Iterable[VaultFound], subscriptions: Container[str]) -> tuple[VaultFound, ...]:
    """Return those of *vaults* that plans may name: asked for by name, or in the *subscriptions* that were searched."""
    found = (one for one in vaults if one.preferred or ResourceId.parse(one.id).subscription_id.key in subscriptions)
    return tuple(sorted(found, key=lambda one: one.id.lower()))


def looked_for(chosen: Iterable[Service]) -> list[str]:
    """Return the ARM types that the services *chosen* are assessed by."""
    return [kind for one in chosen for kind in one.looked_for]


def _order(service: str) -> int:
    return _FIRST.index(service) if service in _FIRST else len(_FIRST)


def _split(text: str) -> tuple[str, str]:
    what, _, why = text.partition(": ")
    return what, why
