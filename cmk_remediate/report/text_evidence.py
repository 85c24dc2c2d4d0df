"""What checking an evidence file found, as plain text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cmk_remediate.report.ends import next_steps
from cmk_remediate.report.evidence import codes_of, conclusion
from cmk_remediate.report.names import Names
from cmk_remediate.report.words import plain, table, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.evidence import EvidenceCheck


def evidence_lines(check: EvidenceCheck) -> Iterator[str]:
    """Yield the lines of the report."""
    yield from wrap(f"Evidence of run {check.run[:8]}{f', {check.state}' if check.state else ''}: {check.file}")
    yield from wrap(f"made {check.made}", 2)
    for one in check.accepted:
        yield from wrap(f"accepted: {one}", 2)
    yield ""
    yield "IS IT AS IT WAS MADE"
    yield from table([(part.verdict, part.part, part.text) for part in check.parts], (10, 32))
    names = Names(one.id for one in check.ends)
    for title, ends in (("HOW THE RUN", check.ends), ("HOW ITS ROLLBACK", check.undone)):
        if ends:
            yield ""
            yield f"{title} LEFT EACH TARGET, BY ITS JOURNAL"
            yield from table([(one.end, names(one.id), _said(one.text, one.code)) for one in ends], (12, 40))
    if check.verification is not None:
        yield ""
        yield "WHAT THE BODIES IN IT SHOW, JUDGED ANEW"
        if check.verification.unfinished:
            yield from wrap(check.verification.unfinished, 2, 4)
        judged = check.verification.targets
        yield from table([(one.verdict, names(one.id), _said(one.text, one.code)) for one in judged], (12, 40))
    for code, advice in next_steps(codes_of(check)):
        yield from wrap(f"next [{code}]: {advice}", 2, 4)
    verdicts = Counter(part.verdict for part in check.parts)
    yield from wrap(f"Summary: {', '.join(f'{number} {word}' for word, number in sorted(verdicts.items()))}.")
    yield from wrap(f"Exit code {check.exit_code}: {conclusion(check)}.")
    yield f"Run id {plain(check.run)}"
    yield f"SHA-256 of the file {check.sha256}"


def _said(text: str, code: str) -> str:
    return f"{text} [{code}]" if code else text
