"""A run's view of Azure, its journal and its gates: what the one loop works with."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any, Literal

from cmk_remediate import codes
from cmk_remediate.clock import Clock, format_utc, parse_utc
from cmk_remediate.engine.access import AccessGates, judge
from cmk_remediate.engine.attempts import OF_ACCESS, STILL_REFUSED, said_of, stale_for
from cmk_remediate.engine.drift import drift
from cmk_remediate.engine.foreign import changed_meanwhile
from cmk_remediate.engine.lease import WRITE, Permit, Unlimited
from cmk_remediate.engine.project import value_of
from cmk_remediate.engine.schedule import Stop, pause, to_its_end, unless
from cmk_remediate.engine.settlement import Settlement
from cmk_remediate.errors import AzureError, BugError, LeaseLost, StoppedError
from cmk_remediate.model.codec import node_id
from cmk_remediate.model.decisions import Change, Estimate, Found, Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.outcomes import (
    Accepted,
    Azure,
    Lost,
    NotYet,
    Operation,
    Refused,
    Started,
    StillRunning,
    Unclear,
    WaitOutcome,
)
from cmk_remediate.model.records import Intent, OperationBegan, Outcome
from cmk_remediate.model.result import Event, EventKind, Progress
from cmk_remediate.model.secrets import without_secrets
from cmk_remediate.model.step import AccessWait, Step, bind
from cmk_remediate.model.values import UNKNOWN, Ref, Unknown, holds_unknown, to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from cmk_remediate.engine.attempts import Attempts
    from cmk_remediate.engine.budget import Budget
    from cmk_remediate.engine.gates import Gates
    from cmk_remediate.engine.journal import Journal
    from cmk_remediate.engine.journal_state import StepState
    from cmk_remediate.engine.reads import Recent
    from cmk_remediate.model.decisions import Caution
    from cmk_remediate.model.graph import Node
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.review import ReviewedStep

STILL_RUNNING = Estimate(usual=1, worst=3600)
"""For an operation another process began: it may have ended long ago, so ask at once."""

MANY = 25
"""So many writing steps at once that the read bucket (25 a second) is what they wait for."""
SHOWN_BY = 10.0
"""Seconds after which a read usually shows an accepted write; the embedded Azure lags up to 10 s, Azure's bound is unconfirmed."""

Ended = Accepted | NotYet | Refused | Unclear
Took = Ended | StillRunning


class RunContext:
    """What one run knows; the `World` its steps settle in."""

    def __init__(
        self,
        *,
        azure: Azure,
        clock: Clock,
        journal: Journal,
        recent: Recent,
        reviewed: Mapping[str, ReviewedStep],
        gates: Gates,
        stop: Stop,
        budget: Budget,
        progress: Progress,
        changing: Collection[str] = (),
        lease: Permit | None = None,
    ) -> None:
        """Start with nothing settled; *changing*: steps that the pre-check saw change something; *lease*: if one is needed."""
        self.lease = lease or Unlimited()
        self._changing = frozenset(changing)
        self.azure = azure
        self.clock = clock
        self.journal = journal
        self.recent = recent
        self.gates = gates
        self.stop = stop
        self._budget = budget
        self.settled: dict[str, Settlement] = {}
        self.writes = 0
        self._reviewed = reviewed
        self._progress = progress
        self._access = AccessGates()
        self._locks: dict[str, asyncio.Lock] = {}
        self._held: dict[str, list[asyncio.Lock]] = {}
        self._patched: dict[str, tuple[JsonObject, JsonObject]] = {}
        self._before = journal.state
        self._written: dict[str, datetime] = {**self._before.maybe_written, **self._before.written}

    def say(self, kind: EventKind, node: Node | None, text: str) -> None:
        """Tell whoever watches."""
        self._progress(Event(self.clock.now(), kind, node.targets if node else (), node.id if node else "", text))

    async def look(self, node: Node, *, again: bool) -> tuple[Step, Found]:
        """Return the step with its promises bound, and what it finds; *again*: its own resource as it is now."""
        step = bind(node.step, self._promised)
        address = step.address()
        body = None
        if again and isinstance(address, ResourceId):
            self.recent.forget(address)
        if isinstance(address, ResourceId) and step.reads_itself():
            body = (await self.recent.read(Read(address))).body
        reads = {read: (await self.recent.read(read)).body for read in step.also_reads()}
        return step, Found(body=body, reads=reads, now=self.azure.now(), written=self._written)

    def _promised(self, ref: Ref[Any]) -> Any:
        producer = self.settled.get(node_id(ref.step))
        if producer is None or not producer.succeeded:
            return UNKNOWN
        return value_of(ref, producer.found.body if producer.found else None, done=True)

    async def only_writer(self, node: Node, step: Step) -> bool:
        """Hold the step's locks, taken in sorted order, until `release`; True when another step had one meanwhile."""
        if node.id in self._held:
            return False
        waited = False
        held = self._held.setdefault(node.id, [])
        for name in sorted(step.locks()):
            lock = self._locks.setdefault(name, asyncio.Lock())
            waited = waited or lock.locked()
            await lock.acquire()
            held.append(lock)
        return waited

    def let_go(self, node: Node) -> None:
        """Let go of the step's locks: while it waits for another try, whoever else needs them may go first."""
        for lock in self._held.pop(node.id, []):
            lock.release()

    def changed_meanwhile(self, node: Node, settlement: Settlement) -> str:
        """Return what somebody else changed on the resource between our read and our write, in a sentence; empty if nothing."""
        if settlement.end != "done" or node.id not in self._patched or settlement.found is None:
            return ""
        paths = changed_meanwhile(*self._patched[node.id], settlement.found.body or {})
        return f"; somebody else changed meanwhile: {', '.join(paths)}" if paths else ""

    def release(self, node: Node) -> None:
        """Let go of what the step held, and of its turn at its grant."""
        self.let_go(node)
        probe = node.step.probes()
        if probe is not None:
            self._access.leave(node_id(probe.step), node.id)

    async def pause(self, node: Node, seconds: float, why: str) -> bool:
        """Let time pass; False when the run was asked to end and no bracket is open around *node*."""
        self.say("waiting", node, why)
        if self.gates.in_open_bracket(node):
            await self.clock.sleep(seconds)
            return True
        return await pause(self.clock, seconds, self.stop)

    async def let_it_show(self, node: Node) -> None:
        """With many steps at work reads are the scarce thing: one late look instead of several early ones."""
        if len(self._held) > MANY:
            await self.pause(node, SHOWN_BY, "until a read shows the write")

    async def may_write(self, node: Node, change: Change) -> Settlement | None:
        """Return why *change* must not be sent: it is not what was reviewed, or a gate has closed; None when it may."""
        difference = drift(self._reviewed[node.id], change, node.step)
        if difference:
            return Settlement("drifted", codes.engine.DRIFT, difference, node.step)
        await self.lease.permit(WRITE)
        held = await self.gates.before_write(node, change.estimate.worst)
        return Settlement("skipped", held.code, held.text, node.step, stopped=held.stopped) if held else None

    async def likely_behind_grant(self, node: Node) -> None:
        """Queue for the grant before the first look, where the pre-check saw a change: else the look would be in vain."""
        if node.id in self._changing:
            await self.behind_grant(node)

    async def behind_grant(self, node: Node) -> bool:
        """Wait for this step's turn to try its grant; True when that took time."""
        probe = node.step.probes()
        return False if probe is None else await self._access.enter(node_id(probe.step), node.id)

    def grant_works(self, node: Node) -> None:
        """Open the gate of the grant *node* probes, if it does."""
        probe = node.step.probes()
        if probe is not None:
            self._access.works(node_id(probe.step))

    def give_up(
        self, node: Node, step: Step, answer: NotYet, attempts: Attempts, caution: Caution
    ) -> Settlement | None:
        """Return the settlement of a step whose "not yet" has become "never"."""
        probe = node.step.probes()
        waited = self.settled.get(node_id(probe.step)) if probe is not None else None
        seconds = attempts.pause_before_next(answer, caution)
        of_access = answer.reason in OF_ACCESS
        if of_access and caution.tries and attempts.refused_for_now >= caution.tries:
            self.grant_works(node)
            text = f"refused {attempts.refused_for_now} times, {caution.pause} s apart; {answer.code}: {answer.text}"
            return Settlement("failed", codes.access.ACCESS_UNKNOWN, text, step, None, attempts.sent)
        if of_access and waited is not None and isinstance(waited.step, AccessWait) and waited.found is not None:
            found = Found(waited.found.body, waited.found.reads, self.azure.now(), self._written)
            own = [(key, self._written[key]) for key in sorted(step.locks()) if key in self._written]
            over = judge(answer, waited.step, found, self.azure.now(), attempts.sent, seconds, own)
            if over is not None:
                # No use in waiting for each other any more: each tries for itself, all at once.
                self.grant_works(node)
                return Settlement("failed", over.code, over.text, step, None, attempts.sent)
        elif attempts.waited(seconds) > attempts.PATIENCE:
            text = f"still refused after {attempts.sent} attempts: {answer.code}: {answer.text}"
            code = STILL_REFUSED.get(answer.reason, codes.access.ACCESS_NOT_YET)
            return Settlement("failed", code, text, step, None, attempts.sent)
        return None

    async def pick_up(self, node: Node, attempts: Attempts) -> None:
        """Wait for an operation an earlier process left open; note a write of its that no read may show yet."""
        left = self._before.steps.get(node.id)
        if left is None:
            return
        attempts.leave_after = left.leave_after
        if not nobody_knows(left):
            if left.accepted or left.began:
                attempts.accepted_earlier(carried_out=left.accepted)
            late = stale_for(left, self.clock.now())
            if late:
                await self.pause(node, late, "until a read shows no more of an operation that failed")
            return
        attempts.client_request_id = left.intents[-1].client_request_id
        if left.operation is None:
            attempts.left_unclear()
            return
        operation = resumed_operation(left.operation)
        self.say("waiting", node, "for an operation an earlier process began")
        outcome = await self._end_of(node, operation, STILL_RUNNING, left.operation.leave_after)
        await self._note(node, outcome, operation.resource)
        attempts.note(outcome)
        if left.operation.final and isinstance(outcome, (NotYet, Refused)):
            answer = outcome if isinstance(outcome, Refused) else _refused_for_good(outcome)
            raise AzureError(answer.code, f"{answer.azure_code}: {answer.text}", resource=operation.resource.text)

    async def write(self, node: Node, found: Found, change: Change, attempts: Attempts) -> Took:
        """Journal the intent, send, wait for the operation, journal the outcome; never cancelled half-way."""
        return await to_its_end(self._write(node, found, change, attempts))

    async def _write(self, node: Node, found: Found, change: Change, attempts: Attempts) -> Took:
        request = change.request
        if isinstance(request.resource, Unknown) or holds_unknown(request.body):
            raise BugError(codes.engine.BUG, f"{node.id} would send a value that is not known yet")
        attempts.client_request_id = attempts.client_request_id or str(uuid.uuid4())
        await self.lease.permit(WRITE)
        attempts.sent += 1
        await self.journal.append(
            Intent(
                step=node.id,
                at=format_utc(self.clock.now()),
                attempt=attempts.sent,
                method=request.method,
                resource_id=request.resource.text,
                api_version=self.azure.api_version(request),
                client_request_id=attempts.client_request_id,
                body=request.body,
                before=without_secrets(to_json(found.body)),
                leave_after=change.caution.background,
            )
        )
        self.say("sending", node, change.why)
        attempts.leave_after = change.caution.background
        self.writes += 1
        self.gates.wrote(node)
        if request.method == "PATCH":
            self._patched[node.id] = (found.body or {}, request.body or {})
        try:
            sent = await self.azure.send(
                request, client_request_id=attempts.client_request_id, permit=self.lease.permit
            )
        except LeaseLost as lost:
            attempts.sent, self.writes = attempts.sent - 1, self.writes - 1
            await self._note(node, Refused(lost.code, "", f"not sent: {lost.cause}"), request.resource)
            raise
        if isinstance(sent, Started):
            await self.journal.append(_began(node, sent.operation, change.caution))
            outcome = await self._end_of(node, sent.operation, change.estimate, change.caution.background)
            if change.caution.final and isinstance(outcome, NotYet):
                outcome = _refused_for_good(outcome)
        else:
            outcome = sent
        await self._note(node, outcome, request.resource)
        return outcome

    async def _end_of(self, node: Node, operation: Operation, estimate: Estimate, leave_after: int) -> Took:
        """Wait until *operation* ends, or may be left to itself; outside a bracket no longer than the run's time.

        The journal has the operation.

        Raises:
            StoppedError: CMK513 when the time is up.
        """
        waiting = self.azure.wait(operation, estimate, leave_after=leave_after)
        if self._budget.endless or self.gates.in_open_bracket(node):
            return _after_wait(await waiting)
        ended = await unless(self._budget.wait(), waiting)
        if ended is None:
            raise StoppedError(codes.engine.STOPPED, "the time was up before Azure had ended; it goes on by itself")
        return _after_wait(ended)

    async def _note(self, node: Node, outcome: Took, resource: ResourceId) -> None:
        self.recent.forget(resource)
        if isinstance(outcome, (Accepted, StillRunning)):
            self._written[resource.key] = outcome.at
            self.grant_works(node)
        elif isinstance(outcome, Unclear):
            self._written.setdefault(resource.key, self.azure.now())
        if not isinstance(outcome, StillRunning):  # its record stays open: a resume asks again
            await self.journal.append(_outcome(node, outcome, self.clock.now()))
        self.say("sent", node, said_of(outcome))


def nobody_knows(left: StepState) -> bool:
    """Say whether nobody has seen what became of the last write; also where a read failed, or the step was given up or left."""
    if left.settled is not None and left.settled.result in ("done", "already done"):
        return False
    return left.open_intent is not None or (left.outcome is not None and left.outcome.result == "unclear")


def _after_wait(outcome: WaitOutcome) -> Took:
    return Unclear(outcome.text) if isinstance(outcome, Lost) else outcome


def _refused_for_good(answer: NotYet) -> Refused:
    """Return what a "not yet" means that came after Azure had taken a write which must not be sent twice."""
    return Refused(codes.access.REFUSED_BY_AZURE, answer.code, answer.text, correlation_id=answer.correlation_id)


def resumed_operation(record: OperationBegan) -> Operation:
    """Return the operation that *record* remembers."""
    return Operation(
        method=record.method,
        resource=ResourceId.parse(record.resource_id),
        api_version=record.api_version,
        status_url=record.status_url,
        location_url=record.location_url,
        started=parse_utc(record.started),
        client_request_id=record.client_request_id,
        correlation_id=record.correlation_id,
        caller=record.caller,
        retry_after=record.retry_after,
    )


def _began(node: Node, operation: Operation, caution: Caution) -> OperationBegan:
    return OperationBegan(
        step=node.id,
        method=operation.method,
        resource_id=operation.resource.text,
        api_version=operation.api_version,
        status_url=operation.status_url,
        location_url=operation.location_url,
        started=format_utc(operation.started),
        client_request_id=operation.client_request_id,
        correlation_id=operation.correlation_id,
        caller=operation.caller,
        retry_after=operation.retry_after,
        leave_after=caution.background,
        final=caution.final,
    )


def _outcome(node: Node, outcome: Ended, now: datetime) -> Outcome:
    azure_code = (
        outcome.code if isinstance(outcome, NotYet) else outcome.azure_code if isinstance(outcome, Refused) else ""
    )
    return Outcome(
        step=node.id,
        at=format_utc(now),
        result=_RESULTS[type(outcome)],
        azure_at=format_utc(outcome.at) if isinstance(outcome, Accepted) else "",
        azure_code=azure_code,
        text="" if isinstance(outcome, Accepted) else outcome.text,
        correlation_id=outcome.correlation_id,
    )


_RESULTS: Mapping[type[Ended], Literal["accepted", "not-yet", "refused", "unclear"]] = {
    Accepted: "accepted",
    NotYet: "not-yet",
    Refused: "refused",
    Unclear: "unclear",
}
