"""What stands at the start of an untouched target: expiry, canary, failure cap, window, the wish to end; before a write, the time.

None but the time is ever in the way of resuming, closing or undoing our own work: a target that was begun goes on. Nothing at all
is in the way of closing an open bracket.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.codes.code import Code
from cmk_remediate.engine.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from cmk_remediate.engine.schedule import Stop
    from cmk_remediate.model.graph import Graph, Node


@dataclass(frozen=True)
class Held:
    """Why a node is not started; ``stopped`` when a resume will start it."""

    code: Code
    text: str
    stopped: bool


class Gates:
    """The gates of one run.

    Args:
        graph: the run's graph.
        stop: the wish to end.
        touched: targets an earlier process of this run has begun.
        sent: steps that it has sent a write for: they go on after the review's expiry, though no target of theirs was begun.
        max_failures: so many failed targets end the start of new ones.
        max_disrupted: so many brackets may be open, or steps that disrupt by themselves be at work, at once.
        canary: the targets that go first; empty for none.
        fits: says, for a number of seconds, why work of that length must not start now (the window); empty if it may.
        expired: says that the review has expired; empty where it has not.
        in_time: says the same as *fits* of the time the run was given; asked before each write.
        worst: the worst case of each target in seconds.
        bracket_worst: the worst case of each bracket from opening to closing, in seconds, by the step that opens it.
        disruptive: the steps that disrupt by themselves, without a bracket.
        disrupting: those of them that an earlier process began and nobody has seen end.
    """

    def __init__(
        self,
        *,
        graph: Graph,
        stop: Stop,
        touched: Collection[str],
        sent: Collection[str] = (),
        max_failures: int,
        max_disrupted: int,
        canary: Collection[str],
        fits: Callable[[int], str],
        in_time: Callable[[int], str],
        expired: Callable[[], str] = lambda: "",
        worst: Mapping[str, int],
        bracket_worst: Mapping[str, int] | None = None,
        disruptive: Collection[str] = (),
        disrupting: Collection[str] = (),
    ) -> None:
        """Start with every gate where the arguments put it."""
        self._graph = graph
        self._stop = stop
        self._touched = set(touched)
        self._sent = set(sent)
        self._max_failures = max_failures
        self._canary = frozenset(canary)
        self._canary_ended = asyncio.Event()
        self._canary_verdict = ""
        self._fits = fits
        self._in_time = in_time
        self._expired = expired
        self._worst = worst
        self._bracket_worst = dict(bracket_worst or {})
        self._failed: set[str] = set()
        self._disruptive = frozenset(disruptive)
        self._slots = Slots(max_disrupted, disrupting)
        self._open: set[str] = set()
        self._opening: set[str] = set()
        self._urgent: frozenset[str] = frozenset()
        self._urgent_ended = asyncio.Event()
        self._inherited: set[str] = set()

    async def admit(self, node: Node) -> Held | None:
        """Return why *node* must not start, once that is known; None when it may."""
        if self._urgent and node.id not in self._urgent:
            await self._urgent_ended.wait()
        if self._begun(node):
            return None
        if self._canary and not self._canary & set(node.targets) and not self._too_old(node):
            await self._canary_ended.wait()
        return self._held(node)

    def _held(self, node: Node) -> Held | None:
        """Return why *node* must not start now."""
        if self._begun(node):
            return None
        if self._stop.asked:
            return Held(self._stop.code, self._stop.reason, stopped=True)
        if late := self._too_old(node):
            return Held(codes.input_.REVIEW_EXPIRED, late, stopped=True)
        if self._canary_verdict and not self._canary & set(node.targets):
            return Held(codes.engine.CANARY_FAILED, self._canary_verdict, stopped=True)
        if len(self._failed) >= self._max_failures:
            return Held(
                codes.engine.TOO_MANY_FAILURES, f"{len(self._failed)} targets failed before this one", stopped=True
            )
        late = self._fits(min((self._worst.get(target, 0) for target in node.targets), default=0))
        return Held(codes.engine.OUTSIDE_WINDOW, late, stopped=True) if late else None

    def _begun(self, node: Node) -> bool:
        """Say whether the node belongs to work that was begun: only the wish to end holds it, and not inside a bracket."""
        if self.in_open_bracket(node):
            return True
        return not self._stop.asked and bool(self._touched & set(node.targets))

    def _too_old(self, node: Node) -> str:
        """Return why *node* is not begun with a review as old as this one; empty where it may be, or was begun."""
        late = "" if node.id in self._sent else self._expired()
        return f"the review is too old to begin this target: {late}" if late else ""

    def _out_of_time(self, worst: int) -> Held | None:
        late = self._in_time(worst)
        return Held(codes.engine.STOPPED, late, stopped=True) if late else None

    async def room_to_disrupt(self, node: Node) -> bool:
        """Wait for a free slot if *node* opens a bracket or disrupts by itself; True when that took time: others' whole outages.

        Who asks would write. What opened a bracket that was left open and would write again has found it closed: by its owner,
        or by a process that did not live to say so. It opens another one, and every gate stands before that.
        """
        if node.id in self._inherited:
            self.closed(node.id)
        disrupts = node.id in self._disruptive or (node.id in self._graph.closing and node.id not in self._open)
        return disrupts and await self._slots.take(node.id)

    def before_write(self, node: Node, worst: int) -> Held | None:
        """Return why *node* must not write after all: it has waited since it was admitted; None when it may.

        A step that opens a bracket, which has its slot by now, opens it only if the whole of it fits.

        Args:
            node: what wants to write.
            worst: how long that takes at worst, in seconds.
        """
        if node.id in self._opening and self._stop.asked:
            return Held(self._stop.code, self._stop.reason, stopped=True)
        if node.id not in self._graph.closing or node.id in self._open:
            return self._held(node) or (None if self.in_open_bracket(node) else self._out_of_time(worst))
        whole = self._bracket_worst.get(node.id, worst)
        late = self._fits(whole)
        held = self._held(node) or (Held(codes.engine.OUTSIDE_WINDOW, late, stopped=True) if late else None)
        held = held or self._out_of_time(whole)
        if held is None:
            self._open.add(node.id)
            self._opening.add(node.id)
        else:
            self._slots.free(node.id)
        return held

    def wrote(self, node: Node) -> None:
        """Note a write: the target that alone owns *node* is begun, and every target whose bracket it opens."""
        self._opening.discard(node.id)
        self._sent.add(node.id)
        if len(node.targets) == 1 or node.id in self._graph.closing:
            self._touched.update(node.targets)

    def is_open(self, opener: str) -> bool:
        """Say whether the bracket of *opener* is open."""
        return opener in self._open

    def not_sent(self, node: Node) -> None:
        """Note that no write of *node* has left after all: a bracket that it was to open is not open."""
        if node.id not in self._inherited:
            self._open.discard(node.id)

    def in_open_bracket(self, node: Node) -> bool:
        """Say whether *node* stands in a bracket that is open."""
        return bool(self._open) and self._graph.bracket_of(node) in self._open

    @property
    def standing_open(self) -> frozenset[str]:
        """The steps that have opened a bracket which is not closed: a write of theirs may have left."""
        return frozenset(self._open - self._opening)

    def reopened(self, openers: Collection[str]) -> None:
        """Take over brackets an earlier process left open: they, and what they stand on, come before anything else.

        They may exceed the limit on open brackets; they exist.
        """
        self._open.update(openers)
        self._slots.inherit(openers)
        urgent = [node.id for node in self._graph.nodes if self.in_open_bracket(node)]
        for key in urgent:
            urgent.extend(item for item in self._graph.by_id[key].before_it if item not in urgent)
        self._urgent = frozenset(urgent)
        self._inherited = set(openers)

    def closed(self, opener: str) -> None:
        """Note that the bracket of *opener* has ended, one way or the other."""
        if opener not in self._open:
            return
        self._open.discard(opener)
        self._slots.free(opener)
        self._inherited.discard(opener)
        if not self._inherited:
            self._urgent_ended.set()

    def ended(self, node: Node) -> None:
        """Note that *node* has ended: what it disrupted by itself is over, and a bracket it has not opened needs no slot."""
        if node.id in self._disruptive or (node.id in self._graph.closing and node.id not in self._open):
            self._slots.free(node.id)

    def failed(self, targets: Collection[str]) -> None:
        """Note that a step of *targets* failed."""
        self._failed.update(targets)

    @property
    def touched(self) -> frozenset[str]:
        """Targets that were begun."""
        return frozenset(self._touched)

    def canary_ended(self, verdict: str) -> None:
        """Let the rest start, or say why it must not."""
        self._canary_verdict = verdict
        self._canary_ended.set()
