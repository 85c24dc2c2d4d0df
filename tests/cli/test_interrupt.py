"""Without this Ctrl-C could leave a write half-known, or a run that nothing can go on with."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cli.test_demo import DOOR, ROOT, reviewed, simulated

if TYPE_CHECKING:
    from tests.cli.console import Console


def test_the_first_ctrl_c_stops_cleanly_and_resume_finishes(console: Console) -> None:
    run = reviewed(console)
    command = [sys.executable, "-m", "cmk_remediate", "--simulate", "az.json", "apply", "review.json", "--yes"]
    with subprocess.Popen(
        [*command, "--accept", DOOR],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
    ) as applying:
        assert applying.stderr is not None
        for line in applying.stderr:
            if " sending: " in line:
                applying.send_signal(signal.SIGINT)
                break
        out, err = applying.communicate(timeout=60)

    assert applying.returncode == 5, out + err
    assert "Stopping: nothing new is begun" in err
    assert "skipped" in out
    code, out, err = simulated(console, "resume", run[:8])
    assert code == 0, out + err
    assert simulated(console, "verify", run[:8])[0] == 0
    assert Path("cmk-runs").is_dir()
