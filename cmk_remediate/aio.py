"""The public verbs as coroutines."""

from __future__ import annotations

from cmk_remediate.api import (
    apply,
    dry_run,
    dry_run_steps,
    export_estate,
    find_run,
    load_review,
    permissions,
    resume,
    review_rollback,
    rollback,
    runs,
    save_artefacts,
    save_review,
    unlock,
    verify,
)
from cmk_remediate.assessment import assess
from cmk_remediate.evidence import check_evidence, make_evidence, save_evidence

__all__ = [
    "apply",
    "assess",
    "check_evidence",
    "dry_run",
    "dry_run_steps",
    "export_estate",
    "find_run",
    "load_review",
    "make_evidence",
    "permissions",
    "resume",
    "review_rollback",
    "rollback",
    "runs",
    "save_artefacts",
    "save_evidence",
    "save_review",
    "unlock",
    "verify",
]
