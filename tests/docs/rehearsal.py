"""What docs/simulator.md shows of a rehearsal: the commands, run, and the parts of their output that tell how it went."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import cmk_remediate
from cmk_remediate.cli import main
from tests.docs.excerpts import PLAN

if TYPE_CHECKING:
    from collections.abc import Iterator

SCOPES = ("22222222-2222-4222-8222-222222222201", "22222222-2222-4222-8222-222222222202")
_SHOWN = re.compile(r"\d+ resources, |not in the estate|Summary:|Verification of|# ")
_WRITES = re.compile(r"; \d+ writes sent.*")
"""How many writes were sent depends on how often access was tried, and that on chance."""
_HEAD = 9


@cache
def rehearsal() -> str:
    """Return the rehearsal as a fenced block; the demo estate plays the real Azure."""
    with _folder():
        shutil.copyfile(PLAN, "plan.yaml")
        scopes = " ".join(f"--scope {scope}" for scope in SCOPES)
        lines = [*_run(f"export-estate {scopes} -o estate.yaml", "--simulate", "az.json")]
        lines += ["$ head estate.yaml", *Path("estate.yaml").read_text(encoding="utf-8").splitlines()[:_HEAD], "..."]
        lines += _run("--simulate copy.json --estate estate.yaml dry-run plan.yaml -o review.json")
        review = cmk_remediate.load_review("review.json")
        accepted = " ".join(f"--accept {name}" for name in review.acknowledgements_required)
        lines += _run(f"--simulate copy.json apply review.json {accepted} --yes")
        lines += _run("--simulate copy.json verify plan.yaml")
        lines += _run(f"--simulate copy.json rollback {review.short_digest} --yes")
        lines += _run(f"--simulate copy.json verify {review.short_digest}")
    return "```text\n" + "\n".join(lines) + "\n```\n"


@contextlib.contextmanager
def _folder() -> Iterator[None]:
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)


def _run(command: str, *hidden: str) -> list[str]:
    """Run *command* and return it with what of its output is shown.

    Raises:
        RuntimeError: it failed.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["--color", "never", *hidden, *command.split()])
    if code:
        raise RuntimeError(f"{command} ended with {code}: {err.getvalue()}")
    printed = (err.getvalue() + out.getvalue()).splitlines()
    return [f"$ cmk-remediate {command}", *(_WRITES.sub("", line) for line in printed if _SHOWN.match(line))]
