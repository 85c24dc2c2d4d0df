"""Replays a seeded run of the fault tests, which are part of the sources and not of what is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cmk_remediate
from cmk_remediate import codes
from cmk_remediate.errors import UsageError

MODULE = "tests.faults.replay"


def replay(seed: int, *, every: bool = False) -> int:
    """Show the run of *seed*, request by request; return 1 if a promise was broken in it. *every*: nothing is folded.

    Raises:
        UsageError: CMK100 when this is no checkout of the sources.
    """
    root = Path(cmk_remediate.__file__).resolve().parents[1]
    if not root.joinpath(*MODULE.split(".")).with_suffix(".py").is_file():
        cause = "replay needs a checkout of the sources, installed with `pip install -e '.[cli,simulator,test]'`"
        raise UsageError(codes.input_.USAGE, cause)
    # A process of its own: the tests are no part of this one, and what the killed runs leave standing ends with it.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", MODULE, *(["--all"] if every else []), str(seed)]
    return subprocess.run(command, cwd=root, env=environment, check=False).returncode  # noqa: S603 - ours, and a number
