"""What forbids moving a machine's disks, or a disk; pure, and each refusal names the property that forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.disk_sets.limits import key_refusals, out_of_bounds, place_refusals, set_refusals
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.judging import judge_disk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.managed_disks.choice import Wish
    from cmk_remediate.services.managed_disks.facts import MachineFacts
    from cmk_remediate.steps.disks.bodies import Body
    from cmk_remediate.steps.disks.facts import DiskFacts


def judge(wish: Wish, plan: PlanFile) -> Blocked | None:
    """Return the first thing that forbids moving *wish*'s target, or None."""
    found = list(_refusals(wish, plan))
    return found[0] if found else None


def _refusals(wish: Wish, plan: PlanFile) -> Iterator[Blocked]:
    facts, target = wish.facts, wish.id
    disks = codes.managed_disks
    if not (target.is_type(bodies.MACHINE) or target.is_type(bodies.DISK)):
        yield _no(disks.NOT_A_DISK, target, f"the type of {target.name} is {target.type}")
    if facts.refused:
        yield _no(disks.UNREADABLE, target, facts.refused)
    owner = at_path(facts.group, "managedBy")
    if owner:
        yield _no(disks.MANAGED_BY, target, f"managedBy of the resource group {target.resource_group} is {owner}")
    if facts.machine is not None:
        yield from _machine(wish, facts.machine)
    for disk in facts.disks:
        yield from _disk(wish, disk)
    if wish.compliant:
        return
    yield from set_refusals(facts.sets, facts.sets.chosen(facts.disks))
    if wish.stops and not plan.allow_downtime:
        yield _no(disks.DOWNTIME, target, f"the machine {target.name} is running and allow_downtime is false")
    yield from key_refusals(plan, wish.wishes, target, facts.wanted, facts.now)


def _machine(wish: Wish, machine: MachineFacts) -> Iterator[Blocked]:
    disks, body, name = codes.managed_disks, machine.body, machine.id.name
    if body is None:
        yield _no(disks.ABSENT, machine.id, f"the machine {name} does not exist")
        return
    scale_set = at_path(body, "properties.virtualMachineScaleSet.id")
    if scale_set:
        yield _no(
            disks.SCALE_SET_INSTANCE, machine.id, f"properties.virtualMachineScaleSet.id of {name} is {scale_set}"
        )
    yield from _ready(machine.id, body)
    first = at_path(body, "properties.storageProfile.osDisk.diffDiskSettings.option")
    if first:
        path = "properties.storageProfile.osDisk.diffDiskSettings.option"
        yield _no(disks.EPHEMERAL_OS_DISK, machine.id, f"{path} of {name} is {first}")
    for one in bodies.places(body):
        if not at_path(one, "managedDisk.id"):
            yield _no(disks.UNMANAGED_DISK, machine.id, f"a disk of {name} has no managedDisk.id")
    if wish.compliant:
        return
    power = bodies.power(body)
    if power not in (bodies.RUNNING, bodies.DEALLOCATED):
        shown = power or "not shown"
        yield _no(disks.MACHINE_IN_BETWEEN, machine.id, f"the power state of {name} is {shown}")
    for disk in wish.facts.disks:
        others = [one.name for one in bodies.holders(disk.body) if one != machine.id]
        if power == bodies.RUNNING and others:
            why = f"managedByExtended of {disk.id.name} names {', '.join(others)} beside {name}, which is running"
            yield _no(disks.SHARED_DISK, disk.id, why)


def _disk(wish: Wish, disk: DiskFacts) -> Iterator[Blocked]:
    disks = codes.managed_disks
    refused = judge_disk(disk.id, disk.body)
    if disk.body is None and refused is not None:
        yield refused
        return
    if wish.facts.sets.used_by(disk):
        return
    if refused is not None:
        yield refused
    yield from out_of_bounds(wish.facts.sets, bodies.encryption(disk.body)[1])
    yield from _ready(disk.id, disk.body or {})
    machine = wish.facts.machine
    held = bodies.disk_state(disk.body) == bodies.HELD
    if held and not (machine is not None and machine.runs):
        on = ", ".join(one.name for one in bodies.holders(disk.body)) or "a machine"
        yield _no(disks.ATTACHED, disk.id, f"properties.diskState of {disk.id.name} is Attached: it hangs on {on}")
    chosen = wish.facts.sets.of(disk)
    sku = at_path(disk.body, "sku.name")
    if chosen is None:
        code, asked = disks.IDENTITY_NOT_NAMED, "customer_managed_key.user_assigned_identity"
        if disk.is_direct_drive:
            code, asked = disks.NEEDS_SYSTEM_SET, "disk_encryption_set.system_assigned_resource_id"
        yield _no(code, disk.id, f"sku.name of {disk.id.name} is {sku}, and the plan's {asked} is absent")
        return
    if disk.is_direct_drive and chosen.kind == bodies.DOUBLE:
        why = f"sku.name of {disk.id.name} is {sku}, and encryption_type is {chosen.kind}"
        yield _no(disks.NO_DOUBLE_ENCRYPTION, disk.id, why)
    here = at_path(disk.body, "location")
    yield from place_refusals(wish.facts.sets, chosen, disk.id, here, wish.facts.wanted, wish.vault)


def _ready(place: ResourceId, body: Body) -> Iterator[Blocked]:
    state = at_path(body, "properties.provisioningState")
    if state not in (None, "Succeeded"):
        yield _no(codes.managed_disks.NOT_READY, place, f"properties.provisioningState of {place.name} is {state}")


def _no(code: Code, resource: ResourceId, why: str) -> Blocked:
    return Blocked(code, why, resource=resource.text)
