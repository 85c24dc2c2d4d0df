"""An assessment as plain text: what is not compliant first, each with its proofs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cmk_remediate.report.ends import next_steps
from cmk_remediate.report.figures_text import figure_lines
from cmk_remediate.report.names import Names
from cmk_remediate.report.words import count, value, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.findings import Assessment, Finding, KeyInUse

_MOST_SCOPES = 5
_ORDER = ("not compliant", "unknown", "in progress", "not ours", "compliant")


def assessment_lines(assessment: Assessment) -> Iterator[str]:
    """Yield the lines of *assessment*."""
    yield from wrap(f"Assessment of {_scopes(assessment)} at {assessment.made.at}, by {assessment.made.by}")
    for kept in assessment.filters:
        yield from wrap(f"only: {kept}", 2)
    for missing in assessment.not_read:
        yield from wrap(f"NOT READ {missing.what}: {missing.why}", 0, 4)
    for doubtful in assessment.unsure:
        yield from wrap(f"PERHAPS NOT WHOLE {doubtful.what}: {doubtful.why}", 0, 4)
    names = Names(one.id for one in assessment.findings)
    for verdict in _ORDER:
        found = [one for one in assessment.findings if one.verdict == verdict]
        if found:
            yield from ("", f"{verdict.upper()} ({len(found)})")
        for one in found:
            yield from _finding(one, names)
    yield from _others(assessment)
    yield from figure_lines(assessment)
    yield ""
    codes = (one.obstacle.code for one in assessment.findings if one.obstacle is not None)
    for code, advice in next_steps(codes):
        yield from wrap(f"next [{code}]: {advice}", 2, 4)
    verdicts = Counter[str](one.verdict for one in assessment.findings)
    parts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in _ORDER if verdicts[verdict])
    exempt = sum(one.exemption is not None for one in assessment.findings)
    searched = count(len(assessment.subscriptions), "subscription")
    also = f"; {exempt} of them exempt" if exempt else ""
    yield from wrap(f"Summary: {count(len(assessment.findings), 'finding')} in {searched}: {parts or 'nothing'}{also}.")


def _scopes(assessment: Assessment) -> str:
    shown = ", ".join(assessment.scopes[:_MOST_SCOPES])
    more = len(assessment.scopes) - _MOST_SCOPES
    return f"{shown} and {more} more" if more > 0 else shown


def _others(assessment: Assessment) -> Iterator[str]:
    """Yield what was exempt, what other tools found, and what moved."""
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
        yield from ("", f"MOVED SINCE {assessment.compared.made} ({len(assessment.compared.moved)})")
        if not assessment.compared.alike:
            yield from wrap("that one looked elsewhere: what only one of the two has is left out", 2, 4)
        for moved in assessment.compared.moved:
            before, after = moved.before or "not there", moved.after or "not there"
            yield from wrap(f"{Names([moved.id])(moved.id)}  ({moved.service})  {before} -> {after}", 2, 6)


def _finding(one: Finding, names: Names) -> Iterator[str]:
    owner = f", owner {one.owner}" if one.owner else ""
    yield from wrap(f"{names(one.id)}  ({one.service}{owner})  {one.state}", 2, 6)
    if one.exemption is not None:
        text = f"exempt until {one.exemption.expires}: {one.exemption.reason} ({one.exemption.owner})"
        yield from wrap(text, 6, 8)
    for proof in one.evidence:
        yield from wrap(f"{Names([proof.resource])(proof.resource)}: {proof.path} is {value(proof.value)}", 6, 8)
    for key in one.keys:
        yield from wrap(_key(key), 6, 8)
    if one.obstacle is not None:
        yield from wrap(f"in the way: {one.obstacle.why} [{one.obstacle.code}]", 6, 8)
    if one.cost is not None:
        way = f"; no way back: {one.cost.one_way}" if one.cost.one_way else ""
        yield from wrap(f"moving it: {one.cost.text}{way}", 6, 8)
    for policy in one.policy:
        yield from wrap(f"Azure Policy: {policy.state} under {policy.name} ({policy.definition})", 6, 8)
    for note in one.notes:
        yield from wrap(f"note: {note.text} [{note.code}]", 6, 8)


def _key(key: KeyInUse) -> str:
    parts = [f"key {key.name} in {Names([key.vault])(key.vault) if key.vault else 'an unknown vault'}"]
    parts.append(
        f"version {key.version}, pinned"
        if key.version
        else f"follows new versions, now {key.latest}"
        if key.latest
        else "follows new versions"
    )
    if key.age_days is not None:
        parts.append(f"last rotated {key.rotated} ({count(key.age_days, 'day')} ago)")
    parts.append(f"expires {key.expires}" if key.expires else "no expiry")
    parts.append(f"rotated after {key.rotation}, due {key.rotation_due}" if key.rotation else "nobody rotates it")
    return "; ".join(parts) if not key.why else f"{parts[0]}: {key.why}"
