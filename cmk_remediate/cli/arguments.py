"""Options that several commands have, as typer takes them."""

from __future__ import annotations

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


def options_of(context: typer.Context) -> Globals:
    """Return what stood before the command."""
    found = context.find_object(Globals)
    return found if found is not None else Globals()
