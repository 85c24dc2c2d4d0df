"""Azure Automation runbook (Python 3.10) for managed disks, made for an hourly schedule; see docs/runbook.md.

Its one argument is JSON, or names an Automation variable of it: {"do": "dry-run" | "apply" | "verify", "plan": path or the
plan itself, "review": path, "digest": ..., "accept": [...], "runs": path, "client_id": null, "stop_after": null or
"150m", "simulate": path or null}.
"""

from __future__ import annotations

import os
import sys

import cmk_remediate as cmk
from cmk_remediate import simulator


def variable(name: str) -> str | None:
    """Return the Automation variable *name*; None outside Azure Automation."""
    try:
        import automationassets  # type: ignore[import-not-found]  # noqa: PLC0415 - there in Automation only
    except ImportError:
        return None
    return str(automationassets.get_automation_variable(name))


def main(argument: str) -> None:
    """Do what *argument* asks; raises when it fails or is refused."""
    job = cmk.parse_job(argument, variable=variable, environment=os.environ)
    world = simulator.open(job.simulate) if job.simulate else cmk.connect(cloud=job.cloud, client_id=job.client_id)
    if job.review:
        review = cmk.load_review(job.review, connection=world)
        job.check(review)
        try:
            result = cmk.apply(review, connection=world, accept=job.accept, runs=job.runs, stop_after=job.stop_after)
            text, ended = (cmk.render(result) if result.writes else result.text), result.exit_code
        except cmk.CmkError as error:
            if not job.at_work(error):
                raise
            text, ended = f"Run {job.digest[:8]} is still at work.", 0
    elif job.do == "verify":
        found = cmk.verify(job.plan or {}, connection=world, runs=job.runs)
        text, ended = cmk.render(found), found.exit_code
    else:
        review = cmk.dry_run(job.plan or {}, connection=world, runs=job.runs)
        path = cmk.save_review(review, connection=world)
        text, ended = f"The whole review: {path}, digest {review.digest}\n{cmk.render(review)}", 0
    print(text[:200_000])  # what Automation's portal shows of a stream
    if ended:
        raise RuntimeError(f"{job.do} ended with {ended}; docs/command-line.md says what that means")


if __name__ == "__main__":
    try:
        main(" ".join(sys.argv[1:]))
    except Exception as failure:
        print("ERROR:", f"{failure}\nnext: {getattr(failure, 'hint', 'see above')}".replace("\n", "\nERROR: "))
        raise
