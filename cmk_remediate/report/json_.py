"""JSON for machines: full ids, the fields of the published schemas."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmk_remediate.model.evidence import EvidenceCheck
    from cmk_remediate.model.findings import Assessment
    from cmk_remediate.model.result import RunResult, RunSummary, Verification
    from cmk_remediate.model.review import Note, Review


class JsonRenderer:
    """Reports as JSON, indented, in ASCII."""

    name = "json"

    def review(self, review: Review, file: str = "") -> str:  # noqa: ARG002 - nothing is typed in it
        """Show the review as it is saved: this is the document `apply` takes."""
        return pretty(review.to_json())

    def run(self, result: RunResult) -> str:
        """Show how a run ended."""
        return pretty(asdict(result))

    def verification(self, verification: Verification) -> str:
        """Show what a verification found."""
        return pretty(_verification(verification))

    def evidence(self, check: EvidenceCheck) -> str:
        """Show what checking an evidence file found."""
        judged = _verification(check.verification) if check.verification is not None else None
        return pretty({**asdict(check), "verification": judged})

    def assessment(self, assessment: Assessment) -> str:
        """Show what an assessment found; as it is saved."""
        return pretty(assessment.to_json())

    def runs(self, runs: Sequence[RunSummary]) -> str:
        """Show what a run store holds."""
        return pretty([asdict(run) for run in runs])

    def requests(self, requests: Sequence[Mapping[str, Any]]) -> str:
        """Show a request log."""
        return pretty([dict(request) for request in requests])


def pretty(value: Any) -> str:
    """Return *value* as indented JSON with a newline at its end."""
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def ndjson(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return *rows* as one JSON object a line."""
    return "".join(json.dumps(dict(row), allow_nan=False, separators=(",", ":")) + "\n" for row in rows)


def _verification(found: Verification) -> dict[str, Any]:
    return {
        "subject": found.subject,
        "targets": [asdict(target) for target in found.targets],
        "notes": [_note(note) for note in found.notes],
        "exit_code": found.exit_code,
        "unfinished": found.unfinished,
    }


def _note(note: Note) -> dict[str, Any]:
    return note.model_dump(mode="json")
