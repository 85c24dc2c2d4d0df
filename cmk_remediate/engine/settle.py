"""The one loop: read, decide; on a change: is it the reviewed one? then write; read and decide again, until done.

Dry run, apply, resume, verify and rollback are all made of it. Done is what "verified", "idempotent" and "resumed" mean.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from cmk_remediate import codes
from cmk_remediate.engine.attempts import Attempts, unproven_for
from cmk_remediate.engine.settlement import ASKED, AT_WORK, Settlement
from cmk_remediate.engine.shapes import making_sense_of
from cmk_remediate.errors import CmkError, LeaseLost, RunStoreError, StoppedError
from cmk_remediate.model.decisions import Blocked, Change, Decision, Done, Found, Manual, Pending
from cmk_remediate.model.outcomes import Accepted, NotYet, Refused, StillRunning, Unclear

if TYPE_CHECKING:
    from cmk_remediate.model.decisions import Caution
    from cmk_remediate.model.graph import Node
    from cmk_remediate.model.step import Step


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


async def _settle(node: Node, world: World, attempts: Attempts) -> Settlement:
    await world.likely_behind_grant(node)
    again = False
    while True:
        with making_sense_of(node.step.address()):
            step, found = await world.look(node, again=again)
            decision = step.decide(found)
        again = True
        ended: Settlement | None
        if attempts.goes_on and not isinstance(decision, Blocked):
            # Whatever a read shows meanwhile: its operation says that it has not ended.
            ended = Settlement("in progress", "", AT_WORK, step, found, attempts.sent)
        elif isinstance(decision, Change):
            ended = await _change(node, step, found, decision, world, attempts)
        elif isinstance(decision, Pending) and not decision.background:
            ended = await _pending(node, step, found, decision, world, attempts)
        elif isinstance(decision, Done) and (late := attempts.time_to_trust()):
            ended = await _wait(node, step, found, late, "until nothing takes it back", world, attempts)
        else:
            ended = _end(decision, step, found, attempts)
        if ended is not None:
            return ended


async def _change(
    node: Node, step: Step, found: Found, change: Change, world: World, attempts: Attempts
) -> Settlement | None:
    """Send *change* if it may be sent; None means: read and decide again."""
    if attempts.had_no_effect(change):
        return Settlement("failed", codes.engine.WRITE_HAD_NO_EFFECT, change.why, step, found, attempts.sent)
    late = attempts.time_to_show(change, found.now)
    if late:
        return await _wait(node, step, found, late, "until a read shows the write", world, attempts)
    if attempts.never_clear(change):
        text = f"sent {attempts.sent} times, no read shows it; {attempts.last_unclear}"
        return Settlement("failed", codes.access.UNCLEAR_ANSWER, text, step, found, attempts.sent)
    if await world.room_to_disrupt(node):
        return None
    refused = await world.may_write(node, change)
    if refused is not None:
        return replace(refused, sent=attempts.sent)
    if await world.behind_grant(node) or await world.only_writer(node, step):
        return None
    outcome = await world.write(node, found, change, attempts)
    attempts.note(outcome, unproven_for(change.action, change.estimate.usual, change.estimate.worst))
    if isinstance(outcome, Refused):
        return Settlement("failed", outcome.code, f"{outcome.azure_code}: {outcome.text}", step, found, attempts.sent)
    if isinstance(outcome, NotYet):
        never = world.give_up(node, step, outcome, attempts, change.caution)
        seconds = attempts.pause_before_next(outcome, change.caution)
        world.let_go(node)
        return never or await _wait(node, step, found, seconds, f"{outcome.code}: {outcome.text}", world, attempts)
    if isinstance(outcome, Accepted):
        await world.let_it_show(node)
    return None


async def _pending(
    node: Node, step: Step, found: Found, decision: Pending, world: World, attempts: Attempts
) -> Settlement | None:
    """Let the resource come out of its state by itself, but not for ever."""
    if attempts.stuck(decision.retry_after, decision.why):
        if attempts.leave_after:
            # Its answer was lost, or nobody may read its status: what Azure goes on with by itself for hours is not waited for.
            return Settlement("in progress", "", f"{decision.why}: {ASKED}", step, found, attempts.sent)
        return Settlement("failed", codes.engine.STUCK, decision.why, step, found, attempts.sent)
    return await _wait(node, step, found, decision.retry_after, decision.why, world, attempts)


async def _wait(
    node: Node, step: Step, found: Found, seconds: float, why: str, world: World, attempts: Attempts
) -> Settlement | None:
    """Let time pass; a settlement only when the run was asked to end meanwhile."""
    if await world.pause(node, seconds, why):
        return None
    text = f"stopped while waiting: {why}"
    return Settlement("skipped", codes.engine.STOPPED, text, step, found, attempts.sent, stopped=True)


def _end(decision: Decision, step: Step, found: Found, attempts: Attempts) -> Settlement:
    if isinstance(decision, Done):
        return Settlement("done" if attempts.sent else "already done", "", decision.why, step, found, attempts.sent)
    if isinstance(decision, Pending):
        return Settlement("in progress", "", decision.why, step, found, attempts.sent)
    if isinstance(decision, Manual):
        return Settlement("manual", decision.code or "", decision.instructions, step, found, attempts.sent)
    if isinstance(decision, Blocked):
        return Settlement("blocked", decision.code, decision.why, step, found, attempts.sent)
    raise AssertionError(decision)
