"""Markdown for pull requests and tickets: one H2 a target, danger on top, ids folded away, at most 60 kB.

Names come from Azure and may hold anything, so prose is escaped and values stand in code spans.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cmk_remediate.codes.engine import RUN_UNFINISHED
from cmk_remediate.report.capped import Block, capped, counted, section
from cmk_remediate.report.ends import meaning, read_or_write, unsettled
from cmk_remediate.report.markdown_assessment import assessment_blocks
from cmk_remediate.report.markdown_evidence import evidence_blocks
from cmk_remediate.report.markdown_review import review_blocks
from cmk_remediate.report.markdown_words import advice, bullets, code, prose, table
from cmk_remediate.report.names import Names
from cmk_remediate.report.view import ReviewView
from cmk_remediate.report.words import count, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cmk_remediate.model.evidence import EvidenceCheck
    from cmk_remediate.model.findings import Assessment
    from cmk_remediate.model.result import RunResult, RunSummary, Verification
    from cmk_remediate.model.review import Review


class MarkdownRenderer:
    """Reports as GitHub-flavoured Markdown."""

    name = "markdown"

    def review(self, review: Review, file: str = "") -> str:
        """Show what an apply would do; of one saved as *file*, what to type next."""
        pointer = (
            "The whole of it: `cmk-remediate show FILE`, where FILE is the saved review with the digest "
            f"{code(review.digest)}; `--format html` makes a page of it."
        )
        return capped(review_blocks(ReviewView(review), file), pointer)

    def run(self, result: RunResult) -> str:
        """Show how a run ended; alarms first."""
        pointer = f"Where each target stands: `cmk-remediate verify {plain(result.run)} --format json`."
        return capped(_run(result), pointer)

    def verification(self, verification: Verification) -> str:
        """Show what a verification found."""
        return capped(_verification(verification), "The whole of it: the same command with `--format json`.")

    def assessment(self, assessment: Assessment) -> str:
        """Show what an assessment found."""
        return capped(assessment_blocks(assessment), "The whole of it: the same command with `--format json`.")

    def evidence(self, check: EvidenceCheck) -> str:
        """Show what checking an evidence file found."""
        return capped(evidence_blocks(check), "The whole of it: the same command with `--format json`.")

    def runs(self, runs: Sequence[RunSummary]) -> str:
        """Show what a run store holds."""
        rows = [(code(run.run[:8]), prose(run.state), prose(run.started), str(run.writes)) for run in runs]
        blocks = counted("runs", table(("run", "state", "started", "writes"), rows))
        return capped(blocks, "The whole of it: `cmk-remediate runs --format json`.")

    def requests(self, requests: Sequence[Mapping[str, Any]]) -> str:
        """Show a request log."""
        rows = [
            (*(code(str(request.get(name, ""))) for name in ("at", "method", "status", "url")), read_or_write(request))
            for request in requests
        ]
        blocks = counted("requests", table(("at", "method", "status", "url", "kind"), rows))
        return capped(blocks, "The whole of it: `cmk-remediate requests --format ndjson`.")


def _run(result: RunResult) -> Iterator[Block]:
    yield from counted("alarms", ((f"> **ALARM: {prose(alarm)}**", 1) for alarm in result.alarms))
    said = (
        f"{prose(result.text)} {count(result.writes, 'write')} sent. Exit code {result.exit_code}: {meaning(result)}."
    )
    yield from section("the head", (f"# Run {code(result.run[:8])}", said))
    names = Names(target.id for target in result.targets)
    rows = [(code(names(item.id)), item.end, prose(item.code), prose(item.text)) for item in result.targets]
    yield from counted("targets", table(("target", "end", "code", "what"), rows))
    yield from section("what to do next", advice(unsettled(result)))
    yield Block(f"Run id {code(result.run)}", "the run's id")


def _first(verification: Verification) -> tuple[str, ...]:
    said = verification.unfinished
    return (f"> **{prose(said)}** ({RUN_UNFINISHED})",) if said else ()


def _verification(verification: Verification) -> Iterator[Block]:
    verdicts = Counter(target.verdict for target in verification.targets)
    sums = ", ".join(f"{number} {verdict}" for verdict, number in sorted(verdicts.items())) or "no targets"
    yield from section("the head", (f"# Verification of {code(verification.subject)}", *_first(verification), sums))
    names = Names(target.id for target in verification.targets)
    rows = [(code(names(item.id)), item.verdict, prose(item.code), prose(item.text)) for item in verification.targets]
    yield from counted("targets", table(("target", "verdict", "code", "what"), rows))
    yield from section("what to do next", advice(unsettled(verification)))
    names = Names([*(target.id for target in verification.targets), *(note.scope for note in verification.notes)])
    notes = (
        f"{f'{code(names(note.scope))}: ' if note.scope else ''}{prose(note.text)} ({prose(note.code)})"
        for note in verification.notes
    )
    yield from section("notes", (text for text, _ in bullets(notes, "")))
