"""Options that several commands have, as typer takes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cmk_remediate.cli.options import Format, Globals, ReportFormat

# Typer reads these at run time, on Python 3.10 too.
Runs = Annotated[str | None, typer.Option("--runs", metavar="DIR|URL", help="Run store, by default ./cmk-runs.")]
Json = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
FormatOption = Annotated[ReportFormat | None, typer.Option("--format", help="How the product is written.")]
AnyFormat = Annotated[Format | None, typer.Option("--format", help="How the product is written; junit: `verify` only.")]
Accept = Annotated[list[str] | None, typer.Option("--accept", metavar="KIND:NAME", help="Accept by name; repeatable.")]
AcceptFile = Annotated[Path | None, typer.Option("--accept-file", metavar="FILE", help="Names, one a line.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for the digest. Accepts nothing by name.")]
Approver = Annotated[str, typer.Option("--approver", help="Who accepted, for the journal.")]
Strict = Annotated[bool, typer.Option("--strict", help="One drifted target stops all before the first write.")]
StopAfter = Annotated[
    str | None,
    typer.Option("--stop-after", metavar="DURATION", help="Such as 150m: start no step that may not end in time."),
]
Artefacts = Annotated[
    Path | None,
    typer.Option("--artefacts", metavar="DIR", help="Save what is made beside the review; made if missing."),
]
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Save the review as JSON.")]
PlanPath = Annotated[Path, typer.Argument(metavar="PLAN", help="A plan file.")]
RunText = Annotated[str, typer.Argument(metavar="RUN", help="A run's digest, or its unique beginning.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Show no progress.")]
Verbose = Annotated[int, typer.Option("-v", "--verbose", count=True, help="Show reads too.", show_default=False)]


def options_of(context: typer.Context, *, quiet: bool = False, verbose: int = 0) -> Globals:
    """Return what stood before the command, with how much it shows, if that was said after it.

    Raises:
        UsageError: CMK100 when *quiet* and *verbose* contradict each other, wherever they stood.
    """
    found = context.find_object(Globals) or Globals()
    return replace(found, quiet=found.quiet or quiet, verbose=found.verbose + verbose)
