"""What the page of a review shows, worked out before the template words it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.codes import CODES
from cmk_remediate.model.review import ReviewedStep, ReviewedTarget
from cmk_remediate.report import outset
from cmk_remediate.report.html.timeline import DRAWN, Timeline, timeline
from cmk_remediate.report.view import WRITING, ReviewView
from cmk_remediate.report.words import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.review import Note, Review, ReviewedLine
    from cmk_remediate.report.view import ShownLine, ShownPermission

_RECOVERY = frozenset(
    {
        codes.notes.VAULT_REGION,
        codes.notes.VAULT_REGION_UNKNOWN,
        codes.notes.KEY_BACKUP,
        codes.notes.KEY_RESTORE_SCOPE,
        codes.notes.RESTORE_NEEDS,
        codes.notes.AUDIT_LOGGING_MISSING,
        codes.notes.AUDIT_LOGGING_UNKNOWN,
        codes.notes.AUDIT_LOGGING_ON,
    }
)
"""What somebody who has to restore something needs to know."""


@dataclass(frozen=True)
class ShownTarget:
    """A target as its section shows it.

    Attributes:
        target: as reviewed.
        anchor: where its section begins.
        line: its steps in time.
        own: the steps told here: not those shared with other targets.
        idle: what became of its steps that do nothing, one sentence each.
    """

    target: ReviewedTarget
    anchor: str
    line: Timeline
    own: tuple[ReviewedStep, ...]
    idle: tuple[ReviewedStep, ...]


@dataclass(frozen=True)
class AcceptedFor:
    """A name to be accepted, what that means, and the steps whose lines ask for it."""

    name: str
    meaning: str
    steps: tuple[ReviewedStep, ...]


@dataclass(frozen=True)
class WayBack:
    """How lines of a step can be undone; *paths* is empty where that holds for all of them."""

    paths: tuple[str, ...]
    kind: str
    why: str
    code: str


class ReviewPage:
    """A review, ready for its template.

    Attributes:
        view: the review as text and Markdown look at it.
        file: the file it is applied from.
    """

    def __init__(self, review: Review, file: str = "") -> None:
        """Look at *review*, saved as *file*."""
        self.view = ReviewView(review)
        self.file = file or "review.json"

    @property
    def review(self) -> Review:
        """The review."""
        return self.view.review

    @cached_property
    def targets(self) -> tuple[ShownTarget, ...]:
        """Every target, in order."""
        return tuple(self._target(number, target) for number, target in enumerate(self.review.targets, start=1))

    def _target(self, number: int, target: ReviewedTarget) -> ShownTarget:
        steps = sorted(
            (self.view.steps[key] for key in target.steps if key in self.view.steps),
            key=lambda step: self.view.numbers[step.id],
        )
        own = tuple(step for step in steps if step.action in DRAWN and not self.is_shared(step))
        idle = tuple(step for step in steps if step.action not in DRAWN)
        return ShownTarget(target, f"target-{number}", timeline(self.view, target), own, idle)

    def is_shared(self, step: ReviewedStep) -> bool:
        """Say whether *step* belongs to several targets."""
        return len(self.view.targets_of.get(step.id, ())) > 1

    @cached_property
    def shared(self) -> tuple[ReviewedStep, ...]:
        """What is done once for several targets."""
        return tuple(step for step in self.review.steps if step.action in DRAWN and self.is_shared(step))

    @cached_property
    def of_no_target(self) -> tuple[ReviewedStep, ...]:
        """The steps that belong to no target."""
        return tuple(step for step in self.review.steps if step.id not in self.view.targets_of)

    @cached_property
    def doors(self) -> tuple[tuple[ReviewedStep, tuple[ReviewedLine, ...]], ...]:
        """What cannot be undone, by step."""
        found: dict[str, list[ShownLine]] = {}
        for door in self.view.doors:
            found.setdefault(door.step.id, []).append(door)
        return tuple((items[0].step, tuple(item.line for item in items)) for items in found.values())

    @cached_property
    def acceptances(self) -> tuple[AcceptedFor, ...]:
        """What must be accepted by name, and for what."""
        asking: dict[str, dict[str, ReviewedStep]] = {}
        for step in self.review.steps:
            for line in step.lines:
                if line.accept:
                    asking.setdefault(line.accept, {})[step.id] = step
        return tuple(
            AcceptedFor(name, said, tuple(asking.get(name, {}).values()))
            for name, said in outset.to_accept(self.review)
        )

    @cached_property
    def owner(self) -> str:
        """Who answers for what is created; may be empty."""
        return outset.owner(self.review)

    @cached_property
    def course(self) -> tuple[tuple[str, str], ...]:
        """How the run goes about its work, as names and sentences."""
        return outset.course(self.review)

    @cached_property
    def by_hand(self) -> tuple[outset.ByHand, ...]:
        """What the run leaves to somebody."""
        return outset.by_hand(self.view)

    @cached_property
    def not_moved(self) -> tuple[tuple[str, outset.NotMoved], ...]:
        """The targets that are blocked, each with the anchor of its section; none in a short review."""
        anchors = {one.target.id: one.anchor for one in self.targets}
        return tuple((anchors[one.id], one) for one in outset.not_moved(self.view))

    @property
    def downtime_elsewhere(self) -> str:
        """What is to be said of downtime that is none of the run's own."""
        return outset.downtime_elsewhere(self.view)

    @property
    def numbers(self) -> str:
        """What the steps' numbers say."""
        return outset.NUMBERS

    @cached_property
    def recovery(self) -> tuple[Note, ...]:
        """What recovery will need, but for what stands with the targets."""
        return tuple(note for note in self._general if note.code in _RECOVERY)

    @cached_property
    def remarks(self) -> tuple[Note, ...]:
        """The other notes, but for those that stand with the targets."""
        return tuple(note for note in self._general if note.code not in _RECOVERY)

    @property
    def _general(self) -> tuple[Note, ...]:
        return (*self.view.notes(), *self.view.other_notes)

    @cached_property
    def permissions(self) -> tuple[tuple[str, tuple[tuple[tuple[str, ...], tuple[ShownPermission, ...]], ...]], ...]:
        """What an apply needs: for each who would hold it, by the scopes it is needed on."""
        return tuple((split, _by_scopes(wanted)) for split, wanted in self.view.permissions.items())

    @cached_property
    def plan_lines(self) -> tuple[str, ...]:
        """The plan as it was read, as lines of JSON."""
        return tuple(json.dumps(self.review.plan.content, indent=2).splitlines())

    @cached_property
    def explained(self) -> tuple[Code, ...]:
        """Every code the page names, sorted."""
        return tuple(sorted({CODES[one] for one in self._named_codes() if one in CODES}))

    def _named_codes(self) -> Iterator[str]:
        for step in self.review.steps:
            yield from (line.reversibility.code for line in step.lines if line.reversibility)
        yield from (note.code for note in self.review.notes)
        yield from (target.blocked.code for target in self.review.targets if target.blocked)
        yield from (item.code for item in self.view.stays)

    def heading(self, step: ReviewedStep) -> str:
        """Return the number of *step*, what is done and with what."""
        return f"{self.view.numbers[step.id]}. {ACTIONS[step.action]} {self.view.step_name(step)}"

    def why(self, step: ReviewedStep) -> str:
        """Return why *step* is needed; empty where only a wait is to be told."""
        return step.reason if step.reason != step.waits else ""

    def has_time(self, step: ReviewedStep) -> bool:
        """Say whether the time of *step* is to be told."""
        return step.estimate is not None and step.action in (*WRITING, "wait")

    def lines(self, step: ReviewedStep) -> tuple[ReviewedLine, ...]:
        """Return the lines of *step* that it writes or sends along."""
        return tuple(line for line in self.view.own_lines(step) if line.role != "relied_on")

    def relied_on(self, step: ReviewedStep) -> tuple[ReviewedLine, ...]:
        """Return the lines of *step* that it only judges by."""
        return tuple(line for line in self.view.own_lines(step) if line.role == "relied_on")

    def shown(self, line: ReviewedLine) -> tuple[str, Any, Any]:
        """Return path, before and after of *line*."""
        return self.view.shown(line)

    def ways_back(self, step: ReviewedStep) -> tuple[WayBack, ...]:
        """Return how what *step* writes can be undone, by reason."""
        if step.action not in WRITING:
            return ()
        found: dict[tuple[str, str, str], list[str]] = {}
        for line in step.lines:
            if line.role == "owned" and line.reversibility:
                back = line.reversibility
                found.setdefault((back.kind, back.why, back.code), []).append(self.view.shown(line)[0])
        return tuple(WayBack(tuple(paths) if len(found) > 1 else (), *reason) for reason, paths in found.items())


def _by_scopes(
    wanted: Iterable[ShownPermission],
) -> tuple[tuple[tuple[str, ...], tuple[ShownPermission, ...]], ...]:
    found: dict[tuple[str, ...], list[ShownPermission]] = {}
    for item in wanted:
        found.setdefault(item.scopes, []).append(item)
    return tuple((scopes, tuple(items)) for scopes, items in sorted(found.items()))
