"""The verbs as coroutines: where plan file, services, engine and connection meet."""

from __future__ import annotations

from cmk_remediate.api.applying import apply, resume
from cmk_remediate.api.checking import permissions, verify
from cmk_remediate.api.exporting import export_estate
from cmk_remediate.api.planning import dry_run, dry_run_steps
from cmk_remediate.api.rolling_back import review_rollback, rollback
from cmk_remediate.api.store import find_run, load_review, runs, save_artefacts, save_review, unlock
from cmk_remediate.inventory import save_estate

__all__ = [
    "apply",
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
    "save_estate",
    "save_review",
    "unlock",
    "verify",
]
