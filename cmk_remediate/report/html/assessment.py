"""What the page of an assessment shows, worked out before the template words it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cmk_remediate.clock import span
from cmk_remediate.codes import CODES
from cmk_remediate.model.findings import Finding
from cmk_remediate.report import figures_view
from cmk_remediate.report.assessment_view import (
    NOT_MEASURED,
    AssessmentView,
    UsedKey,
    cost_words,
    day,
    key_words,
    says_otherwise,
)
from cmk_remediate.report.figures_text import median, percent
from cmk_remediate.report.figures_view import Bar
from cmk_remediate.report.html.scale import Scale
from cmk_remediate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.findings import Assessment, Moved, NotCovered, Verdict

TONES: Mapping[str, str] = {"compliant": "good", "not compliant": "bad", "unknown": "waiting", "in progress": "waiting"}
"""How each verdict is drawn; plain where none is named."""
OPEN = 25
"""The most findings of a group that is unfolded from the start."""
NAMED = 12
"""The most rows of a chart or table shown before the rest is folded away."""
LISTED = 500
"""The most keys named in the table of keys; each stands with the findings that use it too."""


@dataclass(frozen=True)
class Chart:
    """Bars under a caption: *first* of all, and the *rest* folded away."""

    caption: str
    head: tuple[str, str]
    bars: tuple[Bar, ...]

    @property
    def first(self) -> tuple[Bar, ...]:
        """The bars always shown."""
        return self.bars[:NAMED]

    @property
    def rest(self) -> tuple[Bar, ...]:
        """The bars folded away."""
        return self.bars[NAMED:]


@dataclass(frozen=True)
class Slice:
    """A verdict's share of all findings: where it begins and how wide it is, in per cent."""

    verdict: str
    number: int
    tone: str
    at: str
    width: str


@dataclass(frozen=True)
class Group:
    """The findings of one verdict and service; *unfolded* from the start, or not."""

    service: str
    findings: tuple[Finding, ...]
    unfolded: bool

    @property
    def said(self) -> str:
        """How many there are, and of how many of them there is more to say."""
        held = sum(one.obstacle is not None for one in self.findings)
        doors = sum(one.cost is not None and bool(one.cost.one_way) for one in self.findings)
        exempt = sum(one.exemption is not None for one in self.findings)
        parts = [f"{held} with something in the way"] if held else []
        parts += [f"{doors} that cannot be moved back"] if doors else []
        parts += [f"{exempt} exempt"] if exempt else []
        return "; ".join([count(len(self.findings), "finding"), *parts])


@dataclass(frozen=True)
class KeyRow:
    """A key that somebody has to look at, and why."""

    used: UsedKey
    why: str


class AssessmentPage:
    """An assessment, ready for its template.

    Attributes:
        view: the assessment as text and Markdown look at it.
    """

    not_measured = NOT_MEASURED
    listed = LISTED
    cost = staticmethod(cost_words)
    key_words = staticmethod(key_words)
    says_otherwise = staticmethod(says_otherwise)

    def __init__(self, assessment: Assessment) -> None:
        """Look at *assessment*."""
        self.view = AssessmentView(assessment)

    @property
    def assessment(self) -> Assessment:
        """The assessment."""
        return self.view.assessment

    @property
    def headline(self) -> str:
        """How much is compliant, in a few words."""
        view = self.view
        if not view.counted:
            return "Nothing counts here"
        return f"{percent(view.compliant, view.counted)} compliant"

    @property
    def lead(self) -> str:
        """The sentence on top."""
        view = self.view
        return f"{view.compliant} of {count(view.counted, 'resource')} that count. Found: {view.sums()}."

    @cached_property
    def slices(self) -> tuple[Slice, ...]:
        """Each verdict's share of all findings, in order."""
        scale, at, found = Scale(len(self.assessment.findings)), 0, list[Slice]()
        for verdict, ones in self.view.by_verdict.items():
            found.append(Slice(verdict, len(ones), TONES.get(verdict, ""), scale.at(at), scale.at(len(ones))))
            at += len(ones)
        return tuple(found)

    def width(self, bar: Bar) -> str:
        """Return how much of *bar* is filled, in per cent."""
        return Scale(bar.whole).at(bar.part)

    @cached_property
    def compliance(self) -> tuple[Chart, ...]:
        """How much is compliant: by service, subscription and owner."""
        figures = self.assessment.figures
        return tuple(
            Chart(f"Compliant, by {what}", (what, "compliant"), figures_view.shares(found))
            for what, found in (
                ("service", figures.services),
                ("subscription", figures.subscriptions),
                ("owner", figures.owners),
            )
            if found
        )

    @cached_property
    def remediated(self) -> Chart:
        """How long it took to put right what is right now."""
        seconds = [one.seconds for one in self.assessment.figures.remediated]
        return Chart("From first seen to put right", ("time", "number"), figures_view.times(seconds))

    @property
    def median(self) -> str:
        """Within what time half of that was put right."""
        return span(median([one.seconds for one in self.assessment.figures.remediated]))

    @cached_property
    def rotation(self) -> Chart:
        """How the keys in use are rotated."""
        return Chart(
            "How the keys in use are rotated", ("rotation", "keys"), figures_view.rotation(self.assessment.figures.keys)
        )

    @cached_property
    def ages(self) -> Chart:
        """How old the keys in use are."""
        return Chart("Time since their last rotation", ("age", "keys"), figures_view.ages(self.view.keys))

    @cached_property
    def needing(self) -> tuple[KeyRow, ...]:
        """The keys that somebody has to look at: the most urgent first."""
        figures = self.assessment.figures.keys
        overdue, unscheduled, expiring = (
            {one.lower() for one in named} for named in (figures.overdue, figures.unscheduled, figures.expiring)
        )
        rows = []
        for used in self.view.keys:
            low, key = used.id.lower(), used.key
            reasons = [
                (0, f"expires on {day(key.expires)}", low in expiring),
                (1, "disabled", key.enabled is False),
                (2, f"rotation overdue since {day(key.rotation_due)}", low in overdue),
                (3, f"not shown: {key.why}", bool(key.why)),
                (4, "nobody rotates it", low in unscheduled),
            ]
            held = [(rank, words) for rank, words, holds in reasons if holds]
            if held:
                rows.append((held[0][0], KeyRow(used, ", ".join(words for _, words in held))))
        return tuple(row for _, row in sorted(rows, key=lambda item: (item[0], item[1].used.id)))

    @cached_property
    def moved(self) -> Chart:
        """From where to where findings moved."""
        compared = self.assessment.compared
        bars = () if compared is None else figures_view.transitions(compared)
        return Chart("What became of them", ("from -> to", "number"), bars)

    @property
    def moves(self) -> Sequence[Moved]:
        """Every finding that moved."""
        return () if self.assessment.compared is None else self.assessment.compared.moved

    @cached_property
    def groups(self) -> Mapping[Verdict, tuple[Group, ...]]:
        """The findings by verdict and service, in order."""
        return {verdict: tuple(_groups(verdict, found)) for verdict, found in self.view.by_verdict.items()}

    @cached_property
    def not_covered(self) -> Mapping[tuple[str, str], tuple[NotCovered, ...]]:
        """What other tools found and no plan moves, by check and reason."""
        found: dict[tuple[str, str], list[NotCovered]] = {}
        for one in self.assessment.not_covered:
            found.setdefault((one.check, one.why), []).append(one)
        return {key: tuple(ones) for key, ones in sorted(found.items())}

    @cached_property
    def explained(self) -> tuple[Code, ...]:
        """Every code the page names, sorted."""
        named = {note.code for one in self.assessment.findings for note in one.notes}
        named |= {one.obstacle.code for one in self.assessment.findings if one.obstacle is not None}
        return tuple(CODES[one] for one in sorted(named) if one in CODES)


def _groups(verdict: Verdict, findings: Sequence[Finding]) -> Iterator[Group]:
    by: dict[str, list[Finding]] = {}
    for one in findings:
        by.setdefault(one.service, []).append(one)
    for service, found in by.items():
        yield Group(service, tuple(found), verdict != "compliant" and len(found) <= OPEN)
