"""What is going on in a run, gathered from its events: what a live table and a heartbeat show; no terminal here."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmk_remediate.clock import SystemClock, span
from cmk_remediate.model.result import Event
from cmk_remediate.report.names import Names
from cmk_remediate.report.words import count, plain

_WORDS = ("failed", "skipped", "blocked", "manual", "under way", "not begun", "in progress", "done")
_AT_WORK = ("waiting", "sending", "sent")


@dataclass(frozen=True)
class Activity:
    """What one step is at.

    Attributes:
        step: its kind; empty for the run as a whole.
        targets: short names.
        what: ``waiting``, ``sending`` or ``sent``, and for what.
        seconds: since when.
        usual: how many seconds the step usually takes; 0 where nobody knows.
    """

    step: str
    targets: str
    what: str
    seconds: int
    usual: int


class Board:
    """The state of one run as far as its events tell; may be read from another thread than the one it is told on.

    The run's clock may be virtual, so between two events the machine's own counts.
    """

    def __init__(self, monotonic: Callable[[], float] | None = None) -> None:
        """Know nothing yet; *monotonic* returns seconds, by default the machine's."""
        self._monotonic = monotonic or SystemClock().monotonic
        self._lock = threading.Lock()
        self._states: dict[str, str] = {}
        self._at_work: dict[str, tuple[Event, datetime]] = {}
        self._first: Event | None = None
        self._last: Event | None = None
        self._seen = 0.0

    def take(self, event: Event) -> None:
        """Take note of *event*."""
        with self._lock:
            self._first = self._first or event
            self._last, self._seen = event, self._monotonic()
            if event.kind == "began":
                self._states.update(dict.fromkeys(event.target, "not begun"))
            elif event.kind == "target":
                self._states.update(dict.fromkeys(event.target, event.text.partition(":")[0]))
            elif event.kind in _AT_WORK:
                self._states.update({one: "under way" for one in event.target if self._states.get(one) == "not begun"})
                before = self._at_work.get(event.step)
                goes_on = before is not None and before[0].kind == event.kind
                self._at_work[event.step] = (event, before[1] if goes_on and before is not None else event.at)
            elif event.kind == "settled":
                self._at_work.pop(event.step, None)
            if event.step:
                self._at_work.pop("", None)  # what the run as a whole waited for is over: a step goes on

    def activities(self) -> tuple[Activity, ...]:
        """Return what is going on, the longest first; what began in the same second in the order of targets."""
        with self._lock:
            now = self._now()
            found = [_activity(event, since, now) for event, since in self._at_work.values()]
        return tuple(sorted(found, key=lambda one: (-one.seconds, one.targets, one.step)))

    def summary(self) -> tuple[str, ...]:
        """Return the targets by state, the requests, and the time: gone, and left."""
        with self._lock:
            now, last = self._now(), self._last
            states = Counter(self._states.values())
            began = self._first.at if self._first is not None else now
        targets = ", ".join(f"{states[word]} {word}" for word in _WORDS if states[word])
        said = [f"targets: {targets}" if targets else "getting ready"]
        pace = last.pace if last is not None else None
        if pace is not None:
            said.append(f"{count(pace.requests, 'request')}, {pace.throttled} throttled")
        said.append(f"{span(_seconds(now - began))} gone")
        if pace is not None and pace.until is not None:
            left = _seconds(pace.until - now)
            what = "the window closes" if pace.until_of == "window" else "its time is up"
            said.append(
                f"{what} in {span(left)}"
                if left > 0
                else f"{what.replace('is up', 'was up').replace('closes', 'closed')}"
            )
        return tuple(said)

    def _now(self) -> datetime:
        if self._last is None:
            return datetime.min  # noqa: DTZ901 - nothing happened yet, so nothing is shown
        return self._last.at + timedelta(seconds=self._monotonic() - self._seen)


def named(targets: tuple[str, ...]) -> str:
    """Return one or two targets by name, and how many more there are."""
    names = Names(targets)
    shown = ", ".join(names(target) for target in targets[:2])
    return f"{shown} and {len(targets) - 2} more" if len(targets) > 2 else shown  # noqa: PLR2004


def _activity(event: Event, since: datetime, now: datetime) -> Activity:
    usual = event.pace.usual if event.pace is not None else 0
    what = plain(f"{event.kind}: {event.text}")
    return Activity(event.step.partition(".")[0], plain(named(event.target)), what, _seconds(now - since), usual)


def _seconds(passed: timedelta) -> int:
    return max(0, int(passed.total_seconds()))
