"""The commands verify and check-evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cmk_remediate.cli.arguments import AnyFormat, FormatOption, Json, Quiet, Runs, Verbose, options_of


def verify(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="PLAN|RUN", help="A plan file, or a run's digest.")],
    evidence: Annotated[
        Path | None, typer.Option("--evidence", metavar="DIR", help="Save evidence of the run there; made if missing.")
    ] = None,
    format: AnyFormat = None,  # noqa: A002 - the option's name
    json: Json = False,
    runs: Runs = None,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """Say whether all is as it should be. Sends only reads.

    Of a plan: are its targets compliant? Of a run: does its result still stand? With --evidence also saves RUN.zip for auditors.
    """
    from cmk_remediate.cli import proving

    options = options_of(context, quiet=quiet, verbose=verbose).with_local(
        runs=runs, json=json, format=format, tests=True
    )
    return proving.verify(options, subject, evidence)


def check_evidence(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="What `verify --evidence` saved.")],
    format: FormatOption = None,  # noqa: A002
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """Say whether evidence of a run is as it was made, and what it shows. Needs neither network nor credentials."""
    from cmk_remediate.cli import proving

    return proving.check_evidence(
        options_of(context, quiet=quiet, verbose=verbose).with_local(json=json, format=format), path
    )
