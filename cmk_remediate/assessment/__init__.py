"""The assessment: finds what can hold a customer-managed key, and says of each whether it does, with proofs."""

from __future__ import annotations

from cmk_remediate.assessment.assessing import assess
from cmk_remediate.assessment.selection import Selection

__all__ = ["Selection", "assess"]
