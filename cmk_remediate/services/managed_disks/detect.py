"""Reads what there is to know about a machine and its disks, or about a disk. Only reads; each thing once.

A refusal is a fact: what Azure would not show is named in the facts, and the limits judge it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.wishes import wishes
from cmk_remediate.services.disk_sets.found import read_sets
from cmk_remediate.services.managed_disks.addresses import addresses_of
from cmk_remediate.services.managed_disks.facts import MachineFacts, TargetFacts
from cmk_remediate.steps import asking
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.facts import disk_facts
from cmk_remediate.steps.disks.restore_disk import snapshots
from cmk_remediate.steps.key_facts import read_key

if TYPE_CHECKING:
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry


async def detect(reader: Reader, entry: TargetEntry, plan: PlanFile) -> TargetFacts:
    """Return what is there to know about *entry*."""
    target = ResourceId.parse(entry.resource_id)
    refusals: list[str] = []
    machine = None
    names: tuple[ResourceId, ...] = (target,) if target.is_type(bodies.DISK) else ()
    if target.is_type(bodies.MACHINE):
        body = await asking.body_of(reader, target, refusals)
        machine = MachineFacts(target, body, await addresses_of(reader, body))
        names = bodies.disks_of(body)
    listed = await asking.items_of(reader, snapshots(target), refusals) if names else ()
    disks = [disk_facts(name, await asking.body_of(reader, name, refusals), listed) for name in names]
    group = await asking.body_of(reader, target.group_id, [])
    wanted = wishes(plan, entry)
    sets = await read_sets(reader, wanted, target, [bodies.encryption(disk.body)[1] for disk in disks])
    key = await read_key(reader, wanted.key_id(target))
    return TargetFacts(target, machine, tuple(disks), group, sets, key, reader.now(), "; ".join(refusals))
