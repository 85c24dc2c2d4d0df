"""The verb: from scopes to an assessment."""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial
from itertools import groupby, islice
from typing import TYPE_CHECKING

from cmk_remediate.api.planning import own_version
from cmk_remediate.assessment.discovery import discover
from cmk_remediate.assessment.finding import finding_of
from cmk_remediate.assessment.judging import Judge, Judged
from cmk_remediate.assessment.keys import key_in_use
from cmk_remediate.assessment.looking import Shared
from cmk_remediate.assessment.proposal import Vaults
from cmk_remediate.assessment.selection import Selection
from cmk_remediate.clock import format_utc
from cmk_remediate.connection import Session
from cmk_remediate.engine.schedule import each
from cmk_remediate.errors import InputError
from cmk_remediate.inventory import Gathering
from cmk_remediate.inventory.scopes import parse
from cmk_remediate.model.findings import FORMAT_VERSION, Assessment, Finding, NotRead
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.review import Made
from cmk_remediate.services import services

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cmk_remediate.assessment.discovery import Discovered
    from cmk_remediate.assessment.looking import Batch
    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.services.service import Service

_AT_ONCE = 128
"""Targets whose answers are held in memory at once."""
ALL = Selection()
"""Everything in the scopes."""
_MACHINE = "Microsoft.Compute/virtualMachines"
_FIRST = ("aks", "managed-disks")
"""Clusters speak for the disks of their nodes, machines for theirs: those are looked at first."""


async def assess(
    scopes: str | Sequence[str],
    *,
    connection: Connection,
    only: Selection = ALL,
    vaults: Sequence[str] = (),
    owner_tag: str = "owner",
) -> Assessment:
    """Return what was found in *scopes*; sends nothing but reads, and asks no vault's own endpoint.

    Args:
        scopes: the id of a subscription (its GUID will do), a resource group, a management group or a resource; or several.
        connection: where Azure is.
        only: which resources are looked at; all of those in the scopes if nothing is said.
        vaults: the ids of vaults that proposed plans name first, each in its own region.
        owner_tag: the tag that names who answers for a resource, in any casing.

    Raises:
        InputError: CMK122 when a scope is none, CMK105 when the credential gives no token.
        AzureError: what there is in a scope could not be searched.
    """
    chosen = parse([scopes] if isinstance(scopes, str) else scopes, resources=True)
    preferred = [ResourceId.parse(one) for one in vaults]
    session = Session(connection, read_only=True)
    caller, tenant = await session.caller(), await session.tenant()
    known = {name: one for name, one in services().items() if not only.services or name in only.services}
    types = [kind for one in known.values() for kind in one.looked_for]
    gathering = Gathering(session)
    found = await discover(gathering, chosen, types)
    shared = Shared(session, {kind.lower() for kind in types}, found.vaults)
    work = _Work(shared, Vaults(found.vaults, preferred), tenant, connection.cloud, owner_tag)
    for name in sorted(known, key=lambda one: (_order(one), one)):
        mine = {kind.lower() for kind in known[name].looked_for}
        chosen_of = [one for one in found.resources.values() if one.id.type.lower() in mine and only.keeps(one)]
        await work.service(known[name], chosen_of)
    not_read = [*found.not_read, *(NotRead(what=what, why=why) for what, why in map(_split, gathering.not_read))]
    return Assessment(
        format_version=FORMAT_VERSION,
        made=Made(
            id=str(uuid.uuid4()), at=format_utc(session.now()), by=caller, with_=f"cmk_remediate {own_version()}"
        ),
        tenant=tenant,
        cloud=connection.cloud,
        scopes=tuple(scope.id.text for scope in chosen),
        filters=only.words(),
        subscriptions=tuple(one.text for _, one in sorted(found.subscriptions.items())),
        not_read=tuple({one.what: one for one in not_read}.values()),
        findings=tuple(sorted(work.findings, key=lambda one: (one.service, one.id.lower()))),
    )


def _order(service: str) -> int:
    return _FIRST.index(service) if service in _FIRST else len(_FIRST)


def _split(text: str) -> tuple[str, str]:
    what, _, why = text.partition(": ")
    return what, why


def _holder(disk: Discovered) -> Discovered:
    """Return the machine that *disk* hangs on, as what is to be looked at; the disk itself where that is no virtual machine."""
    try:
        machine = ResourceId.parse(disk.held_by)
    except InputError:
        return disk
    return replace(disk, id=machine, held_by="") if machine.is_type(_MACHINE) else disk


class _Work:
    """Findings, growing service by service."""

    def __init__(self, shared: Shared, vaults: Vaults, tenant: str, cloud: str, owner_tag: str) -> None:
        self._shared = shared
        self._vaults = vaults
        self._tenant = tenant
        self._cloud = cloud
        self._owner_tag = owner_tag
        self._spoken_for: set[str] = set()
        self._covered: list[ResourceId] = []
        self.findings: list[Finding] = []

    async def service(self, service: Service, discovered: Iterable[Discovered]) -> None:
        """Judge what was *discovered* of *service*, a subscription and region at a time."""
        places = sorted(discovered, key=lambda one: (one.id.subscription.lower(), one.location.lower()))
        for (_, location), group in groupby(places, lambda one: (one.id.subscription.lower(), one.location.lower())):
            targets = list(group)
            proposal = self._vaults.proposal(service.name, targets[0].id.subscription_id, location)
            judge = Judge(service, proposal, self._tenant, self._cloud)
            await self._judge(service, judge, (one for one in targets if not one.held_by))
            # What is left hangs on something that was not discovered: a disk on a machine in another resource group.
            await self._judge(service, judge, (_holder(one) for one in targets if one.held_by))

    async def _judge(self, service: Service, judge: Judge, targets: Iterator[Discovered]) -> None:
        waiting = self._left(targets)
        while batch := {one.id: one for one in islice(waiting, _AT_ONCE)}:
            reader = self._shared.batch()
            for judged in await judge.judge(reader, list(batch)):
                await self._keep(service, reader, judged, batch)

    def _left(self, targets: Iterator[Discovered]) -> Iterator[Discovered]:
        """Yield those of *targets* that no finding speaks for yet."""
        for one in targets:
            if one.id.key not in self._spoken_for and not any(one.id.within(place) for place in self._covered):
                yield one

    async def _keep(self, service: Service, reader: Batch, judged: Judged, by: Mapping[ResourceId, Discovered]) -> None:
        members = {one.key for one in judged.candidate.members}
        if members & self._spoken_for:
            return
        self._spoken_for |= members
        self._covered += judged.insight.covers
        source = by.get(judged.candidate.id)
        keys = await each(judged.insight.uses, partial(key_in_use, reader))
        location, tags = (source.location, source.tags) if source is not None else ("", {})
        self.findings.append(finding_of(judged, service.name, location, tags, self._owner_tag, tuple(keys)))
