"""What a review says before its steps, beside its doors.

Who answers for it, how it will run, what is left by hand, what is not moved, what its names to accept mean, what to type next.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.clock import is_utc, room_of, span
from cmk_remediate.model.doors import meaning
from cmk_remediate.model.review import ReviewedBlock
from cmk_remediate.planfile.schema import Limits, seconds
from cmk_remediate.report.view import WRITING
from cmk_remediate.report.words import count, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.review import Review
    from cmk_remediate.report.view import ReviewView

NUMBERS = "Numbers are the order of the whole run; a shared step stands with the first target that has it."
"""What the number before a step says."""
_LONG = 5
"""From so many targets on, those that are not moved are listed near the top, too."""
_TYPED = 10
"""So many names to accept are typed; more of them go into a file."""


@dataclass(frozen=True)
class ByHand:
    """What a run leaves to somebody.

    Attributes:
        step: its id.
        what: what it is about.
        why: why, and what is to be done.
        downtime: what stops meanwhile; ``none`` where nothing does.
    """

    step: str
    what: str
    why: str
    downtime: str


@dataclass(frozen=True)
class NotMoved:
    """A target that is blocked; ``id`` is the resource's."""

    id: str
    name: str
    blocked: ReviewedBlock


def owner(review: Review) -> str:
    """Return who answers for what is created, as the plans say; empty where they are none."""
    content = review.plan.content
    listed = content.get("plans")
    plans = [_part(one, "content") for one in listed] if isinstance(listed, list) else [content]
    return ", ".join(dict.fromkeys(str(plan["owner"]) for plan in plans if plan.get("owner")))


def course(review: Review) -> tuple[tuple[str, str], ...]:
    """Return how the run will go about its work: what the plan sets, as name and sentence. A rollback has no gates."""
    content = review.plan.content
    limits = {name: value for name, value in _part(content, "limits").items() if value != _default(name)}
    if review.undoes is not None:
        return tuple(_limits({name: value for name, value in limits.items() if name == "max_disrupted"}))
    services = len({target.service for target in review.targets})
    short = sum(note.code == codes.notes.WINDOW_TOO_SHORT for note in review.notes)
    return (*_window(_part(content, "window"), short), *_canary(_part(content, "canary"), services), *_limits(limits))


def _part(content: Any, name: str) -> Mapping[str, Any]:
    """Return the part *name* of a plan's *content*, which a saved review may hold in any shape; empty for none."""
    found = content.get(name) if isinstance(content, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _default(name: str) -> object:
    field = Limits.model_fields.get(name)
    return field.default if field is not None else None


def _window(window: Mapping[str, Any], short: int) -> Iterator[tuple[str, str]]:
    if window:
        opens, closes = str(window.get("opens")), str(window.get("closes"))
        room = f" ({span(room_of(opens, closes))})" if is_utc(opens) and is_utc(closes) else ""
        never = f"; too short for {count(short, 'target')} [{codes.notes.WINDOW_TOO_SHORT}]" if short else ""
        yield "window", f"{opens} to {closes}{room}; a target is started only if its worst case ends within it{never}"


def _canary(canary: Mapping[str, Any], services: int) -> Iterator[tuple[str, str]]:
    if canary:
        number = canary.get("targets")
        who = f"{count(number, 'target') if isinstance(number, int) else number}{' of each service' if services > 1 else ''}"
        soak = _lasting(str(canary.get("soak")))
        yield "canary", f"{who} first; the others once that is right, and still is after a soak of {soak}"


def _lasting(duration: str) -> str:
    try:
        return span(seconds(duration))
    except ValueError:
        return duration


def _limits(limits: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    said = {
        "max_targets": "a run that would change more than {} targets is refused",
        "max_failures": "no further target is started after {} have failed",
        "max_disrupted": "at most {} targets have an outage at the same time",
    }
    for name, text in said.items():
        if name in limits:
            yield name, text.format(limits[name])


def by_hand(view: ReviewView) -> tuple[ByHand, ...]:
    """Return what the run of *view*'s review leaves to somebody."""
    return tuple(
        ByHand(step.id, view.step_name(step), step.reason, step.downtime or "none")
        for step in view.review.steps
        if step.action == "manual"
    )


def downtime_elsewhere(view: ReviewView) -> str:
    """Return what is to be said of downtime that is none of the run's own; empty where there is none."""
    stops = any(one.downtime != "none" for one in by_hand(view))
    return "see what is left to do by hand for more that may stop" if stops else ""


def not_moved(view: ReviewView) -> tuple[NotMoved, ...]:
    """Return the targets that are blocked; none in a short review, where they are in sight."""
    targets = view.review.targets
    if len(targets) < _LONG:
        return ()
    return tuple(
        NotMoved(target.id, view.names(target.id), target.blocked) for target in targets if target.blocked is not None
    )


def to_accept(review: Review) -> tuple[tuple[str, str], ...]:
    """Return each name to be accepted, and what that means."""
    return tuple((name, meaning(name)) for name in review.acknowledgements_required)


def command(review: Review, file: str) -> str:
    """Return what to type to carry out *review*, saved as *file*; empty where it is not saved, or has nothing to do."""
    if not file or not any(step.action in WRITING for step in review.steps):
        return ""
    does = f"rollback {review.undoes[:8]}" if review.undoes else f"apply {shlex.quote(file)}"
    names = review.acknowledgements_required
    given = (
        [f"--accept {shlex.quote(name)}" for name in names] if len(names) <= _TYPED else ["--accept-file accepted.txt"]
    )
    return plain(" ".join(["cmk-remediate", does, *given]))


def of_file(review: Review) -> str:
    """Return what the file in `command` must hold; empty where there is none."""
    return "accepted.txt: the names to accept, one a line" if len(review.acknowledgements_required) > _TYPED else ""
