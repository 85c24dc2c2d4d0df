"""Without these a run of an hour looks dead, or its terminal is left without a cursor."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from cmk_remediate.cli.board import Board
from cmk_remediate.cli.live import LiveProgress
from cmk_remediate.cli.options import Globals
from cmk_remediate.cli.progress import HEARTBEAT, PlainProgress, progress
from cmk_remediate.cli.signals import as_before, interruptible
from cmk_remediate.model.result import Event, EventKind, Pace
from tests.cli.test_demo import DOOR, ROOT, reviewed
from tests.report import sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.console import Console

AT = datetime(2026, 11, 22, 10, 0, tzinfo=timezone.utc)
ESCAPES = re.compile(r"\x1b\[[?\d;]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[\d;]*m")
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
MANY = tuple(f"{sample.SERVER}-{number}" for number in range(40))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Terminal]:
    """Give a terminal of a size."""

    def made(columns: int = 120, lines: int = 24) -> Terminal:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("LINES", str(lines))
        return Terminal()

    return made


def event(
    kind: EventKind, text: str, *targets: str, step: str = "", after: int = 0, usual: int = 0, left: int | None = None
) -> Event:
    until = AT + timedelta(seconds=left) if left is not None else None
    pace = Pace(usual, 142, 1, until, "window" if left is not None else "")
    return Event(AT + timedelta(seconds=after), kind, targets or (sample.SERVER,), step, text, pace)


def shown(out: Terminal) -> list[str]:
    return ESCAPES.sub("", out.getvalue()).replace("\r", "\n").splitlines()


def told(board: Board) -> str:
    return " | ".join(board.summary())


def test_the_board_counts_targets_requests_and_time() -> None:
    time = [100.0]
    board = Board(lambda: time[0])
    board.take(event("began", "3 to look after", "a", "b", "c"))
    assert told(board) == "targets: 3 not begun | 142 requests, 1 throttled | 0 s gone"
    board.take(event("sending", "x", "a", "b", step="s.1", after=60, usual=30, left=3600))
    board.take(event("target", "failed: x", "b", step="", after=90, left=3600))
    time[0] += 10
    assert told(board) == (
        "targets: 1 failed, 1 under way, 1 not begun | 142 requests, 1 throttled | 100 s gone | the window closes in 58 min 20 s"
    )
    (one,) = board.activities()
    assert (one.step, one.seconds, one.usual) == ("s", 40, 30)


def test_a_wait_that_is_said_again_goes_on_since_it_began_and_ends_with_its_step() -> None:
    board = Board(lambda: 0.0)
    board.take(event("waiting", "240 s to go", step="wait.1"))
    board.take(event("waiting", "180 s to go", step="wait.1", after=60))
    board.take(event("waiting", "the canary soaks", step="", after=60))
    assert [(one.step, one.seconds, one.what) for one in board.activities()] == [
        ("wait", 60, "waiting: 180 s to go"),
        ("", 0, "waiting: the canary soaks"),
    ]
    board.take(event("settled", "done: it is there", step="wait.1", after=70))
    assert board.activities() == ()


def test_time_that_is_up_is_not_counted_on() -> None:
    board = Board(lambda: 0.0)
    board.take(event("note", "x", after=60, left=30))

    assert "the window closed" in told(board)


def test_a_quiet_run_says_once_a_minute_what_it_waits_for() -> None:
    """The clock of this test is a function: no minute passes."""
    out, over, asked = io.StringIO(), threading.Event(), []
    answers = [True, False, True]

    def quiet_for(seconds: float) -> bool:
        asked.append(seconds)
        if len(asked) <= len(answers):
            return answers[len(asked) - 1]
        over.wait(10)
        return False

    board = Board(lambda: 0.0)
    board.take(event("began", "1 to look after"))
    board.take(event("waiting", "60 s to go", step="wait_for_access.1", usual=300, left=7200))
    with PlainProgress(out, board=board, quiet_for=quiet_for):
        while len(asked) <= len(answers):
            pass
        over.set()

    line = (
        "still working: targets: 1 under way; 142 requests, 1 throttled; 0 s gone; the window closes in 2 h; "
        "wait_for_access of sql-orders since 0 s (usually 5 min): waiting: 60 s to go"
    )
    assert out.getvalue().splitlines() == [line, line]
    assert set(asked) == {HEARTBEAT}


def test_whatever_happens_puts_the_heartbeat_off() -> None:
    out = io.StringIO()
    with progress(Globals(), out) as display:
        display(event("sending", "x"))

    assert "still working" not in out.getvalue()


@pytest.mark.parametrize("columns", [12, 24, 40, 60, 80, 120, 200])
def test_the_table_fits_every_terminal(columns: int, screen: Callable[..., Terminal]) -> None:
    out = screen(columns, 16)
    with LiveProgress(out, colour=False, board=Board(lambda: 0.0)) as live:
        live(event("began", "40 to look after", *MANY, left=7200))
        for number, target in enumerate(MANY):
            live(event("waiting", "until \u202e the grant\n has arrived", target, step=f"wait_for_access.{number}"))
        live(event("note", "x" * 500))
        # Nothing may scroll: what scrolled could not be wiped.
        assert len(live._console.render_lines(live._picture())) <= 16
        live._live.refresh()
    picture = shown(out)

    assert max(map(len, picture)) <= columns
    assert all(" " <= sign <= "~" for line in picture for sign in line)
    assert any("40 under way" in line or columns < 40 for line in picture)


@pytest.mark.parametrize("columns", ["0", "00", ""])
def test_columns_of_nothing_hide_no_table(
    columns: str, screen: Callable[..., Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails: on a terminal that says 0, as some do, a run of an hour shows nothing at all."""
    out = screen()
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("LINES", columns)
    with progress(Globals(), out) as display:
        display(event("began", "1 to look after"))
        display(event("sending", "x", step="s.1"))
        display(event("note", "something is to be known"))
        display._live.refresh()  # type: ignore[attr-defined] # the live one

    assert any("1 under way" in line for line in shown(out))
    assert any("something is to be known" in line for line in shown(out))


def test_what_ended_and_what_was_noted_stays_above_the_table(screen: Callable[..., Terminal]) -> None:
    out = screen()
    with progress(Globals(), out) as display:
        display(event("began", "1 to look after"))
        display(event("target", "failed: refused [CMK206]", after=5))
    picture = shown(out)

    assert "2026-11-22T10:00:05Z sql-orders: failed: refused [CMK206]" in picture
    assert out.getvalue().count(HIDE) == out.getvalue().count(SHOW) == 1
    assert out.getvalue().index(HIDE) < out.getvalue().index(SHOW)


@pytest.mark.parametrize(("setting", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["colour", "NO_COLOR"])
def test_no_color_is_obeyed(
    setting: dict[str, str],
    coloured: bool,  # noqa: FBT001
    screen: Callable[..., Terminal],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    out = screen()
    with progress(Globals(), out) as display:
        display(event("sending", "x", step="s.1"))
        display._live.refresh()  # type: ignore[attr-defined] # the live one

    assert bool(COLOUR.search(out.getvalue())) is coloured
    assert "sending: x" in out.getvalue()


def test_a_dumb_terminal_gets_lines(screen: Callable[..., Terminal], monkeypatch: pytest.MonkeyPatch) -> None:
    out = screen()
    monkeypatch.setenv("TERM", "dumb")
    with progress(Globals(), out) as display:
        display(event("sending", "x", step="s.1"))

    assert out.getvalue() == "2026-11-22T10:00:00Z sql-orders: s sending: x\n"


def test_an_error_in_the_run_leaves_the_terminal_in_order(screen: Callable[..., Terminal]) -> None:
    out = screen()
    with pytest.raises(ValueError, match="x"), progress(Globals(), out) as display:  # noqa: PT012 - the error is the run's
        display(event("sending", "x", step="s.1"))
        raise ValueError("x")

    assert out.getvalue().rindex(SHOW) > out.getvalue().rindex(HIDE)


def test_the_table_says_that_the_run_is_being_stopped(screen: Callable[..., Terminal]) -> None:
    out = screen()
    with as_before(), progress(Globals(), out) as display, interruptible(display) as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.asked
        display(event("sending", "x", step="s.1"))
        display._live.refresh()  # type: ignore[attr-defined] # the live one

    assert any("stopping: nothing new is begun" in line for line in shown(out))


def test_the_second_ctrl_c_gives_the_cursor_back(
    screen: Callable[..., Terminal], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    left: list[int] = []
    monkeypatch.setattr(os, "_exit", left.append)
    with as_before(), progress(Globals(), screen()) as display, interruptible(display):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    assert left == [5]
    assert SHOW in capfd.readouterr().err


def test_apply_and_rollback_show_the_table_and_leave_the_product_alone(
    console: Console, screen: Callable[..., Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = reviewed(console)
    for arguments in (("apply", "review.json", "--yes", "--accept", DOOR), ("rollback", run, "--yes")):
        out = screen()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", out)
            outcome = console("--simulate", "az.json", *arguments)

        assert outcome.code == 0, outcome.out
        assert "\x1b" not in outcome.out
        assert [line for line in shown(out) if re.search(r"Z sql-orders-weu: done$", line)], arguments
        assert [line for line in shown(out) if re.search(r"targets: .*\| \d+ requests, 0 throttled", line)]
        assert out.getvalue().rindex(SHOW) > out.getvalue().rindex(HIDE)


def on_a_pty(*arguments: str, interrupt: bytes = b"", columns: int = 80) -> tuple[int, str]:
    """Return exit code and drawing of the program with its stderr on a terminal; interrupted once it has shown *interrupt*."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {"PYTHONPATH": str(ROOT), "TERM": "xterm", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "cmk_remediate", "--simulate", "az.json", *arguments]
    drawn = b""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env=environment) as running:
        os.close(theirs)
        while select.select([ours], [], [], 60)[0]:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so where the other end is closed
                break
            if not part:
                break
            drawn += part
            if interrupt and interrupt in drawn:
                running.send_signal(signal.SIGINT)
                interrupt = b""
        code = running.wait(60)
    os.close(ours)
    return code, drawn.decode()


def test_on_a_real_terminal_ctrl_c_stops_cleanly_and_gives_the_cursor_back(console: Console) -> None:
    run = reviewed(console)
    code, drawn = on_a_pty("apply", "review.json", "--yes", "--accept", DOOR, interrupt=b"under way")

    assert code == 5, drawn
    assert drawn.rindex(SHOW) > drawn.rindex(HIDE)
    assert "Traceback" not in drawn
    code, drawn = on_a_pty("resume", run[:8], columns=40)
    assert code == 0, drawn
    assert max(len(line) for line in re.split(r"[\r\n]+", ESCAPES.sub("", drawn))) <= 40
    assert "4 done" in drawn
