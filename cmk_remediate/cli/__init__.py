"""The command line: a thin skin over the public verbs. Typer and rich are used here and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_EXTRA_MISSING = "cmk-remediate needs typer and rich for its command line: pip install 'cmk-remediate[cli]'"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; *arguments* are those after the program's name, by default sys.argv's."""
    try:
        import typer  # noqa: F401 - asks only whether it is there
    except ImportError:
        print(_EXTRA_MISSING, file=sys.stderr)  # noqa: T201 - there is nothing else to say it with
        return 1
    from cmk_remediate.cli.running import run
    from cmk_remediate.cli.signals import as_before
    from cmk_remediate.cli.streams import make_sure

    make_sure()
    if arguments is None:
        return run(sys.argv[1:], alone=True)  # the process ends with it: what a run has made of Ctrl-C stays until then
    with as_before():
        return run(arguments)
