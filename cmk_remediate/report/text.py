"""Plain text for a terminal or a job's output: ASCII, 100 columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cmk_remediate.codes.engine import RUN_UNFINISHED
from cmk_remediate.errors import InputError
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.report.assessment_text import assessment_lines
from cmk_remediate.report.ends import meaning, next_steps, read_or_write, unsettled, verified
from cmk_remediate.report.names import Names
from cmk_remediate.report.text_evidence import evidence_lines
from cmk_remediate.report.text_review import review_lines
from cmk_remediate.report.view import ReviewView
from cmk_remediate.report.words import COLUMNS, count, middle, plain, table, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cmk_remediate.model.evidence import EvidenceCheck
    from cmk_remediate.model.findings import Assessment
    from cmk_remediate.model.result import RunResult, RunSummary, Verification
    from cmk_remediate.model.review import Review


class TextRenderer:
    """Reports as plain text."""

    name = "text"

    def review(self, review: Review, file: str = "") -> str:
        """Show what an apply would do; of one saved as *file*, what to type next."""
        return _joined(review_lines(ReviewView(review), file))

    def run(self, result: RunResult) -> str:
        """Show how a run ended; alarms first."""
        return _joined(_run(result))

    def verification(self, verification: Verification) -> str:
        """Show what a verification found."""
        return _joined(_verification(verification))

    def assessment(self, assessment: Assessment) -> str:
        """Show what an assessment found."""
        return _joined(assessment_lines(assessment))

    def evidence(self, check: EvidenceCheck) -> str:
        """Show what checking an evidence file found."""
        return _joined(evidence_lines(check))

    def runs(self, runs: Sequence[RunSummary]) -> str:
        """Show what a run store holds."""
        return _joined(_runs(runs))

    def requests(self, requests: Sequence[Mapping[str, Any]]) -> str:
        """Show a request log."""
        return _joined(_requests(requests))


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _run(result: RunResult) -> Iterator[str]:
    for alarm in result.alarms:
        yield from wrap(f"ALARM: {alarm}")
    yield from wrap(f"Run {result.run[:8]}: {result.text}")
    names = Names(target.id for target in result.targets)
    rows = []
    for target in result.targets:
        code = f" [{target.code}]" if target.code else ""
        rows.append((target.end, names(target.id), f"{target.text}{code}"))
    yield from table(rows, (11, 40))
    for code, advice in next_steps(unsettled(result)):
        yield from wrap(f"next [{code}]: {advice}", 2, 4)
    ends = Counter(target.end for target in result.targets)
    parts = ", ".join(f"{number} {end}" for end, number in sorted(ends.items()))
    yield from wrap(f"Summary: {parts or 'no targets'}; {count(result.writes, 'write')} sent.")
    yield from wrap(f"Exit code {result.exit_code}: {meaning(result)}.")
    yield f"Run id {plain(result.run)}"


def _verification(verification: Verification) -> Iterator[str]:
    yield from wrap(f"Verification of {verification.subject}")
    if verification.unfinished:
        yield from wrap(f"{verification.unfinished} [{RUN_UNFINISHED}]", 2, 4)
    names = Names(target.id for target in verification.targets)
    rows = []
    for target in verification.targets:
        code = f" [{target.code}]" if target.code else ""
        rows.append((target.verdict, names(target.id), f"{target.text}{code}"))
    yield from table(rows, (11, 40))
    for code, advice in next_steps(unsettled(verification)):
        yield from wrap(f"next [{code}]: {advice}", 2, 4)
    for note in verification.notes:
        about = f"{Names([note.scope])(note.scope)}: " if note.scope else ""
        yield from wrap(f"note: {about}{note.text} [{note.code}]", 2, 4)
    verdicts = Counter(target.verdict for target in verification.targets)
    parts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(verdicts.items()))
    yield from wrap(f"Summary: {parts or 'no targets'}.")
    yield from wrap(f"Exit code {verification.exit_code}: {verified(verification)}.")


def _runs(runs: Sequence[RunSummary]) -> Iterator[str]:
    if not runs:
        yield "No runs."
        return
    rows: list[tuple[str, ...]] = [("run", "state", "started", "writes", "what")]
    for run in runs:
        what = count(len(run.targets), "target") + (f", undoes {run.undoes[:8]}" if run.undoes else "")
        rows.append((run.run[:8], run.state, run.started, str(run.writes), what))
    yield from table(rows, (8, 11, 20, 6), 0)


def _what(url: str) -> str:
    """Return what a request is about, shorter than its URL: the resource where there is one, else the path."""
    path = urlsplit(url).path
    parent, _, last = path.rpartition("/")
    for resource, child in ((path, ""), (parent, f"/{last}")):
        try:
            found = ResourceId.parse(resource)
        except InputError:
            continue
        if found.type.count("/") > 0 and found.subscription_id != found:
            return f"{Names([resource])(resource)}{child}"
    return path or url


def _requests(requests: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    writes = 0
    for request in requests:
        kind = read_or_write(request)
        writes += kind == "write"
        status, at, method = (str(request.get(name, "")) for name in ("status", "at", "method"))
        head = f"{plain(at)[:19]:<19} {kind:<5} {plain(method):<6} {plain(status):<3} "
        yield head + middle(plain(_what(str(request.get("url", "")))), COLUMNS - len(head))
    yield f"{count(len(requests), 'request')}: {count(len(requests) - writes, 'read')}, {count(writes, 'write')}."
