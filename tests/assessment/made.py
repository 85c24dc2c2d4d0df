"""Findings and assessments, made for tests of what is computed from them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from cmk_remediate.model.findings import Assessment, Figures, Finding, KeyFigures, KeyInUse
from cmk_remediate.model.review import Made

SUB = "/subscriptions/88888888-8888-4888-8888-888888888801"
GROUP = f"{SUB}/resourceGroups/rg-data"
NOW = datetime(2030, 1, 7, 8, tzinfo=timezone.utc)
TODAY = "2030-01-07T08:00:00Z"


def account(name: str) -> str:
    return f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}"


def finding(name: str, verdict: str = "not compliant", **more: Any) -> Finding:
    """Return the finding of the storage account *name*."""
    states = {
        "compliant": "customer (healthy)",
        "in progress": "in progress",
        "unknown": "inaccessible",
        "not ours": "foreign",
    }
    values: dict[str, Any] = {
        "id": account(name),
        "service": "storage",
        "members": (account(name),),
        "location": "westeurope",
        "owner": "",
        "tags": {},
        "state": states.get(verdict, "platform"),
        "verdict": verdict,
        "evidence": (),
        "obstacle": None,
        "cost": None,
        "keys": (),
        "policy": (),
        "notes": (),
    }
    return Finding.model_validate({**values, **more})


def key(name: str = "cmk", **more: Any) -> KeyInUse:
    """Return the use of the key *name*, which has no policy and no expiry."""
    values = {
        "resource": account("one"),
        "vault": f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv",
        "name": name,
        "version": "",
        "latest": "0" * 32,
        "created": TODAY,
        "rotated": TODAY,
        "expires": "",
        "enabled": True,
        "rotation": "",
        "rotation_due": "",
        "age_days": 0,
        "why": "",
    }
    return KeyInUse.model_validate({**values, **more})


def assessment(*findings: Finding, at: str = TODAY, **more: Any) -> Assessment:
    """Return an assessment of the subscription that found *findings*."""
    keys = KeyFigures(
        keys=0, not_read=0, scheduled=0, on_schedule=0, overdue=(), unscheduled=(), expiring=(), oldest_days=None
    )
    values: dict[str, Any] = {
        "format_version": "1.0",
        "made": Made(id=f"made {at}", at=at, by="somebody", with_="cmk_remediate"),
        "tenant": "88888888-8888-4888-8888-88888888880f",
        "cloud": "AzureCloud",
        "scopes": (SUB,),
        "filters": (),
        "subscriptions": (SUB,),
        "not_read": (),
        "not_covered": (),
        "exemptions": (),
        "vaults": (),
        "findings": findings,
        "figures": Figures(services=(), subscriptions=(), owners=(), remediated=(), keys=keys, failed_accesses=()),
        "compared": None,
    }
    return Assessment.model_validate({**values, **more})
