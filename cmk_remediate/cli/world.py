"""The outside world a command line asks for: the real Azure, or an embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cmk_remediate import codes, files
from cmk_remediate.cli.options import Globals
from cmk_remediate.errors import UsageError
from cmk_remediate.model.protocols import Connection
from cmk_remediate.model.run_address import is_remote, parse_address


@contextmanager
def connection(options: Globals, *, cloud: str = "AzureCloud") -> Iterator[Connection]:
    """Give what the verbs work with, and let go of it afterwards.

    Raises:
        InputError: CMK105 without a usable credential, CMK106 when the estate file is not valid.
        UsageError: CMK100 when a doubt or its reading does not exist.
    """
    if options.simulate is not None:
        from cmk_remediate import simulator

        check_doubts(options)
        opened: Connection = simulator.open(options.simulate, estate=options.estate, doubts=dict(options.doubts))
    else:
        from cmk_remediate import connect

        opened = connect(cloud=cloud)
    try:
        yield opened
    finally:
        opened.run(opened.close)


def check_cloud(name: str) -> None:
    """Refuse a cloud that there is none of, also where the embedded Azure is asked, which has its own.

    Raises:
        InputError: CMK102.
    """
    from cmk_remediate.connection.clouds import cloud_named

    cloud_named(name)


def check_doubts(options: Globals) -> None:
    """Refuse a doubt or a reading that does not exist.

    Raises:
        UsageError: CMK100.
    """
    from cmk_remediate.simulator.doubts import ALL

    readings = {doubt.name: sorted(doubt.readings) for doubt in ALL}
    for name, reading in options.doubts:
        if name not in readings:
            raise UsageError(
                codes.input_.USAGE, f"no such doubt; there are {', '.join(sorted(readings))}", resource=name
            )
        if reading not in readings[name]:
            raise UsageError(codes.input_.USAGE, f"{name} is read as {' or '.join(readings[name])}", resource=reading)


def store(options: Globals) -> str:
    """Return the run store to look in: ``--runs``, or ``./cmk-runs``.

    Raises:
        InputError: CMK130 when the current folder is gone.
    """
    return options.runs or files.absolute("cmk-runs", codes.input_.RUNS_ADDRESS_WRONG)


@contextmanager
def of_store(options: Globals) -> Iterator[Connection | None]:
    """Give what reads the run store: nothing for a folder, a connection to its cloud for a remote one."""
    where = store(options)
    if not is_remote(where):
        yield None
        return
    with connection(options, cloud=parse_address(where).cloud) as opened:
        yield opened


@contextmanager
def of_run(options: Globals, text: str) -> Iterator[tuple[Connection, str]]:
    """Give a connection to the cloud of the run that *text* names, and the run's digest."""
    from cmk_remediate import find_run
    from cmk_remediate.api.store import cloud_of
    from cmk_remediate.blocking import blocking

    where = store(options)
    if is_remote(where):
        with connection(options, cloud=parse_address(where).cloud) as opened:
            yield opened, find_run(where, text, connection=opened)
        return
    run = find_run(where, text)
    with connection(options, cloud=blocking(cloud_of)(where, run)) as opened:
        yield opened, run
