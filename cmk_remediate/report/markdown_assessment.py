"""An assessment as Markdown, piece by piece: the sums and figures on top, the findings below, so that a cut takes the least."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.clock import span
from cmk_remediate.report import figures_view
from cmk_remediate.report.assessment_view import (
    NOT_MEASURED,
    AssessmentView,
    cost_words,
    day,
    key_words,
    says_otherwise,
)
from cmk_remediate.report.capped import Block, counted, section
from cmk_remediate.report.figures_text import median, percent
from cmk_remediate.report.markdown_words import bullets, code, folded, prose, table
from cmk_remediate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cmk_remediate.model.findings import Assessment, Finding
    from cmk_remediate.report.figures_view import Bar

_MOST = 20
"""The longest table of figures, and the most scopes named."""


def assessment_blocks(assessment: Assessment) -> Iterator[Block]:
    """Yield the pieces of *assessment*."""
    view = AssessmentView(assessment)
    yield from section("the head", _head(view))
    not_read = (f"not read: {code(one.what)}: {prose(one.why)}" for one in assessment.not_read)
    yield from section("what was not read", _listed("**Not read: this is not the whole picture**", not_read))
    unsure = (f"perhaps not whole: {code(one.what)}: {prose(one.why)}" for one in assessment.unsure)
    yield from section("what is perhaps not whole", _listed("", unsure))
    if assessment.findings:
        yield from section("the figures", _compliance(view))
        yield from section("the figures", _tracked(view))
    yield from section("what moved", _moved(view))
    yield from section("what is in the way", _obstructions(view))
    yield from section("exemptions", _listed("## Exemptions", _exemptions(view)))
    for verdict, found in view.by_verdict.items():
        yield Block(f"## {verdict.capitalize()} ({len(found)})", f"what is {verdict}")
        yield from counted(f"findings that are {verdict}", _findings(view, found))
    others = (
        f"{code(one.resource or '(no resource)')}: {code(one.check)}: {prose(one.why)}"
        for one in assessment.not_covered
    )
    yield from section("what other tools found", _listed("## Found by other tools, and no plan for it", others))


def _head(view: AssessmentView) -> Iterator[str]:
    assessment, scopes = view.assessment, [code(one) for one in view.scopes[:_MOST]]
    scopes += [f"{len(view.scopes) - _MOST} more"] if len(view.scopes) > _MOST else []
    share = f"**{percent(view.compliant, view.counted)} compliant**, {view.compliant} of {view.counted} that count. "
    yield "# Assessment of customer-managed keys"
    yield f"{share if view.counted else ''}{prose(view.sums())}."
    yield f"Searched: {', '.join(scopes) or 'what other tools found'}, at {prose(assessment.made.at)}."
    yield from _listed("", (f"only: {prose(one)}" for one in assessment.filters))
    verdicts = [(prose(verdict), str(len(found)), _said_of(found)) for verdict, found in view.by_verdict.items()]
    if verdicts:
        yield from (text for text, _ in table(("verdict", "findings", "of these"), verdicts))


def _said_of(found: Sequence[Finding]) -> str:
    parts = (
        (sum(one.obstacle is not None for one in found), "with something in the way"),
        (sum(one.cost is not None and bool(one.cost.one_way) for one in found), "whose move cannot be undone"),
        (sum(one.exemption is not None for one in found), "exempt"),
    )
    return ", ".join(f"{number} {word}" for number, word in parts if number)


def _compliance(view: AssessmentView) -> Iterator[str]:
    yield "## Compliant, of what counts"
    figures = view.assessment.figures
    for what, found in (
        ("service", figures.services),
        ("subscription", figures.subscriptions),
        ("owner", figures.owners),
    ):
        yield from _bars((what, "compliant"), figures_view.shares(found))


def _bars(head: tuple[str, str], bars: Sequence[Bar]) -> Iterator[str]:
    rows = [(prose(bar.name), prose(f"{bar.said} ({bar.remark})" if bar.remark else bar.said)) for bar in bars[:_MOST]]
    if rows:
        yield from (text for text, _ in table(head, rows))
    if len(bars) > _MOST:
        yield f"{len(bars) - _MOST} more of these, with no more left to do than the last: `--format json` has them."


def _tracked(view: AssessmentView) -> Iterator[str]:
    figures = view.assessment.figures
    seconds = [one.seconds for one in figures.remediated]
    if seconds:
        yield f"Put right since first seen: {len(seconds)}; half of them within {span(median(seconds))}."
        yield from _bars(("time to remediate", "number"), figures_view.times(seconds))
    keys = figures.keys
    if not keys.keys:
        return
    yield f"{count(keys.keys, 'key')} in use; {len(keys.expiring) or 'none'} to expire within 90 days, or expired."
    yield from _bars(("rotation", "keys"), figures_view.rotation(keys))
    yield from _bars(("time since the last rotation", "keys"), figures_view.ages(view.keys))
    due = [("expires within 90 days, or has", one) for one in keys.expiring]
    due += [("rotation overdue", one) for one in keys.overdue]
    yield from _listed("", (f"{what}: {code(view.names(one))}" for what, one in due))
    for failed in figures.failed_accesses:
        shown = str(failed.number) if failed.number is not None else f"not measured ({prose(failed.why)})"
        yield f"Refused accesses of {code(failed.vault)} in the last day: {shown}."
    if not figures.failed_accesses:
        yield f"Refused accesses: {NOT_MEASURED}."


def _moved(view: AssessmentView) -> Iterator[str]:
    compared = view.assessment.compared
    if compared is None:
        return
    yield f"## Moved since {prose(compared.made)} ({len(compared.moved)})"
    if not compared.alike:
        yield "The earlier one looked elsewhere: what only one of the two has is left out."
    yield from _bars(("from, to", "number"), figures_view.transitions(compared))
    moves = (
        f"{code(view.names(one.id))}: {prose(one.before or 'not there')}, then {prose(one.after or 'not there')}"
        for one in compared.moved
    )
    yield from _listed("", moves)


def _obstructions(view: AssessmentView) -> Iterator[str]:
    rows = [
        (f"{prose(one.heading)} ({prose(one.code)})", str(one.number), prose(one.next)) for one in view.obstructions
    ]
    if rows:
        yield "## In the way"
        yield from (text for text, _ in table(("what", "findings", "next"), rows))


def _findings(view: AssessmentView, found: Sequence[Finding]) -> Iterator[tuple[str, int]]:
    """Yield a table of *found*, and for each what a cell has no room for."""
    rows = [(code(view.names(one.id)), prose(one.service), _state(one), prose(one.owner), _way(one)) for one in found]
    yield from table(("resource", "service", "state", "owner", "moving it"), rows)
    for one in found:
        said = "\n".join(f"- {line}" for line in _details(view, one))
        if said:
            yield folded(view.names(one.id), said), 0


def _state(one: Finding) -> str:
    return prose(f"{one.state}, exempt" if one.exemption is not None else one.state)


def _way(one: Finding) -> str:
    if one.obstacle is not None:
        return f"in the way: {prose(one.obstacle.why)} ({prose(one.obstacle.code)})"
    if one.cost is None:
        return ""
    return prose(cost_words(one.cost)) + ("; **cannot be undone**" if one.cost.one_way else "")


def _details(view: AssessmentView, one: Finding) -> Iterator[str]:
    yield ", ".join(code(member) for member in one.members)
    for evidence in one.evidence:
        where, path, shown = view.proof(one, evidence)
        yield f"{f'{code(where)}: ' if where else ''}{code(path)} is {code(shown)}"
    if one.obstacle is not None and one.cost is not None:
        yield f"moving it: {prose(cost_words(one.cost))}"
    if one.cost is not None and one.cost.one_way:
        yield f"cannot be undone: {prose(one.cost.one_way)}"
    for key in one.keys:
        yield f"key {code(key.name)} in {code(view.vault(key))}: {prose('; '.join(key_words(key)))}"
    for policy in one.policy:
        yield f"Azure Policy: {prose(policy.state)} under {prose(policy.name)} ({code(policy.definition)})"
    if says_otherwise(one):
        yield f"we say {prose(one.verdict)}: Azure Policy says otherwise"
    if one.exemption is not None:
        yield f"exempt until {day(one.exemption.expires)}: {prose(one.exemption.reason)} ({prose(one.exemption.owner)})"
    for note in one.notes:
        yield f"{prose(note.text)} ({prose(note.code)})"


def _exemptions(view: AssessmentView) -> Iterator[str]:
    for one in view.assessment.exemptions:
        yield (
            f"{prose(one.state)}: {code(one.resource)}, last day {prose(one.expires)}: "
            f"{prose(one.reason)} ({prose(one.owner)})"
        )


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    """Yield *title* and a list of *items*; nothing where there are none."""
    lists = [text for text, _ in bullets(items, "")]
    if lists:
        yield from (text for text in (title, *lists) if text)
