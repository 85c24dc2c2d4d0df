"""Without these a reviewer could be shown something else than what is in the review, and nobody would notice.

The golden files are what a reader sees; `UPDATE_GOLDEN=1 pytest tests/report` rewrites them, and the diff is reviewed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cmk_remediate.report import FORMATS, renderer
from tests.report import sample, sample_assessment

if TYPE_CHECKING:
    from cmk_remediate.report.formats import Format

GOLDEN = Path(__file__).parent / "golden"
SUFFIX = {"text": "txt", "markdown": "md", "json": "json", "junit": "xml"}
NAMES = ("review", "rollback", "run", "verification", "assessment", "evidence", "runs", "requests")
AGREED = [
    (one, name)
    for one in FORMATS
    for name in NAMES
    if one != "html" and (one != "junit" or name == "verification")  # a page is looked at, not compared
]


def document(format: Format, name: str) -> str:  # noqa: A002
    chosen = renderer(format)
    if name == "review":
        return chosen.review(sample.review())
    if name == "rollback":
        return chosen.review(sample.rollback())
    if name == "run":
        return chosen.run(sample.result())
    if name == "verification":
        return chosen.verification(sample.VERIFICATION)
    if name == "assessment":
        return chosen.assessment(sample_assessment.whole())
    if name == "evidence":
        return chosen.evidence(sample.CHECK)
    return chosen.runs(sample.RUNS) if name == "runs" else chosen.requests(sample.REQUESTS)


@pytest.mark.parametrize(("format", "name"), AGREED)
def test_documents_are_as_agreed(format: Format, name: str) -> None:  # noqa: A002
    path = GOLDEN / f"{name}.{SUFFIX[format]}"
    made = document(format, name)
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


def test_json_holds_the_whole_review_and_its_digest() -> None:
    review = json.loads(document("json", "review"))

    assert review == sample.review().to_json()
    assert review["digest"] == sample.review().digest
