"""An assessment as Markdown, piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.report.capped import Block, counted, section
from cmk_remediate.report.markdown_words import bullets, code, prose, table
from cmk_remediate.report.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.findings import Assessment


def assessment_blocks(assessment: Assessment) -> Iterator[Block]:
    """Yield the pieces of *assessment*."""
    yield Block(f"# Assessment of {', '.join(code(one) for one in assessment.scopes)}", "the head")
    not_read = (f"not read: {code(one.what)}: {prose(one.why)}" for one in assessment.not_read)
    yield from section("what was not read", (text for text, _ in bullets(not_read, "")))
    names = Names(one.id for one in assessment.findings)
    rows = [
        (
            prose(one.verdict),
            code(names(one.id)),
            prose(one.service),
            prose(one.state),
            prose(one.owner),
            f"{prose(one.obstacle.why)} ({one.obstacle.code})" if one.obstacle else "",
        )
        for one in assessment.findings
    ]
    yield from counted("findings", table(("verdict", "resource", "service", "state", "owner", "in the way"), rows))
