"""Without these a slip in a file's name ends in a traceback that asks for a bug report, hangs, or costs a file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cmk_remediate.errors import InputError
from cmk_remediate.simulator.state import StateFile
from tests.cli.test_demo import DOOR, PLAN, ROOT, reviewed

if TYPE_CHECKING:
    from tests.cli.console import Console

SCOPE = "/subscriptions/22222222-2222-4222-8222-222222222201"
LONG, TOO_LONG = "a" * 245, "a" * 300
REHEARSED = ("--simulate", "az.json", "--quiet")


@pytest.fixture
def here(console: Console, tmp_path: Path) -> Path:
    """Give the console's folder, with a plan in it and things that have files' names and are none."""
    shutil.copy(PLAN, tmp_path / "sql.yaml")
    text = PLAN.read_text(encoding="utf-8")
    (tmp_path / "nul.yaml").write_text(f'{text}runs: "a\\0b"\n', encoding="utf-8")
    (tmp_path / "loop.yaml").write_text(f"{text}runs: loop/x\n", encoding="utf-8")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "locked.json.lock").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    (tmp_path / "shape.json").write_text('{"format": 1, "generation": 0, "tables": []}', encoding="utf-8")
    (tmp_path / "empty.yaml").touch()
    os.mkfifo(tmp_path / "pipe.json")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        ((*REHEARSED, "dry-run", "sql.yaml", "-o", TOO_LONG), 1, "CMK118"),
        ((*REHEARSED, "dry-run", "sql.yaml", "-o", "loop"), 1, "CMK118"),
        ((*REHEARSED, "dry-run", "sql.yaml", "--artefacts", "sql.yaml"), 0, ""),
        ((*REHEARSED, "verify", LONG), 1, "CMK115"),
        ((*REHEARSED, "verify", TOO_LONG), 1, "CMK115"),
        ((*REHEARSED, "verify", f"{TOO_LONG}.yaml"), 1, "CMK101"),
        (("--simulate", LONG, "dry-run", "sql.yaml"), 1, "CMK106"),
        (("--simulate", TOO_LONG, "dry-run", "sql.yaml"), 1, "CMK106"),
        (("--simulate", TOO_LONG, "requests"), 1, "CMK106"),
        (("--simulate", "locked.json", "dry-run", "sql.yaml"), 1, "CMK106"),
        (("--simulate", "deep.json", "dry-run", "sql.yaml"), 1, "CMK106"),
        (("--simulate", "shape.json", "dry-run", "sql.yaml"), 1, "CMK106"),
        (("--simulate", "pipe.json", "dry-run", "sql.yaml"), 1, "CMK106"),
        (("--simulate", "/proc/self/status", "dry-run", "sql.yaml"), 1, "CMK106"),
        (("simulate", "--state", "folder", "--port", "0"), 1, "CMK106"),
        (("simulate", "--state", "new.json", "--time-scale", "nan"), 64, "CMK100"),
        (("simulate", "--state", "new.json", "--time-scale", "inf"), 64, "CMK100"),
        (("simulate", "--state", "new.json", "--time-scale", "1e300"), 64, "CMK100"),
        (("simulate", "--state", "new.json", "--latency", "99999999999s"), 64, "CMK100"),
        ((*REHEARSED, "assess", "--scope", SCOPE, "-o", TOO_LONG), 1, "CMK118"),
        ((*REHEARSED, "assess", "--scope", SCOPE, "--write-plans", TOO_LONG), 1, "CMK118"),
        (("demo", "--keep", TOO_LONG), 1, "CMK118"),
        (("demo", "--keep", "sql.yaml"), 64, "CMK100"),
        ((*REHEARSED, "dry-run", "nul.yaml"), 1, "CMK102"),
        (("--runs", "ru\udcffns", "runs"), 64, "CMK130"),
        (("--runs", "", "runs"), 64, "CMK100"),
        (("runs", "--runs", " "), 64, "CMK100"),
        ((*REHEARSED, "dry-run", "/dev/zero"), 1, "CMK101"),
        (("show", "/dev/zero"), 1, "CMK116"),
        (("check-evidence", "/dev/zero"), 1, "CMK150"),
        (("apply", "sql.yaml", "--accept-file", "/dev/zero"), 64, "CMK100"),
        ((*REHEARSED, "--estate", "/dev/zero", "dry-run", "sql.yaml"), 1, "CMK106"),
        ((*REHEARSED, "assess", "--scope", SCOPE, "--exemptions", "/dev/zero"), 1, "CMK101"),
        ((*REHEARSED, "assess", "--scope", SCOPE, "--compare", "/dev/zero"), 1, "CMK921"),
    ],
)
def test_what_cannot_be_a_file_is_said(
    console: Console, here: Path, arguments: tuple[str, ...], exit_code: int, code: str
) -> None:
    outcome = console(*arguments)

    assert outcome.code == exit_code, outcome.err
    assert f"error[{code}]" in outcome.err or not code
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("arguments", [("--runs", "loop", "runs"), (*REHEARSED, "dry-run", "loop.yaml")])
def test_links_that_lead_in_a_circle_are_said(console: Console, here: Path, arguments: tuple[str, ...]) -> None:
    """With another code where Python, from 3.13 on, finds it out only when it reads the run store."""
    outcome = console(*arguments)

    assert "CMK599" not in outcome.err
    assert "Traceback" not in outcome.err


def test_a_name_as_long_as_names_can_be_is_one(console: Console, here: Path) -> None:
    assert console(*REHEARSED, "dry-run", "sql.yaml", "-o", LONG).code == 0
    assert console("show", LONG).code == 0
    assert console(*REHEARSED, "assess", "--scope", SCOPE, "-o", "b" * 255).code == 0


def test_a_plan_whose_name_is_no_text_is_planned(console: Console, here: Path) -> None:
    """Fails: a plan that came out of an old archive cannot be used, and nobody sees why."""
    shutil.copy(PLAN, here / "sq\udcffl.yaml")
    assert console(*REHEARSED, "dry-run", "sq\udcffl.yaml", "-o", "r\udcff.json").code == 0
    assert console("show", "r\udcff.json").code == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("runs",), 1),
        ((*REHEARSED, "dry-run", str(PLAN)), 1),
        (("show", "review.json"), 1),
        (("demo",), 1),
        (("simulate", "--state", "x.json"), 1),
        (("--help",), 0),
        (("explain", "CMK301"), 0),
    ],
)
def test_a_current_folder_that_is_gone_is_said(
    console: Console, here: Path, arguments: tuple[str, ...], exit_code: int
) -> None:
    os.chdir(here / "folder")  # the console's own way back is to where it was before
    (here / "folder").rmdir()
    outcome = console(*arguments)

    assert outcome.code == exit_code, outcome.err
    assert "CMK599" not in outcome.err


def test_a_pipe_that_never_ends_is_read_to_the_limit(here: Path) -> None:
    """Fails: the machine's memory ends first."""
    command = [sys.executable, "-m", "cmk_remediate", "dry-run", "/dev/stdin"]
    with subprocess.Popen(["/usr/bin/yes"], stdout=subprocess.PIPE) as endless:
        done = subprocess.run(
            command, stdin=endless.stdout, capture_output=True, env={"PYTHONPATH": str(ROOT)}, check=False
        )
        endless.kill()

    assert done.returncode == 1
    assert b"larger than 8 MiB" in done.stderr


def test_a_plan_may_come_out_of_a_pipe(here: Path) -> None:
    command = [sys.executable, "-m", "cmk_remediate", *REHEARSED, "dry-run", "/dev/stdin"]
    done = subprocess.run(
        command, input=PLAN.read_bytes(), capture_output=True, env={"PYTHONPATH": str(ROOT)}, check=False
    )

    assert done.returncode == 0, done.stderr


def test_a_lock_that_stays_is_not_waited_for_without_end(tmp_path: Path) -> None:
    path = tmp_path / "az.json"
    with (
        StateFile(path).held(),
        pytest.raises(InputError, match="another process keeps it"),
        StateFile(path, 0.01).held(),
    ):
        pass


def test_a_saved_review_costs_no_input(console: Console, here: Path) -> None:
    """Fails: `dry-run plan.yaml -o plan.yaml` leaves no plan."""
    (here / "also.yaml").symlink_to("sql.yaml")
    (here / "estate.yaml").write_text("plans: [sql.yaml]\n", encoding="utf-8")
    (here / "accept.txt").write_text(DOOR, encoding="utf-8")
    run = reviewed(console)
    assert console(*REHEARSED, "apply", "review.json", "--yes", "--accept", DOOR).code == 0
    before = {path.name: path.read_bytes() for path in here.glob("*.*") if path.is_file()}
    for arguments in (
        ("dry-run", "sql.yaml", "-o", "sql.yaml"),
        ("dry-run", "sql.yaml", "-o", "also.yaml"),
        ("dry-run", "also.yaml", "-o", "sql.yaml"),
        ("dry-run", "estate.yaml", "-o", "sql.yaml"),
        ("dry-run", "estate.yaml", "-o", "estate.yaml"),
        ("dry-run", "sql.yaml", "-o", "az.json"),
        ("rollback", run, "-o", "accept.txt", "--accept-file", "accept.txt"),
        ("export-estate", "--scope", SCOPE, "-o", "az.json"),
        ("assess", "--scope", SCOPE, "--exemptions", "empty.yaml", "-o", "empty.yaml"),
    ):
        outcome = console(*REHEARSED, *arguments)
        assert outcome.code == 1, arguments
        assert "error[CMK118]" in outcome.err
        assert "one of the files this command reads" in outcome.err
    assert {name: (here / name).read_bytes() for name in before} == before


def test_an_output_goes_where_it_is_led(console: Console, here: Path) -> None:
    """Fails: a link or a pipe that somebody put there is a file afterwards, and whoever waits at its other end waits on."""
    (here / "link.json").symlink_to("real.json")
    os.mkfifo(here / "out")
    assert console(*REHEARSED, "dry-run", "sql.yaml", "-o", "link.json").code == 0
    assert (here / "link.json").is_symlink()
    assert console("show", "real.json").code == 0
    (here / "real.json").chmod(0o640)
    with subprocess.Popen(["/bin/cat", "out"], stdout=subprocess.PIPE) as reader:
        assert console(*REHEARSED, "dry-run", "sql.yaml", "-o", "out").code == 0
        assert b'"format_version"' in reader.communicate()[0]
    assert (here / "out").is_fifo()
    assert console(*REHEARSED, "assess", "--scope", SCOPE, "-o", "link.json").code == 0
    assert (here / "real.json").stat().st_mode & 0o777 == 0o640
    assert console(*REHEARSED, "export-estate", "--scope", SCOPE, "-o", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()
    assert "error[CMK118]" in console(*REHEARSED, "dry-run", "sql.yaml", "-o", "/dev/full").err
    assert [path.name for path in here.iterdir() if path.name.endswith(".part")] == []


def test_an_output_is_not_where_stdout_goes(here: Path) -> None:
    """Fails: of two writers to one file neither is left whole."""
    command = [sys.executable, "-m", "cmk_remediate", *REHEARSED, "dry-run", "sql.yaml", "-o", "both.json"]
    with (here / "both.json").open("wb") as both:
        done = subprocess.run(command, stdout=both, stderr=subprocess.PIPE, env={"PYTHONPATH": str(ROOT)}, check=False)

    assert done.returncode == 1
    assert b"error[CMK118] both.json: stdout or stderr goes there" in done.stderr
