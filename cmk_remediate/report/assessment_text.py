"""An assessment as plain text: what is not compliant first, each with its proofs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.report.assessment_view import AssessmentView, cost_words, key_words, says_otherwise
from cmk_remediate.report.ends import next_steps
from cmk_remediate.report.figures_text import figure_lines
from cmk_remediate.report.words import wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.findings import Assessment, Finding

_MOST_SCOPES = 5


def assessment_lines(assessment: Assessment) -> Iterator[str]:
    """Yield the lines of *assessment*."""
    view = AssessmentView(assessment)
    yield from wrap(f"Assessment of {_scopes(view)} at {assessment.made.at}, by {assessment.made.by}")
    for kept in assessment.filters:
        yield from wrap(f"only: {kept}", 2)
    for missing in assessment.not_read:
        yield from wrap(f"NOT READ {missing.what}: {missing.why}", 0, 4)
    for doubtful in assessment.unsure:
        yield from wrap(f"PERHAPS NOT WHOLE {doubtful.what}: {doubtful.why}", 0, 4)
    for verdict, found in view.by_verdict.items():
        yield from ("", f"{verdict.upper()} ({len(found)})")
        for one in found:
            yield from _finding(one, view)
    yield from _others(view)
    yield from figure_lines(view)
    yield ""
    codes = (one.obstacle.code for one in assessment.findings if one.obstacle is not None)
    for code, advice in next_steps(codes):
        yield from wrap(f"next [{code}]: {advice}", 2, 4)
    yield from wrap(f"Summary: {view.sums()}.")


def _scopes(view: AssessmentView) -> str:
    shown = ", ".join(view.scopes[:_MOST_SCOPES])
    more = len(view.scopes) - _MOST_SCOPES
    return f"{shown} and {more} more" if more > 0 else shown


def _others(view: AssessmentView) -> Iterator[str]:
    """Yield what was exempt, what other tools found, and what moved."""
    assessment = view.assessment
    if assessment.exemptions:
        yield from ("", f"EXEMPTIONS ({len(assessment.exemptions)})")
    for one in assessment.exemptions:
        until = {"in force": "until", "expired": "ignored, expired on", "unused": "no finding is in it; until"}[
            one.state
        ]
        yield from wrap(f"{one.resource}: {until} {one.expires}: {one.reason} ({one.owner})", 2, 6)
    if assessment.not_covered:
        yield from ("", f"FOUND BY OTHER TOOLS, NO PLAN FOR IT ({len(assessment.not_covered)})")
    for left in assessment.not_covered:
        yield from wrap(f"{left.resource or '(no resource)'}: {left.check}: {left.why}", 2, 6)
    if assessment.compared is not None:
        yield ""
        yield from wrap(f"MOVED SINCE {assessment.compared.made} ({len(assessment.compared.moved)})")
        if not assessment.compared.alike:
            yield from wrap("that one looked elsewhere: what only one of the two has is left out", 2, 4)
        for moved in assessment.compared.moved:
            before, after = moved.before or "not there", moved.after or "not there"
            yield from wrap(f"{view.names(moved.id)}  ({moved.service})  {before} -> {after}", 2, 6)


def _finding(one: Finding, view: AssessmentView) -> Iterator[str]:
    owner = f", owner {one.owner}" if one.owner else ""
    yield from wrap(f"{view.names(one.id)}  ({one.service}{owner})  {one.state}", 2, 6)
    if one.exemption is not None:
        text = f"exempt until {one.exemption.expires}: {one.exemption.reason} ({one.exemption.owner})"
        yield from wrap(text, 6, 8)
    for evidence in one.evidence:
        where, path, shown = view.proof(one, evidence)
        yield from wrap(f"{where}: {path} is {shown}" if where else f"{path} is {shown}", 6, 8)
    for key in one.keys:
        yield from wrap("; ".join((f"key {key.name} in {view.vault(key)}", *key_words(key))), 6, 8)
    if one.obstacle is not None:
        yield from wrap(f"in the way: {one.obstacle.why} [{one.obstacle.code}]", 6, 8)
    if one.cost is not None:
        way = f"; ONE-WAY: {one.cost.one_way}" if one.cost.one_way else ""
        yield from wrap(f"moving it: {cost_words(one.cost)}{way}", 6, 8)
    for policy in one.policy:
        of = "" if policy.resource.lower() == one.id.lower() else f" of {view.names(policy.resource)}"
        yield from wrap(f"Azure Policy: {policy.state}{of} under {policy.name} ({policy.definition})", 6, 8)
    if says_otherwise(one):
        yield from wrap(f"we say {one.verdict}: Azure Policy says otherwise", 6, 8)
    for note in one.notes:
        yield from wrap(f"note: {note.text} [{note.code}]", 6, 8)
