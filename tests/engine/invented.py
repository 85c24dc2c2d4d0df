"""Invented steps: the whole contract of a step in a few small ones, so that the engine is tested without any service."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.codec import Registry
from cmk_remediate.model.decisions import (
    REVERSIBLE,
    Acceptance,
    Blocked,
    Caution,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    Manual,
    OneWay,
    Pending,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import AccessWait, Step, Undo
from cmk_remediate.model.values import Grant, Maybe, Output, PrincipalId, Ref, known

QUICK = Estimate(usual=1, worst=60)
SLOW = Estimate(usual=60, worst=600)
KEPT = Reversibility("kept", "others may use it by now")
ONE_WAY = Reversibility("one-way", "it has no way back")


def rid(kind: str, name: str) -> ResourceId:
    """Return the id of the invented resource *name* of type *kind*."""
    return ResourceId(f"/subscriptions/s/resourceGroups/g/providers/Invented.Things/{kind}/{name}")


def writes(resource: ResourceId) -> Permissions:
    """Return what it takes to write *resource*."""
    return (Permission(f"{resource.type}/write", resource, "service"),)


@dataclass(frozen=True)
class OnThing(Step):
    """What all steps on one resource share."""

    resource: ResourceId

    def address(self) -> ResourceId:
        return self.resource

    def permissions(self) -> Permissions:
        return writes(self.resource)

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        return Keep("nothing was changed")

    def _patch(
        self, path: str, before: Any, value: Any, back: Reversibility = REVERSIBLE, accept: Acceptance | None = None
    ) -> Change:
        patch = {"properties": {path: value}}
        line = Line(f"properties.{path}", before, value, reversibility=back, acceptance=accept)
        request = Request("PATCH", self.resource, patch)
        return Change(request, (line,), (Effect(self.resource, patch),), QUICK, "update", f"{path} is {before!r}")


@dataclass(frozen=True)
class SetThing(OnThing):
    """Owns one property; reversible. With *expects* it restores that property, unless somebody else changed it since."""

    kind: ClassVar[str] = "set-thing"
    path: str
    value: str | None
    expects: str | None = None
    grant: Maybe[Grant] | None = None

    def owns(self) -> dict[str, Any]:
        return {f"properties.{self.path}": self.value}

    def decide(self, found: Found) -> Decision:
        if found.body is None:
            return Blocked(codes.engine.BUG, "the thing does not exist")
        now = at_path(found.body, f"properties.{self.path}")
        if now == self.value:
            return Done(f"{self.path} is {now!r}")
        if self.expects is not None and now != self.expects:
            return Blocked(codes.engine.OTHER_VALUE_NOW, f"{self.path} is {now!r}, not {self.expects!r}")
        return self._patch(self.path, now, self.value)

    def probes(self) -> Ref[Grant] | None:
        return self.grant if isinstance(self.grant, Ref) else None

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        was = at_path(before, f"properties.{self.path}")
        return SetThing(self.resource, self.path, was, expects=self.value)


@dataclass(frozen=True)
class Disrupt(SetThing):
    """Sets its property at the cost of an outage of its own, without a bracket."""

    kind: ClassVar[str] = "disrupt"

    def decide(self, found: Found) -> Decision:
        decision = super().decide(found)
        return replace(decision, downtime="it restarts") if isinstance(decision, Change) else decision


@dataclass(frozen=True)
class UseThing(OnThing):
    """Points one resource at what another step makes: its value is a promise until then."""

    kind: ClassVar[str] = "use-thing"
    principal: Maybe[PrincipalId]

    def decide(self, found: Found) -> Decision:
        now = at_path(found.body, "properties.principal")
        wanted = known(self.principal)
        return Done("uses it") if now == wanted else self._patch("principal", now, wanted)

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        was = at_path(before, "properties.principal")
        return SetThing(self.resource, "principal", was, expects=str(known(self.principal)))


@dataclass(frozen=True)
class MakeThing(OnThing):
    """Creates a resource; Azure gives it a principal id; kept on rollback."""

    kind: ClassVar[str] = "make-thing"
    principal_id = Output[PrincipalId]("properties", "principalId")

    def decide(self, found: Found) -> Decision:
        if found.body is not None:
            return Done("it exists")
        request = Request("PUT", self.resource, {"properties": {"made": "yes"}})
        line = Line("properties.made", None, "yes", reversibility=KEPT)
        effect = Effect(self.resource, {"properties": {"made": "yes"}})
        return Change(request, (line,), (effect,), QUICK, "create", "it does not exist")

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        return Keep("somebody may use it")


@dataclass(frozen=True)
class DeleteThing(OnThing):
    """Deletes a resource."""

    kind: ClassVar[str] = "delete-thing"

    def decide(self, found: Found) -> Decision:
        if found.body is None:
            return Done("it is gone")
        request = Request("DELETE", self.resource, None)
        line = Line("id", self.resource.text, None, reversibility=ONE_WAY)
        return Change(request, (line,), (Effect(self.resource, None),), QUICK, "delete", "it is there")


@dataclass(frozen=True)
class Door(OnThing):
    """A one-way door that must be accepted by name."""

    kind: ClassVar[str] = "door"

    def decide(self, found: Found) -> Decision:
        if at_path(found.body, "properties.door") == "open":
            return Done("it is open")
        accept = Acceptance("door", self.resource, "one-way")
        return self._patch("door", at_path(found.body, "properties.door"), "open", ONE_WAY, accept)

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        return OneWay("Azure knows no way back")


@dataclass(frozen=True)
class LastDoor(Door):
    """A door that comes after others for the sake of order alone; what it leaves behind does not stand on them."""

    kind: ClassVar[str] = "last-door"
    only_follows: ClassVar[bool] = True


@dataclass(frozen=True)
class GrantThing(MakeThing):
    """Creates a grant; removed by rollback only if nothing that stands on it was ever sent."""

    kind: ClassVar[str] = "grant-thing"

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        return Keep("it was used") if used else DeleteThing(self.resource)


@dataclass(frozen=True)
class WaitThing(AccessWait):
    """Waits until the grant is old enough to be tried."""

    kind: ClassVar[str] = "wait-thing"
    grant: ResourceId
    floor: int = 60
    timeout: int = 1200
    open_network: bool = True
    granted = Output[Grant]()

    def address(self) -> ResourceId:
        return self.grant

    def permissions(self) -> Permissions:
        return ()

    def _since(self, found: Found) -> datetime | None:
        made = at_path(found.body, "properties.madeAt")
        return datetime.fromisoformat(made) if made else None

    def decide(self, found: Found) -> Decision:
        since = self._since(found)
        if since is None:
            return Pending("the grant is not there", self.floor)
        left = (since + timedelta(seconds=self.floor) - found.now).total_seconds()
        return Pending("the grant is young", max(int(left) + 1, 1)) if left > 0 else Done("it may be tried")

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        return Keep("nothing was changed")

    def deadline(self, found: Found) -> datetime:
        return (self._since(found) or found.now) + timedelta(seconds=self.timeout)

    def youngest(self, found: Found) -> tuple[str, datetime | None]:
        return f"grant {self.grant.name}", self._since(found)

    def excludes_network(self, found: Found) -> bool:
        return self.open_network


@dataclass(frozen=True)
class Power(OnThing):
    """Stops or starts a machine."""

    wanted: ClassVar[str]
    row: ClassVar[str]

    def decide(self, found: Found) -> Decision:
        now = at_path(found.body, "properties.power")
        if now == self.wanted:
            return Done(f"it is {now}")
        if now in ("starting", "stopping"):
            return Pending(f"it is {now}", 10)
        effect = Effect(self.resource, {"properties": {"power": self.wanted}})
        line = Line("properties.power", now, self.wanted, reversibility=REVERSIBLE)
        request = Request("POST", self.resource, None, verb=self.row)
        action = "stop" if self.wanted == "stopped" else "start"
        return Change(request, (line,), (effect,), SLOW, action, f"it is {now}")  # type: ignore[arg-type]


@dataclass(frozen=True)
class StopMachine(Power):
    """Opens a bracket."""

    kind: ClassVar[str] = "stop-machine"
    wanted: ClassVar[str] = "stopped"
    row: ClassVar[str] = "deallocate"

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        return StartMachine(self.resource)


@dataclass(frozen=True)
class StartMachine(Power):
    """Closes a bracket."""

    kind: ClassVar[str] = "start-machine"
    wanted: ClassVar[str] = "running"
    row: ClassVar[str] = "start"

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        return StopMachine(self.resource)


@dataclass(frozen=True)
class Background(OnThing):
    """Work that Azure does by itself once asked; the run does not wait for it."""

    kind: ClassVar[str] = "background"

    def decide(self, found: Found) -> Decision:
        state = at_path(found.body, "properties.work")
        if state == "ended":
            return Done("it has ended")
        if state == "running":
            return Pending("it goes on", 60, background=True)
        return self._patch("work", state, "running")


@dataclass(frozen=True)
class OneTry(OnThing):
    """A switch without a harmless probe and without a way back, whose work goes on after the run."""

    kind: ClassVar[str] = "one-try"

    def decide(self, found: Found) -> Decision:
        if at_path(found.body, "properties.switched") == "yes":
            return Done("it is switched")
        change = self._patch("switched", None, "yes", ONE_WAY)
        return replace(change, caution=Caution(tries=3, pause=300, shows=600, final=True, background=120))

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        return OneWay("it has no way back")


@dataclass(frozen=True)
class Guarded(OnThing):
    """Says what the resource's property ``mood`` tells it to say."""

    kind: ClassVar[str] = "guarded"

    def decide(self, found: Found) -> Decision:
        mood = at_path(found.body, "properties.mood")
        if mood == "manual":
            return Manual("do it by hand")
        if mood == "blocked":
            return Blocked(codes.access.LOCKED, "properties.mood forbids it")
        if mood == "waits":
            return Pending("its mood changes", 30)
        if mood == "broken":
            message = "a bug in decide"
            raise KeyError(message)
        return Done("all is well")


REGISTRY = Registry(
    SetThing,
    Disrupt,
    UseThing,
    MakeThing,
    DeleteThing,
    Door,
    LastDoor,
    GrantThing,
    WaitThing,
    StopMachine,
    StartMachine,
    Background,
    OneTry,
    Guarded,
)
