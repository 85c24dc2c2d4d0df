"""What a check of an evidence file comes to, in a sentence: the same in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.report.ends import unsettled, verified

if TYPE_CHECKING:
    from cmk_remediate.model.evidence import EvidenceCheck


def conclusion(check: EvidenceCheck) -> str:
    """Return what *check* comes to."""
    if any(part.verdict == "altered" for part in check.parts):
        return "altered: it is no evidence of anything as it stands"
    if check.verification is None:
        return "nothing is altered; this version cannot judge the bodies in it"
    if check.exit_code:
        return "nothing is altered; not all is as it should be"
    return f"nothing is altered, and {verified(check.verification)}"


def codes_of(check: EvidenceCheck) -> tuple[str, ...]:
    """Return the codes that explain what in *check* is not right, those of the file before those of the targets."""
    verdicts = {part.verdict for part in check.parts}
    found = [codes.input_.EVIDENCE_ALTERED] if "altered" in verdicts else []
    found += [codes.input_.EVIDENCE_NOT_JUDGED] if "not judged" in verdicts else []
    judged = unsettled(check.verification) if check.verification is not None else ()
    return (*found, *(one.code for one in (*check.ends, *check.undone)), *judged)
