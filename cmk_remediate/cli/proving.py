"""verify, check-evidence: does it stand, and how can somebody else know."""

from __future__ import annotations

from pathlib import Path

import cmk_remediate
from cmk_remediate import codes, files
from cmk_remediate.cli import output, world
from cmk_remediate.cli.options import Format, Globals
from cmk_remediate.cli.streams import aside
from cmk_remediate.errors import UsageError
from cmk_remediate.planfile.load import load
from cmk_remediate.report import renderer


def verify(options: Globals, subject: str, folder: Path | None) -> int:
    """Say whether a plan's targets are as they should be, or whether a run's result still stands; save the evidence of it."""
    if files.is_there(subject) or subject.lower().endswith((".yaml", ".yml")):
        if folder is not None:
            cause = "--evidence is of a run: give the run's id; `cmk-remediate runs` lists them"
            raise UsageError(codes.input_.USAGE, cause, resource=subject)
        document = load(subject)
        with world.connection(options, cloud=document.cloud) as connection:
            found = cmk_remediate.verify(document, connection=connection, runs=options.runs)
    else:
        store = world.store(options)
        with world.of_run(options, subject) as (connection, run):
            if folder is None:
                found = cmk_remediate.verify(run, connection=connection, runs=store)
            else:
                evidence = cmk_remediate.make_evidence(run, connection=connection, runs=store)
                found, path = evidence.verification, cmk_remediate.save_evidence(evidence, folder)
                # Not into the product, which may be JSON.
                aside(f"Evidence: {path}\nSHA-256 {evidence.sha256}\n")
    output.emit(renderer((options.format or Format.text).value).verification(found), options.palette)
    return found.exit_code


def check_evidence(options: Globals, path: Path) -> int:
    """Say whether an evidence file is as it was made, and what it shows."""
    found = cmk_remediate.check_evidence(path)
    output.emit(renderer((options.format or Format.text).value).evidence(found), options.palette)
    return found.exit_code
