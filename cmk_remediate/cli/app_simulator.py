"""The commands that are about the embedded Azure alone: requests, advance, simulate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cmk_remediate.cli.arguments import Json, options_of
from cmk_remediate.cli.options import RequestsFormat, parse_doubts


def requests(
    context: typer.Context,
    format: Annotated[RequestsFormat | None, typer.Option("--format", help="How it is written.")] = None,  # noqa: A002
    json: Json = False,
) -> int:
    """List the requests the embedded Azure was sent."""
    from cmk_remediate.cli import telling

    return telling.requests(options_of(context).with_local(json=json), format)


def advance(
    context: typer.Context,
    duration: Annotated[str, typer.Argument(metavar="DURATION", help="Such as 6h or 45m.")],
) -> int:
    """Let time pass in the embedded Azure."""
    from cmk_remediate.cli import telling

    return telling.advance(options_of(context), duration)


def simulate(
    context: typer.Context,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="FILE", help="Where it is kept; made if missing.")
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            "--port", metavar="PORT", min=0, max=65533, help="Of Azure; two more follow it. 0: any free ones."
        ),
    ] = 8443,
    time_scale: Annotated[
        float, typer.Option("--time-scale", metavar="FACTOR", help="Seconds that pass there in one of ours.")
    ] = 1.0,
    latency: Annotated[
        str, typer.Option("--latency", metavar="DURATION", help="How late every answer is, such as 50ms.")
    ] = "0ms",
    estate: Annotated[
        Path | None, typer.Option("--estate", metavar="FILE", help="What a missing --state FILE is made from.")
    ] = None,
    doubt: Annotated[
        list[str] | None, typer.Option("--doubt", metavar="NAME=READING", help="How it reads a doubt.")
    ] = None,
) -> int:
    """Serve the embedded Azure over HTTPS on loopback, and print the exports that lead clients to it."""
    from cmk_remediate.cli import simulating

    options = options_of(context)
    chosen = simulating.state(options, state)
    options = replace(
        options,
        simulate=chosen,
        estate=estate or options.estate,
        doubts=parse_doubts(doubt or []) or options.doubts,
    )
    return simulating.simulate(options, port=port, time_scale=time_scale, latency=latency)
