"""Whoever read what a command says has left, or there is no room for it.

Without these a closed terminal leaves a machine stopped, or a pipeline goes on after a run that failed.
"""

from __future__ import annotations

import errno
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from cmk_remediate.cli.live import LiveProgress
from cmk_remediate.cli.options import Colour
from cmk_remediate.cli.output import emit
from cmk_remediate.cli.progress import PlainProgress
from cmk_remediate.simulator.providers.compute.names import power
from tests.cli.test_demo import DOOR, PLAN, ROOT, reviewed, simulated
from tests.cli.test_progress import event
from tests.e2e.machines import one_machine
from tests.simulator.compute import MACHINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.cli.console import Console

APPLY = ("apply", "review.json", "--yes", "--accept", DOOR)
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cmk_remediate", "--simulate", "az.json", *arguments]


def ran(arguments: Sequence[str], out: Any = subprocess.PIPE, err: Any = subprocess.PIPE) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of a process whose streams are these."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command(*arguments), stdout=out, stderr=err, env=environment, text=True, check=False)
    return done.returncode, done.stdout or "", done.stderr or ""


def left() -> IO[bytes]:
    """Return a pipe's end whose reader has left."""
    ours, theirs = os.pipe()
    os.close(ours)
    return os.fdopen(theirs, "wb")


def states(console: Console) -> list[str]:
    return [one["state"] for one in json.loads(simulated(console, "runs", "--json")[1])]


def test_law_10_the_reader_of_the_progress_leaves_while_a_machine_stands_still(console: Console) -> None:
    scene = one_machine()
    Path("estate.json").write_text(json.dumps(scene.estate), encoding="utf-8")
    Path("plan.yaml").write_text(json.dumps(scene.plan), encoding="utf-8")
    outcome = console("--simulate", "az.json", "--estate", "estate.json", "dry-run", "plan.yaml", "-o", "review.json")
    assert outcome.code == 0, outcome.err
    asked = json.loads(Path("review.json").read_text(encoding="utf-8"))["acknowledgements_required"]
    accept = [part for name in asked for part in ("--accept", name)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command("apply", "review.json", "--yes", *accept),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as applying:
        assert applying.stderr is not None
        assert applying.stdout is not None
        for line in applying.stderr:
            if "deallocate_machine sending" in line:
                break
        applying.stderr.close()
        said = " ".join(applying.stdout.read().split())
        code = applying.wait(60)

    assert code == 0, said
    assert "1 done" in said
    assert "on nobody was told what happened: BrokenPipeError" in said
    assert states(console) == ["finished"]
    machines = json.loads(Path("az.json").read_text(encoding="utf-8"))["tables"]["resources"]
    assert power(machines[MACHINE.lower()]["body"]).endswith("/running")


@pytest.mark.parametrize("colour", ["never", "always"])
def test_the_reader_of_the_result_has_left_and_the_exit_code_is_the_runs(console: Console, colour: str) -> None:
    run = reviewed(console)
    with left() as out:
        assert ran(("--color", colour, *APPLY), out)[0] == 0
    assert states(console) == ["finished"]
    with left() as out:
        assert ran(("--color", colour, "show", "review.json"), out)[0] == 0
        assert ran(("--color", colour, "verify", run[:8]), out)[0] == 0
        assert ran(("--color", colour, "rollback", run[:8], "--yes"), out)[0] == 0
        assert ran(("--color", colour, "verify", str(PLAN)), out)[0] == 2
        assert ran(("--help",), out)[0] == 0
    assert sorted(states(console)) == ["finished", "rolled back"]


def test_nobody_reads_anything_and_a_refusal_is_one(console: Console) -> None:
    reviewed(console)
    with left() as nobody:
        assert ran(("apply", "review.json", "--yes"), nobody, nobody)[0] == 4
        assert ran(("apply", "missing.json", "--yes"), nobody, nobody)[0] == 1
        assert ran(APPLY, nobody, nobody)[0] == 0
    assert states(console) == ["finished"]


def test_started_without_any_stream_at_all(console: Console) -> None:
    reviewed(console)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    closed = ["bash", "-c", '"$@" <&- >&- 2>&-', "bash"]
    for arguments, code in ((("apply", "review.json"), 4), (APPLY, 0)):
        assert subprocess.run([*closed, *command(*arguments)], env=environment, check=False).returncode == code
    assert states(console) == ["finished"]


@needs_full
def test_no_room_for_the_result_is_said_where_there_is_room_and_changes_nothing(console: Console) -> None:
    reviewed(console)
    with FULL.open("wb") as full:
        code, out, err = ran(APPLY, full)
        assert code == 0, err
        assert "stdout: No space left on device" in err
        code, out, err = ran(APPLY, err=full)
        assert (code, err) == (0, "")
        assert "nothing to do" in out or "done" in out


@needs_full
def test_no_room_for_a_product_is_an_error(console: Console) -> None:
    """Fails: half a review is read as a whole one."""
    with FULL.open("wb") as full:
        code, _, err = ran(("dry-run", str(PLAN), "--json"), full)
    assert code == 1
    assert "error[CMK118] stdout: No space left on device" in err
    assert "Traceback" not in err


def test_the_terminal_is_closed_in_the_middle_of_a_run(console: Console) -> None:
    """As ssh leaves it to what `nohup` keeps alive."""
    reviewed(console)
    ours, theirs = pty.openpty()
    environment = {"PYTHONPATH": str(ROOT), "TERM": "xterm", "PATH": os.environ["PATH"]}
    with subprocess.Popen(command(*APPLY), stdout=subprocess.PIPE, stderr=theirs, env=environment) as applying:
        os.close(theirs)
        drawn = b""
        while b"under way" not in drawn:
            drawn += os.read(ours, 65536)
        os.close(ours)
        assert applying.stdout is not None
        said = applying.stdout.read().decode()
        code = applying.wait(60)

    assert code == 0, said
    assert "3 done" in said or "4 done" in said, said
    assert states(console) == ["finished"]


class Lost(io.StringIO):
    """A terminal that fails from now on."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize("number", [errno.EIO, errno.EPIPE, errno.ENOSPC])
def test_a_display_says_so_itself_and_neither_its_start_nor_its_end_do(number: int) -> None:
    """Fails: the result of a run that has ended is replaced by an error; or rich ends the process."""
    for display in (LiveProgress(Lost(number), colour=False), PlainProgress(Lost(number), quiet_for=lambda _: True)):
        with display, pytest.raises(OSError, match=os.strerror(number)):
            display(event("note", "x"))


@pytest.mark.parametrize("colour", [Colour.never, Colour.always])
def test_what_is_written_for_nobody_is_no_error_and_what_has_no_room_is(colour: Colour) -> None:
    for number in (errno.EIO, errno.EPIPE):
        emit("x\n", colour, Lost(number))
    with pytest.raises(Exception, match="CMK118"):
        emit("x\n", colour, Lost(errno.ENOSPC))
