"""The figures of an assessment as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.clock import span
from cmk_remediate.report.assessment_view import NOT_MEASURED, left_out
from cmk_remediate.report.words import count, table, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmk_remediate.model.findings import KeyFigures, Remediated, Share
    from cmk_remediate.report.assessment_view import AssessmentView
    from cmk_remediate.report.names import Names


def figure_lines(view: AssessmentView) -> Iterator[str]:
    """Yield what owners track."""
    figures = view.assessment.figures
    if not view.assessment.findings:
        return
    yield from ("", "COMPLIANT, OF WHAT COUNTS")
    for what, shares in (
        ("service", figures.services),
        ("subscription", figures.subscriptions),
        ("owner", figures.owners),
    ):
        yield from table([_row(what, one) for one in shares], (12, 40, 6, 12))
    yield from _keys(figures.keys, view.names)
    if figures.remediated:
        yield from wrap(_remediated(figures.remediated), 2, 4)
    for failed in figures.failed_accesses:
        shown = str(failed.number) if failed.number is not None else f"not measured ({failed.why})"
        yield from wrap(f"refused accesses of {failed.vault} in the last day: {shown}", 2, 4)
    if figures.keys.keys and not figures.failed_accesses:
        yield from wrap(f"refused accesses: {NOT_MEASURED}", 2, 4)


def percent(part: int, whole: int) -> str:
    """Return how much *part* is of *whole*, rounded down, so that 100 % means all; ``-`` of nothing."""
    return f"{100 * part // whole} %" if whole else "-"


def median(values: Sequence[int]) -> int:
    """Return the value in the middle of *values*, the lower of two."""
    return sorted(values)[(len(values) - 1) // 2]


def _row(what: str, one: Share) -> tuple[str, ...]:
    name = one.name or "(no owner)"
    return what, name, percent(one.compliant, one.counted), f"{one.compliant} of {one.counted}", left_out(one)


def _keys(keys: KeyFigures, names: Names) -> Iterator[str]:
    if not keys.keys:
        return
    unread = f", {keys.not_read} of them not shown" if keys.not_read else ""
    yield from wrap(f"{count(keys.keys, 'key')} in use{unread}", 2, 4)
    yield from wrap(f"rotated on schedule: {keys.on_schedule} of {keys.scheduled} that have one", 2, 4)
    for what, named in (
        ("overdue", keys.overdue),
        ("nobody rotates", keys.unscheduled),
        ("expire within 90 days", keys.expiring),
    ):
        for key in named:
            yield from wrap(f"{what}: {names(key)}", 4, 8)
    if keys.oldest_days is not None:
        yield from wrap(f"longest since a rotation: {count(keys.oldest_days, 'day')}", 2, 4)


def _remediated(found: Sequence[Remediated]) -> str:
    middle = span(median([one.seconds for one in found]))
    return f"remediated since first seen: {len(found)}; half of them within {middle}"
