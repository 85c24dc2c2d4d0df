"""The one loop: read, decide; on a change: is it the reviewed one? then write; read and decide again, until done.

Dry run, apply, resume, verify and rollback are all made of it. Done is what "verified", "idempotent" and "resumed" mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from cmk_remediate import codes
from cmk_remediate.engine.attempts import Attempts, unproven_for
from cmk_remediate.engine.settlement import ASKED, AT_WORK, End, Settlement
from cmk_remediate.engine.shapes import making_sense_of
from cmk_remediate.errors import CmkError, LeaseLost, RunStoreError, StoppedError
from cmk_remediate.model.decisions import Blocked, Change, Decision, Done, Found, Manual, Pending
from cmk_remediate.model.graph import Node
from cmk_remediate.model.outcomes import Accepted, NotYet, Refused, StillRunning, Unclear
from cmk_remediate.model.step import Step

if TYPE_CHECKING:
    from cmk_remediate.model.decisions import Caution


class World(Protocol):
    """What the loop needs of a run; `engine.context` is the real one."""

    async def look(self, node: Node, *, again: bool) -> tuple[Step, Found]:
        """Return the step with its promises bound, and what it finds; *again*: its own resource as it is now."""

    async def only_writer(self, node: Node, step: Step) -> bool:
        """Wait until this step may write its resource alone, held until it has ended; True when that took time."""

    def let_go(self, node: Node) -> None:
        """Let others write the resource until this step tries again; what it wrote was not taken."""

    async def pause(self, node: Node, seconds: float, why: str) -> bool:
        """Let time pass; False when the run was asked to end."""

    async def room_to_disrupt(self, node: Node) -> bool:
        """Wait until so few others are disrupted that this step may disrupt too; True when that took time."""

    async def may_write(self, node: Node, change: Change) -> Settlement | None:
        """Return why *change* must not be sent: drift, or a gate; None when it may."""

    async def likely_behind_grant(self, node: Node) -> None:
        """Queue for the grant before the first look, where the pre-check saw a change: else the look would be in vain."""

    async def behind_grant(self, node: Node) -> bool:
        """Wait for this step's turn to try its grant; True when that took time."""

    async def write(
        self, node: Node, found: Found, change: Change, attempts: Attempts
    ) -> Accepted | NotYet | Refused | Unclear | StillRunning:
        """Journal the intent, send, wait for the operation, journal the outcome."""

    async def pick_up(self, node: Node, attempts: Attempts) -> None:
        """If an earlier process left an operation open, wait for it; if it left an unclear write, note it."""

    def store_failed(self, error: RunStoreError) -> None:
        """Ask the run to end: nothing more can be journaled."""

    async def let_it_show(self, node: Node) -> None:
        """Give an accepted write time to show, where looking at once would cost reads that others need."""

    def give_up(
        self, node: Node, step: Step, answer: NotYet, attempts: Attempts, caution: Caution
    ) -> Settlement | None:
        """Return the settlement of a step whose "not yet" has become "never"; None while it is worth another try."""


async def settle(node: Node, world: World) -> Settlement:
    """Bring one step to its end and return how it ended."""
    attempts = Attempts()
    try:
        await world.pick_up(node, attempts)
        return await _settle(node, world, attempts)
    except (LeaseLost, StoppedError) as stopped:
        return Settlement("skipped", stopped.code, stopped.cause, node.step, sent=attempts.sent, stopped=True)
    except RunStoreError as broken:
        world.store_failed(broken)
        return Settlement("skipped", broken.code, broken.cause, node.step, sent=attempts.sent, stopped=True)
    except CmkError as error:
        return Settlement("failed", error.code, error.cause, node.step, sent=attempts.sent)
    except Exception as error:  # noqa: BLE001 - a bug in one step must not leave another one's machine stopped
        text = f"{type(error).__name__}: {error}"
        return Settlement("failed", codes.engine.BUG, text, node.step, sent=attempts.sent)


@dataclass(frozen=True)
class _Look:
    """One look at a step: what was found, and what it is acted on with.

    Attributes:
        node: the step's node.
        step: the step with its promises bound.
        found: what it is judged by.
        world: the run.
        attempts: what was sent for it so far.
    """

    node: Node
    step: Step
    found: Found
    world: World
    attempts: Attempts

    def ends(self, end: End, code: str, text: str, *, stopped: bool = False) -> Settlement:
        """Return that the step has ended with what was found."""
        return Settlement(end, code, text, self.step, self.found, self.attempts.sent, stopped)

    async def wait(self, seconds: float, why: str) -> Settlement | None:
        """Let time pass; a settlement only when the run was asked to end meanwhile."""
        if await self.world.pause(self.node, seconds, why):
            return None
        return self.ends("skipped", codes.engine.STOPPED, f"stopped while waiting: {why}", stopped=True)


async def _settle(node: Node, world: World, attempts: Attempts) -> Settlement:
    await world.likely_behind_grant(node)
    again = False
    while True:
        with making_sense_of(node.step.address()):
            step, found = await world.look(node, again=again)
            decision = step.decide(found)
        again = True
        ended = await _acted_on(_Look(node, step, found, world, attempts), decision)
        if ended is not None:
            return ended


async def _acted_on(look: _Look, decision: Decision) -> Settlement | None:
    """Do what *decision* asks for; None means: read and decide again."""
    if look.attempts.goes_on and not isinstance(decision, Blocked):
        # Whatever a read shows meanwhile: its operation says that it has not ended.
        return look.ends("in progress", "", AT_WORK)
    if isinstance(decision, Change):
        return await _change(look, decision)
    if isinstance(decision, Pending):
        return look.ends("in progress", "", decision.why) if decision.background else await _pending(look, decision)
    if isinstance(decision, Done):
        if late := look.attempts.time_to_trust():
            return await look.wait(late, "until nothing takes it back")
        return look.ends("done" if look.attempts.sent else "already done", "", decision.why)
    if isinstance(decision, Manual):
        return look.ends("manual", decision.code or "", decision.instructions)
    return look.ends("blocked", decision.code, decision.why)


async def _change(look: _Look, change: Change) -> Settlement | None:
    """Send *change* if it may be sent; None means: read and decide again."""
    node, world, attempts = look.node, look.world, look.attempts
    if attempts.had_no_effect(change):
        return look.ends("failed", codes.engine.WRITE_HAD_NO_EFFECT, change.why)
    if late := attempts.time_to_show(change, look.found.now):
        return await look.wait(late, "until a read shows the write")
    if attempts.never_clear(change):
        text = f"sent {attempts.sent} times, no read shows it; {attempts.last_unclear}"
        return look.ends("failed", codes.access.UNCLEAR_ANSWER, text)
    if await world.room_to_disrupt(node):
        return None
    refused = await world.may_write(node, change)
    if refused is not None:
        return replace(refused, sent=attempts.sent)
    if await world.behind_grant(node) or await world.only_writer(node, look.step):
        return None
    outcome = await world.write(node, look.found, change, attempts)
    attempts.note(outcome, unproven_for(change.action, change.estimate.usual, change.estimate.worst))
    if isinstance(outcome, Refused):
        return look.ends("failed", outcome.code, f"{outcome.azure_code}: {outcome.text}")
    if isinstance(outcome, NotYet):
        never = world.give_up(node, look.step, outcome, attempts, change.caution)
        seconds = attempts.pause_before_next(outcome, change.caution)
        world.let_go(node)
        return never or await look.wait(seconds, outcome.said)
    if isinstance(outcome, Accepted):
        await world.let_it_show(node)
    return None


async def _pending(look: _Look, decision: Pending) -> Settlement | None:
    """Let the resource come out of its state by itself, but not for ever."""
    if not look.attempts.stuck(decision.retry_after, decision.why):
        return await look.wait(decision.retry_after, decision.why)
    if look.attempts.leave_after:
        # Its answer was lost, or nobody may read its status: what Azure goes on with by itself for hours is not waited for.
        return look.ends("in progress", "", f"{decision.why}: {ASKED}")
    return look.ends("failed", codes.engine.STUCK, decision.why)
