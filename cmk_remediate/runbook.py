"""What an Azure Automation runbook does with its one argument: `docs/runbook.md`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.api.store import load_kept_plan
from cmk_remediate.errors import CmkError, InputError
from cmk_remediate.planfile.job import Job, parse_job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cmk_remediate.planfile.load import Loaded

_SHOWN = 200_000  # characters of a stream in Automation's portal ("Runbook output and messages in Azure Automation")


def run_job(argument: str, *, service: str | None, simulated: Callable[[str], cmk.Connection]) -> None:
    """Do what *argument* asks and print what came of it, at most 200,000 characters; a failure is printed and raised.

    Args:
        argument: the runbook's argument, JSON, or the name of an Automation variable that holds it.
        service: the one service of which plans and reviews are taken, as plan files write it; None for any, of estate files.
        simulated: gives the embedded Azure of a state file: `cmk_remediate.simulator.open`.

    Raises:
        CmkError: what was refused or failed: CMK119 when the argument is not understood, else as the verbs.
        RuntimeError: the verb ended with another exit code than 0; the job is to be shown as failed.
    """
    try:
        print(_done(argument, service, simulated)[:_SHOWN])
    except Exception as failure:
        # Automation fails a job on the exception; what its error stream shows of it has neither the code nor what to do.
        text = f"{_said(failure)}\nnext: {getattr(failure, 'hint', 'see above')}"
        print("ERROR:", text.replace("\n", "\nERROR: "))
        raise


def _said(failure: Exception) -> str:
    """Return what *failure* says; of one that is none of ours, its name too: it may say nothing else."""
    return str(failure) if isinstance(failure, (CmkError, RuntimeError)) else f"{type(failure).__name__}: {failure}"


def _done(argument: str, service: str | None, simulated: Callable[[str], cmk.Connection]) -> str:
    job = parse_job(argument, variable=_variable, environment=os.environ)
    if job.plan is None:
        return _applied(job, service, _world(job, job.cloud, simulated))
    plan, world = _planned(job, service, simulated)
    if job.do == "verify":
        found = cmk.verify(plan, connection=world, runs=job.runs)
        return _ended(job, cmk.render(found), found.exit_code)
    review = cmk.dry_run(plan, connection=world, runs=job.runs)
    path = cmk.save_review(review, connection=world)
    return f"The whole review: {path}, digest {review.digest}\n{cmk.render(review)}"


def _planned(
    job: Job, service: str | None, simulated: Callable[[str], cmk.Connection]
) -> tuple[Loaded, cmk.Connection]:
    """Return the job's plan and a connection; one that is kept in a run store is fetched through it."""
    fetched = _world(job, job.cloud, simulated) if job.plan_url else None
    plan: Loaded
    if fetched is not None:
        plan = fetched.run(lambda: load_kept_plan(job.plan_url, connection=fetched))
    else:
        plan = cmk.load_plan(job.plan or {})
    _refuse_others(service, [one.plan.service for one in plan.documents])
    return plan, fetched or _world(job, plan.cloud, simulated)


def _applied(job: Job, service: str | None, world: cmk.Connection) -> str:
    review = cmk.load_review(job.review or "", connection=world)
    job.check(review)
    _refuse_others(service, [target.service for target in review.targets])
    try:
        result = cmk.apply(review, connection=world, accept=job.accept, runs=job.runs, stop_after=job.stop_after)
    except CmkError as error:
        if not job.at_work(error):
            raise
        return f"Run {job.digest[:8]} is still at work."
    return _ended(job, cmk.render(result) if result.writes else result.text, result.exit_code)


def _ended(job: Job, text: str, code: int) -> str:
    """Return *text* of a verb that ended with 0; of another one it is printed before the job is failed."""
    if code:
        print(text[:_SHOWN])
        message = f"{job.do} ended with {code}; docs/command-line.md says what that means"
        raise RuntimeError(message)
    return text


def _world(job: Job, cloud: str, simulated: Callable[[str], cmk.Connection]) -> cmk.Connection:
    return simulated(job.simulate) if job.simulate else cmk.connect(cloud=cloud, client_id=job.client_id)


def _refuse_others(service: str | None, named: Iterable[str]) -> None:
    others = sorted(set(named) - {service})
    if service is not None and others:
        cause = f"this runbook is for {service}; the plan or review is for {', '.join(others)}"
        raise InputError(codes.input_.RUNBOOK_ARGUMENT, cause, resource="the runbook's argument")


def _variable(name: str) -> str | None:
    """Return the Automation variable *name*; None where there is none, as outside Azure Automation.

    Source: learn.microsoft.com, "Manage variables in Azure Automation": `get_automation_variable` raises AutomationAssetNotFound.

    Raises:
        InputError: CMK119 when Automation does not give it for another reason.
    """
    try:
        import automationassets  # type: ignore[import-not-found]  # noqa: PLC0415 - there in Automation only
    except ImportError:
        return None
    try:
        found = automationassets.get_automation_variable(name)
    except Exception as error:
        if type(error).__name__ == "AutomationAssetNotFound":
            return None
        cause = f"Automation does not give the variable {name!r}: {type(error).__name__}: {error}"
        raise InputError(codes.input_.RUNBOOK_ARGUMENT, cause, resource="the runbook's argument") from error
    return "" if found is None else str(found)
