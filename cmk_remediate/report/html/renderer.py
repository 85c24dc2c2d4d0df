"""The renderer: which page shows what."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cmk_remediate.codes import CODES
from cmk_remediate.report.ends import meaning, next_steps, read_or_write, unsettled, verified
from cmk_remediate.report.evidence import codes_of, conclusion
from cmk_remediate.report.html.assessment import AssessmentPage
from cmk_remediate.report.html.page import environment, page
from cmk_remediate.report.html.review import ReviewPage
from cmk_remediate.report.html.table import Table
from cmk_remediate.report.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cmk_remediate.model.evidence import EvidenceCheck
    from cmk_remediate.model.findings import Assessment
    from cmk_remediate.model.result import RunResult, RunSummary, Verification
    from cmk_remediate.model.review import Review

_TONES = {
    "done": "good",
    "right": "good",
    "finished": "good",
    "in progress": "waiting",
    "unfinished": "waiting",
    "manual": "waiting",
    "stays": "waiting",
    "blocked": "bad",
    "failed": "bad",
    "skipped": "bad",
    "wrong": "bad",
    "unknown": "waiting",
    "damaged": "bad",
    "altered": "bad",
    "not judged": "waiting",
}
_URGENT = ("bad", "waiting", "", "good")


class HtmlRenderer:
    """Reports as one HTML file each."""

    name = "html"

    def __init__(self) -> None:
        """Make sure that pages can be made.

        Raises:
            InputError: CMK141 when jinja2 is not installed.
        """
        environment()

    def review(self, review: Review, file: str = "") -> str:
        """Show what an apply would do; of one saved as *file*, what to type next."""
        return page("review.html.j2", page=ReviewPage(review, file))

    def run(self, result: RunResult) -> str:
        """Show how a run ended; alarms first."""
        names = Names(target.id for target in result.targets)
        rows = [(names(one.id), one.end, one.code, one.text) for one in result.targets]
        return page(
            "results.html.j2",
            title=f"Run {result.run[:8]}",
            said=result.text,
            facts=(
                ("Run id", result.run),
                ("Writes sent", result.writes),
                ("Exit code", f"{result.exit_code}: {meaning(result)}"),
            ),
            alarms=result.alarms,
            sums=_sums(one.end for one in result.targets),
            tables=(_judged("How each target ended", "end", rows),),
            advice=_advice(unsettled(result)),
            notes=(),
        )

    def verification(self, verification: Verification) -> str:
        """Show what a verification found."""
        names = Names([*(one.id for one in verification.targets), *(note.scope for note in verification.notes)])
        rows = [(names(one.id), one.verdict, one.code, one.text) for one in verification.targets]
        return page(
            "results.html.j2",
            title=f"Verification of {verification.subject}",
            said=f"Exit code {verification.exit_code}: {verified(verification)}.",
            facts=(),
            alarms=(verification.unfinished,) if verification.unfinished else (),
            sums=_sums(one.verdict for one in verification.targets),
            tables=(_judged("What was found of each target", "verdict", rows),),
            advice=_advice(unsettled(verification)),
            notes=tuple((names(note.scope) if note.scope else "", note.text, note.code) for note in verification.notes),
        )

    def assessment(self, assessment: Assessment) -> str:
        """Show what an assessment found."""
        return page("assessment.html.j2", page=AssessmentPage(assessment))

    def evidence(self, check: EvidenceCheck) -> str:
        """Show what checking an evidence file found."""
        names = Names(one.id for one in check.ends)
        parts = [(one.part, one.verdict, one.text) for one in check.parts]
        tables = [Table("Is it as it was made", ("part", "verdict", "what"), parts, _tone(1))]
        for caption, ends in (("How the run left each target", check.ends), ("How its rollback left it", check.undone)):
            rows = [(names(one.id), one.end, one.code, one.text) for one in ends]
            tables += [_judged(caption, "end", rows)] if rows else []
        if check.verification is not None:
            judged = [(names(one.id), one.verdict, one.code, one.text) for one in check.verification.targets]
            tables.append(_judged("What the bodies in it show, judged anew", "verdict", judged))
        return page(
            "results.html.j2",
            title=f"Evidence of run {check.run[:8]}",
            said=f"Exit code {check.exit_code}: {conclusion(check)}.",
            facts=(
                ("File", check.file),
                ("SHA-256 of the file", check.sha256),
                ("Run id", check.run),
                ("State", check.state or "unknown"),
                ("Made", check.made),
                *(("Accepted", one) for one in check.accepted),
            ),
            alarms=(),
            sums=_sums(one.verdict for one in check.parts),
            tables=tuple(tables),
            advice=_advice(codes_of(check)),
            notes=(),
        )

    def runs(self, runs: Sequence[RunSummary]) -> str:
        """Show what a run store holds."""
        rows = [(one.run[:8], one.state, one.started, str(one.writes), str(len(one.targets))) for one in runs]
        head = ("run", "state", "started", "writes", "targets")
        return _listing("Runs", Table("What the run store holds", head, rows, _tone(1)))

    def requests(self, requests: Sequence[Mapping[str, Any]]) -> str:
        """Show a request log."""
        rows = [
            (*(str(one.get(name, "")) for name in ("at", "method", "status", "url")), read_or_write(one))
            for one in requests
        ]
        head = ("at", "method", "status", "url", "kind")
        return _listing("Requests", Table("What the embedded Azure was sent", head, rows))


def _judged(caption: str, word: str, rows: Sequence[tuple[str, ...]]) -> Table:
    return Table(caption, ("target", word, "code", "what"), rows, _tone(1))


def _tone(column: int) -> Mapping[int, Mapping[str, str]]:
    return {column: _TONES}


def _listing(title: str, listed: Table) -> str:
    return page(
        "results.html.j2", title=title, said="", facts=(), alarms=(), sums=(), tables=(listed,), advice=(), notes=()
    )


def _sums(found: Iterable[str]) -> tuple[tuple[str, int, str], ...]:
    """Return how often each word was found, with its tone: what is bad first."""
    sums = ((word, number, _TONES.get(word, "")) for word, number in Counter(found).items())
    return tuple(sorted(sums, key=lambda one: (_URGENT.index(one[2]), one[0])))


def _advice(found: Iterable[str]) -> tuple[tuple[str, str, str], ...]:
    return tuple((code, CODES[code].heading, advice) for code, advice in next_steps(found))
