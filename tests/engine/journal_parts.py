"""Records and a review for the journal's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.model.records import Intent, Outcome, RunEnded, RunStarted, Settled
from cmk_remediate.model.review import Made, PlanSource, Review, ReviewedTarget

if TYPE_CHECKING:
    from pathlib import Path

RUN = "a" * 64
AT = "2026-03-01T22:00:00Z"
SERVER = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Sql/servers/sql-orders"


def review(target: str = SERVER) -> Review:
    """Return a review of one target without steps."""
    return Review(
        format_version="1.0",
        digest=RUN,
        made=Made(id="6f0c", at=AT, by="someone", with_="cmk-remediate 0.1.0"),
        expires="2026-03-08T22:00:00Z",
        tenant="t",
        cloud="AzureCloud",
        runs="runs",
        plan=PlanSource(name="sql.yaml", sha256="0" * 64, content={}),
        undoes=None,
        steps=(),
        targets=(ReviewedTarget(id=target, service="sql", state="platform", blocked=None, steps=()),),
        notes=(),
        artefacts=(),
        acknowledgements_required=(),
    )


def started(run: str = RUN, at: str = AT, undoes: str | None = None) -> RunStarted:
    """Return the first record of *run*."""
    return RunStarted(run=run, at=at, caller="me", approver="", accepted=("purge-protection:kv",), undoes=undoes)


def intent(step: str, *, before: Any = None, attempt: int = 1, resource: str = SERVER) -> Intent:
    """Return an intent of *step*."""
    return Intent(
        step=step,
        at=AT,
        attempt=attempt,
        method="PUT",
        resource_id=resource,
        api_version="2023-08-01",
        client_request_id="id",
        body={"properties": {}},
        before=before,
    )


def outcome(step: str, result: Any = "accepted", azure_at: str = AT) -> Outcome:
    """Return an outcome of *step*."""
    return Outcome(step=step, at=AT, result=result, azure_at=azure_at, azure_code="", text="", correlation_id="")


def settled(step: str, result: Any = "done", after: Any = None) -> Settled:
    """Return how *step* ended."""
    return Settled(step=step, at=AT, result=result, code="", text="", after=after)


def ended(*, finished: bool = True) -> RunEnded:
    """Return a run's end."""
    return RunEnded(at=AT, finished=finished, exit_code=0)


def journal_of(runs: Path, run: str = RUN) -> Path:
    """Return where the journal's file is."""
    return runs / run / "journal.ndjson"
