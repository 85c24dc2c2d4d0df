"""A review as Markdown, piece by piece: danger on top, one H2 a target, ids folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cmk_remediate.clock import span
from cmk_remediate.report import outset
from cmk_remediate.report.capped import Block, counted, section
from cmk_remediate.report.markdown_words import bullets, code, prose, table, verbatim
from cmk_remediate.report.mermaid import flowchart
from cmk_remediate.report.things import WORDS
from cmk_remediate.report.view import WRITING, ReviewView
from cmk_remediate.report.words import ACTIONS, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cmk_remediate.model.review import Note, ReviewedLine, ReviewedStep, ReviewedTarget

_T = TypeVar("_T")
_LEGEND = (
    "An arrow leads to what waits: with a line for what must have succeeded, with dots for what must only have ended. "
    "A thick border cannot be undone; a dashed one opens or closes an outage."
)


def review_blocks(view: ReviewView, file: str) -> Iterator[Block]:
    """Yield the pieces of *view*'s review, saved as *file* if that is not empty."""
    yield from section("the head", _head(view))
    yield from _course(view)
    yield from _on_top(view)
    yield from _next(view, file)
    yield from _not_moved(view)
    chart = flowchart(view)
    if chart:
        yield Block(f"## Order\n\n{_LEGEND}\n\n```mermaid\n{chart}\n```", "the order of the steps")
    if view.review.steps:
        yield Block(outset.NUMBERS, "the numbers of the steps")
    shown: set[str] = set()
    for target in view.review.targets:
        pieces = _with_first(_target(view, target, shown))
        yield from counted("targets", ((text, int(first)) for first, text in pieces))
    rest = [step for step in view.review.steps if step.id not in view.targets_of]
    if rest:
        texts = (text for step in rest for text in _step(view, step))
        yield from section("steps of no target", ("## Steps of no target", *texts))
    stays = "What stays as it is, and why" if view.review.undoes else "What stays after a rollback, and why"
    yield from section(
        stays.partition(",")[0].lower(), (f"## {stays}", *_list(_stays(view), "nothing: everything is restored"))
    )
    yield from section("permissions", _permissions(view))
    if view.review.artefacts:
        rows = [(code(one.name), code(one.sha256)) for one in view.review.artefacts]
        files = (text for text, _ in table(("file", "SHA-256"), rows))
        yield from section("files made beside it", ("## Files made beside it", *files))
    notes = (_note(view, note) for note in (*view.notes(), *view.other_notes))
    yield from section("notes", ("## Notes", *_list(notes, "none")))
    if len(view.unchecked) > 1:
        listed = _list((prose(text) for text in view.unchecked), "none")
        yield from section("what is not checkable beforehand", ("## Not checkable beforehand", *listed))


def _head(view: ReviewView) -> Iterator[str]:
    review = view.review
    yield f"# {prose(view.title)}"
    yield (
        f"Plan {code(review.plan.name)}, {view.target_counts}. Made {prose(review.made.at)} by "
        f"{code(review.made.by or 'unknown')} with {code(review.made.with_)}; "
        f"can be applied until {prose(review.expires)}."
        + (f" Owner {code(answers)}." if (answers := outset.owner(review)) else "")
    )
    yield (
        f"Tenant {code(review.tenant)}, {prose(review.cloud)}. Journals in {code(review.runs)}. "
        f"Digest {code(review.digest)}."
    )


def _course(view: ReviewView) -> Iterator[Block]:
    """Yield how the run goes about its work, and what it leaves to somebody."""
    said = [f"{name}: {prose(text)}" for name, text in outset.course(view.review)]
    if said:
        yield from section("how it will run", ("**How it will run**", *_list(said, "")))
    left = [f"{code(one.what)}: {prose(one.why)}\n  - downtime: {prose(one.downtime)}" for one in outset.by_hand(view)]
    if left:
        yield from section("what is left by hand", (f"**Left to do by hand ({len(left)})**", *_list(left, "")))


def _next(view: ReviewView, file: str) -> Iterator[Block]:
    command = outset.command(view.review, file)
    if command:
        typed = (text for text, _ in verbatim([command]))
        held = outset.of_file(view.review)
        yield Block("\n\n".join(["**Next:**", *typed, *([prose(held)] if held else [])]), "what to do next")


def _not_moved(view: ReviewView) -> Iterator[Block]:
    found = outset.not_moved(view)
    rows = [f"{code(one.name)}: {prose(one.blocked.why)} {prose(one.blocked.code)}" for one in found]
    pieces = bullets(rows, "") if rows else ()
    yield from counted("targets that are not moved", _titled(f"**Not moved ({len(found)})**\n\n", pieces))


def _on_top(view: ReviewView) -> Iterator[Block]:
    """Yield what is looked at first: doors, what must be accepted, downtime, the sums."""
    doors = bullets((_door(view, door.step, door.line) for door in view.doors), "nothing")
    quoted = ((_quoted(text), things) for text, things in doors)
    yield from counted("doors", _titled("> **Cannot be undone**\n>\n", quoted))
    to_accept = "**To be accepted by name at apply:**"
    asked = outset.to_accept(view.review)
    sentences = bullets([f"{code(f'--accept {name}')}{f': {prose(said)}' if said else ''}" for name, said in asked], "")
    if asked:
        yield from counted("names to accept", _titled(f"{to_accept}\n\n", sentences))
    else:
        yield Block(f"{to_accept} nothing", "names to accept")
    stops = [f"{code(view.step_name(step))}: {prose(step.downtime)}" for step in view.downtime]
    elsewhere = outset.downtime_elsewhere(view)
    none = f"none of the run's own; {elsewhere}" if elsewhere else "none"
    more = [elsewhere] if stops and elsewhere else []
    yield from section("downtime", ("**Downtime**", *_list([*stops, *more], none)))
    yield Block(f"**Summary:** {view.target_counts}; {view.step_counts}; {view.time}.", "the summary")


def _titled(title: str, pieces: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    for first, (text, things) in _with_first(pieces):
        yield f"{title}{text}" if first else text, things


def _with_first(items: Iterable[_T]) -> Iterator[tuple[bool, _T]]:
    for index, item in enumerate(items):
        yield index == 0, item


def _list(items: Iterable[str], empty: str) -> Iterator[str]:
    return (text for text, _ in bullets(items, empty))


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _door(view: ReviewView, step: ReviewedStep, line: ReviewedLine) -> str:
    why = f" - {prose(line.reversibility.why)} {prose(line.reversibility.code)}" if line.reversibility else ""
    path, before, after = view.shown(line)
    return f"{code(view.step_name(step))}: {code(path)} {code(value(before))} to {code(value(after))}{why}"


def _target(view: ReviewView, target: ReviewedTarget, shown: set[str]) -> Iterator[str]:
    head = [
        f"## {prose(view.names(target.id))}: {view.outlook(target)}",
        f"{prose(target.service)}, {prose(view.found(target))}.",
    ]
    if time := view.time_of(target):
        head.append(f"time: usually {span(time.usual)}, at worst {span(time.worst)}")
    if target.blocked:
        blocked = target.blocked
        head.append(f"**Blocked** {prose(blocked.code)}: {prose(blocked.why)}\n\nNext: {prose(blocked.next)}")
    head.extend(_note(view, note) for note in view.notes(target.id))
    if view.links(target):
        head.append(f"Relies on: {prose(view.links(target))}.")
    steps = [view.steps[key] for key in target.steps if key in view.steps]
    ids = [
        f"target {code(target.id)}",
        *(f"{view.numbers[step.id]}. {code(step.resource_id or step.id)}" for step in steps),
    ]
    head.append(_folded("Resource ids", _list(ids, "none")))
    yield "\n\n".join(head)
    for step in steps:
        if step.id in shown:
            yield f"{_title(view, step)} (shared, shown above)"
        else:
            shown.add(step.id)
            yield from _step(view, step)


def _step(view: ReviewView, step: ReviewedStep) -> Iterator[str]:
    """Yield one step in one piece."""
    if step.action in ("none", "keep"):
        yield "\n\n".join([f"{_number(view, step)} {prose(view.in_short(step))}", *_relied_on(view, step)])
        return
    kind = f" ({prose(step.kind)})" if step.kind in WORDS else ""
    yield "\n\n".join([f"{_title(view, step)}{kind}: {prose(step.reason)}", *_step_details(view, step)])


def _title(view: ReviewView, step: ReviewedStep) -> str:
    return f"{_number(view, step)} {code(view.step_name(step))}"


def _number(view: ReviewView, step: ReviewedStep) -> str:
    return f"**{view.numbers[step.id]}. {ACTIONS[step.action]}**"


def _folded(summary: str, texts: Iterable[str]) -> str:
    return f"<details><summary>{summary}</summary>\n\n" + "\n\n".join(texts) + "\n\n</details>"


def _relied_on(view: ReviewView, step: ReviewedStep) -> Iterator[str]:
    lines = view.own_lines(step)
    if lines:
        rows = [(code(path), code(value(before))) for path, before, _ in map(view.shown, lines)]
        yield _folded("Relied on", (text for text, _ in table(("property", "found"), rows)))


def _step_details(view: ReviewView, step: ReviewedStep) -> Iterator[str]:
    words = []
    if step.waits and step.waits != step.reason:
        words.append(f"Waits: {prose(step.waits)}.")
    if step.downtime:
        words.append(f"**Downtime: {prose(step.downtime)}.**")
    if step.estimate and step.action in (*WRITING, "wait"):
        words.append(f"Usually {span(step.estimate.usual)}, at worst {span(step.estimate.worst)}.")
    if words:
        yield " ".join(words)
    rows = [
        (code(path), code(value(before)), code(value(after)), _way_back(line))
        for line in view.own_lines(step)
        for path, before, after in [view.shown(line)]
    ]
    if rows:
        yield from (text for text, _ in table(("property", "before", "after", "way back"), rows))


def _way_back(line: ReviewedLine) -> str:
    if line.role != "owned":
        return {"carried": "carried along unchanged", "relied_on": "relied on"}[line.role]
    if line.reversibility is None:
        return ""
    words = {"reversible": "can be undone", "kept": "stays", "one-way": "**cannot be undone**"}[line.reversibility.kind]
    return f"{words}: {prose(line.reversibility.why)} {prose(line.reversibility.code)}".rstrip()


def _stays(view: ReviewView) -> Iterator[str]:
    for item in view.stays:
        things = "; ".join(code(thing) for thing in item.things)
        yield f"{item.kind}: {prose(item.why)} {prose(item.code)}".rstrip() + f"\n  - {things}"


def _permissions(view: ReviewView) -> Iterator[str]:
    yield "## Permissions an apply needs"
    for split, permissions in view.permissions.items():
        rows = [
            (code(item.action), ", ".join(code(view.names(scope)) for scope in item.scopes), prose(item.remarks))
            for item in permissions
        ]
        for text, _ in table(("action", "on", "remarks"), rows):
            yield f"**{prose(split)}**\n\n{text}"


def _note(view: ReviewView, note: Note) -> str:
    about = f"{code(view.names(note.scope))}: " if note.scope else ""
    return f"{about}{prose(note.text)} ({prose(note.code)})"
