"""`cmk-remediate simulate` as a process of its own, and what it tells clients."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PATIENCE = 20


@contextmanager
def simulating(state: Path, *options: str) -> Iterator[Mapping[str, str]]:
    """Serve the Azure in *state* at any free ports while the block runs; yields what it exports."""
    command = [sys.executable, "-m", "cmk_remediate", "simulate", "--state", str(state), "--port", "0", *options]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _exports(process)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                code = process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    assert code == 0, f"the server ended with {code}"


def _exports(process: subprocess.Popen[str]) -> Mapping[str, str]:
    assert process.stdout is not None
    found: dict[str, str] = {}
    for line in process.stdout:
        said = re.fullmatch(r"export (\w+)=(.*)\n", line)
        if said:
            found[said[1]] = shlex.split(said[2])[0]
        if "ARM_ENDPOINT" in found:  # the last
            return found
    raise AssertionError(f"the server ended with {process.wait(PATIENCE)} before it listened")
