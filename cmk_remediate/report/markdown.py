"""Markdown for pull requests and tickets: one H2 a target, danger on top, ids folded away, at most 60 kB.

Names come from Azure and may hold anything, so prose is escaped and values stand in code spans.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from cmk_remediate.report.ends import MEANINGS, next_steps, read_or_write
from cmk_remediate.report.mermaid import flowchart
from cmk_remediate.report.names import Names
from cmk_remediate.report.things import WORDS
from cmk_remediate.report.view import WRITING, ReviewView
from cmk_remediate.report.words import ACTIONS, count, plain, span, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cmk_remediate.model.findings import Assessment
    from cmk_remediate.model.result import RunResult, RunSummary, Verification
    from cmk_remediate.model.review import Note, Review, ReviewedLine, ReviewedStep, ReviewedTarget

LIMIT = 60_000
"""The longest document, in bytes: a comment on GitHub takes 65,536 characters."""
_ROOM_FOR_POINTER = 500
_AT_ONCE = 50
_LEGEND = (
    "An arrow leads to what waits: with a line for what must have succeeded, with dots for what must only have ended. "
    "A thick border cannot be undone; a dashed one opens or closes an outage."
)
_BAR = re.compile(r"(?<!\\)\|")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#!|~])")


class MarkdownRenderer:
    """Reports as GitHub-flavoured Markdown."""

    name = "markdown"

    def review(self, review: Review) -> str:
        """Show what an apply would do."""
        pointer = f"The whole review is in its JSON file, digest {code(review.digest)}."
        return capped(_review(ReviewView(review)), pointer)

    def run(self, result: RunResult) -> str:
        """Show how a run ended; alarms first."""
        return capped(_run(result), f"The whole result is in the journal of run {code(result.run)}.")

    def verification(self, verification: Verification) -> str:
        """Show what a verification found."""
        return capped(_verification(verification), "Use the format json for all of it.")

    def assessment(self, assessment: Assessment) -> str:
        """Show what an assessment found."""
        return capped(_assessment(assessment), "Use the format json for all of it.")

    def runs(self, runs: Sequence[RunSummary]) -> str:
        """Show what a run store holds."""
        rows = [(code(run.run[:8]), prose(run.state), prose(run.started), str(run.writes)) for run in runs]
        return capped(_table(("run", "state", "started", "writes"), rows), "Use the format json for all of it.")

    def requests(self, requests: Sequence[Mapping[str, Any]]) -> str:
        """Show a request log."""
        rows = [
            (*(code(str(request.get(name, ""))) for name in ("at", "method", "status", "url")), read_or_write(request))
            for request in requests
        ]
        head = ("at", "method", "status", "url", "kind")
        return capped(_table(head, rows), "Use the format ndjson for all of it.")


def prose(text: str) -> str:
    """Return *text* so that Markdown shows it as it is."""
    shown = _SPECIAL.sub(r"\\\1", html.escape(plain(text), quote=False))
    shown = shown.replace("://", ":&#8203;//").replace("@", "&#64;")  # neither links nor mentions
    return f"\\{shown}" if shown[:1] in ("-", "+") else shown


def code(text: str) -> str:
    """Return *text* as a code span, whatever is in it."""
    shown = plain(text)
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown or ' '}{pad}{fence}"


def capped(blocks: Iterable[str], pointer: str, limit: int = LIMIT) -> str:
    """Return the *blocks* that fit into *limit* bytes, in their order, and say how many did not."""
    kept: list[str] = []
    used = left_out = 0
    for block in blocks:
        size = len(block.encode()) + 2
        if left_out or used + size > limit - _ROOM_FOR_POINTER:
            left_out += 1
        else:
            kept.append(block)
            used += size
    if left_out:
        kept.append(f"**Cut here: {count(left_out, 'section')} left out.** {pointer}")
    return "\n\n".join(kept) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield short tables, so that what is cut is cut between rows."""
    title = f"| {' | '.join(head)} |\n|{' --- |' * len(head)}"
    for start in range(0, max(len(rows), 1), _AT_ONCE):
        yield "\n".join([title, *(_row(row) for row in rows[start : start + _AT_ONCE])])


def _row(cells: Sequence[str]) -> str:
    # A bar ends a cell even inside a code span.
    return f"| {' | '.join(_BAR.sub(chr(92) + '|', cell) for cell in cells)} |"


def _bullets(items: Iterable[str], empty: str) -> str:
    return "\n".join(f"- {item}" for item in items) or f"- {empty}"


def _review(view: ReviewView) -> Iterator[str]:
    review = view.review
    yield f"# {prose(view.title)}"
    yield (
        f"Plan {code(review.plan.name)}, {view.target_counts}. Made {prose(review.made.at)} by "
        f"{code(review.made.by or 'unknown')} with {code(review.made.with_)}; "
        f"can be applied until {prose(review.expires)}."
        f"\n\nTenant {code(review.tenant)}, {prose(review.cloud)}. Journals in {code(review.runs)}. "
        f"Digest {code(review.digest)}."
    )
    yield "> **Cannot be undone**\n>\n" + _quoted(
        _bullets((_door(view, door.step, door.line) for door in view.doors), "nothing")
    )
    if review.acknowledgements_required:
        yield "**To be accepted by name at apply:**"
        names = [f"    --accept {plain(name)}" for name in review.acknowledgements_required]
        for start in range(0, len(names), _AT_ONCE):
            yield "\n".join(names[start : start + _AT_ONCE])
    else:
        yield "**To be accepted by name at apply:** nothing"
    downtime = _bullets((f"{code(view.step_name(step))}: {prose(step.downtime)}" for step in view.downtime), "none")
    yield f"**Downtime**\n\n{downtime}"
    yield f"**Summary:** {view.target_counts}; {view.step_counts}; {view.time}."
    if chart := flowchart(view):
        yield f"## Order\n\n{_LEGEND}\n\n```mermaid\n{chart}\n```"
    shown: set[str] = set()
    for target in review.targets:
        yield from _target(view, target, shown)
    stays = "What stays as it is, and why" if review.undoes else "What stays after a rollback, and why"
    yield f"## {stays}\n\n" + _bullets(_stays(view), "nothing: everything is restored")
    yield from _permissions(view)
    if review.artefacts:
        rows = [(code(one.name), code(one.sha256)) for one in review.artefacts]
        yield "## Files made beside it"
        yield from _table(("file", "SHA-256"), rows)
    yield "## Notes\n\n" + _bullets((_note(view, note) for note in (*view.notes(), *view.other_notes)), "none")


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
    head.append("<details><summary>Resource ids</summary>\n\n" + _bullets(ids, "none") + "\n\n</details>")
    yield "\n\n".join(head)
    for step in steps:
        number = f"**{view.numbers[step.id]}. {ACTIONS[step.action]}**"
        title = f"{number} {code(view.step_name(step))}"
        if step.id in shown:
            yield f"{title} (shared, shown above)"
            continue
        shown.add(step.id)
        kind = f" ({prose(step.kind)})" if step.kind in WORDS else ""
        if step.action in ("none", "keep"):
            yield "\n\n".join([f"{number} {prose(view.in_short(step))}", *_relied_on(view, step)])
        else:
            yield "\n\n".join([f"{title}{kind}: {prose(step.reason)}", *_step_details(view, step)])


def _relied_on(view: ReviewView, step: ReviewedStep) -> Iterator[str]:
    lines = view.own_lines(step)
    if lines:
        rows = [(code(path), code(value(before))) for path, before, _ in map(view.shown, lines)]
        table = "\n\n".join(_table(("property", "found"), rows))
        yield f"<details><summary>Relied on</summary>\n\n{table}\n\n</details>"


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
        yield from _table(("property", "before", "after", "way back"), rows)


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
        for part in _table(("action", "on", "remarks"), rows):
            yield f"**{prose(split)}**\n\n{part}"


def _note(view: ReviewView, note: Note) -> str:
    about = f"{code(view.names(note.scope))}: " if note.scope else ""
    return f"{about}{prose(note.text)} ({prose(note.code)})"


def _run(result: RunResult) -> Iterator[str]:
    for alarm in result.alarms:
        yield f"> **ALARM: {prose(alarm)}**"
    yield f"# Run {code(result.run[:8])}"
    meaning = MEANINGS.get(result.exit_code, "unknown")
    yield f"{prose(result.text)} {count(result.writes, 'write')} sent. Exit code {result.exit_code}: {meaning}."
    names = Names(target.id for target in result.targets)
    rows = [(code(names(item.id)), item.end, prose(item.code), prose(item.text)) for item in result.targets]
    yield from _table(("target", "end", "code", "what"), rows)
    yield from _advice(target.code for target in result.targets)
    yield f"Run id {code(result.run)}"


def _verification(verification: Verification) -> Iterator[str]:
    yield f"# Verification of {code(verification.subject)}"
    verdicts = Counter(target.verdict for target in verification.targets)
    yield ", ".join(f"{number} {verdict}" for verdict, number in sorted(verdicts.items())) or "no targets"
    names = Names(target.id for target in verification.targets)
    rows = [(code(names(item.id)), item.verdict, prose(item.code), prose(item.text)) for item in verification.targets]
    yield from _table(("target", "verdict", "code", "what"), rows)
    yield from _advice(target.code for target in verification.targets)
    for note in verification.notes:
        yield f"- {prose(note.text)} ({prose(note.code)})"


def _advice(found: Iterable[str]) -> Iterator[str]:
    lines = [f"{prose(one)}: {prose(advice)}" for one, advice in next_steps(found)]
    if lines:
        yield "Next:\n\n" + _bullets(lines, "none")


def _assessment(assessment: Assessment) -> Iterator[str]:
    yield f"# Assessment of {', '.join(code(one) for one in assessment.scopes)}"
    if assessment.not_read:
        yield _bullets((f"not read: {code(one.what)}: {prose(one.why)}" for one in assessment.not_read), "")
    names = Names(one.id for one in assessment.findings)
    rows = [
        (
            prose(one.verdict),
            code(names(one.id)),
            prose(one.service),
            prose(one.state),
            prose(one.owner),
            f"{prose(one.obstacle.why)} ({one.obstacle.code})" if one.obstacle else "",
        )
        for one in assessment.findings
    ]
    yield from _table(("verdict", "resource", "service", "state", "owner", "in the way"), rows)
