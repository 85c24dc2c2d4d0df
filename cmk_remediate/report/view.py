"""What text and Markdown both show of a review, worked out once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cmk_remediate.model.review import ReviewedLine, ReviewedStep
from cmk_remediate.report.names import Names
from cmk_remediate.report.words import ACTIONS, count, span

if TYPE_CHECKING:
    from cmk_remediate.model.review import Note, Review, ReviewedPermission, ReviewedTarget

WRITING = ("create", "update", "delete", "start", "stop")
"""The actions that send a request."""


@dataclass(frozen=True)
class ShownLine:
    """A line and the step it belongs to."""

    step: ReviewedStep
    line: ReviewedLine


@dataclass(frozen=True)
class ShownPermission:
    """One action of one team's share, with every scope it is needed on."""

    action: str
    scopes: tuple[str, ...]
    data: bool
    checkable: bool

    @property
    def remarks(self) -> str:
        """What is special about it, in words."""
        words = ["data action"] if self.data else []
        return ", ".join([*words, *([] if self.checkable else ["cannot be checked beforehand"])])


class ReviewView:
    """A review, looked at as its reader does.

    Attributes:
        review: the review.
    """

    def __init__(self, review: Review) -> None:
        """Look at *review*."""
        self.review = review

    @cached_property
    def names(self) -> Names:
        """Short names of all resources in the review."""
        ids = [step.resource_id for step in self.review.steps if step.resource_id]
        scopes = [permission.scope for step in self.review.steps for permission in step.permissions]
        notes = [note.scope for note in self.review.notes if note.scope]
        return Names([*ids, *(target.id for target in self.review.targets), *scopes, *notes])

    @cached_property
    def steps(self) -> dict[str, ReviewedStep]:
        """Each step by its id."""
        return {step.id: step for step in self.review.steps}

    @cached_property
    def targets_of(self) -> dict[str, tuple[str, ...]]:
        """For each step, the ids of the targets it belongs to."""
        found: dict[str, list[str]] = {}
        for target in self.review.targets:
            for step in target.steps:
                found.setdefault(step, []).append(target.id)
        return {step: tuple(targets) for step, targets in found.items()}

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Each step's number in the review, from 1."""
        return {step.id: number for number, step in enumerate(self.review.steps, start=1)}

    def step_name(self, step: ReviewedStep) -> str:
        """Return the short name of what *step* is about."""
        if step.resource_id:
            return self.names(step.resource_id)
        # What a rollback keeps is there already; its address is in the review of the run it undoes.
        return "(as in the run)" if step.action == "keep" else "(known after apply)"

    @cached_property
    def lines(self) -> tuple[ShownLine, ...]:
        """Every line the run would change, with its step."""
        return tuple(
            ShownLine(step, line)
            for step in self.review.steps
            if step.action in WRITING
            for line in step.lines
            if line.role == "owned"
        )

    @cached_property
    def doors(self) -> tuple[ShownLine, ...]:
        """What Azure cannot undo."""
        return tuple(
            item for item in self.lines if item.line.reversibility and item.line.reversibility.kind == "one-way"
        )

    @cached_property
    def stays(self) -> tuple[ShownLine, ...]:
        """What a rollback leaves as it is, kept or one-way; in the review of a rollback, what this one leaves."""
        kept = [ShownLine(step, line) for step in self.review.steps if step.action == "keep" for line in step.lines]
        return tuple(
            item
            for item in (*self.lines, *kept)
            if item.line.reversibility and item.line.reversibility.kind != "reversible"
        )

    @cached_property
    def downtime(self) -> tuple[ReviewedStep, ...]:
        """The steps that stop something."""
        return tuple(step for step in self.review.steps if step.downtime and step.action in WRITING)

    @cached_property
    def permissions(self) -> dict[str, tuple[ShownPermission, ...]]:
        """What an apply needs, by who would hold it."""
        found: dict[str, dict[tuple[str, bool, bool], list[str]]] = {}
        for step in self.review.steps:
            for item in step.permissions:
                scopes = found.setdefault(item.split, {}).setdefault(_permission_key(item), [])
                if item.scope.lower() not in (scope.lower() for scope in scopes):
                    scopes.append(item.scope)
        return {
            split: tuple(
                ShownPermission(action, tuple(sorted(scopes)), data, checkable)
                for (action, data, checkable), scopes in sorted(actions.items())
            )
            for split, actions in sorted(found.items())
        }

    def notes(self, scope: str = "") -> tuple[Note, ...]:
        """Return the notes on *scope*; on the whole review when it is empty."""
        return tuple(note for note in self.review.notes if note.scope.lower() == scope.lower())

    @cached_property
    def other_notes(self) -> tuple[Note, ...]:
        """The notes on neither the whole review nor one of its targets."""
        shown = {"", *(target.id.lower() for target in self.review.targets)}
        return tuple(note for note in self.review.notes if note.scope.lower() not in shown)

    def outlook(self, target: ReviewedTarget) -> str:
        """Return what the review holds for *target*, in one word or two."""
        actions = [self.steps[step].action for step in target.steps if step in self.steps]
        if target.blocked:
            return "blocked"
        if any(action in WRITING for action in actions):
            return "to change"
        return "by hand" if "manual" in actions else "no change"

    @cached_property
    def target_counts(self) -> str:
        """Such as ``3 targets: 2 to change, 1 blocked``."""
        outlooks = Counter(self.outlook(target) for target in self.review.targets)
        order = ("to change", "no change", "by hand", "blocked")
        parts = ", ".join(f"{outlooks[word]} {word}" for word in order if outlooks[word])
        return f"{count(len(self.review.targets), 'target')}: {parts}" if parts else "no targets"

    @cached_property
    def step_counts(self) -> str:
        """Such as ``3 steps: 1 create, 2 no change``."""
        actions = Counter(step.action for step in self.review.steps)
        parts = ", ".join(f"{actions[key]} {word}" for key, word in ACTIONS.items() if actions[key])  # type: ignore[index]
        return f"{count(len(self.review.steps), 'step')}: {parts}" if parts else "no steps"

    @cached_property
    def time(self) -> str:
        """How long the steps take one after another."""
        estimates = [step.estimate for step in self.review.steps if step.estimate and step.action in (*WRITING, "wait")]
        if not estimates:
            return "nothing to wait for"
        usual, worst = sum(item.usual for item in estimates), sum(item.worst for item in estimates)
        return f"one step after another: usually {span(usual)}, at worst {span(worst)}"

    @cached_property
    def title(self) -> str:
        """What kind of review this is, and its short digest."""
        if self.review.undoes:
            return f"Rollback review {self.review.short_digest} of run {self.review.undoes[:8]}"
        return f"Review {self.review.short_digest}"


def _permission_key(item: ReviewedPermission) -> tuple[str, bool, bool]:
    return item.action, item.data, item.checkable
