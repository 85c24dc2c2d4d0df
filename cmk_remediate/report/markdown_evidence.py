"""What checking an evidence file found, as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.report.capped import Block, counted, section
from cmk_remediate.report.evidence import codes_of, conclusion
from cmk_remediate.report.markdown_words import advice, bullets, code, prose, table
from cmk_remediate.report.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.evidence import EvidenceCheck


def evidence_blocks(check: EvidenceCheck) -> Iterator[Block]:
    """Yield the pieces of the report."""
    said = f"**Exit code {check.exit_code}: {prose(conclusion(check))}.**"
    made = f"{code(check.file)}, made {prose(check.made)}. Its SHA-256 is {code(check.sha256)}."
    run = f"Run {code(check.run)}{f', {prose(check.state)}' if check.state else ''}."
    yield from section("the head", (f"# Evidence of run {code(check.run[:8])}", said, f"{made} {run}"))
    yield from counted("acceptances", bullets((f"accepted: {prose(one)}" for one in check.accepted), "nothing known"))
    parts = [(one.verdict, code(one.part), prose(one.text)) for one in check.parts]
    yield from counted("parts", table(("verdict", "part", "what"), parts))
    names = Names(one.id for one in check.ends)
    for title, ends in (("how the run left it", check.ends), ("how its rollback left it", check.undone)):
        rows = [(code(names(one.id)), prose(one.end), prose(one.code), prose(one.text)) for one in ends]
        if rows:
            yield from counted("targets", table(("target", title, "code", "what"), rows))
    judged = check.verification.targets if check.verification is not None else ()
    rows = [(code(names(one.id)), one.verdict, prose(one.code), prose(one.text)) for one in judged]
    if rows:
        yield from counted("targets judged anew", table(("target", "judged anew", "code", "what"), rows))
    yield from section("what to do next", advice(codes_of(check)))
