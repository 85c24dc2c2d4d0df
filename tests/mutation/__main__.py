"""``make mutation``: does a test fail when the code is wrong? Changes one thing at a time in a copy of the checkout.

Usage: ``python -m tests.mutation PART [HOW_MANY] [--minutes M] [--more | --again]`` with a PART of `PARTS`; HOW_MANY
mutants are drawn (by a fixed seed), all if left out, and tried in no order; after M minutes no more are tried. Survivors
are printed with what was changed; those of `EXPLAINED` are no holes and count as neither. Score and holes go to `FIGURES`,
whence docs/safety.md has them. ``--more`` draws once more, by another seed, and counts what comes of it in (a mutant may be
drawn twice); ``--again`` tries the holes of the last run alone, once cases were written for them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmk_remediate.clock import SystemClock
from tests.mutation.covering import ORIGINAL, SETTINGS, settings
from tests.mutation.explained import EXPLAINED

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "tests" / "mutation" / "last_run.json"
"""The scores of the last runs, by part."""
SEED = 20261122
PARTS = {
    "steps": ("cmk_remediate/steps", "tests/recipes/steps tests/recipes/test_services.py"),
    "engine": ("cmk_remediate/engine", "tests/engine"),
}
"""What is changed, and the tests that should notice."""
COPIED = ("cmk_remediate", "tests", "plans", "pyproject.toml")
# Operators on bits stand in annotations (``X | None``), which nobody evaluates; other arithmetic differs in the operator alone.
LEFT_OUT = (
    r"core/ReplaceBinaryOperator_(?!Add_Sub|Sub_Add|Mul_Div|Div_Mul).*"
    r"|core/ReplaceComparisonOperator_(Eq|NotEq)_Is(Not)?"
)
NOTHING_RUNS = (
    (r"\s*if TYPE_CHECKING:", ".*"),  # only type checkers read what stands under it
    (r"\s*\*,|.*[(, ]\*, .*", "core/ReplaceBinaryOperator_Mul_Div"),  # the mark before keyword arguments, no product
    (r"\s*[A-Z_]+(: \w+)? = [\d.( _*]+.*", "core/NumberReplacer"),  # a figure of our choice, one more or less
    (r"\s*[A-Z_]+ = (Estimate|Caution)\(.*\)", "core/NumberReplacer"),  # two such figures, in seconds or tries
    (r"    timeout: int = \d+", "core/NumberReplacer"),  # seconds; whoever makes the step says how many
    (r".*\bfrozen=True.*", "core/ReplaceTrueWithFalse"),  # type checkers keep it: no code of ours changes a value
)
"""Lines, and operators on them, that change nothing that runs or anybody goes by: not drawn."""
CONFIG = """
[cosmic-ray]
module-path = "{module}"
timeout = 300.0
excluded-modules = []
test-command = "{python} -m tests.mutation.order {module} {tests}"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = ['{left_out}']
"""


@dataclass(frozen=True)
class Mutant:
    """One change that was tried: where, by which operator, what became of it, and the change itself."""

    module: str
    line: int
    operator: str
    outcome: str
    diff: str

    @property
    def survived(self) -> bool:
        """Whether no test failed."""
        return self.outcome.lower().endswith("survived")

    @property
    def changed(self) -> str:
        """The lines taken out and put in."""
        lines = self.diff.splitlines()
        return "\n".join(one for one in lines if one[:1] in "+-" and not one.startswith(("+++", "---")))


def carry_out(
    part: str, how_many: int | None, minutes: float | None, lines: set[tuple[str, str, str]] | None, seed: int
) -> list[Mutant]:
    """Try mutants of *part*, at most for so many *minutes*, and return what became of each; of *lines* alone, if given.

    A line is its module, the operator and its text before: it may have moved since. *seed* says which are drawn.
    """
    module, tests = PARTS[part]
    # No test may find the checkout in place of its copy; what does not change is compiled once.
    setting = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    }
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, home / name)

        def does(*command: str, timeout: float | None = None) -> None:
            subprocess.run(command, cwd=home, env=setting, check=True, timeout=timeout)

        _compile(home, module, does)
        config, session = home / "mutation.toml", home / "session.sqlite"
        config.write_text(
            CONFIG.format(module=module, python=sys.executable, tests=tests, left_out=LEFT_OUT), encoding="utf-8"
        )
        tool = str(Path(sys.executable).with_name("cosmic-ray"))
        does(tool, "init", config.name, session.name)
        does(f"{Path(tool).with_name('cr-filter-operators')}", session.name, config.name)
        with sqlite3.connect(session) as rows:
            _draw(rows, home, random.Random(seed), how_many, lines)
        shutil.copytree(home / module, home / ORIGINAL / module)
        (home / SETTINGS).write_text(settings(module), encoding="utf-8")
        watched = (sys.executable, "-m", "coverage", "run", f"--rcfile={SETTINGS}", "-m", "pytest", "-q", "-x")
        does(*watched, "-p", "no:cacheprovider", *tests.split())  # unchanged code has to pass
        forks = (sys.executable, "-m", "tests.mutation.forks", session.name, str(os.cpu_count()), *tests.split())
        ends = SystemClock().monotonic() + 60 * (minutes or 0)
        with suppress(subprocess.TimeoutExpired):
            for command in (forks, (tool, "exec", config.name, session.name)):
                does(*command, timeout=minutes and ends - SystemClock().monotonic())
        with sqlite3.connect(session) as rows:
            return _read(rows)


def _compile(home: Path, module: str, does: Callable[..., None]) -> None:
    """Compile *module* so that a change counts however soon it comes after the last one: by contents, not by time."""
    for one in sorted(home.rglob("__pycache__")):
        shutil.rmtree(one)
    does(sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", module)


def _draw(
    rows: sqlite3.Connection,
    home: Path,
    dice: random.Random,
    how_many: int | None,
    lines: set[tuple[str, str, str]] | None,
) -> None:
    """Leave *how_many* of the mutants that were not filtered out and that change something that runs."""
    filtered = {job for (job,) in rows.execute("select job_id from work_results")}
    for job, module, row, operator in rows.execute(
        "select job_id, module_path, start_pos_row, operator_name from mutation_specs"
    ).fetchall():
        line = (home / module).read_text("utf-8").splitlines()[row - 1]
        if lines is not None and (module, operator, line) not in lines:
            filtered.add(job)
        if any(re.fullmatch(where, line) and re.fullmatch(by, operator) for where, by in NOTHING_RUNS):
            filtered.add(job)
    jobs = [
        job
        for (job,) in rows.execute(
            "select job_id from mutation_specs order by module_path, operator_name, occurrence, job_id"
        )
        if job not in filtered
    ]
    chosen = dice.sample(jobs, min(how_many or len(jobs), len(jobs)))
    keep = set(chosen)
    print(f"{len(chosen)} of {len(jobs)} mutants are drawn", flush=True)
    rows.execute("delete from work_results")
    for job in [job for (job,) in rows.execute("select job_id from work_items").fetchall() if job not in keep]:
        rows.execute("delete from mutation_specs where job_id = ?", (job,))
        rows.execute("delete from work_items where job_id = ?", (job,))


def _read(rows: sqlite3.Connection) -> list[Mutant]:
    found = rows.execute(
        "select module_path, start_pos_row, operator_name, test_outcome, diff from mutation_specs "
        "join work_results using (job_id) where worker_outcome = 'NORMAL' order by 1, 2"
    )
    return [Mutant(module, line, name, str(outcome), str(diff)) for module, line, name, outcome, diff in found]


def main() -> None:
    """Try the mutants that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("how_many", type=int, nargs="?", help="how many are drawn; all if left out")
    parser.add_argument("--minutes", type=float, help="after so many no more are tried")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--more", action="store_true", help="others, and count them in")
    other.add_argument("--again", action="store_true", help="only those that nothing noticed last time")
    given = parser.parse_args()
    figures = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    nothing: dict[str, Any] = {"draws": 0, "tried": 0, "killed": 0, "explained": 0}
    before = figures[given.part] if given.again or given.more else nothing
    holes = before.get("holes", [])
    lines = {
        (one["module"], one["operator"], _first_line(one["changed"]))
        for one in holes
        if (one["module"], one["changed"]) not in EXPLAINED
    }
    seed = SEED + before["draws"]
    tried = carry_out(given.part, given.how_many, given.minutes, lines if given.again else None, seed)
    mutants = [_again(one, tried) for one in holes] if given.again else tried
    figures[given.part] = tell(given.part, mutants, before, again=given.again)
    FIGURES.write_text(json.dumps(dict(sorted(figures.items())), indent=2) + "\n", "utf-8")


def _first_line(changed: str) -> str:
    """Return the first line that was taken out and is not blank: a decorator goes with the blank line above it."""
    return next(line[1:] for line in changed.splitlines() if line[1:].strip())


def _again(hole: dict[str, str], tried: list[Mutant]) -> Mutant:
    """Return what became of *hole* this time; it is one still where it was not tried: its line is gone, or it is explained."""
    same = [one for one in tried if (one.module, one.changed) == (hole["module"], hole["changed"])]
    lost = Mutant(hole["module"], 0, hole["operator"], "survived", hole["changed"])
    return max(same, key=lambda one: one.survived, default=lost)


def tell(part: str, mutants: list[Mutant], before: dict[str, Any], *, again: bool) -> dict[str, Any]:
    """Print the score of *part* and its survivors; return what is kept of it.

    *before*: what was kept of the runs before, whose holes were tried *again*, or which those *mutants* come to.
    """
    survived = [one for one in mutants if one.survived]
    explained = [one for one in survived if (one.module, one.changed) in EXPLAINED]
    holes = [one for one in survived if one not in explained]
    for one in holes:
        print(f"{one.module}:{one.line} {one.operator}\n{one.changed}\n")
    shown = [{"module": one.module, "operator": one.operator, "changed": one.changed} for one in holes]
    noticed = len(mutants) - len(survived)
    found = {
        "made": f"{SystemClock().now():%Y-%m-%d}",
        "draws": before["draws"] + (not again),
        "tried": before["tried"] + (0 if again else len(mutants)),
        "killed": before["killed"] + noticed,
        "killed_since": before.get("killed_since", 0) + (noticed if again else 0),
        "explained": before["explained"] + len(explained),
        "holes": shown if again else [*before.get("holes", []), *shown],
    }
    found["survived"] = len(found["holes"])
    found["score"] = round(100 * found["killed"] / max(found["tried"] - found["explained"], 1), 1)
    print(
        f"{part}: {found['tried']} mutants tried, {found['explained']} of them explained, "
        f"{found['survived']} survived: {found['score']} %"
    )
    return found


if __name__ == "__main__":
    main()
