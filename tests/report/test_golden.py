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
from tests.report import sample

if TYPE_CHECKING:
    from cmk_remediate.report.formats import Format

GOLDEN = Path(__file__).parent / "golden"
SUFFIX = {"text": "txt", "markdown": "md", "json": "json"}


def documents(format: Format) -> dict[str, str]:  # noqa: A002
    chosen = renderer(format)
    undo = sample.review(
        undoes=sample.RUN,
        steps=(
            sample.step(
                "create_key", sample.KEY, "keep", sample.line("", None, None, sample.KEPT), reason=sample.KEPT.why
            ),
        ),
        targets=(),
        acknowledgements_required=(),
    )
    return {
        "review": chosen.review(sample.review()),
        "rollback": chosen.review(undo),
        "run": chosen.run(sample.result()),
        "verification": chosen.verification(sample.VERIFICATION),
        "runs": chosen.runs(sample.RUNS),
        "requests": chosen.requests(sample.REQUESTS),
    }


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["review", "rollback", "run", "verification", "runs", "requests"])
def test_documents_are_as_agreed(format: Format, name: str) -> None:  # noqa: A002
    path = GOLDEN / f"{name}.{SUFFIX[format]}"
    document = documents(format)[name]
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(document, encoding="utf-8")
    assert document == path.read_text(encoding="utf-8")


def test_json_holds_the_whole_review_and_its_digest() -> None:
    document = json.loads(documents("json")["review"])

    assert document == sample.review().to_json()
    assert document["digest"] == sample.review().digest
