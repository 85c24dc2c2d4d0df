"""Whoever watches a run cannot end it.

It is told more than what just happened: what is usual, what was asked, what time is left.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.clock import format_utc, parse_utc
from cmk_remediate.model.result import Event, Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from cmk_remediate.clock import Clock
    from cmk_remediate.connection.traffic import Traffic
    from cmk_remediate.engine.precheck import Refusal
    from cmk_remediate.model.result import Progress, RunResult
    from cmk_remediate.model.review import Review
    from cmk_remediate.planfile.schema import Window

LOGGER = logging.getLogger("cmk_remediate.progress")

_WORST_FIRST = ("failed", "drifted", "blocked", "skipped", "manual", "in progress", "done", "already done")


class Listener:
    """An observer of somebody else's, who may go away: a closed pipe, a lost terminal, a full disk, a bug of its own.

    What it raises ends what it is told, never the run: a machine may stand still. Whoever wants to end a run has `Stop`.
    """

    def __init__(self, progress: Progress) -> None:
        """Tell *progress*."""
        self._progress = progress
        self._lost = ""

    def __call__(self, event: Event) -> None:
        """Pass *event* on, unless an earlier one was too much."""
        if self._lost:
            return
        try:
            self._progress(event)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an observer raises what it likes
            said = f"{type(error).__name__}: {error}".partition("\n")[0]
            self._lost = f"from {format_utc(event.at)} on nobody was told what happened: {said}"
            with suppress(Exception):  # whoever logs may be who has gone
                LOGGER.warning("%s; the run goes on", self._lost)

    def noted(self, result: RunResult) -> RunResult:
        """Return *result*, which somebody still reads, with a note if its observer was lost on the way."""
        return replace(result, text=f"{result.text}; {self._lost}") if self._lost else result


def listening(progress: Progress) -> Listener:
    """Return *progress* as one that cannot end a run; one that is lost stays lost."""
    return progress if isinstance(progress, Listener) else Listener(progress)


def noting(progress: Progress, clock: Clock) -> Callable[[str], None]:
    """Return what tells *progress* a note about the run as a whole."""

    def note(text: str) -> None:
        progress(Event(clock.now(), "note", (), "", text))

    return note


class Watched:
    """An observer between a run and whoever watches it: adds the pace, and says how each target has ended."""

    def __init__(
        self, progress: Progress, review: Review, traffic: Traffic, *, deadline: datetime | None, window: Window | None
    ) -> None:
        """Tell *progress*; *deadline* and *window* are the run's, None where it has none."""
        self._progress = progress
        self._traffic = traffic
        ends = [(deadline, "time")] if deadline is not None else []
        ends += [(parse_utc(window.closes), "window")] if window is not None and review.undoes is None else []
        self._until = min(ends, default=(None, ""))
        kept = {step.id for step in review.steps if step.action == "keep"}
        self._left = {one.id: set(one.steps) - kept for one in review.targets if one.blocked is None}
        self._worst: dict[str, int] = {}
        self._usual = {step.id: step.estimate.usual for step in review.steps if step.estimate is not None}

    def begin(self, now: datetime, refused: Mapping[str, Refusal]) -> None:
        """Say which targets the run is about, and which of them were refused before its first write."""
        left = [target for target, steps in self._left.items() if steps]
        self(Event(now, "began", tuple(left), "", f"{len(left)} to look after"))
        for target, refusal in refused.items():
            if self._left.pop(target, None):
                self(Event(now, "target", (target,), "", f"failed: {refusal.text} [{refusal.code}]"))

    def __call__(self, event: Event) -> None:
        """Pass *event* on with the pace."""
        asked = self._traffic
        pace = Pace(
            usual=self._usual.get(event.step, 0),
            requests=asked.reads + asked.polls + asked.writes + asked.deletes,
            throttled=asked.throttled,
            until=self._until[0],
            until_of=self._until[1],
        )
        self._progress(replace(event, pace=pace))
        if event.kind == "settled":
            for target in event.target:
                self._settled(target, event)

    def _settled(self, target: str, event: Event) -> None:
        left = self._left.get(target)
        if left is None or event.step not in left:
            return
        left.discard(event.step)
        end = event.text.partition(":")[0]
        self._worst[target] = min(self._worst.get(target, len(_WORST_FIRST)), _WORST_FIRST.index(end))
        if not left:
            worst = _WORST_FIRST[self._worst[target]]
            self(
                Event(
                    event.at, "target", (target,), "", {"already done": "done", "drifted": "failed"}.get(worst, worst)
                )
            )
