"""What text and Markdown both show of a review, worked out once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.clock import span
from cmk_remediate.codes import CODES
from cmk_remediate.model.review import Note, ReviewedEstimate, ReviewedLine, ReviewedStep
from cmk_remediate.report.links import is_link, links
from cmk_remediate.report.names import Names, ids_in
from cmk_remediate.report.things import Thing, Things, parsed
from cmk_remediate.report.words import ACTIONS, count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cmk_remediate.model.review import Review, ReviewedPermission, ReviewedTarget

WRITING = ("create", "update", "delete", "start", "stop")
"""The actions that send a request."""

_UNCHECKED = str(codes.access.PERMISSION_UNCHECKED)
_STAYS = {"one-way": "cannot be undone", "kept": "stays", "reversible": "stays once used"}


@dataclass(frozen=True)
class ShownLine:
    """A line and the step it belongs to."""

    step: ReviewedStep
    line: ReviewedLine


@dataclass(frozen=True)
class Staying:
    """What a rollback leaves as it is for one reason.

    Attributes:
        kind: ``cannot be undone``, ``stays``, or ``stays once used``.
        why: the reason, as one sentence.
        code: for `explain`; may be empty.
        things: what the reason holds for, in order.
    """

    kind: str
    why: str
    code: str
    things: tuple[str, ...]


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
        # Of two spellings the later gives the name: keys and values made by code are in lower case.
        ids = [one for step in self.review.steps for one in (*ids_in(step.params), *_ids_of_lines(step))]
        ids.extend(step.resource_id for step in self.review.steps if step.resource_id)
        ids.extend(
            [found.top_level.text for found in map(parsed, ids) if found is not None and found.parent is not None]
        )
        scopes = [permission.scope for step in self.review.steps for permission in step.permissions]
        notes = [note.scope for note in self.review.notes if note.scope]
        ids.extend((*(target.id for target in self.review.targets), *scopes, *notes))
        return Names(sorted(ids, key=lambda one: one != one.lower()))

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

    @cached_property
    def thing(self) -> Things:
        """What each step is about, in words."""
        return Things(self.steps, self.names)

    def runs(self, step: ReviewedStep) -> str:
        """Return when *step*, which closes a bracket, runs; empty of any other step."""
        opener = self.steps.get(step.closes or "")
        if opener is None:
            return ""
        if opener.left_open:
            return "whatever happens before it: the run that is undone has opened this and not closed it"
        return f"whatever happened in between, once step {self.numbers[opener.id]} has written"

    def step_name(self, step: ReviewedStep) -> str:
        """Return what *step* is about, such as ``key cmk-orders in kv-orders``."""
        return self.thing(step).text

    def in_short(self, step: ReviewedStep) -> str:
        """Return what became of *step*, which writes nothing, as one sentence."""
        thing: Thing = self.thing(step)
        return step.reason if all(name in step.reason for name in thing.names) else f"{thing.brief}: {step.reason}"

    def shown(self, line: ReviewedLine) -> tuple[str, Any, Any]:
        """Return path, before and after of *line*, resource ids shortened where that tells them apart."""
        before, after = self.names.shortened(line.before), self.names.shortened(line.after)
        if before == after and line.before != line.after:
            before, after = line.before, line.after
        return self.names.shortened(line.path), before, after

    def found(self, target: ReviewedTarget) -> str:
        """Return the state of *target* in words: as found; in the review of a rollback, what it is found after."""
        return target.state if self.review.undoes else f"found: {target.state}"

    def links(self, target: ReviewedTarget) -> str:
        """Return the links that every step of *target* relies on; empty where there are none, or each must say its own."""
        steps = [self.steps[key] for key in target.steps if key in self.steps]
        return links(steps, self.names) if any(step.action in WRITING for step in steps) else ""

    def own_lines(self, step: ReviewedStep) -> tuple[ReviewedLine, ...]:
        """Return the lines shown at *step*; what a rollback keeps has a reason, and no property."""
        once = step.id in self._linked
        return tuple(line for line in step.lines if line.path and not (once and is_link(line)))

    @cached_property
    def _linked(self) -> frozenset[str]:
        """The steps whose links their target says for them."""
        return frozenset(key for target in self.review.targets if self.links(target) for key in target.steps)

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
    def stays(self) -> tuple[Staying, ...]:
        """What a rollback leaves as it is, by reason; in the review of a rollback, what this one leaves."""
        kept = [ShownLine(step, line) for step in self.review.steps if step.action == "keep" for line in step.lines]
        groups: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
        for item in (*self.lines, *kept):
            back = item.line.reversibility
            # What can be undone and has a code to explain is undone under a condition.
            if back is not None and (back.kind != "reversible" or back.code):
                things = groups.setdefault((_STAYS[back.kind], back.code or back.why), {})
                things[self.step_name(item.step), back.why] = None
        order = list(_STAYS.values())
        return tuple(
            Staying(
                kind, _common([why for _, why in things], reason), reason if reason in CODES else "", _texts(things)
            )
            for (kind, reason), things in sorted(groups.items(), key=lambda group: order.index(group[0][0]))
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
        found = tuple(note for note in self.review.notes if note.scope.lower() == scope.lower())
        return found if scope else self._in_one_line(found)

    def _in_one_line(self, found: Sequence[Note]) -> tuple[Note, ...]:
        """Return *found*, where all that is not checkable beforehand is one note: the list comes last."""
        number = len(self.unchecked)
        if number <= 1:
            return tuple(found)
        said = count(number, "permission is", "permissions are")
        note = Note(code=_UNCHECKED, scope="", text=f"{said} not checkable beforehand: listed last")
        first = next(index for index, one in enumerate(found) if one.code == _UNCHECKED)
        return (*found[:first], note, *(one for one in found[first:] if one.code != _UNCHECKED))

    @cached_property
    def unchecked(self) -> tuple[str, ...]:
        """What nobody can check before an apply: actions, each with where it is needed."""
        notes = (note.text for note in self.review.notes if note.code == _UNCHECKED)
        return tuple(text.partition(": ")[2] or text for text in notes)

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
            return "partly by hand" if "manual" in actions else "to change"
        return "by hand" if "manual" in actions else "no change"

    def time_of(self, target: ReviewedTarget) -> ReviewedEstimate | None:
        """Return how long *target* takes, one step after another, as the change window judges it; None for no time."""
        found = self._times[target.id]
        return found if found.worst else None

    @cached_property
    def _times(self) -> dict[str, ReviewedEstimate]:
        return self.review.times()

    @cached_property
    def target_counts(self) -> str:
        """Such as ``3 targets: 2 to change, 1 blocked``."""
        outlooks = Counter(self.outlook(target) for target in self.review.targets)
        order = ("to change", "partly by hand", "no change", "by hand", "blocked")
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


def _ids_of_lines(step: ReviewedStep) -> Iterator[str]:
    for line in step.lines:
        for value in (line.path, line.before, line.after):
            yield from ids_in(value)


def _texts(things: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text, _ in things))


def _common(reasons: Sequence[str], code: str) -> str:
    """Return what *reasons* have in common at their end: each may begin with what it is about; else the code's title."""
    parts = [reason.split(": ") for reason in reasons]
    shared = 0
    while shared < min(map(len, parts)) and len({one[-1 - shared] for one in parts}) == 1:
        shared += 1
    if shared:
        return ": ".join(parts[0][-shared:])
    return CODES[code].heading if code in CODES else code


def _permission_key(item: ReviewedPermission) -> tuple[str, bool, bool]:
    return item.action, item.data, item.checkable
