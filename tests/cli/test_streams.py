"""Without these whoever pages, redirects or closes an output gets another exit code than the one of what was done."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cmk_remediate.cli import main, reviewing
from cmk_remediate.cli.options import Colour
from cmk_remediate.cli.output import emit
from cmk_remediate.cli.streams import make_sure
from tests.cli.test_demo import DOOR, PLAN, ROOT, reviewed, simulated, writes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from tests.cli.console import Console

COMMAND = (sys.executable, "-m", "cmk_remediate")
FULL = Path("/dev/full")
APPLY = ("--simulate", "az.json", "--quiet", "apply", "review.json", "--yes", "--accept", DOOR)


def unread() -> TextIO:
    """Return what a pipe looks like once its reader has left."""
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w")


def started(arguments: Sequence[str], *, closed: Sequence[int] = (), **streams: int | TextIO) -> tuple[int, str]:
    """Return the exit code and stderr of a process; *closed*: the descriptors that its shell had closed (``>&-``)."""
    shut = " ".join(f"{one}>&-" if one else "<&-" for one in closed)
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {shut}', "sh", *COMMAND, *arguments],
        env={"PYTHONPATH": str(ROOT)},
        check=False,
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},  # type: ignore[call-overload]
    )
    return done.returncode, (done.stderr or b"").decode()


@pytest.fixture(params=["unread", "full", "closed"])
def gone(request: pytest.FixtureRequest) -> Iterator[TextIO | None]:
    """Give a stdout that takes nothing, each in its own way."""
    if request.param == "closed":
        yield None
    else:
        stream = unread() if request.param == "unread" else FULL.open("w", encoding="utf-8")
        yield stream
        stream.close()


def test_a_run_whose_result_nobody_can_read_ends_with_its_own_code(
    console: Console, monkeypatch: pytest.MonkeyPatch, gone: TextIO | None
) -> None:
    """Fails: a scheduler takes a finished run for a failed one, with 31 writes sent."""
    reviewed(console)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", gone)
        assert main(APPLY) == 0
        if gone is None:
            sys.stdout.close()
    assert writes(console) > 0


def test_a_result_that_cannot_be_written_is_said_in_short(console: Console) -> None:
    """And Python's own flush at the end does not fail once more, with an exit code of its own."""
    reviewed(console)
    with FULL.open("w", encoding="utf-8") as full:
        code, err = started(APPLY, stdout=full)
    assert code == 0
    assert "31 writes sent" in err
    assert "No space left" in err


@pytest.mark.parametrize("colour", ["never", "always"])
def test_a_look_that_nobody_reads_to_its_end_has_its_own_code(console: Console, colour: str) -> None:
    """Fails: `verify plan.yaml | head` says 1, an error, where it found what is not right."""
    assert simulated(console, "verify", PLAN)[0] == 2
    arguments = ["--simulate", "az.json", "--color", colour, "verify", str(PLAN)]
    with unread() as nobody:
        assert started(arguments, stdout=nobody) == (2, "")
    assert started(arguments, closed=[1]) == (2, "")
    assert started(arguments, closed=[1, 2])[0] == 2


def test_a_disk_that_is_full_is_said_of_a_look(console: Console) -> None:
    with FULL.open("w", encoding="utf-8") as full:
        for arguments in (["explain", "CMK301"], ["--help"], ["explain", "--help"], ["--version"]):
            code, err = started(arguments, stdout=full)
            assert code == 1
            assert "error[CMK118] stdout: No space left on device" in err
            assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [["--help"], ["apply", "--help"], ["--version"]])
def test_a_help_that_nobody_reads_to_its_end_is_no_error(arguments: list[str]) -> None:
    with unread() as nobody:
        assert started(arguments, stdout=nobody) == (0, "")


def test_without_stdin_nobody_confirms(console: Console) -> None:
    """Fails: a job that was started with stdin closed ends with a traceback, and not with what is missing: --yes."""
    reviewed(console)
    code, err = started(["--simulate", "az.json", "apply", "review.json", "--accept", DOOR], closed=[0])

    assert code == 4
    assert "error[CMK518]" in err
    assert "Traceback" not in err


def test_no_file_is_opened_where_a_closed_stderr_was() -> None:
    """Fails: a line meant for the terminal goes into the journal that got its number."""
    script = (
        "import os\nfrom cmk_remediate.cli.streams import make_sure\nmake_sure()\n"
        "raise SystemExit(0 if os.open(os.devnull, os.O_RDONLY) > 2 else 1)"
    )
    shell = ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", script]

    assert subprocess.run(shell, env={"PYTHONPATH": str(ROOT)}, check=False).returncode == 0


def test_what_the_encoding_lacks_is_written_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails: one sign, or a file name that is no text, costs the whole result."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    make_sure()
    emit("déjà \udcff\n")

    assert raw.getvalue() == b"d\\xe9j\\xe0 \\udcff\n"


def test_stderr_that_cannot_be_written_hides_no_exit_code(console: Console) -> None:
    with FULL.open("w", encoding="utf-8") as full:
        assert started(["explain", "CMK000"], stderr=full)[0] == 64


def test_columns_of_nothing_hide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails: with COLUMNS=0, as some terminals set it, a coloured product is empty."""
    monkeypatch.setenv("COLUMNS", "0")
    out = io.StringIO()
    emit(
        "CANNOT BE UNDONE, and a long line is not broken where the terminal ends, whatever its width may be; not here\n",
        Colour.always,
        out,
    )

    assert "CANNOT BE UNDONE" in out.getvalue()
    assert out.getvalue().count("\n") == 1


def test_ctrl_c_in_a_look_is_said(console: Console, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Fails: a dry run ends without a word."""

    def interrupted(*_: object) -> str:
        os.kill(os.getpid(), 2)
        return ""

    monkeypatch.setattr(reviewing, "shown", interrupted)
    outcome = console("--simulate", "az.json", "dry-run", PLAN)

    assert outcome.code == 130
    assert "error[CMK519] interrupted" in outcome.err
