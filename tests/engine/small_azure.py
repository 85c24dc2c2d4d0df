"""A small Azure in memory: bodies, operations, and the faults a test asks for."""

from __future__ import annotations

import asyncio
import copy
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

from cmk_remediate import codes
from cmk_remediate.clock import SystemClock
from cmk_remediate.errors import AzureError
from cmk_remediate.model.json_types import at_path, merge_patch
from cmk_remediate.model.outcomes import (
    Accepted,
    Answer,
    NotYet,
    Operation,
    Refused,
    SendOutcome,
    Started,
    StillRunning,
    Unclear,
    WaitOutcome,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cmk_remediate.model.decisions import Estimate, Read, Request
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.virtual_time import VirtualClock

Fault = Literal[
    "not-yet", "busy", "throttled", "refused", "unclear-before", "unclear-after", "no-effect", "unreadable", "fails"
]


@dataclass
class Running:
    """A write that Azure is still working on."""

    key: str
    ends: datetime
    before: Any
    after: Any
    outcome: WaitOutcome


@dataclass
class State:
    """All that outlives a process of ours.

    Attributes:
        bodies: what Azure has, by lower-case id.
        older: what reads still answer, and until when.
        running: operations under way.
        effects: how often each write took effect, by id and what was sent.
        failing: how the operation on an id ends, where it does not end well.
    """

    bodies: dict[str, Any] = field(default_factory=dict)
    older: dict[str, tuple[datetime, Any]] = field(default_factory=dict)
    running: list[Running] = field(default_factory=list)
    effects: Counter[str] = field(default_factory=Counter)
    failing: dict[str, WaitOutcome] = field(default_factory=dict)


class SmallAzure:
    """The engine's `Azure`, by hand.

    Attributes:
        state: what outlives us.
        clock: Azure's clock.
        log: every request: method, url, status, at, caller, body.
        faults: for an id, what happens to the next writes on it, one each; "" for nothing.
        slow: seconds a write on an id takes as an operation.
        lag: seconds for which reads answer the old state after a write.
        late: seconds after which a grant works.
        before_send: called with each request before it is judged: somebody else's hand.
        kill_at: the number of the call (read, send, wait; from 1) at which the process dies, and on which side of it.
        calls: how many calls there were.
    """

    def __init__(self, state: State, clock: VirtualClock) -> None:
        """Look at *state* by *clock*."""
        self.state = state
        self.clock = clock
        self.log: list[dict[str, Any]] = []
        self.faults: dict[str, list[Fault | Literal[""]]] = {}
        self.slow: dict[str, int] = {}
        self.lag = 0
        self.late = 0
        self.before_send: Callable[[Request], None] = lambda _: None
        self.kill_at: tuple[int, Literal["before", "after"]] | None = None
        self.calls = 0
        self.dead = False
        self.kill: Callable[[], None] = lambda: None
        self.in_flight = 0
        self.overlapped = False

    @property
    def writes(self) -> list[dict[str, Any]]:
        """The requests that were no reads."""
        return [row for row in self.log if row["method"] != "GET"]

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.stamp(), timezone.utc)

    async def _call(self, side: Literal["before", "after"]) -> None:
        self.calls += side == "before"
        if self.kill_at == (self.calls, side):
            self.dead = True
            self.kill()
        if self.dead:
            await asyncio.get_running_loop().create_future()

    def _note(self, method: str, resource: ResourceId, status: int, body: Any = None) -> None:
        row = {"method": method, "url": resource.text, "status": status, "at": self.clock.stamp(), "caller": "me"}
        self.log.append(row if method == "GET" else {**row, "body": copy.deepcopy(body)})

    def catch_up(self) -> None:
        """Let operations end whose time has come."""
        for item in [item for item in self.state.running if item.ends <= self.now()]:
            self.state.running.remove(item)
            if isinstance(item.outcome, Accepted):
                self._become(item.key, item.after)

    def _become(self, key: str, after: Any) -> None:
        if self.lag:
            before = copy.deepcopy(self.state.bodies.get(key))
            self.state.older[key] = (self.now() + timedelta(seconds=self.lag), before)
        if after is None:
            self.state.bodies.pop(key, None)
        else:
            self.state.bodies[key] = after

    async def read(self, read: Read) -> Answer:
        await self._call("before")
        await SystemClock().sleep(0.05)
        self.catch_up()
        key = read.resource.key
        if self.writes and self.faults.get(key, [])[:1] == ["unreadable"]:
            self.faults[key].pop(0)
            raise AzureError(codes.access.REFUSED_BY_AZURE, "500", resource=read.resource.text)
        until, body = self.state.older.get(key, (self.now(), None))
        answer = body if until > self.now() else self.state.bodies.get(key)
        self._note("GET", read.resource, 200 if answer is not None else 404)
        await self._call("after")
        return Answer(copy.deepcopy(answer), self.now())

    async def send(
        self,
        request: Request,
        *,
        client_request_id: str,
        permit: Callable[[float], Awaitable[None]] | None = None,
    ) -> SendOutcome:
        assert client_request_id
        await self._call("before")
        self.before_send(request)
        if permit is not None:
            await permit(25.0)
        self.in_flight += 1
        try:
            await SystemClock().sleep(0.05)
            self.catch_up()
            outcome = self._judged(request)
        finally:
            self.in_flight -= 1
        await self._call("after")
        return outcome

    def _judged(self, request: Request) -> SendOutcome:
        resource = request.resource
        key = resource.key  # type: ignore[union-attr]
        fault = self.faults[key].pop(0) if self.faults.get(key) and self.faults[key][0] != "unreadable" else ""
        outcome = self._refusal(request, key, fault)
        status = 403 if isinstance(outcome, (NotYet, Refused)) else 0 if isinstance(outcome, Unclear) else 200
        if outcome is None:
            outcome = self._take(request, key, fault)
        self._note(request.method, resource, status, request.body)  # type: ignore[arg-type]
        return outcome

    def _refusal(self, request: Request, key: str, fault: str) -> SendOutcome | None:
        if fault == "not-yet":
            return NotYet("access", "KeyVaultForbidden", "the identity has no access", network_possible=True)
        if fault == "busy" or any(item.key == key for item in self.state.running):
            return NotYet("busy", "OperationInProgress", "something else is being done")
        if fault == "throttled":
            return NotYet("throttled", "TooManyRequests", "too much at once")
        if fault == "refused":
            return Refused(codes.access.REFUSED_BY_AZURE, "BadRequest", "no")
        if fault == "unclear-before":
            return Unclear("connection reset")
        body = self.state.bodies.get(key)
        machine = at_path(body, "properties.attachedTo")
        if machine and at_path(self.state.bodies.get(machine), "properties.power") != "stopped":
            return Refused(codes.access.REFUSED_BY_AZURE, "OperationNotAllowed", "the machine is running")
        grant = at_path(body, "properties.grantedBy")
        if grant:
            made = at_path(self.state.bodies.get(grant), "properties.madeAt")
            if not made or (self.now() - datetime.fromisoformat(made)).total_seconds() < self.late:
                return NotYet("access", "KeyVaultForbidden", "the identity has no access", network_possible=True)
        return None

    def _take(self, request: Request, key: str, fault: str) -> SendOutcome:
        before = self.state.bodies.get(key)
        after = self._after(request, key, before)
        what = request.verb or f"{request.method} {sorted((request.body or {}).get('properties', {}))}"
        self.state.effects[f"{key} {what}"] += 1
        if fault == "no-effect":
            return Accepted(before, self.now())
        if self.slow.get(key):
            ends = self.now() + timedelta(seconds=self.slow[key])
            ended: WaitOutcome = Accepted(after, ends)
            if fault == "fails":
                ended = NotYet("access", "KeyVaultForbidden", "the identity has no access")
                self.state.failing[key] = ended
            self.state.running.append(Running(key, ends, before, after, ended))
            operation = Operation(
                request.method,
                request.resource,  # type: ignore[arg-type]
                "1",
                "https://arm/op",
                "",
                self.now(),
                "id",
                "c",
                "me",
            )
            return Unclear("connection reset") if fault == "unclear-after" else Started(operation, self.now())
        self._become(key, after)
        return Unclear("connection reset") if fault == "unclear-after" else Accepted(copy.deepcopy(after), self.now())

    def _after(self, request: Request, key: str, before: Any) -> Any:
        if request.method == "DELETE":
            return None
        if request.method == "POST":
            return merge_patch(
                before, {"properties": {"power": "stopped" if request.verb == "deallocate" else "running"}}
            )
        if request.method == "PUT" and before is None:
            made = {"principalId": f"principal-of-{key[-8:]}", "madeAt": self.now().isoformat()}
            return merge_patch({"id": request.resource.text, "properties": made}, request.body)  # type: ignore[union-attr]
        return merge_patch(before, request.body)

    async def wait(self, operation: Operation, estimate: Estimate, *, leave_after: int = 0) -> WaitOutcome:
        await self._call("before")
        slow = next((item for item in self.state.running if item.key == operation.resource.key), None)
        if slow is not None and leave_after and (slow.ends - self.now()).total_seconds() > leave_after:
            await SystemClock().sleep(leave_after)
            return StillRunning(self.now())
        for item in self.state.running:
            if item.key == operation.resource.key:
                await SystemClock().sleep((item.ends - self.now()).total_seconds() + 0.01)
                break
        self.catch_up()
        self._note("GET", operation.resource, 200)
        await self._call("after")
        failed = self.state.failing.pop(operation.resource.key, None)
        return failed or Accepted(copy.deepcopy(self.state.bodies.get(operation.resource.key)), self.now())

    def api_version(self, request: Request) -> str:
        return "1"

    async def caller(self) -> str:
        return "me"
