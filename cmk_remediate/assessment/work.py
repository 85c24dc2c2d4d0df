"""The work of an assessment: every target is looked at once, and its finding kept."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import groupby, islice
from typing import TYPE_CHECKING

from cmk_remediate.assessment.finding import finding_of
from cmk_remediate.assessment.judging import Judge, Judged
from cmk_remediate.assessment.keys import key_in_use
from cmk_remediate.engine.schedule import each
from cmk_remediate.engine.shapes import ShapeError, making_sense_of
from cmk_remediate.errors import InputError
from cmk_remediate.model.findings import NotRead
from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cmk_remediate.assessment.discovery import Discovered
    from cmk_remediate.assessment.looking import Batch, Shared
    from cmk_remediate.assessment.proposal import Vaults
    from cmk_remediate.model.findings import Finding
    from cmk_remediate.services.service import Service

_AT_ONCE = 128
"""Targets whose answers are held in memory at once."""
_MACHINE = "Microsoft.Compute/virtualMachines"


def _holder(disk: Discovered) -> Discovered:
    """Return the machine that *disk* hangs on, as what is to be looked at; the disk itself where that is no virtual machine."""
    try:
        machine = ResourceId.parse(disk.held_by)
    except InputError:
        return disk
    return replace(disk, id=machine, held_by="") if machine.is_type(_MACHINE) else disk


class Work:
    """Findings, growing service by service.

    Attributes:
        findings: what was found.
        not_read: what nobody can make sense of.
    """

    def __init__(self, shared: Shared, vaults: Vaults, tenant: str, cloud: str, owner_tag: str) -> None:
        """Read through *shared*; propose *vaults*; *owner_tag* names who answers for a resource."""
        self._shared = shared
        self._vaults = vaults
        self._tenant = tenant
        self._cloud = cloud
        self._owner_tag = owner_tag
        self._spoken_for: set[str] = set()
        self._covered: set[str] = set()
        self.findings: list[Finding] = []
        self.not_read: list[NotRead] = []

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
            self.not_read += judge.odd

    async def _judge(self, service: Service, judge: Judge, targets: Iterator[Discovered]) -> None:
        waiting = self._left(targets)
        while batch := {one.id: one for one in islice(waiting, _AT_ONCE)}:
            reader = self._shared.batch(batch.keys())
            for judged in await judge.judge(reader, list(batch)):
                await self._kept(service, reader, judged, batch)
            reader.over()

    def _left(self, targets: Iterator[Discovered]) -> Iterator[Discovered]:
        """Yield those of *targets* that no finding speaks for yet."""
        for one in targets:
            if one.id.key not in self._spoken_for and one.id.group_id.key not in self._covered:
                yield one

    async def _kept(self, service: Service, reader: Batch, judged: Judged, by: Mapping[ResourceId, Discovered]) -> None:
        try:
            with making_sense_of(judged.candidate.id):
                await self._keep(service, reader, judged, by)
        except ShapeError as error:
            self.not_read.append(NotRead(what=error.resource, why=f"{error.cause} [{error.code}]"))

    async def _keep(self, service: Service, reader: Batch, judged: Judged, by: Mapping[ResourceId, Discovered]) -> None:
        members = {one.key for one in judged.candidate.members}
        if members & self._spoken_for:
            return
        self._spoken_for |= members
        self._covered |= {group.key for group in judged.insight.covers}
        source = by.get(judged.candidate.id)
        keys = await each(judged.insight.uses, partial(key_in_use, reader))
        location, tags = (source.location, source.tags) if source is not None else ("", {})
        self.findings.append(finding_of(judged, service.name, location, tags, self._owner_tag, tuple(keys)))
