"""Estates of invented things, and the graphs that change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.model.graph import Graph, GraphBuilder
from tests.engine.invented import (
    Door,
    GrantThing,
    MakeThing,
    SetThing,
    StartMachine,
    StopMachine,
    UseThing,
    WaitThing,
    rid,
)
from tests.engine.lab import Lab

if TYPE_CHECKING:
    from cmk_remediate.model.step import Step
    from tests.engine.small_azure import SmallAzure

IDENTITY, GRANT, VAULT = rid("things", "identity"), rid("things", "grant"), rid("things", "vault")


def whole(*targets: str) -> tuple[Lab, Graph]:
    """Return an estate with everything in it: a made identity, a late grant, a door, and a machine with a disk a target."""
    lab = Lab(vault={"other": "as it was"})

    def settings(azure: SmallAzure) -> None:
        azure.late = 90
        azure.slow = {rid("machines", name).key: 40 for name in targets}

    lab.settings = settings
    builder = GraphBuilder()
    identity, grant, wait, door = MakeThing(IDENTITY), GrantThing(GRANT), WaitThing(GRANT), Door(VAULT)
    for name in targets:
        thing, machine = rid("things", name), rid("machines", name)
        lab.put(thing, {"color": "red", "grantedBy": GRANT.key})
        builder.add(identity, target=name)
        builder.add(grant, target=name, needs=[identity])
        builder.add(door, target=name, needs=[grant])
        builder.add(wait, target=name, needs=[door, grant])
        switch = SetThing(thing, "color", "blue", grant=wait.granted)
        builder.add(switch, target=name)
        builder.add(UseThing(thing, identity.principal_id), target=name, needs=[switch])
        add_bracket(lab, builder, name, machine.name, f"{name}-disk", needs=[switch])
    return lab, builder.build()


def fleet(count: int = 2, disks: int = 2) -> tuple[Lab, Graph]:
    """Return *count* machines, a target each, with *disks* disks each."""
    lab, builder = Lab(), GraphBuilder()
    for number in range(count):
        add_bracket(lab, builder, f"t{number}", f"m{number}", *(f"m{number}d{disk}" for disk in range(disks)), needs=[])
    return lab, builder.build()


def powers(lab: Lab) -> set[Any]:
    """Return the states that machines are in."""
    return {body["properties"]["power"] for key, body in lab.state.bodies.items() if "/machines/" in key}


def add_bracket(lab: Lab, builder: GraphBuilder, target: str, machine: str, *disks: str, needs: list[Step]) -> None:
    """Add a running machine whose *disks* can be changed only while it stands still."""
    vm = lab.put(rid("machines", machine), {"power": "running"})
    stop, start = StopMachine(vm), StartMachine(vm)
    builder.add(stop, target=target, needs=needs)
    inner: list[Step] = []
    for name in disks:
        disk = lab.put(rid("disks", name), {"key": "old", "attachedTo": vm.key})
        inner.append(builder.add(SetThing(disk, "key", "new"), target=target, needs=[stop]))
    builder.add(start, target=target, after=inner, closes=stop)
