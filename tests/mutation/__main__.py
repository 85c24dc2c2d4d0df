"""``make mutation``: does a test fail when the code is wrong? Changes one thing at a time in a copy of the checkout.

Usage: ``python -m tests.mutation PART [HOW_MANY]`` with a PART of `PARTS`; HOW_MANY mutants are drawn (by a fixed seed), all if
left out. Survivors are printed with what was changed; those of `EXPLAINED` are no holes and count as neither. The score goes to
`FIGURES`, whence docs/safety.md has it.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cmk_remediate.clock import SystemClock
from tests.mutation.explained import EXPLAINED

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
    (r".*\bfrozen=True.*", "core/ReplaceTrueWithFalse"),  # type checkers keep it: no code of ours changes a value
)
"""Lines, and operators on them, that change nothing that runs or anybody goes by: not drawn."""
CONFIG = """
[cosmic-ray]
module-path = "{module}"
timeout = 300.0
excluded-modules = []
test-command = "{python} -B -m tests.mutation.order {module} {tests}"
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
    def changed(self) -> str:
        """The lines taken out and put in."""
        lines = self.diff.splitlines()
        return "\n".join(one for one in lines if one[:1] in "+-" and not one.startswith(("+++", "---")))


def carry_out(part: str, how_many: int | None) -> list[Mutant]:
    """Try the mutants of *part* and return what became of each."""
    module, tests = PARTS[part]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, home / name)
        config, session = home / "mutation.toml", home / "session.sqlite"
        config.write_text(
            CONFIG.format(module=module, python=sys.executable, tests=tests, left_out=LEFT_OUT), encoding="utf-8"
        )
        tool = str(Path(sys.executable).with_name("cosmic-ray"))
        subprocess.run([tool, "init", config.name, session.name], cwd=home, check=True)
        subprocess.run(
            [f"{Path(tool).with_name('cr-filter-operators')}", session.name, config.name], cwd=home, check=True
        )
        with sqlite3.connect(session) as rows:
            _draw(rows, home, how_many)
        subprocess.run([tool, "baseline", config.name], cwd=home, check=True)  # unchanged code has to pass
        subprocess.run([tool, "exec", config.name, session.name], cwd=home, check=True)
        with sqlite3.connect(session) as rows:
            return _read(rows)


def _draw(rows: sqlite3.Connection, home: Path, how_many: int | None) -> None:
    """Leave *how_many* of the mutants that were not filtered out and that change something that runs."""
    filtered = {job for (job,) in rows.execute("select job_id from work_results")}
    for job, module, row, operator in rows.execute(
        "select job_id, module_path, start_pos_row, operator_name from mutation_specs"
    ).fetchall():
        line = (home / module).read_text("utf-8").splitlines()[row - 1]
        if any(re.fullmatch(where, line) and re.fullmatch(by, operator) for where, by in NOTHING_RUNS):
            filtered.add(job)
    jobs = sorted(job for (job,) in rows.execute("select job_id from work_items") if job not in filtered)
    keep = set(random.Random(SEED).sample(jobs, min(how_many or len(jobs), len(jobs))))
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
    part = sys.argv[1]
    tell(part, carry_out(part, int(sys.argv[2]) if len(sys.argv) > 2 else None))


def tell(part: str, mutants: list[Mutant]) -> None:
    """Print the score of *part* and its survivors, and keep the score."""
    survived = [one for one in mutants if one.outcome.lower().endswith("survived")]
    explained = [one for one in survived if (one.module, one.changed) in EXPLAINED]
    counted = len(mutants) - len(explained)
    holes = [one for one in survived if one not in explained]
    for one in holes:
        print(f"{one.module}:{one.line} {one.operator}\n{one.changed}\n")
    score = 100 * (counted - len(holes)) / max(counted, 1)
    print(
        f"{part}: {len(mutants)} mutants tried, {len(explained)} of them explained, {len(holes)} survived: {score:.1f} %"
    )
    figures = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    figures[part] = {
        "made": f"{SystemClock().now():%Y-%m-%d}",
        "tried": len(mutants),
        "killed": len(mutants) - len(survived),
        "explained": len(explained),
        "survived": len(holes),
        "score": round(score, 1),
    }
    FIGURES.write_text(json.dumps(dict(sorted(figures.items())), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
