"""A review as text. Words carry the meaning; danger stands on top, execution order in the body."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from cmk_remediate.clock import span
from cmk_remediate.errors import InputError
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.report import outset
from cmk_remediate.report.things import WORDS
from cmk_remediate.report.view import WRITING, ReviewView
from cmk_remediate.report.words import ACTIONS, COLUMNS, count, plain, value, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.review import Note, ReviewedLine, ReviewedStep, ReviewedTarget

_MOST_SCOPES = 6
_UNDO = {"reversible": "can be undone", "kept": "stays after a rollback", "one-way": "CANNOT BE UNDONE"}


def review_lines(view: ReviewView, file: str) -> Iterator[str]:
    """Yield the lines of *view*'s review, saved as *file* if that is not empty."""
    yield from _head(view)
    yield from _course(view)
    yield from _by_hand(view)
    yield from _doors(view)
    yield from _accept(view)
    yield from _downtime(view)
    yield from _not_moved(view)
    shown: set[str] = set()
    if view.review.steps:
        yield from ("", *wrap(outset.NUMBERS))
    for target in view.review.targets:
        yield from _target(view, target, shown)
    rest = [step for step in view.review.steps if step.id not in view.targets_of]
    if rest:
        yield from ("", "STEPS OF NO TARGET")
        for step in rest:
            yield from _step(view, step)
    yield from _stays(view)
    yield from _permissions(view)
    yield from _artefacts(view)
    yield from _notes("NOTES", [*view.notes(), *view.other_notes], view)
    yield from _unchecked(view)
    yield from _foot(view)
    yield from _next(view, file)


def _head(view: ReviewView) -> Iterator[str]:
    review = view.review
    yield from wrap(f"{view.title}: plan {review.plan.name}, {view.target_counts}")
    yield from wrap(f"Made {review.made.at} by {review.made.by or 'unknown'} with {review.made.with_}", 2)
    yield from wrap(f"Can be applied until {review.expires}", 2)
    if answers := outset.owner(review):
        yield from wrap(f"Owner {answers}", 2)
    yield from wrap(f"Tenant {review.tenant}, {review.cloud}", 2)
    yield from wrap(f"Journals in {review.runs}", 2)
    yield from wrap(f"Digest {review.digest}", 2)


def _course(view: ReviewView) -> Iterator[str]:
    said = outset.course(view.review)
    if said:
        yield from ("", "HOW IT WILL RUN")
    for name, text in said:
        yield from wrap(f"{name}: {text}", 2, 4)


def _by_hand(view: ReviewView) -> Iterator[str]:
    left = outset.by_hand(view)
    if left:
        yield from ("", f"LEFT TO DO BY HAND ({len(left)})")
    for one in left:
        yield from wrap(f"{one.what}: {one.why}", 2, 4)
        yield from wrap(f"downtime: {one.downtime}", 6, 8)


def _not_moved(view: ReviewView) -> Iterator[str]:
    found = outset.not_moved(view)
    if found:
        yield from ("", f"NOT MOVED ({len(found)})")
    for one in found:
        yield from wrap(f"{one.name}: {_with_code(one.blocked.why, one.blocked.code)}", 2, 4)


def _doors(view: ReviewView) -> Iterator[str]:
    yield from ("", "CANNOT BE UNDONE")
    if not view.doors:
        yield "  nothing"
    for door in view.doors:
        yield from wrap(f"{view.step_name(door.step)}: {_change(view, door.line)}", 2)
        if door.line.reversibility:
            yield from wrap(_with_code(door.line.reversibility.why, door.line.reversibility.code), 6, 6)


def _accept(view: ReviewView) -> Iterator[str]:
    yield from ("", "TO BE ACCEPTED BY NAME AT APPLY")
    if not view.review.acknowledgements_required:
        yield "  nothing"
    for name, meaning in outset.to_accept(view.review):
        yield f"  --accept {plain(name)}"  # never wrapped: it is there to be copied
        if meaning:
            yield from wrap(meaning, 6, 6)


def _downtime(view: ReviewView) -> Iterator[str]:
    yield from ("", "DOWNTIME")
    elsewhere = outset.downtime_elsewhere(view)
    if not view.downtime:
        yield f"  none of the run's own; {elsewhere}" if elsewhere else "  none"
    for step in view.downtime:
        yield from wrap(f"{view.step_name(step)}: {step.downtime}", 2)
    if view.downtime and elsewhere:
        yield from wrap(elsewhere, 2)


def _target(view: ReviewView, target: ReviewedTarget, shown: set[str]) -> Iterator[str]:
    yield ""
    yield from wrap(
        f"TARGET {view.names(target.id)}  ({target.service})  {view.found(target)}  -> {view.outlook(target)}"
    )
    yield from wrap(_place(target.id), 2)
    if time := view.time_of(target):
        yield f"  time: usually {span(time.usual)}, at worst {span(time.worst)}"
    if target.blocked:
        yield from wrap(f"BLOCKED: {_with_code(target.blocked.why, target.blocked.code)}", 2, 4)
        yield from wrap(f"next: {target.blocked.next}", 4, 6)
    for note in view.notes(target.id):
        yield from wrap(f"note: {_with_code(note.text, note.code)}", 2, 4)
    if view.links(target):
        yield from wrap(f"relies on: {view.links(target)}", 2, 4)
    for key in target.steps:
        step = view.steps.get(key)
        if step is None:
            continue
        if key in shown:
            yield from wrap(f"{_number(view, step)}  {view.step_name(step)}  (shared, shown above)", 2, 18)
        else:
            shown.add(key)
            yield from _step(view, step)


def _place(text: str) -> str:
    """Return where a target is, without its name: whole ids do not fit, and stand in the JSON."""
    try:
        found = ResourceId.parse(text)
    except InputError:
        return text
    return f"in {found.resource_group or 'no group'}, subscription {found.subscription}"


def _number(view: ReviewView, step: ReviewedStep) -> str:
    return f"{view.numbers[step.id]:>3}. {ACTIONS[step.action]:<9}"


def _step(view: ReviewView, step: ReviewedStep) -> Iterator[str]:
    if step.action in ("none", "keep"):
        yield from wrap(f"{_number(view, step)}  {view.in_short(step)}", 2, 18)
        return
    kind = f"  ({step.kind})" if step.kind in WORDS else ""
    yield from wrap(f"{_number(view, step)}  {view.step_name(step)}{kind}", 2, 18)
    if step.reason and step.reason != step.waits:
        yield from wrap(f"why: {step.reason}", 7, 9)
    if step.waits:
        yield from wrap(f"waits: {step.waits}", 7, 9)
    if step.downtime:
        yield from wrap(f"downtime: {step.downtime}", 7, 9)
    if step.estimate and step.action in (*WRITING, "wait"):
        yield f"       time: usually {span(step.estimate.usual)}, at worst {span(step.estimate.worst)}"
    for line in view.own_lines(step):
        yield from _line(view, line)
    yield from _undo(view, step)
    if runs := view.runs(step):
        yield from wrap(f"runs {runs}", 7, 9)


def _line(view: ReviewView, line: ReviewedLine) -> Iterator[str]:
    words = {"owned": "", "carried": "carried along: ", "relied_on": "relies on: "}[line.role]
    text = words + _change(view, line)
    if len(text) + 7 <= COLUMNS:
        yield f"       {text}"
        return
    path, before, after = view.shown(line)
    yield from wrap(f"{words}{path}", 7, 9)
    if line.before == line.after:
        yield from wrap(f"stays {value(after)}", 9, 11)
    else:
        yield from wrap(f"from {value(before)}", 9, 11)
        yield from wrap(f"to   {value(after)}", 9, 11)


def _change(view: ReviewView, line: ReviewedLine) -> str:
    path, before, after = view.shown(line)
    if line.role == "relied_on" or line.before == line.after:
        return f"{plain(path)} = {value(before)}"
    return f"{plain(path)}  {value(before)} -> {value(after)}"


def _undo(view: ReviewView, step: ReviewedStep) -> Iterator[str]:
    if step.action not in WRITING:
        return
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for line in step.lines:
        if line.role == "owned" and line.reversibility:
            found = line.reversibility
            grouped.setdefault((found.kind, found.why, found.code), []).append(view.shown(line)[0])
    for (kind, why, code), paths in grouped.items():
        which = f" ({', '.join(paths)})" if len(grouped) > 1 else ""
        yield from wrap(f"undo{which}: {_UNDO[kind]}: {_with_code(why, code)}", 7, 9)


def _stays(view: ReviewView) -> Iterator[str]:
    yield from ("", "WHAT STAYS AS IT IS, AND WHY" if view.review.undoes else "WHAT STAYS AFTER A ROLLBACK, AND WHY")
    if not view.stays:
        yield "  nothing: everything is restored"
    for item in view.stays:
        yield from wrap(f"{item.kind}: {_with_code(item.why, item.code)}", 2, 4)
        yield from wrap("; ".join(item.things), 6, 6)


def _permissions(view: ReviewView) -> Iterator[str]:
    yield from ("", "PERMISSIONS AN APPLY NEEDS, BY WHO WOULD HOLD THEM")
    if not view.permissions:
        yield "  none"
    for split, permissions in view.permissions.items():
        yield f"  {split}"
        for scopes, rows in groupby(sorted(permissions, key=lambda item: item.scopes), key=lambda item: item.scopes):
            named = ", ".join(view.names(scope) for scope in scopes[:_MOST_SCOPES])
            more = f" and {len(scopes) - _MOST_SCOPES} more" if len(scopes) > _MOST_SCOPES else ""
            yield from wrap(f"on {named}{more}", 4, 6)
            for item in rows:
                yield from wrap(f"{item.action} ({item.remarks})" if item.remarks else item.action, 6, 8)


def _artefacts(view: ReviewView) -> Iterator[str]:
    """Yield the files made beside the review as `sha256sum --check` reads them."""
    if view.review.artefacts:
        yield from ("", "FILES MADE BESIDE IT, WITH THEIR SHA-256")
    for one in view.review.artefacts:
        yield f"  {one.sha256}  {plain(one.name)}"  # never wrapped: it is there to be copied


def _notes(title: str, notes: list[Note], view: ReviewView) -> Iterator[str]:
    if notes:
        yield from ("", title)
    for note in notes:
        about = f"{view.names(note.scope)}: " if note.scope else ""
        yield from wrap(about + _with_code(note.text, note.code), 2, 4)


def _foot(view: ReviewView) -> Iterator[str]:
    yield ""
    yield from wrap(f"Summary: {view.target_counts}; {view.step_counts}; {view.time}.")
    accept = count(len(view.review.acknowledgements_required), "name")
    yield from wrap(
        f"Cannot be undone: {len(view.doors)}. To be accepted: {accept}. "
        f"To confirm this review, its digest begins with {view.review.short_digest}.",
    )


def _unchecked(view: ReviewView) -> Iterator[str]:
    if len(view.unchecked) > 1:
        yield from ("", "NOT CHECKABLE BEFOREHAND")
        for text in view.unchecked:
            yield from wrap(text, 2, 4)


def _next(view: ReviewView, file: str) -> Iterator[str]:
    command = outset.command(view.review, file)
    if command:
        yield f"Next: {command}"  # never wrapped: it is there to be copied
        yield from (f"  {text}" for text in [outset.of_file(view.review)] if text)


def _with_code(text: str, code: str) -> str:
    return f"{text} [{code}]" if code else text
