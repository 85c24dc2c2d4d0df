"""The assessment: finds what can hold a customer-managed key, and says of each whether it does, with proofs."""

from __future__ import annotations

from cmk_remediate.assessment.assessing import assess
from cmk_remediate.assessment.files import load_assessment
from cmk_remediate.assessment.imported import load_findings
from cmk_remediate.assessment.plans import plans_of, write_plans
from cmk_remediate.assessment.selection import Selection

__all__ = ["Selection", "assess", "load_assessment", "load_findings", "plans_of", "write_plans"]
