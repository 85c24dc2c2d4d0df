"""Without this Ctrl-C could leave a write half-known, or a run that nothing can go on with."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cmk_remediate.cli.signals import as_before, interruptible
from tests.cli.test_demo import DOOR, PLAN, ROOT, reviewed, simulated

if TYPE_CHECKING:
    from cmk_remediate.model.result import Event
    from tests.cli.console import Console

APPLY = (*f"{sys.executable} -m cmk_remediate --simulate az.json apply review.json --yes --accept".split(), DOOR)
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SUBSCRIPTION = "22222222-2222-4222-8222-222222222201"
PIPE_SIZE = 1031
"""F_SETPIPE_SZ, which Python 3.10's fcntl knows."""


class Told:
    """A display that remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __call__(self, event: Event) -> None:
        """Nothing happens here."""

    def stopping(self, text: str) -> None:
        self.said.append(text)

    def leaving(self) -> None:
        self.said.append("leaving")


@pytest.mark.parametrize("asking", ENDING)
def test_the_first_ctrl_c_stops_cleanly_and_resume_finishes(console: Console, asking: signal.Signals) -> None:
    """SIGTERM and SIGHUP too. Fails: a terminal that closes, or a host that goes down, leaves a machine stopped."""
    run = reviewed(console)
    with subprocess.Popen(
        APPLY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}
    ) as applying:
        assert applying.stderr is not None
        for line in applying.stderr:
            if " sending: " in line:
                applying.send_signal(asking)
                break
        out, err = applying.communicate(timeout=60)

    assert applying.returncode == 5, out + err
    assert "Stopping: nothing new is begun" in err
    assert "skipped" in out
    code, out, err = simulated(console, "resume", run[:8])
    assert code == 0, out + err
    assert simulated(console, "verify", run[:8])[0] == 0
    assert Path("cmk-runs").is_dir()


def test_ctrl_c_while_the_result_is_written_changes_nothing(console: Console) -> None:
    """Fails: 130, interrupted before any write, of a run that is done."""
    reviewed(console)
    reading, writing = os.pipe()
    fcntl.fcntl(writing, PIPE_SIZE, 4096)
    with subprocess.Popen(
        [*APPLY[:3], "--format", "html", "--quiet", *APPLY[3:]], stdout=writing, env={"PYTHONPATH": str(ROOT)}
    ) as applying:
        os.close(writing)
        first = os.read(reading, 1)
        applying.send_signal(signal.SIGINT)
        applying.send_signal(signal.SIGINT)
        with os.fdopen(reading, "rb") as rest:
            page = first + rest.read()

    assert applying.returncode == 0
    assert page.endswith(b"</html>\n")


def test_who_asks_twice_with_other_signals_is_heard_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that closes sends SIGHUP itself, and so does the shell. Fails: the second one kills what is closing brackets."""
    left: list[int] = []
    monkeypatch.setattr(os, "_exit", left.append)
    told = Told()
    with as_before(), interruptible(told) as stop:
        for one in (signal.SIGHUP, signal.SIGHUP, signal.SIGTERM):
            os.kill(os.getpid(), one)
        assert (left, len(told.said)) == ([], 1)
        assert "SIGHUP" in stop.reason
        os.kill(os.getpid(), signal.SIGINT)
        assert (left, told.said[1:]) == ([5], ["leaving"])


def test_the_first_ctrl_c_of_a_run_that_stops_anyway_is_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails: Ctrl-C kills a run that closes its brackets because its time is up."""
    left: list[int] = []
    monkeypatch.setattr(os, "_exit", left.append)
    told = Told()
    with as_before(), interruptible(told) as stop:
        stop.ask("its time was up")
        os.kill(os.getpid(), signal.SIGINT)
        assert (left, len(told.said)) == ([], 1)


def test_a_run_that_has_ended_is_told_to_its_end() -> None:
    """Fails: one more Ctrl-C just as a run ends takes its result and its exit code away."""
    before = signal.getsignal(signal.SIGINT)
    with as_before():
        with interruptible(Told()):
            pass
        for one in ENDING:
            os.kill(os.getpid(), one)
    assert signal.getsignal(signal.SIGINT) is before


def test_nohup_is_respected() -> None:
    with as_before():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with interruptible(Told()) as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.asked


@pytest.mark.parametrize("command", [("dry-run", str(PLAN)), ("assess", "--scope", SUBSCRIPTION)])
def test_ctrl_c_in_a_look_ends_it_with_one_error(console: Console, command: tuple[str, ...]) -> None:
    """Fails: nothing at all, or what asyncio and Python have to say about it, at any of the moments it can come."""
    script = """
import os, sys
from cmk_remediate import simulator
from cmk_remediate.cli import main
from cmk_remediate.simulator.embedded import EmbeddedAzure

answer, left = EmbeddedAzure.answer, [int(sys.argv.pop(1))]

def interrupting(self, incoming):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), 2)
    return answer(self, incoming)

EmbeddedAzure.answer = interrupting
sys.exit(main())
"""
    for number in ("1", "2", "20"):
        done = subprocess.run(
            [sys.executable, "-c", script, number, "--simulate", "az.json", *command],
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (130, "")
        assert done.stderr.splitlines()[0] == "error[CMK519] interrupted"
        assert len(done.stderr.splitlines()) == 3, done.stderr
