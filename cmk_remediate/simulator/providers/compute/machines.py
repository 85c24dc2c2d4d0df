"""Microsoft.Compute/virtualMachines: power, and what hangs on it. Beside them the network they are reached by, only to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import (
    SYNC,
    Action,
    ArmError,
    Json,
    Reply,
    ResourceType,
    Rule,
    SetHidden,
    SetResource,
    Switch,
    Write,
)
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.compute.keyuse import forbidden, usable
from cmk_remediate.simulator.providers.compute.names import (
    API_VERSIONS,
    DEALLOCATED,
    MACHINE,
    RUNNING,
    STOPPED,
    disks_of,
    holders,
    key_url,
    machine_operation,
    power,
    refusal,
    set_named,
    with_power,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

HAS_ROOM = Switch(
    "compute-has-room", "A region has room for a deallocated machine that starts; else it fails with AllocationFailed."
)
_NETWORK = ("2025-01-01", "2024-07-01", "2024-05-01", "2023-11-01", "2022-01-01")
"""The last is what `az vm show --show-details` asks for."""
_BUSY = {"Deallocate": "deallocating", "Start": "starting", "PowerOff": "stopping"}


def _disks(world: World, machine: ResourceId, state: str) -> Iterator[Change]:
    """Set the state of the machine's disks, as far as no other machine still runs on them."""
    for name in disks_of(world.get(machine)):
        body = world.get(name)
        if body is None:
            continue
        others = [one for one in holders(body) if one != machine.key]
        if state == "Reserved" and any(power(world.get(one)) != DEALLOCATED for one in others):
            continue
        yield SetResource(world.spelled(name), {**body, "properties": {**properties_of(body), "diskState": state}})


def _deallocate(write: Write) -> Reply:
    body = with_power(write.old or {}, DEALLOCATED)
    changes = (SetResource(write.id, body), *_disks(write.world, write.id, "Reserved"))
    return Reply(202, changes=changes, operation=machine_operation("Deallocate", (25.0, 90.0)))


def _power_off(write: Write) -> Reply:
    changes = (SetResource(write.id, with_power(write.old or {}, STOPPED)),)
    return Reply(202, changes=changes, operation=machine_operation("PowerOff", (10.0, 40.0)))


def _start(write: Write) -> Reply:
    body = with_power(write.old or {}, RUNNING)
    changes = (
        SetResource(write.id, body),
        SetHidden(write.id, {"shutDown": None}),
        *_disks(write.world, write.id, "Attached"),
    )
    return Reply(202, changes=changes, operation=machine_operation("Start", (20.0, 60.0)))


def _can_start(write: Write) -> ArmError | None:
    world = write.world
    if power(write.old) == RUNNING:
        return None
    for name in disks_of(write.old):
        named = set_named(world.get(name))
        if named and world.get(named) is not None and not usable(world, world.spelled(named)):
            return forbidden(world, world.spelled(named), world.get(named), key_url(world.get(named)))
    if power(write.old) == DEALLOCATED and not world.switch(HAS_ROOM.name):
        text = (
            "Allocation failed. We do not have sufficient capacity for the requested VM size in this region. Read more about "
            "improving likelihood of allocation success at https://aka.ms/allocation-guidance"
        )
        source = (
            "learn.microsoft.com: Troubleshoot allocation failures when you create, restart, or resize VMs in Azure"
        )
        return refusal("AllocationFailed", text, source, 409)
    return None


def _shown(machine: ResourceId, body: Json, world: World) -> Json:
    running = world.running(machine)
    word = _BUSY.get(str((running or {}).get("name")))
    if word is None:
        return body
    shown = with_power(body, f"PowerState/{word}")
    return {**shown, "properties": {**properties_of(shown), "provisioningState": "Updating"}}


MACHINES = ResourceType(
    type=MACHINE,
    api_versions=API_VERSIONS,
    answers={"GET": SYNC, "LIST": SYNC},
    rules=(Rule(_can_start, arrives="operation", verbs=frozenset({"POST"}), actions=frozenset({"start"})),),
    on_read=_shown,
    expands={"instanceView": ("properties.instanceView",)},
    actions=(Action("deallocate", _deallocate), Action("powerOff", _power_off), Action("start", _start)),
)
"""azure-mgmt-compute VirtualMachinesOperations; instanceView is shown where $expand asks for it."""

SCALE_SETS = ResourceType(
    type="Microsoft.Compute/virtualMachineScaleSets",
    api_versions=API_VERSIONS,
    answers={"GET": SYNC, "LIST": SYNC},
)
"""azure-mgmt-compute VirtualMachineScaleSetsOperations: only to be looked at, clusters make them."""

INTERFACES = ResourceType(
    type="Microsoft.Network/networkInterfaces",
    api_versions=_NETWORK,
    answers={"GET": SYNC, "LIST": SYNC},
)
ADDRESSES = ResourceType(
    type="Microsoft.Network/publicIPAddresses",
    api_versions=_NETWORK,
    answers={"GET": SYNC, "LIST": SYNC},
)
"""learn.microsoft.com, REST API reference, Network: what tells whether a machine's public address outlives its deallocation."""
