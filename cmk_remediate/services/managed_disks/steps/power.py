"""Stop a machine for as long as its disks are changed, and start it again: a bracket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Acceptance,
    Action,
    Blocked,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Line,
    Pending,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.step import Step
from cmk_remediate.services.managed_disks.addresses import NONE, Addresses
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.rights import on_machines

if TYPE_CHECKING:
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions

ESTIMATE = Estimate(usual=60, worst=1800)
"""Seconds for either way; at worst what the Terraform provider waits for a disk (30 minutes)."""
STARTED_AGAIN = Reversibility("reversible", "the machine is started again, whatever fails between")
_STATE = "properties.instanceView.statuses"
_WAIT = 10
_IN_BETWEEN = ("starting", "stopping", "deallocating")


@dataclass(frozen=True)
class Power(Step):
    """A step on the power of one machine.

    Attributes:
        machine: the machine's id.
        disks: its disks, whose state follows.
        addresses: where its public addresses are found.
    """

    machine: ResourceId
    disks: tuple[ResourceId, ...]
    addresses: Addresses = NONE

    def address(self) -> ResourceId:
        """Return the machine's id."""
        return self.machine

    def in_between(self, found: Found) -> Decision | None:
        """Return what is to be said of a machine that neither runs nor is deallocated, or is not there; else None."""
        name = self.machine.name
        if found.body is None:
            why = f"the machine {name} does not exist"
            return Blocked(codes.managed_disks.ABSENT, why, resource=self.machine.text)
        if bodies.power(found.body) in _IN_BETWEEN:
            return Pending(f"the machine {name} is {bodies.power(found.body)}", _WAIT)
        return None

    def change(self, found: Found, verb: str, after: str, state: str, lines: tuple[Line, ...]) -> Change:
        """Return the one request: *verb*, after which the machine is *after* and its disks are *state*."""
        now = bodies.power(found.body)
        action: Action = "start" if verb == "start" else "stop"
        return Change(
            Request("POST", self.machine, None, verb),
            (Line(_STATE, now, after, reversibility=STARTED_AGAIN, acceptance=self._outage(verb)), *lines),
            (
                Effect(self.machine, bodies.powered(after)),
                *(Effect(disk, {"properties": {"diskState": state}}) for disk in self.disks),
            ),
            ESTIMATE,
            action,
            f"the machine {self.machine.name} is {now}",
            "" if verb == "start" else f"{self.machine.name} is down until its disks are changed",
        )

    def _outage(self, verb: str) -> Acceptance | None:
        return None if verb == "start" else Acceptance("outage", self.machine, "outage")


@dataclass(frozen=True)
class DeallocateMachine(Power):
    """Opens the bracket; powering off is not enough for a change of a disk's encryption."""

    kind: ClassVar[str] = "deallocate_machine"

    def also_reads(self) -> tuple[Read, ...]:
        """Return its interfaces and public addresses: a dynamic one changes."""
        return self.addresses.reads()

    def decide(self, found: Found) -> Decision:
        """Judge the machine's power."""
        waits = self.in_between(found)
        if waits is not None:
            return waits
        power = bodies.power(found.body)
        if power == bodies.DEALLOCATED:
            return Done(f"the machine {self.machine.name} is deallocated")
        if power != bodies.RUNNING:
            shown = power or "no power state"
            why = f"{_STATE} of {self.machine.name} show {shown}: it neither runs nor is deallocated"
            return Blocked(codes.managed_disks.MACHINE_IN_BETWEEN, why, resource=self.machine.text)
        return self.change(found, "deallocate", bodies.DEALLOCATED, bodies.RESERVED, self._risks(found))

    def _risks(self, found: Found) -> tuple[Line, ...]:
        """Return what deallocation may cost, each accepted by name."""
        size = at_path(found.body, "properties.hardwareProfile.vmSize")
        changing = self.addresses.changing(found)
        risks: list[Line] = []
        if not bodies.has_reservation(found.body):
            accept = Acceptance("vm-capacity", self.machine, "outage")
            risks.append(Line("properties.capacityReservation", None, None, "relied_on", acceptance=accept))
        if bodies.has_temporary_disk(found.body):
            accept = Acceptance("temp-disk", self.machine, "data-loss")
            risks.append(Line("properties.hardwareProfile.vmSize", size, size, "relied_on", acceptance=accept))
        if changing:
            accept = Acceptance("dynamic-ip", self.machine, "outage")
            shown = f"Dynamic: {', '.join(changing)}"
            risks.append(Line("publicIPAllocationMethod", shown, shown, "relied_on", acceptance=accept))
        return tuple(risks)

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Step:  # noqa: ARG002 - always
        """Start it again."""
        return StartMachine(self.machine, self.disks, self.addresses)

    def permissions(self) -> Permissions:
        """Return reading and deallocating the machine, and reading its addresses."""
        own = on_machines(self.machine, "virtualMachines/read", "virtualMachines/deallocate/action")
        return (*own, *self.addresses.permissions())


@dataclass(frozen=True)
class StartMachine(Power):
    """Closes the bracket, whatever failed in it."""

    kind: ClassVar[str] = "start_machine"

    def decide(self, found: Found) -> Decision:
        """Judge the machine's power; one that was deleted meanwhile does not stand still."""
        if found.body is None:
            return Done(f"the machine {self.machine.name} does not exist any more")
        waits = self.in_between(found)
        if waits is not None:
            return waits
        if bodies.power(found.body) == bodies.RUNNING:
            return Done(f"the machine {self.machine.name} runs")
        return self.change(found, "start", bodies.RUNNING, bodies.HELD, ())

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Step:  # noqa: ARG002 - always
        """Stop it again: opens the bracket of the way back."""
        return DeallocateMachine(self.machine, self.disks, self.addresses)

    def permissions(self) -> Permissions:
        """Return reading and starting the machine."""
        return on_machines(self.machine, "virtualMachines/read", "virtualMachines/start/action")
