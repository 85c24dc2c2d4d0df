"""When each step of a target would begin and end, were the target moved alone: usually, and at worst.

A step begins as soon as all it waits for has ended. Steps that touch one vault take turns, and a run may hold steps back
(window, canary, limits); neither is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cmk_remediate.model.review import ReviewedEstimate, ReviewedStep, one_after_another
from cmk_remediate.report.html.scale import Scale, ticks
from cmk_remediate.report.view import WRITING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.review import ReviewedTarget
    from cmk_remediate.report.view import ReviewView

DRAWN = (*WRITING, "wait", "manual")
"""The actions that take part in a timeline."""
Look = Literal["write", "wait", "outage", "door", "manual"]


@dataclass(frozen=True)
class Course:
    """From when to when something goes on, in seconds from the beginning of its timeline."""

    begins: int
    ends: int

    @property
    def lasts(self) -> int:
        """How long, in seconds."""
        return self.ends - self.begins


@dataclass(frozen=True)
class TimedStep:
    """A step in its timeline.

    Attributes:
        step: the step.
        usual: when it goes on if everything takes as long as usual.
        worst: the same at worst.
        look: how it is drawn.
        opens: whether another one closes what it opens.
        stops: whether something is down because of it alone.
    """

    step: ReviewedStep
    usual: Course
    worst: Course
    look: Look
    opens: bool
    stops: bool

    @property
    def at_worst_ends(self) -> int:
        """When it ends if it began as usual and took as long as at worst."""
        return self.usual.begins + self.worst.lasts


@dataclass(frozen=True)
class Timeline:
    """The steps of one target in time.

    Attributes:
        steps: those that do something, in order.
        usual: seconds from the first to the last, where steps that need not wait begin together.
        worst: the same at worst.
        brackets: for each outage from a stop to a start when it lasts, usually and at worst.
        outages: how long each of these lasts with its steps one after another, as the window is judged.
        no_return: when the first door opens, in seconds; None where none does.
    """

    steps: tuple[TimedStep, ...]
    usual: int
    worst: int
    brackets: tuple[tuple[Course, Course], ...]
    outages: tuple[ReviewedEstimate, ...]
    no_return: int | None

    @property
    def scale(self) -> Scale:
        """Of the usual course: the worst one is as a rule so much longer that nothing could be seen."""
        return Scale(self.usual)

    @property
    def stopping(self) -> bool:
        """Whether something is down for a while."""
        return bool(self.brackets) or any(one.stops for one in self.steps)

    @property
    def by_hand(self) -> bool:
        """Whether a step is left to somebody, however long that takes."""
        return any(one.look == "manual" for one in self.steps)

    @property
    def ticks(self) -> tuple[int, ...]:
        """The times its axis names."""
        return ticks(self.usual)

    def down(self, moment: Course) -> tuple[Course, ...]:
        """Return the usual courses of the outages that *moment* touches."""
        return tuple(usual for usual, _ in self.brackets if usual.begins <= moment.begins and moment.ends <= usual.ends)


def timeline(view: ReviewView, target: ReviewedTarget) -> Timeline:
    """Return the timeline of *target*."""
    steps = [view.steps[key] for key in target.steps if key in view.steps]
    steps.sort(key=lambda step: view.numbers[step.id])
    usual, worst = _courses(steps, at_worst=False), _courses(steps, at_worst=True)
    closed = {step.closes: step.id for step in steps if step.closes}
    doors = {door.step.id for door in view.doors}
    drawn = tuple(
        TimedStep(
            step,
            usual[step.id],
            worst[step.id],
            _look(step, closed, doors),
            opens=step.id in closed,
            stops=bool(step.downtime) and step.id not in closed,
        )
        for step in steps
        if step.action in DRAWN
    )
    brackets = tuple(
        (_between(usual, opens, closes), _between(worst, opens, closes))
        for opens, closes in closed.items()
        if opens in usual
    )
    return Timeline(
        drawn,
        max((one.usual.ends for one in drawn), default=0),
        max((one.worst.ends for one in drawn), default=0),
        brackets,
        tuple(_outage(view, opens, closes) for opens, closes in closed.items() if opens in usual),
        min((one.usual.begins for one in drawn if one.look == "door"), default=None),
    )


def _courses(steps: Sequence[ReviewedStep], *, at_worst: bool) -> dict[str, Course]:
    found: dict[str, Course] = {}
    for step in steps:  # each stands behind all it waits for
        before = (*step.needs, *step.after, *([step.closes] if step.closes else []))
        begins = max((found[key].ends for key in before if key in found), default=0)
        lasts = 0
        if step.estimate is not None and step.action in DRAWN:
            lasts = step.estimate.worst if at_worst else step.estimate.usual
        found[step.id] = Course(begins, begins + lasts)
    return found


def _outage(view: ReviewView, opens: str, closes: str) -> ReviewedEstimate:
    inside = [key for key in view.steps[closes].after if key in view.steps and opens in view.steps[key].needs]
    return one_after_another(view.steps[key].estimate for key in (opens, *inside, closes))


def _between(courses: dict[str, Course], opens: str, closes: str) -> Course:
    return Course(courses[opens].begins, courses[closes].ends)


def _look(step: ReviewedStep, closed: dict[str, str], doors: set[str]) -> Look:
    if step.id in doors:
        return "door"
    if step.action == "manual":
        return "manual"
    if step.action == "wait":
        return "wait"
    return "outage" if step.id in closed or step.closes or step.downtime else "write"
