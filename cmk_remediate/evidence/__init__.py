"""Evidence of a run: one file for an auditor, and what checks it without Azure."""

from __future__ import annotations

from cmk_remediate.evidence.checking import check_evidence
from cmk_remediate.evidence.making import make_evidence, save_evidence

__all__ = ["check_evidence", "make_evidence", "save_evidence"]
