"""simulate: the embedded Azure as a server, until Ctrl-C."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.cli import output, world
from cmk_remediate.cli.options import Globals
from cmk_remediate.errors import UsageError
from cmk_remediate.files import naming

if TYPE_CHECKING:
    from cmk_remediate.simulator.server.addresses import Addresses
    from cmk_remediate.simulator.server.directory import Principal

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s)")
_FASTEST = 1_000_000
"""Of the embedded Azure's seconds, how many may pass in one of ours."""
_LATEST = 3600
"""Seconds by which an answer may be late."""


def simulate(options: Globals, *, port: int, time_scale: float, latency: str) -> int:
    """Serve the embedded Azure that *options* name, and print how clients find it."""
    from cmk_remediate import simulator
    from cmk_remediate.simulator.server import server

    path = options.simulated()
    world.check_doubts(options)
    late = _seconds(latency)
    if not 0 < time_scale <= _FASTEST:  # also NaN
        cause = f"--time-scale takes a number above 0, at most {_FASTEST}"
        raise UsageError(codes.input_.USAGE, cause, resource=str(time_scale))
    azure = simulator.azure(path, estate=options.estate, doubts=dict(options.doubts))
    with naming(path, codes.input_.ESTATE_INVALID):
        authority = path.absolute().with_name(path.name + ".ca.pem")
    made = server(azure, port=port, time_scale=time_scale, latency=late, authority=authority)

    def ready() -> None:
        output.emit(announced(path, azure.clock.now(), time_scale, made.addresses, made.front.directory.operator))

    asyncio.run(made.serve(ready))
    return 0


def announced(path: Path, now: datetime, time_scale: float, addresses: Addresses, operator: Principal) -> str:
    """Return what is printed once the server listens: comments and exports, for a POSIX shell."""
    from cmk_remediate.simulator.server.addresses import as_exports

    head = (
        f"# The embedded Azure in {path} is at {addresses.arm}; Ctrl-C ends it.\n"
        f"# It is {now:%Y-%m-%dT%H:%M:%SZ} there; {time_scale:g} of its seconds pass in one of ours.\n"
        f"# Certificate authority, new at every start: {addresses.authority}\n"
    )
    return head + as_exports(addresses.environment(operator))


def state(options: Globals, path: Path | None) -> Path:
    """Return the state file: ``--state``, or ``--simulate`` before the command.

    Raises:
        UsageError: CMK100 when there is none, or the two differ.
    """
    found = path or options.simulate
    if found is None:
        raise UsageError(codes.input_.USAGE, "name the embedded Azure's state file: --state FILE")
    with naming(found, codes.input_.ESTATE_INVALID):
        differ = options.simulate is not None and options.simulate.absolute() != found.absolute()
    if differ:
        raise UsageError(codes.input_.USAGE, f"--simulate {options.simulate} and --state {path} contradict each other")
    return found


def _seconds(text: str) -> float:
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise UsageError(codes.input_.USAGE, "--latency takes a duration such as 50ms or 2s", resource=text)
    seconds = float(found[1]) / (1000 if found[2] == "ms" else 1)
    if seconds > _LATEST:
        raise UsageError(codes.input_.USAGE, f"--latency takes at most {_LATEST}s", resource=text)
    return seconds
