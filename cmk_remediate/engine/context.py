"""A run's view of Azure, its journal and its gates: what the one loop works with."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.clock import Clock, format_utc, span
from cmk_remediate.engine.access import AccessGates, judge
from cmk_remediate.engine.attempts import OF_ACCESS, STILL_REFUSED, said_of, stale_for
from cmk_remediate.engine.drift import drift
from cmk_remediate.engine.foreign import changed_meanwhile
from cmk_remediate.engine.journaled import (
    STILL_RUNNING,
    Took,
    after_wait,
    nobody_knows,
    operation_began,
    outcome_of,
    refused_for_good,
    resumed_operation,
    unproven_left,
)
from cmk_remediate.engine.lease import WRITE, Permit, Unlimited
from cmk_remediate.engine.project import value_of
from cmk_remediate.engine.schedule import Stop, pause, to_its_end, unless
from cmk_remediate.engine.settlement import Settlement
from cmk_remediate.engine.signed_out import not_sent, once_signed_in
from cmk_remediate.engine.step_locks import StepLocks
from cmk_remediate.errors import (
    AzureError,
    BugError,
    LeaseLost,
    LookTooOldError,
    NoTokenError,
    RunStoreError,
    StoppedError,
)
from cmk_remediate.model.codec import node_id
from cmk_remediate.model.decisions import Change, Estimate, Found, Read, Request
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.outcomes import (
    Accepted,
    Azure,
    NotYet,
    Operation,
    Refused,
    SendOutcome,
    Started,
    StillRunning,
    Unclear,
)
from cmk_remediate.model.records import Intent
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
    from cmk_remediate.engine.reads import Recent
    from cmk_remediate.model.decisions import Caution
    from cmk_remediate.model.graph import Node
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.review import ReviewedStep

MANY = 25
"""So many writing steps at once that the read bucket (25 a second) is what they wait for."""
STALE = 60.0
"""Seconds after which a write that waits its turn looks again first: vaults and SQL have no ETag (our choice)."""
SHOWN_BY = 10.0
"""Seconds after which a read usually shows an accepted write; the embedded Azure lags up to 10 s, Azure's bound is unconfirmed."""


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
        self._locks = StepLocks()
        self._patched: dict[str, tuple[JsonObject, JsonObject]] = {}
        self._looked: dict[str, float] = {}
        self._before = journal.state
        self._written: dict[str, datetime] = {**self._before.maybe_written, **self._before.written}

    def say(self, kind: EventKind, node: Node | None, text: str) -> None:
        """Tell whoever watches."""
        self._progress(Event(self.clock.now(), kind, node.targets if node else (), node.id if node else "", text))

    async def look(self, node: Node, *, again: bool) -> tuple[Step, Found]:
        """Return the step with its promises bound, and what it finds; *again*: its own resource as it is now.

        Raises:
            AzureError: something it is judged by could not be read.
            NoTokenError: as `once_signed_in`.
            StoppedError: CMK513, as there, or when the time is up, outside a bracket that is open.
        """
        looking = once_signed_in(
            lambda: self._look(node, again=again), lambda seconds, why: self.pause(node, seconds, why)
        )
        return await (looking if self.gates.in_open_bracket(node) else self._budget.look(looking))

    async def _look(self, node: Node, *, again: bool) -> tuple[Step, Found]:
        step = bind(node.step, self._promised)
        address = step.address()
        body = None
        if again and isinstance(address, ResourceId):
            self.recent.forget(address)
        if isinstance(address, ResourceId) and step.reads_itself():
            body = (await self.recent.read(Read(address))).body
        reads = {read: (await self.recent.read(read)).body for read in step.also_reads()}
        self._looked[node.id] = self.clock.monotonic()
        return step, Found(body=body, reads=reads, now=self.azure.now(), written=self._written)

    def _promised(self, ref: Ref[Any]) -> Any:
        producer = self.settled.get(node_id(ref.step))
        if producer is None or not producer.succeeded:
            return UNKNOWN
        return value_of(ref, producer.found.body if producer.found else None, done=True)

    async def only_writer(self, node: Node, step: Step) -> bool:
        """Hold the step's locks, taken in sorted order, until `release`; True when another step had one meanwhile."""
        return await self._locks.take(node.id, step.locks())

    def let_go(self, node: Node) -> None:
        """Let go of the step's locks: while it waits for another try, whoever else needs them may go first."""
        self._locks.let_go(node.id)

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

    def store_failed(self, error: RunStoreError) -> None:
        """Let the run come to its end, and say so: nothing more can be journaled, so nothing more is sent."""
        self.stop.ask(error.cause, error.code)

    async def let_it_show(self, node: Node) -> None:
        """With many steps at work reads are the scarce thing: one late look instead of several early ones."""
        if self._locks.holders > MANY:
            await self.pause(node, SHOWN_BY, "until a read shows the write")

    async def room_to_disrupt(self, node: Node) -> bool:
        """Wait until so few others are disrupted that this step may disrupt too; True when that took time."""
        return await self.gates.room_to_disrupt(node)

    async def may_write(self, node: Node, change: Change) -> Settlement | None:
        """Return why *change* must not be sent: it is not what was reviewed, or a gate has closed; None when it may."""
        difference = drift(self._reviewed[node.id], change, node.step)
        if difference:
            return Settlement("drifted", codes.engine.DRIFT, difference, node.step)
        await self.lease.permit(WRITE, closing=node.closes is not None)
        held = self.gates.before_write(node, change.estimate.worst)
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
            text = (
                f"refused {attempts.refused_for_now} times, {span(caution.pause)} apart; {answer.code}: {answer.text}"
            )
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
            tried = f"still refused after {attempts.sent} attempts: " if attempts.sent else ""
            text = f"{tried}{answer.said}"
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
        unproven = unproven_left(left, self._reviewed[node.id], self.clock.now())
        if left.operation is None:
            attempts.left_unclear(left.at_work_since, unproven)
            return
        operation = resumed_operation(left.operation)
        self.say("waiting", node, "for an operation an earlier process began")
        outcome = await self._end_of(node, operation, STILL_RUNNING, left.operation.leave_after)
        await self._note(node, outcome, operation.resource)
        attempts.note(outcome, unproven)
        if left.operation.final and isinstance(outcome, (NotYet, Refused)):
            answer = outcome if isinstance(outcome, Refused) else refused_for_good(outcome)
            raise AzureError(answer.code, f"{answer.azure_code}: {answer.text}", resource=operation.resource.text)

    async def write(self, node: Node, found: Found, change: Change, attempts: Attempts) -> Took:
        """Journal the intent, send, wait for the operation, journal the outcome; never cancelled half-way."""
        return await to_its_end(self._write(node, found, change, attempts))

    async def _write(self, node: Node, found: Found, change: Change, attempts: Attempts) -> Took:
        request = change.request
        if isinstance(request.resource, Unknown) or holds_unknown(request.body):
            raise BugError(codes.engine.BUG, f"{node.id} would send a value that is not known yet")
        attempts.client_request_id = attempts.client_request_id or str(uuid.uuid4())
        await self.lease.permit(WRITE, closing=node.closes is not None)
        await self.journal.append(
            Intent(
                step=node.id,
                at=format_utc(self.clock.now()),
                attempt=attempts.sent + 1,
                method=request.method,
                resource_id=request.resource.text,
                api_version=self.azure.api_version(request),
                client_request_id=attempts.client_request_id,
                body=request.body,
                before=without_secrets(to_json(found.body)),
                leave_after=change.caution.background,
                closes=node.closes is not None,
            )
        )
        attempts.sent += 1
        self.say("sending", node, change.why)
        attempts.leave_after = change.caution.background
        self.writes += 1
        self.gates.wrote(node)
        if request.method == "PATCH":
            self._patched[node.id] = (found.body or {}, request.body or {})
        try:
            sent = await self._sent(node, request, attempts.client_request_id)
        except (LeaseLost, LookTooOldError, NoTokenError, StoppedError) as unsent:
            attempts.sent, self.writes = attempts.sent - 1, self.writes - 1
            if not attempts.sent:
                self.gates.not_sent(node)
            outcome: Took = not_sent(unsent)
            await self._note(node, outcome, request.resource)
            if isinstance(unsent, (LeaseLost, StoppedError)):
                raise
            return outcome
        if isinstance(sent, Started):
            await self.journal.append(operation_began(node, sent.operation, change.caution))
            outcome = await self._end_of(node, sent.operation, change.estimate, change.caution.background)
            if change.caution.final and isinstance(outcome, NotYet):
                outcome = refused_for_good(outcome)
        else:
            outcome = sent
        await self._note(node, outcome, request.resource)
        return outcome

    async def _sent(self, node: Node, request: Request, client_request_id: str) -> SendOutcome:
        """Send *request* and return what came of it; outside an open bracket it leaves before the time is up or not at all.

        Raises:
            LeaseLost, LookTooOldError: as `_permit`; nothing was sent.
            StoppedError: CMK513 when the time is up while it waits its turn; nothing was sent.
        """
        leaving = False

        async def permit(seconds: float) -> None:
            nonlocal leaving
            leaving = True
            await self._permit(node, seconds)

        sending = self.azure.send(request, client_request_id=client_request_id, permit=permit)
        if self.gates.in_open_bracket(node):
            return await sending
        return await self._budget.send(sending, lambda: leaving)

    async def _permit(self, node: Node, seconds: float) -> None:
        """Say that a write which has waited its turn may leave now.

        Raises:
            LeaseLost: CMK530 when somebody else may write by now.
            LookTooOldError: CMK216 when it has waited so long that what it was decided on may be another's by now.
        """
        await self.lease.permit(seconds, closing=node.closes is not None)
        age = self.clock.monotonic() - self._looked[node.id]
        if age > STALE:
            raise LookTooOldError(
                codes.access.THROTTLED, f"it had waited {age:.0f} s for its turn and is looked at again"
            )

    async def _end_of(self, node: Node, operation: Operation, estimate: Estimate, leave_after: int) -> Took:
        """Wait until *operation* ends, or may be left to itself; outside a bracket no longer than the run's time.

        The journal has the operation.

        Raises:
            StoppedError: CMK513 when the time is up.
        """
        waiting = self.azure.wait(operation, estimate, leave_after=leave_after)
        if self._budget.endless or self.gates.in_open_bracket(node):
            return after_wait(await waiting, operation)
        ended = await unless(self._budget.wait(), waiting)
        if ended is None:
            raise StoppedError(codes.engine.STOPPED, "the time was up before Azure had ended; it goes on by itself")
        return after_wait(ended, operation)

    async def _note(self, node: Node, outcome: Took, resource: ResourceId) -> None:
        self.recent.forget(resource)
        if isinstance(outcome, (Accepted, StillRunning)):
            self._written[resource.key] = outcome.at
            self.grant_works(node)
        elif isinstance(outcome, Unclear):
            self._written.setdefault(resource.key, self.azure.now())
        if not isinstance(outcome, StillRunning):  # its record stays open: a resume asks again
            await self.journal.append(outcome_of(node, outcome, self.clock.now()))
        self.say("sent", node, said_of(outcome))
