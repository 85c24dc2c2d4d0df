"""The assess command and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cmk_remediate.cli.arguments import FormatOption, Json, Quiet, Verbose, options_of

Repeatable = list[str] | None


def assess(
    context: typer.Context,
    scope: Annotated[
        Repeatable,
        typer.Option(
            "--scope", metavar="ID", help="A subscription, resource group, management group or resource; repeatable."
        ),
    ] = None,
    from_: Annotated[
        list[Path] | None,
        typer.Option(
            "--from", metavar="FILE", help="Findings of Prowler or Azure Policy: their resources; repeatable."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Save the assessment as JSON.")
    ] = None,
    service: Annotated[
        Repeatable, typer.Option("--service", metavar="NAME", help="Only this service; repeatable.")
    ] = None,
    tag: Annotated[
        Repeatable, typer.Option("--tag", metavar="NAME=VALUE", help="Only what has this tag; repeatable.")
    ] = None,
    location: Annotated[
        Repeatable, typer.Option("--location", metavar="REGION", help="Only in this region; repeatable.")
    ] = None,
    name: Annotated[
        Repeatable, typer.Option("--name", metavar="PATTERN", help="Only names like this, with * and ?; repeatable.")
    ] = None,
    exemptions: Annotated[
        Path | None, typer.Option("--exemptions", metavar="FILE", help="What does not count for now, and why.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", metavar="FILE", help="An earlier assessment: what moved since.")
    ] = None,
    write_plans: Annotated[
        Path | None, typer.Option("--write-plans", metavar="DIR", help="Write a plan file a subscription and service.")
    ] = None,
    vault: Annotated[
        Repeatable, typer.Option("--vault", metavar="ID", help="A vault for proposed plans, in its region; repeatable.")
    ] = None,
    owner_tag: Annotated[
        str, typer.Option("--owner-tag", metavar="NAME", help="The tag that names an owner.")
    ] = "owner",
    cloud: Annotated[
        str, typer.Option("--cloud", metavar="NAME", help="AzureCloud, AzureUSGovernment or AzureChinaCloud.")
    ] = "AzureCloud",
    format: FormatOption = None,  # noqa: A002 - the option's name
    json: Json = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when anything is not compliant, or was not read.")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> int:
    """Find what is not on a customer-managed key, and say why. Sends nothing but reads."""
    from cmk_remediate.cli import assessing

    options = options_of(context, quiet=quiet, verbose=verbose).with_local(json=json, format=format)
    only = assessing.selection(service or (), tag or (), location or (), name or ())
    files = assessing.Files(output, from_ or (), exemptions, compare, write_plans)
    return assessing.assess(
        options,
        scope or (),
        only,
        files,
        vaults=vault or (),
        owner_tag=owner_tag,
        cloud=cloud,
        detailed=detailed_exitcode,
    )
