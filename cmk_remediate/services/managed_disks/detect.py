"""Reads what there is to know about a machine and its disks, or about a disk. Only reads; each thing once.

A refusal is a fact: what Azure would not show is named in the facts, and the limits judge it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.planfile.wishes import wishes
from cmk_remediate.services.managed_disks.choice import sets_of
from cmk_remediate.services.managed_disks.facts import DiskFacts, MachineFacts, TargetFacts
from cmk_remediate.steps import asking
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.restore_disk import snapshots
from cmk_remediate.steps.key_facts import read_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry

UNKNOWN_ADDRESS = "not shown"


async def detect(reader: Reader, entry: TargetEntry, plan: PlanFile) -> TargetFacts:
    """Return what is there to know about *entry*."""
    target = ResourceId.parse(entry.resource_id)
    refusals: list[str] = []
    machine = None
    names: tuple[ResourceId, ...] = (target,) if target.is_type(bodies.DISK) else ()
    if target.is_type(bodies.MACHINE):
        body = await asking.body_of(reader, target, refusals)
        machine = MachineFacts(target, body, await _addresses(reader, body))
        names = bodies.disks_of(body)
    listed = await asking.items_of(reader, snapshots(target), refusals) if names else ()
    disks = [await _disk(reader, name, listed, refusals) for name in names]
    group = await asking.body_of(reader, target.group_id, [])
    wanted = wishes(plan, entry)
    named = [one.id for one in sets_of(wanted, target) if one is not None]
    used = [bodies.encryption(disk.body)[1] for disk in disks]
    sets: dict[str, JsonObject | None] = {}
    hidden: dict[str, str] = {}
    for one in dict.fromkeys([*named, *(item for item in used if item is not None)]):
        refused: list[str] = []
        sets[one.key] = await asking.body_of(reader, one, refused)
        if refused:
            hidden[one.key] = refused[0]
    key = await read_key(reader, wanted.key_id(target))
    return TargetFacts(target, machine, tuple(disks), group, sets, key, reader.now(), "; ".join(refusals), hidden)


async def _disk(reader: Reader, disk: ResourceId, listed: Sequence[JsonObject], refusals: list[str]) -> DiskFacts:
    body = await asking.body_of(reader, disk, refusals)
    made = [
        one for one in listed if str(at_path(one, "properties.creationData.sourceResourceId") or "").lower() == disk.key
    ]
    return DiskFacts(disk, body, bodies.incremental(listed, disk), len(made))


async def _addresses(reader: Reader, machine: JsonObject | None) -> tuple[str, ...]:
    """Return the names of public addresses that are dynamic, or that were not shown."""
    found = []
    for interface in at_path(machine, "properties.networkProfile.networkInterfaces") or ():
        place = ResourceId.parse(str(interface.get("id")))
        refused: list[str] = []
        body = await asking.body_of(reader, place, refused)
        if refused:
            found.append(f"{place.name} {UNKNOWN_ADDRESS}")
        for one in at_path(body, "properties.ipConfigurations") or ():
            named = at_path(one, "properties.publicIPAddress.id")
            if named:
                address = ResourceId.parse(named)
                shown = await asking.body_of(reader, address, refused)
                if at_path(shown, "properties.publicIPAllocationMethod") != "Static":
                    found.append(address.name)
    return tuple(found)
