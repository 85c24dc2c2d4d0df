"""The state of the embedded Azure: what rules read, and the one place where it changes."""

from __future__ import annotations

import hashlib
import heapq
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from cmk_remediate.clock import parse_utc
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator import access, network
from cmk_remediate.simulator.declare import (
    Begin,
    Cancel,
    Change,
    Doubt,
    Json,
    RemoveResource,
    Say,
    Schedule,
    SetHidden,
    SetPrincipal,
    SetResource,
)
from cmk_remediate.simulator.index import Index
from cmk_remediate.simulator.settings import CLOUDS, Cloud, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cmk_remediate.simulator.registry import Registry
    from cmk_remediate.simulator.store import Store

START = "2030-01-07T08:00:00Z"
"""When a new embedded Azure begins: a Monday morning far from any real date in the recordings."""
HISTORY = 3600.0
"""Seconds for which `World.as_of` remembers."""
_ROLE_ASSIGNMENT = "microsoft.authorization/roleassignments"


class World:
    """Azure as it is.

    Attributes:
        store: the state itself.
        settings: how Azure behaves.
        registry: what the providers declare.
        said: what happened by itself since the list was last emptied, as (moment, sentence).
    """

    def __init__(self, store: Store, settings: Settings, registry: Registry) -> None:
        """Look at the state in *store*."""
        self.store = store
        self.settings = settings
        self.registry = registry
        self.said: list[tuple[datetime, str]] = []
        self.refresh()

    def refresh(self) -> None:
        """Build anew what is derived from the state, after it was loaded or replayed."""
        meta = self.store.tables["meta"]
        self.stamp: float = meta.get("now", parse_utc(START).timestamp())
        self.seed: int = meta.get("seed", 0)
        self.index = Index(self.store.tables["resources"], self.store.tables["operations"])
        for key in self.store.tables["history"]:
            if key not in self.store.tables["resources"]:
                self.index.note_gone(key, ResourceId(key).type)
        self._heap = [(timer["due"], key) for key, timer in self.store.tables["timers"].items()]
        heapq.heapify(self._heap)
        self._named: dict[str, str] = {
            timer["name"]: key for key, timer in self.store.tables["timers"].items() if timer["name"]
        }

    # -- time and chance -------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """Azure's time."""
        return datetime.fromtimestamp(self.stamp, timezone.utc)

    def iso(self, after: float = 0.0) -> str:
        """Return the moment *after* seconds from now as Azure writes it."""
        return datetime.fromtimestamp(self.stamp + after, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")

    def count(self, name: str) -> int:
        """Return the next number of the series *name*."""
        number: int = self.store.get("meta", name, 0) + 1
        self.store.put("meta", name, number)
        return number

    def draw(self, low: float, high: float, *key: object) -> float:
        """Return a number between *low* and *high* that depends on the seed and *key* only."""
        if high <= low:
            return low
        digest = hashlib.blake2b(repr((self.seed, *key)).encode(), digest_size=8).digest()
        return low + (high - low) * int.from_bytes(digest, "big") / 2**64

    def new_guid(self, *key: object) -> str:
        """Return a GUID that no call returned before; repeatable by seed and order of writes."""
        return str(uuid.UUID(bytes=self._fresh(key), version=4))

    def new_hex(self, *key: object) -> str:
        """Return 32 hex digits (a key version) that no call returned before."""
        return self._fresh(key).hex()

    def _fresh(self, key: tuple[object, ...]) -> bytes:
        return hashlib.blake2b(repr((self.seed, self.count("guids"), *key)).encode(), digest_size=16).digest()

    # -- reading ---------------------------------------------------------------------------------------------------------

    @property
    def cloud(self) -> Cloud:
        """The hosts of this cloud."""
        return CLOUDS[self.settings.cloud]

    def record(self, resource: ResourceId | str) -> Json | None:
        """Return the resource's record: ``id, body, made, at, version, by``."""
        key = resource.key if isinstance(resource, ResourceId) else resource.lower()
        found: Json | None = self.store.tables["resources"].get(key)
        return found

    def get(self, resource: ResourceId | str) -> Json | None:
        """Return the resource's body as it truly is, or None."""
        record = self.record(resource)
        return record["body"] if record is not None else None

    def spelled(self, resource: ResourceId | str) -> ResourceId:
        """Return the id as it is kept, or as given where it is not."""
        record = self.record(resource)
        return ResourceId(record["id"]) if record else ResourceId(str(resource))

    def hidden(self, resource: ResourceId | str) -> Mapping[str, Any]:
        """Return what no answer shows about *resource*, by name."""
        found: Mapping[str, Any] = self.store.get("hidden", str(resource).lower(), {})
        return found

    def children(self, parent: ResourceId | str, kind: str) -> list[tuple[ResourceId, Json]]:
        """Return the children of *parent*: *kind* is their type's last segment, or a whole type (extensions too)."""
        whole = kind if "." in kind else f"{ResourceId(str(parent)).type}/{kind}"
        return [self._pair(key) for key in self.index.children(str(parent).lower(), whole.lower())]

    def by_type(self, kind: str) -> list[tuple[ResourceId, Json]]:
        """Return every resource of a whole type."""
        return [self._pair(key) for key in self.index.of_type(kind.lower())]

    def below(self, scope: ResourceId | str, kind: str) -> list[tuple[ResourceId, Json]]:
        """Return every resource of a whole type at or below *scope*."""
        head = str(scope).lower()
        return [
            self._pair(key) for key in self.index.of_type(kind.lower()) if key.startswith(head + "/") or key == head
        ]

    def _pair(self, key: str) -> tuple[ResourceId, Json]:
        record = self.store.tables["resources"][key]
        return ResourceId(record["id"]), record["body"]

    def as_of(self, resource: ResourceId | str, seconds: float) -> Json | None:
        """Return the body as it was *seconds* ago (up to an hour), or None if it did not exist."""
        moment = self.stamp - seconds
        for until, body in self.store.get("history", str(resource).lower(), ()):
            if until > moment:
                past: Json | None = body
                return past
        return self.get(resource)

    def made_at(self, resource: ResourceId | str) -> datetime | None:
        """Return when the resource was made, or None for one of the estate or one that does not exist."""
        return self._moment(resource, "made")

    def changed_at(self, resource: ResourceId | str) -> datetime | None:
        """Return when the resource last changed, or None for one as the estate had it."""
        return self._moment(resource, "at")

    def _moment(self, resource: ResourceId | str, member: str) -> datetime | None:
        record = self.record(resource)
        stamp = record[member] if record else None
        return None if stamp is None else datetime.fromtimestamp(stamp, timezone.utc)

    def running(self, resource: ResourceId | str) -> Json | None:
        """Return the operation that runs on *resource* (``name, method, started, due``), or None."""
        key = self.index.busy.get(str(resource).lower())
        operation: Json | None = self.store.get("operations", key) if key else None
        return operation

    @property
    def principals(self) -> Mapping[str, Json]:
        """Every principal of the directory, by object id."""
        return self.store.tables["principals"]

    def known(self, principal: str) -> bool:
        """Say whether the directory knows *principal* by now."""
        data = self.principals.get(principal.lower())
        if data is None:
            return False
        delay = (
            self.draw(*self.settings.directory_delay, "directory", principal) if self.settings.late_directory else 0.0
        )
        visible = data.get("visibleAt")
        due = parse_utc(visible).timestamp() if visible else (data.get("created") or float("-inf")) + delay
        return due <= self.stamp

    def tenant(self, resource: ResourceId | str) -> str:
        """Return the tenant of the subscription that *resource* is in."""
        body = self.get("/".join(str(resource).split("/")[:3]))
        return str(body["tenantId"]) if body else ""

    def may(
        self,
        principal: str,
        action: str,
        scope: ResourceId | str,
        *,
        data: bool = False,
        attributes: Mapping[str, str] | None = None,
    ) -> bool:
        """Say whether *principal* may do *action* at *scope* right now.

        *data*: it is a data action; in a vault on access policies, those decide. *attributes* are what conditions see
        (``roleDefinition``: the GUID of the role granted).
        """
        return access.decide(self, principal, action, ResourceId(str(scope)), data=data, attributes=attributes) is None

    def reachable(self, who: ResourceId | str, vault: ResourceId | str) -> bool:
        """Say whether the vault's network rules let *who* through: a resource's id or a caller's object id."""
        return network.reachable(self, str(who), ResourceId(str(vault)))

    def doubt(self, doubt: Doubt | str) -> str:
        """Return the reading this Azure is under."""
        name = doubt if isinstance(doubt, str) else doubt.name
        chosen: str | None = self.store.get("meta", "doubts", {}).get(name)
        return chosen or self.registry.doubts[name].default

    def reading(self, value: object) -> Any:
        """Return *value*, or for a `Doubt` the reading this Azure is under."""
        return self.doubt(value) if isinstance(value, Doubt) else value

    def switch(self, name: str) -> bool:
        """Say whether the switch *name* is on: a provider's, or a field of `Settings`."""
        field = name.replace("-", "_")
        if isinstance(getattr(self.settings, field, None), bool):
            return bool(getattr(self.settings, field))
        return bool(self.settings.switches.get(name, self.registry.switches[name].default))

    # -- changing --------------------------------------------------------------------------------------------------------

    def apply(self, changes: Iterable[Change], *, by: str = "") -> None:
        """Carry out *changes* in order; *by* is whose write caused them."""
        for change in changes:
            if isinstance(change, SetResource):
                self._set(change, by)
            elif isinstance(change, RemoveResource):
                self._remove(str(change.id).lower())
            elif isinstance(change, SetHidden):
                self._hide(change.id, change.values)
            elif isinstance(change, SetPrincipal):
                self._principal(change)
            elif isinstance(change, Schedule):
                self.schedule(change)
            elif isinstance(change, Cancel):
                self.cancel(change.name)
            elif isinstance(change, Begin):
                self._begin(change)
            elif isinstance(change, Say):
                self.said.append((self.now, change.sentence))

    def schedule(self, timer: Schedule) -> None:
        """Set a timer."""
        if timer.replaces:
            self.cancel(timer.replaces)
        key = f"{self.count('timers'):012d}"
        due = self.stamp + max(timer.seconds, 0.0)
        self.store.put("timers", key, {"due": due, "event": timer.event, "data": timer.data, "name": timer.replaces})
        heapq.heappush(self._heap, (due, key))
        if timer.replaces:
            self._named[timer.replaces] = key

    def cancel(self, name: str) -> None:
        """Forget the timer of that name."""
        key = self._named.pop(name, None)
        if key is not None:
            self.store.drop("timers", key)

    def advance_to(self, stamp: float) -> None:
        """Let time pass until *stamp*: every timer due by then runs, in order, at its own moment."""
        while self._heap and self._heap[0][0] <= stamp:
            due, key = heapq.heappop(self._heap)
            timer = self.store.get("timers", key)
            if timer is None:
                continue
            self.store.drop("timers", key)
            self.stamp = max(self.stamp, due)
            self.apply(self.registry.events[timer["event"]].run(self, timer["data"]))
        self.stamp = max(self.stamp, stamp)
        self.store.put_quietly("meta", "now", self.stamp)

    def supply_children(self, parent: ResourceId) -> None:
        """Make the children that every resource of *parent*'s type has, where they are missing."""
        declared = self.registry.types.get(parent.type.lower())
        body = self.get(parent)
        if declared is None or body is None:
            return
        for child in declared.children:
            child_id = parent.child(child.type, child.name)
            made = child.body(parent, body, self) if self.record(child_id) is None else None
            if made is not None:
                self._set(SetResource(child_id, made), "")

    def _set(self, change: SetResource, by: str) -> None:
        key = str(change.id).lower()
        record = self.record(key)
        fresh = record is None
        spelled = ResourceId(record["id"]) if record else change.id
        seeding = not self.store.get("meta", "opened", default=False)
        if not seeding:
            self._remember(key, record["body"] if record else None)
        body = {"id": str(spelled), "name": spelled.name, "type": spelled.type, **change.body}
        if spelled.type == "Microsoft.Resources/subscriptions":
            body = change.body
        stamp = None if seeding else self.stamp
        self.store.put(
            "resources",
            key,
            {
                "id": str(spelled),
                "body": body,
                "made": stamp if record is None else record["made"],
                "at": stamp,
                "version": 1 if record is None else record["version"] + 1,
                "by": [by if record is None else record["by"][0], by or (record["by"][1] if record else by)],
            },
        )
        if change.hidden:
            self._hide(change.id, change.hidden)
        if fresh:
            self.index.add(key, spelled.type.lower(), body)
            self.supply_children(spelled)

    def _remember(self, key: str, body: Json | None) -> None:
        past = [entry for entry in self.store.get("history", key, ()) if entry[0] > self.stamp - HISTORY]
        self.store.put("history", key, [*past, [self.stamp, body]])

    def _remove(self, key: str) -> None:
        record = self.record(key)
        for child in self.index.all_below(key):
            self._remove(child)
        if record is None:
            return
        kind = ResourceId(record["id"]).type.lower()
        self._remember(key, record["body"])
        if kind == _ROLE_ASSIGNMENT:
            self.store.put("ghosts", key, {"body": record["body"], "made": record["made"], "gone": self.stamp})
        self.index.remove(key, kind, record["body"])
        self.index.note_gone(key, kind)
        self.store.drop("resources", key)
        self.store.drop("hidden", key)

    def _hide(self, resource: ResourceId, values: Json) -> None:
        merged = {**self.hidden(resource), **values}
        self.store.put(
            "hidden", str(resource).lower(), {name: value for name, value in merged.items() if value is not None}
        )

    def _principal(self, change: SetPrincipal) -> None:
        key = change.object_id.lower()
        if change.data is None:
            self.store.drop("principals", key)
            return
        opened = self.store.get("meta", "opened", default=False)
        created = change.data.get(
            "created", self.principals.get(key, {}).get("created", self.stamp if opened else None)
        )
        self.store.put("principals", key, {**change.data, "created": created})

    def _begin(self, change: Begin) -> None:
        key = self.new_guid("operation", change.id)
        due = self.stamp + change.seconds
        operation = {
            "resource": str(change.id), "name": change.name, "method": "", "started": self.stamp, "due": due, "status": "running"
        }  # fmt: skip
        self.store.put("operations", key, operation)
        self.index.busy[str(change.id).lower()] = key
        self.schedule(Schedule(change.seconds, "core.operation-end", {"operation": key}))

    def resources(self) -> Iterator[tuple[ResourceId, Json]]:
        """Go through every resource, in the order they were made."""
        for record in list(self.store.tables["resources"].values()):
            yield ResourceId(record["id"]), record["body"]
