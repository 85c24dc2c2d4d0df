"""The main job, shown on the embedded Azure: every line that is printed comes from the commands themselves."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import cmk_remediate
from cmk_remediate import codes, simulator
from cmk_remediate.cli.options import Globals
from cmk_remediate.cli.output import emit
from cmk_remediate.cli.running import run
from cmk_remediate.cli.signals import as_before
from cmk_remediate.errors import InputError, UsageError
from cmk_remediate.files import is_there, naming
from cmk_remediate.report.ends import read_or_write
from cmk_remediate.report.words import count

STATE, PLAN, REVIEW, ACCEPT, BACK = "az.json", "sql.yaml", "review.json", "accept.txt", "rollback.json"


def demo(options: Globals, keep: Path | None) -> int:
    """Move the demo estate's servers, move them again, and roll back; return the first unexpected exit code, or 0."""
    if options.simulate or options.runs:
        raise UsageError(codes.input_.USAGE, "demo makes its own embedded Azure and run store: leave the options out")
    with _folder(keep) as folder:
        emit(f"# In {folder}\n")
        return _play(options, folder)


def _play(options: Globals, folder: Path) -> int:
    shutil.copyfile(_plan(), folder / PLAN)
    for number, scene in enumerate((_dry_run, _apply, _verify, _apply_again, _roll_back, _verify_run), start=1):
        emit(f"\n# {number}. {scene.__doc__}\n")
        code = scene(options)
        if code:
            emit(f"\n# The demo ends here: exit code {code}.\n")
            return code
    emit("\n# That is all. Every request of it: cmk-remediate --simulate az.json requests\n")
    return 0


def _dry_run(options: Globals) -> int:
    """Dry run: what would be done. Only reads are sent."""
    code = _command(options, "dry-run", PLAN, "-o", REVIEW)
    if not code:
        _write_accepted(REVIEW)
    return code


def _apply(options: Globals) -> int:
    """Apply: exactly what was reviewed."""
    return _command(options, "apply", REVIEW, "--accept-file", ACCEPT, "--yes")


def _verify(options: Globals) -> int:
    """Verify: every target that can be moved is on its key."""
    return _command(options, "verify", PLAN)


def _apply_again(options: Globals) -> int:
    """Apply again: there is nothing left to do."""
    before = len(simulator.requests(STATE))
    code = _command(options, "apply", REVIEW, "--accept-file", ACCEPT, "--yes")
    sent = simulator.requests(STATE)[before:]
    writes = sum(read_or_write(row) == "write" for row in sent)
    emit(f"# The request log of this second apply: {count(len(sent) - writes, 'read')}, {count(writes, 'write')}.\n")
    return code or (1 if writes else 0)


def _roll_back(options: Globals) -> int:
    """Roll back: what was there before is restored; what stays is said, with the reason."""
    code = _command(options, "rollback", _run_id(), "-o", BACK)
    if code:
        return code
    _write_accepted(BACK)
    return _command(options, "apply", BACK, "--accept-file", ACCEPT, "--yes")


def _verify_run(options: Globals) -> int:
    """Verify the run: after its rollback each server's key setting is as it was; what stays is counted."""
    return _command(options, "verify", _run_id())


def _command(options: Globals, *arguments: str) -> int:
    shared = ["--simulate", STATE, "--color", options.colour.value]
    shared += ["--quiet"] if options.quiet else ["-v"] * options.verbose
    emit(f"$ cmk-remediate --simulate {STATE} {' '.join(arguments)}\n")
    with as_before():
        return run([*shared, *arguments])


def _run_id() -> str:
    return cmk_remediate.load_review(REVIEW).short_digest


def _write_accepted(review: str) -> None:
    names: Sequence[str] = cmk_remediate.load_review(review).acknowledgements_required
    Path(ACCEPT).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    said = ", ".join(names) or "nothing"
    emit(f"# The demo accepts what this review asks for ({ACCEPT}): {said}\n")


def _plan() -> Path:
    """Return the demo plan: packaged with the simulator, or in the checkout this runs from."""
    packaged = Path(str(files("cmk_remediate.simulator") / "estates" / "plan.yaml"))
    checkout = Path(__file__).parents[2] / "plans" / PLAN
    for path in (packaged, checkout):
        if path.is_file():
            return path
    raise InputError(codes.input_.PLAN_UNREADABLE, "the demo plan was not installed with the package", resource=PLAN)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give the folder to work in, and work there: the commands shown can be typed as they are."""
    if keep is not None and is_there(keep) and not (keep.is_dir() and not any(keep.iterdir())):
        raise UsageError(codes.input_.USAGE, "--keep takes a new or empty folder", resource=str(keep))
    with tempfile.TemporaryDirectory(prefix="cmk-demo-") as temporary:
        with naming("the current folder", codes.input_.OUTPUT_UNWRITABLE):
            here = Path.cwd()
        with naming(keep or temporary, codes.input_.OUTPUT_UNWRITABLE):
            folder = (keep or Path(temporary)).resolve()
            folder.mkdir(parents=True, exist_ok=True)
            os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(here)
            sys.stdout.flush()
