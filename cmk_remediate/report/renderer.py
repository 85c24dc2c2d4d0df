"""What every report format can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmk_remediate.model.evidence import EvidenceCheck
    from cmk_remediate.model.findings import Assessment
    from cmk_remediate.model.result import RunResult, RunSummary, Verification
    from cmk_remediate.model.review import Review


class Renderer(Protocol):
    """One format. Each method returns the whole document, ending in a newline."""

    name: str
    """As ``--format`` takes it."""

    def review(self, review: Review, file: str = "") -> str:
        """Show what an apply would do; of one saved as *file*, what to type next."""

    def run(self, result: RunResult) -> str:
        """Show how a run ended; alarms first."""

    def verification(self, verification: Verification) -> str:
        """Show what a verification found."""

    def assessment(self, assessment: Assessment) -> str:
        """Show what an assessment found."""

    def evidence(self, check: EvidenceCheck) -> str:
        """Show what checking an evidence file found."""

    def runs(self, runs: Sequence[RunSummary]) -> str:
        """Show what a run store holds."""

    def requests(self, requests: Sequence[Mapping[str, Any]]) -> str:
        """Show a request log: rows with method, url, status, at and caller."""
