"""Carrying out a review: the pre-check, then every step through the one loop, in the graph's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.clock import Clock, format_utc
from cmk_remediate.engine.attempts import Attempts
from cmk_remediate.engine.budget import Budget
from cmk_remediate.engine.canary import SOAKING, VERIFIED, Canary
from cmk_remediate.engine.context import RunContext
from cmk_remediate.engine.drift import CHANGES
from cmk_remediate.engine.gates import Gates
from cmk_remediate.engine.leased import names_of
from cmk_remediate.engine.outcome import RunEnd, sum_up
from cmk_remediate.engine.precheck import PreCheck, begun_targets, open_brackets
from cmk_remediate.engine.reads import Recent
from cmk_remediate.engine.schedule import Stop, alongside, walk
from cmk_remediate.engine.settle import settle
from cmk_remediate.engine.settlement import End, Settlement
from cmk_remediate.errors import AzureError, LeaseLost, RunStoreError, StoppedError
from cmk_remediate.model.records import RunEnded, Settled
from cmk_remediate.model.secrets import without_secrets
from cmk_remediate.model.values import to_json

if TYPE_CHECKING:
    from cmk_remediate.engine.journal import Journal
    from cmk_remediate.engine.journal_state import StepState
    from cmk_remediate.engine.lease import Permit
    from cmk_remediate.model.graph import Graph, Node
    from cmk_remediate.model.outcomes import Azure
    from cmk_remediate.model.records import Record
    from cmk_remediate.model.result import Progress, RunResult
    from cmk_remediate.model.review import Review


@dataclass(frozen=True)
class Rules:
    """How one run may go about its work; from the plan and the caller.

    Attributes:
        max_failures: so many failed targets end the start of new ones.
        max_disrupted: so many targets may be disrupted at once.
        canary: how many targets go first; 0 for none.
        soak: seconds the canary rests before it is looked at again.
        fits: says why work of so many seconds must not start now; empty if it may.
        expired: says that the review has expired; empty where it has not.
        deadline: when the run's time is up, by our clock; None for never.
    """

    max_failures: int = 1
    max_disrupted: int = 1
    canary: int = 0
    soak: int = 0
    fits: Callable[[int], str] = lambda _: ""
    expired: Callable[[], str] = lambda: ""
    deadline: datetime | None = None


class Run:
    """One review being carried out, from its first step or from where its journal ends."""

    def __init__(
        self,
        *,
        review: Review,
        graph: Graph,
        azure: Azure,
        clock: Clock,
        journal: Journal,
        rules: Rules,
        stop: Stop,
        progress: Progress,
        precheck: PreCheck,
        lease: Permit | None = None,
    ) -> None:
        """Put together what the steps work with."""
        self._review = review
        self._journal = journal
        self._clock = clock
        self._progress = progress
        self._precheck = precheck
        blocked = [target.id for target in review.targets if target.blocked is not None]
        self._graph = graph.without([*precheck.refused, *blocked])
        self._unsupported = _unsupported(graph, self._graph)
        self._before = journal.state
        self._touched = begun_targets(self._graph, self._before)
        recent = Recent(azure, clock)
        recent.remember(dict(precheck.seen))
        first = self._canary_targets(rules.canary)
        if first:
            self._graph = self._graph.canary_first(first)
        self._canary = Canary(self._graph, first, rules.soak, self._before.gates.get(SOAKING))
        self._budget = Budget(clock, rules.deadline, stop)
        stopping = {step.id for step in review.steps if step.downtime and step.action in CHANGES}
        disruptive = stopping & set(self._graph.by_id) - set(self._graph.closing)
        gates = Gates(
            graph=self._graph,
            stop=stop,
            touched=self._touched,
            sent=[key for key, state in self._before.steps.items() if state.sent],
            max_failures=rules.max_failures,
            max_disrupted=rules.max_disrupted,
            canary=first if self._canary.watches else (),
            fits=rules.fits,
            in_time=self._budget.too_short,
            expired=rules.expired,
            worst={target: time.worst for target, time in review.times().items()},
            bracket_worst=self._bracket_worst(),
            disruptive=disruptive,
            disrupting=[key for key in disruptive if _unended(self._before.step(key))],
        )
        self._context = RunContext(
            azure=azure,
            clock=clock,
            journal=journal,
            recent=recent,
            reviewed={step.id: step for step in review.steps},
            gates=gates,
            stop=stop,
            budget=self._budget,
            progress=progress,
            changing=precheck.changing,
            lease=lease,
        )
        self._stop = stop
        self._left_open = open_brackets(self._graph, self._before)
        if self._left_open:
            gates.reopened(self._left_open)

    async def carry_out(self) -> RunResult:
        """Bring every step to its end and say how the run ended."""
        ended = await alongside(self._budget.run_out(), walk(self._graph, self._work))
        end = sum_up(
            RunEnd(
                review=self._review,
                graph=self._graph,
                ended=ended,
                refused=self._precheck.refused,
                sent_before={key for key, state in self._before.steps.items() if state.sent},
                writes=self._context.writes,
                changed=self._changed(),
                interrupted="" if self._budget.spent or self._stop.code != codes.engine.STOPPED else self._stop.reason,
            )
        )
        closed = all(ended[closer].succeeded for closer in self._graph.closing.values())
        finished = closed and not any(_is_left(item) for item in ended.values())
        await self._append(RunEnded(at=self._now(), finished=finished, exit_code=end.exit_code))
        return end

    def _changed(self) -> bool:
        """Say whether this run has changed anything; one that was finished before, since then."""
        over = self._before.steps if self._before.finished else {}
        return any(state.changed and state != over.get(key) for key, state in self._journal.state.steps.items())

    def standing_still(self) -> frozenset[str]:
        """Return the names of what stands still because of this run: whoever closes these brackets writes it."""
        closers = [self._graph.closing[opener] for opener in self._context.gates.standing_open]
        return names_of(self._graph.by_id[closer] for closer in closers)

    async def _append(self, record: Record) -> None:
        """Journal *record*, unless somebody else goes on with the journal: then it is theirs to say how things ended.

        Where nothing can be journaled any more the run comes to its end without: whoever resumes it looks at Azure.
        """
        try:
            await self._journal.append(record)
        except LeaseLost as lost:
            self._context.lease.lose(lost.cause)
        except RunStoreError as broken:
            self._context.store_failed(broken)

    async def _work(self, node: Node, ended: Mapping[str, Settlement]) -> Settlement:
        context = self._context
        settlement = self._not_to_run(node, ended) or await self._idle(node)
        if settlement is None:
            held = await context.gates.admit(node)
            if held is not None:
                settlement = Settlement("skipped", held.code, held.text, node.step, stopped=held.stopped)
        if settlement is None:
            try:
                settlement = await settle(node, context)
            finally:
                context.release(node)
        await self._record(node, settlement)
        try:
            await self._canary.step_ended(context, {**ended, node.id: settlement})
        except RunStoreError as broken:
            context.gates.canary_ended(broken.cause)
        return settlement

    def _not_to_run(self, node: Node, ended: Mapping[str, Settlement]) -> Settlement | None:
        """Return how a node ends that must not run: nothing to close, or a step it needs did not succeed."""
        if node.closes is not None:
            left_open = node.closes in self._left_open and self._context.gates.is_open(node.closes)
            opened = ended[node.closes].sent or left_open
            return None if opened else Settlement("already done", "", "its bracket is not open", node.step)
        if node.id in self._unsupported:
            text = "a step it needs belongs to a target that was refused"
            return Settlement("skipped", codes.engine.NEEDED_STEP_FAILED, text, node.step)
        unmet = [ended[need] for need in node.needs if not ended[need].succeeded]
        if not unmet or self._is_right_for_some(node, ended):
            return None
        first = unmet[0]
        text = f"{first.step.kind} ended {first.end}: {first.text}"
        stopped = all(item.stopped for item in unmet)
        code = first.code if stopped else codes.engine.NEEDED_STEP_FAILED
        # What waits for somebody's hands is no failure: the reviewer knew.
        end: End = "manual" if all(item.end == "manual" for item in unmet) else "skipped"
        return Settlement(end, first.code if end == "manual" else code, text, node.step, stopped=stopped)

    def _is_right_for_some(self, node: Node, ended: Mapping[str, Settlement]) -> bool:
        """Say whether *node*, a step that runs for the rest, has a target for which all it needs succeeded."""
        return node.step.runs_for_the_rest and any(
            all(ended[need].succeeded for need in node.needs if target in self._graph.by_id[need].targets)
            for target in node.targets
        )

    async def _idle(self, node: Node) -> Settlement | None:
        """Return how a node ends that would open a bracket in which nothing is left to change.

        An earlier process may have opened it, and even closed it without living to say so: what it began is waited for, no more.
        """
        if node.id not in self._precheck.idle:
            return None
        try:
            await self._context.pick_up(node, Attempts())
        except AzureError as error:
            return Settlement("failed", error.code, error.cause, node.step)
        except (LeaseLost, StoppedError) as stopped:
            return Settlement("skipped", stopped.code, stopped.cause, node.step, stopped=True)
        return Settlement("already done", "", "nothing inside its bracket is to change", node.step)

    async def _record(self, node: Node, settlement: Settlement) -> None:
        context = self._context
        context.settled[node.id] = settlement
        if settlement.end in ("failed", "drifted"):
            context.gates.failed(node.targets)
        context.gates.ended(node)
        if node.closes is not None:
            context.gates.closed(node.closes)
        foreign = context.changed_meanwhile(node, settlement)
        if foreign:
            context.say("note", node, f"{settlement.step.kind}{foreign}")
            settlement = replace(settlement, text=settlement.text + foreign)
        if not settlement.stopped:
            await self._append(
                Settled(
                    step=node.id,
                    at=self._now(),
                    result=settlement.end,
                    code=settlement.code,
                    text=settlement.text,
                    after=without_secrets(to_json(settlement.found.body)) if settlement.found else None,
                )
            )
        context.say("settled", node, f"{settlement.end}: {settlement.text}")

    def _canary_targets(self, count: int) -> tuple[str, ...]:
        """Return the first *count* targets of each service that change something, unless the canary has proved itself already."""
        if VERIFIED in self._before.gates:
            return ()
        changing = {step.id for step in self._review.steps if step.action in CHANGES}
        moving = [
            target
            for target in self._review.targets
            if target.blocked is None and target.id not in self._precheck.refused and changing & set(target.steps)
        ]
        begun_first = sorted(moving, key=lambda target: target.id not in self._touched)
        first: dict[str, list[str]] = {target.service: [] for target in begun_first}
        for target in begun_first:
            if len(first[target.service]) < count:
                first[target.service].append(target.id)
        chosen = tuple(target for targets in first.values() for target in targets)
        return chosen if len(chosen) < len(moving) else ()

    def _bracket_worst(self) -> dict[str, int]:
        """Return the worst case of each bracket, opening and closing included, in seconds."""
        worst = {step.id: step.estimate.worst for step in self._review.steps if step.estimate is not None}
        return {
            opener: sum(worst.get(key, 0) for key in (opener, *self._graph.inside(opener), closer))
            for opener, closer in self._graph.closing.items()
        }

    def _now(self) -> str:
        return format_utc(self._clock.now())


def _is_left(item: Settlement) -> bool:
    """Say whether the run may yet do what was not done: what was never begun is not begun once the review has expired."""
    return item.code != codes.input_.REVIEW_EXPIRED and (item.stopped or item.end in ("failed", "skipped"))


def _unended(state: StepState) -> bool:
    """Say whether a write of a step was sent whose end nobody has seen."""
    return state.sent and (state.settled is None or state.settled.result not in ("done", "already done"))


def _unsupported(whole: Graph, left: Graph) -> frozenset[str]:
    """Return the steps of *left* that need one which went with a refused target, unless they run for the rest."""
    return frozenset(
        node.id
        for node in left.nodes
        if not node.step.runs_for_the_rest and any(need not in left.by_id for need in whole.by_id[node.id].needs)
    )
