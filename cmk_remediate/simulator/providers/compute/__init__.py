"""Microsoft.Compute: disk encryption sets, managed disks, snapshots, virtual machines as far as their power goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Provider, SetResource
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.compute import clock, consumer, diskrules, disks, keyuse, machines, sets
from cmk_remediate.simulator.providers.compute.names import (
    DEALLOCATED,
    DISK,
    MACHINE,
    PLATFORM,
    RUNNING,
    SET,
    disks_of,
    holders,
    power,
    with_power,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change, Json
    from cmk_remediate.simulator.world import World


def _seed(world: World) -> Iterator[Change]:
    """Give machines a power state and disks the state that follows; start the clocks of the encryption sets."""
    held: dict[str, list[str]] = {}
    powers: dict[str, str] = {}
    for machine, body in world.by_type(MACHINE):
        powers[machine.key] = power(body) or RUNNING
        whole = with_power(body, powers[machine.key])
        properties = {"provisioningState": "Succeeded", "vmId": world.new_guid("vm"), **properties_of(whole)}
        yield SetResource(machine, {**whole, "properties": properties})
        for name in disks_of(body):
            held.setdefault(name.lower(), []).append(str(machine))
    for disk, body in world.by_type(DISK):
        whole = _held(body, held.get(disk.key, []))
        state = "Unattached"
        if holders(whole):
            off = all(powers.get(one, RUNNING) == DEALLOCATED for one in holders(whole))
            state = "Reserved" if off else "Attached"
        properties = {
            "provisioningState": "Succeeded",
            "diskState": state,
            "encryption": {"type": PLATFORM},
            **properties_of(whole),
        }
        yield SetResource(disk, {**whole, "properties": properties})
    for place, body in world.by_type(SET):
        if properties_of(body).get("rotationToLatestKeyVersionEnabled"):
            yield sets.following(world, place)


def _held(disk: Json, machines_: list[str]) -> Json:
    """Return a disk's body with the machines that name it."""
    if disk.get("managedBy") or not machines_:
        return disk
    whole = {**disk, "managedBy": machines_[0]}
    return {**whole, "managedByExtended": machines_} if len(machines_) > 1 else whole


COMPUTE = Provider(
    namespace="Microsoft.Compute",
    types=(sets.SETS, sets.ASSOCIATED, disks.DISKS, disks.SNAPSHOTS, machines.MACHINES, machines.SCALE_SETS),
    events=clock.EVENTS,
    doubts=doubts.COMPUTE,
    switches=(
        keyuse.CHECKS_PROTECTION,
        diskrules.REFUSES_RUNNING,
        machines.HAS_ROOM,
        clock.CONSEQUENCES,
        clock.ROTATION,
    ),
    consumers=consumer.CONSUMERS,
    seed=_seed,
)
"""The resource provider."""

NETWORK = Provider(namespace="Microsoft.Network", types=(machines.INTERFACES, machines.ADDRESSES))
"""What of the network machines are reached by."""
