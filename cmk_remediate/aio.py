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

__all__ = [
    "apply",
    "assess",
    "dry_run",
    "dry_run_steps",
    "export_estate",
    "find_run",
    "load_review",
    "permissions",
    "resume",
    "review_rollback",
    "rollback",
    "runs",
    "save_artefacts",
    "save_review",
    "unlock",
    "verify",
]
