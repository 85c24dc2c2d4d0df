"""The commands and their options; each imports what it needs when it runs, so that --help is fast."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from cmk_remediate.cli.app_assess import assess
from cmk_remediate.cli.app_evidence import check_evidence, verify
from cmk_remediate.cli.app_simulator import advance, requests, simulate
from cmk_remediate.cli.arguments import (
    Accept,
    AcceptFile,
    AnyFormat,
    Approver,
    Artefacts,
    FormatOption,
    Json,
    Output,
    PlanPath,
    Quiet,
    Runs,
    RunText,
    StopAfter,
    Strict,
    Verbose,
    Yes,
    options_of,
)
from cmk_remediate.cli.options import Colour, Globals, duration, parse_doubts, run_store

app = typer.Typer(
    name="cmk-remediate",
    help="Move Azure resources to customer-managed keys: reviewed, journaled, reversible where Azure allows it.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich would cost a quarter of a second
    context_settings={"help_option_names": ["-h", "--help"]},
)


class SchemaOf(str, Enum):
    """What a schema is asked of."""

    plan = "plan"
    review = "review"
    result = "result"
    verification = "verification"
    runs = "runs"
    assessment = "assessment"
    evidence = "evidence"


def _time(stop_after: str | None) -> timedelta | None:
    return None if stop_after is None else duration(stop_after)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("cmk-remediate")
        except PackageNotFoundError:
            found = "(not installed)"
        typer.echo(f"cmk-remediate {found}")
        raise typer.Exit


@app.callback()
def _globals(
    context: typer.Context,
    *,
    simulate: Annotated[
        Path | None, typer.Option("--simulate", metavar="FILE", help="Use the embedded Azure kept in FILE.")
    ] = None,
    estate: Annotated[
        Path | None, typer.Option("--estate", metavar="FILE", help="What a missing --simulate FILE is made from.")
    ] = None,
    doubt: Annotated[
        list[str] | None,
        typer.Option("--doubt", metavar="NAME=READING", help="How the embedded Azure reads a doubt."),
    ] = None,
    runs: Runs = None,
    json: Json = False,
    format: AnyFormat = None,  # noqa: A002 - the option's name
    verbose: Verbose = 0,
    quiet: Quiet = False,
    color: Annotated[Colour, typer.Option("--color", help="When to use colour.")] = Colour.auto,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    options = Globals(
        simulate=simulate,
        estate=estate,
        doubts=parse_doubts(doubt or []),
        runs=run_store(runs),
        verbose=verbose,
        quiet=quiet,
        colour=color,
    )
    context.obj = options.with_local(json=json, format=format, tests=True)


@app.command("dry-run")
def _dry_run(
    context: typer.Context,
    plan: PlanPath,
    output: Output = None,
    artefacts: Artefacts = None,
    format: FormatOption = None,  # noqa: A002
    json: Json = False,
    runs: Runs = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when changes are needed.")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """Show what moving the plan's targets would do. Sends nothing but reads."""
    from cmk_remediate.cli import reviewing

    options = options_of(context, quiet=quiet, verbose=verbose).with_local(runs=runs, json=json, format=format)
    return reviewing.dry_run(options, plan, output, artefacts, detailed=detailed_exitcode)


@app.command("show")
def _show(
    context: typer.Context,
    review: Annotated[Path, typer.Argument(metavar="REVIEW", help="What `dry-run -o` saved.")],
    format: FormatOption = None,  # noqa: A002
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """Show a saved review. Needs neither network nor credentials."""
    from cmk_remediate.cli import reviewing

    options = options_of(context, quiet=quiet, verbose=verbose).with_local(json=json, format=format)
    return reviewing.show(options, review)


@app.command("apply")
def _apply(
    context: typer.Context,
    review: Annotated[Path, typer.Argument(metavar="REVIEW", help="What `dry-run -o` saved.")],
    accept: Accept = None,
    accept_file: AcceptFile = None,
    yes: Yes = False,
    approver: Approver = "",
    strict: Strict = False,
    stop_after: StopAfter = None,
    format: FormatOption = None,  # noqa: A002
    json: Json = False,
    runs: Runs = None,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """Do exactly what a saved review says. Goes on with its own unfinished run."""
    from cmk_remediate.cli import changing

    agreed = changing.Consent(tuple(accept or ()), accept_file, yes, approver, strict)
    options = options_of(context, quiet=quiet, verbose=verbose).with_local(runs=runs, json=json, format=format)
    return changing.apply(options, review, agreed, _time(stop_after))


@app.command("resume")
def _resume(
    context: typer.Context,
    run: RunText,
    strict: Strict = False,
    stop_after: StopAfter = None,
    format: FormatOption = None,  # noqa: A002
    json: Json = False,
    runs: Runs = None,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """Go on with an unfinished run."""
    from cmk_remediate.cli import changing

    options = options_of(context, quiet=quiet, verbose=verbose).with_local(runs=runs, json=json, format=format)
    return changing.resume(options, run, strict=strict, stop_after=_time(stop_after))


@app.command("rollback")
def _rollback(
    context: typer.Context,
    run: RunText,
    output: Output = None,
    accept: Accept = None,
    accept_file: AcceptFile = None,
    yes: Yes = False,
    approver: Approver = "",
    strict: Strict = False,
    stop_after: StopAfter = None,
    format: FormatOption = None,  # noqa: A002
    json: Json = False,
    runs: Runs = None,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """Undo a run, or say plainly what stays. With -o only saves the review of it."""
    from cmk_remediate.cli import changing

    agreed = changing.Consent(tuple(accept or ()), accept_file, yes, approver, strict)
    options = options_of(context, quiet=quiet, verbose=verbose).with_local(runs=runs, json=json, format=format)
    return changing.rollback(options, run, output, agreed, _time(stop_after))


app.command("verify")(verify)
app.command("check-evidence")(check_evidence)


@app.command("permissions")
def _permissions(
    context: typer.Context,
    plan: PlanPath,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="One file a role.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """Print the least a caller must be allowed.

    As custom roles, split by scope, for `az role definition create`.
    """
    from cmk_remediate.cli import reviewing

    return reviewing.permissions(options_of(context, quiet=quiet, verbose=verbose), plan, output)


@app.command("export-estate")
def _export_estate(
    context: typer.Context,
    scope: Annotated[
        list[str],
        typer.Option("--scope", metavar="ID", help="A subscription, resource group or management group; repeatable."),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Save the estate file; else it is printed.")
    ] = None,
    cloud: Annotated[
        str, typer.Option("--cloud", metavar="NAME", help="AzureCloud, AzureUSGovernment or AzureChinaCloud.")
    ] = "AzureCloud",
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """Copy an estate, without its secrets, for rehearsals on the embedded Azure. Sends nothing but reads."""
    from cmk_remediate.cli import exporting

    return exporting.export_estate(options_of(context, quiet=quiet, verbose=verbose), scope, output, cloud)


@app.command("explain")
def _explain(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="Such as CMK301.")],
    json: Json = False,
) -> int:
    """Say what a code means and what to do about it."""
    from cmk_remediate.cli import telling

    return telling.explain(options_of(context).with_local(json=json), code)


@app.command("schema")
def _schema(
    of: Annotated[
        SchemaOf,
        typer.Argument(
            metavar="[plan|review|result|verification|runs|assessment|evidence]", help="By default of a plan file."
        ),
    ] = SchemaOf.plan,
) -> int:
    """Print the JSON Schema of a plan file, a review, or what other commands print as JSON."""
    from cmk_remediate.cli import telling

    return telling.schema(of.value)


@app.command("runs")
def _runs(
    context: typer.Context,
    format: FormatOption = None,  # noqa: A002
    json: Json = False,
    runs: Runs = None,
    unlock: Annotated[
        str | None, typer.Option("--unlock", metavar="RUN", help="Take the leases of an ended run's process away.")
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """List what the run store holds.

    With --unlock take the leases of a run away, whose process is gone. They run out by themselves within a minute.
    """
    from cmk_remediate.cli import telling

    options = options_of(context, quiet=quiet, verbose=verbose).with_local(runs=runs, json=json, format=format)
    return telling.runs(options) if unlock is None else telling.unlock(options, unlock)


@app.command("demo")
def _demo(
    context: typer.Context,
    keep: Annotated[Path | None, typer.Option("--keep", metavar="DIR", help="Work there and leave all files.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """Show it all on the embedded Azure. Touches nothing real.

    Dry run, apply, verify, apply again, roll back, verify the run.
    """
    from cmk_remediate.cli import demo

    return demo.demo(options_of(context, quiet=quiet, verbose=verbose), keep)


@app.command("replay", hidden=True)
def _replay(
    seed: Annotated[int, typer.Argument(metavar="SEED", min=0, help="As a failing fault test prints it.")],
    every: Annotated[bool, typer.Option("--all", help="Fold nothing: every request, however long.")] = False,
) -> int:
    """Show one seeded run of the fault tests, request by request, on one screen. Needs a checkout of the sources.

    Touches nothing real; exits with 1 if a promise was broken in the run.
    """
    from cmk_remediate.cli import replaying

    return replaying.replay(seed, every=every)


app.command("requests")(requests)
app.command("advance")(advance)
app.command("simulate")(simulate)
app.command("assess")(assess)
