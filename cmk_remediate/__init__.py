"""Moves live Azure resources from platform-managed to customer-managed keys.

The verbs here are those of `cmk_remediate.aio`, each run to its end. Importing this package loads no Azure SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmk_remediate.assessment import Selection, load_assessment, load_findings, write_plans
    from cmk_remediate.blocking import (
        apply,
        assess,
        check_evidence,
        dry_run,
        dry_run_steps,
        export_estate,
        find_run,
        load_review,
        make_evidence,
        permissions,
        resume,
        review_rollback,
        rollback,
        runs,
        save_artefacts,
        save_evidence,
        save_review,
        unlock,
        verify,
    )
    from cmk_remediate.codes import CODES
    from cmk_remediate.connection import connect
    from cmk_remediate.engine.schedule import Stop
    from cmk_remediate.errors import CmkError
    from cmk_remediate.inventory import ExportedEstate, save_estate
    from cmk_remediate.model.evidence import Evidence, EvidenceCheck
    from cmk_remediate.model.findings import Assessment
    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.model.result import RunResult, Verification
    from cmk_remediate.model.review import Review
    from cmk_remediate.planfile.exemptions import load_exemptions
    from cmk_remediate.planfile.load import load_plan
    from cmk_remediate.report import render
    from cmk_remediate.runbook import run_job

_WHERE = {
    "Assessment": "model.findings",
    "CODES": "codes",
    "CmkError": "errors",
    "Connection": "model.protocols",
    "Evidence": "model.evidence",
    "EvidenceCheck": "model.evidence",
    "ExportedEstate": "inventory",
    "Review": "model.review",
    "RunResult": "model.result",
    "Selection": "assessment",
    "Stop": "engine.schedule",
    "Verification": "model.result",
    "apply": "blocking",
    "assess": "blocking",
    "check_evidence": "blocking",
    "connect": "connection",
    "dry_run": "blocking",
    "dry_run_steps": "blocking",
    "export_estate": "blocking",
    "find_run": "blocking",
    "load_assessment": "assessment",
    "load_exemptions": "planfile.exemptions",
    "load_findings": "assessment",
    "load_plan": "planfile.load",
    "load_review": "blocking",
    "make_evidence": "blocking",
    "permissions": "blocking",
    "render": "report",
    "resume": "blocking",
    "review_rollback": "blocking",
    "rollback": "blocking",
    "run_job": "runbook",
    "runs": "blocking",
    "save_artefacts": "blocking",
    "save_estate": "inventory",
    "save_evidence": "blocking",
    "save_review": "blocking",
    "unlock": "blocking",
    "verify": "blocking",
    "write_plans": "assessment",
}

__all__ = [
    "CODES",
    "Assessment",
    "CmkError",
    "Connection",
    "Evidence",
    "EvidenceCheck",
    "ExportedEstate",
    "Review",
    "RunResult",
    "Selection",
    "Stop",
    "Verification",
    "apply",
    "assess",
    "check_evidence",
    "connect",
    "dry_run",
    "dry_run_steps",
    "export_estate",
    "find_run",
    "load_assessment",
    "load_exemptions",
    "load_findings",
    "load_plan",
    "load_review",
    "make_evidence",
    "permissions",
    "render",
    "resume",
    "review_rollback",
    "rollback",
    "run_job",
    "runs",
    "save_artefacts",
    "save_estate",
    "save_evidence",
    "save_review",
    "unlock",
    "verify",
    "write_plans",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _WHERE:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
