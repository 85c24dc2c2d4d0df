"""The public verbs as coroutines."""

from __future__ import annotations

from cmk_remediate.api import (
    apply,
    dry_run,
    dry_run_steps,
    export_estate,
    permissions,
    resume,
    review_rollback,
    rollback,
    verify,
)

__all__ = [
    "apply",
    "dry_run",
    "dry_run_steps",
    "export_estate",
    "permissions",
    "resume",
    "review_rollback",
    "rollback",
    "verify",
]
