"""Runs on a mutant the tests that execute what was changed, those first that speak of its module: most mutants die at once.

Usage, in a mutant's checkout: ``python -m tests.mutation.order CHANGED_FOLDER PLACE...``.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.mutation.covering import ORIGINAL, covering, measured

if TYPE_CHECKING:
    from collections.abc import Sequence

SLOW = ("test_journal.py", "test_graph.py", "test_crash.py", "test_rollback.py")
AT_MOST = 50
"""Seconds of processor time after which a mutant is taken for one that never ends: all tests take less than half of that."""


def ordered(changed: Path, tests: list[str]) -> tuple[list[str], list[str]]:
    """Return of *tests*, modules or tests in them, those that speak of the module *changed*, then the others; slow ones last."""
    name = changed.stem if changed.stem != "__init__" else changed.parent.name
    first: list[str] = []
    last: list[tuple[int, str]] = []
    for one in tests:
        module = Path(one.partition("::")[0])
        slow = SLOW.index(module.name) + 1 if module.name in SLOW else 0
        if not slow and name in module.read_text("utf-8"):
            first.append(one)
        else:
            last.append((slow, one))
    return first, [one for _, one in sorted(last)]


def everywhere(places: Sequence[str]) -> list[str]:
    """Return the test modules at *places*."""
    return [str(one) for place in places for one in (sorted(Path(place).rglob("test_*.py")) or [Path(place)])]


def main() -> int:
    """Run them until the first that fails."""
    resource.setrlimit(resource.RLIMIT_CPU, (AT_MOST, AT_MOST))
    folder, *places = sys.argv[1:]
    changed = max(Path(folder).rglob("*.py"), key=lambda one: one.stat().st_mtime_ns)
    before, after = (one.read_text("utf-8") for one in (Path(ORIGINAL, changed), changed))
    tests = covering(measured(), changed, before, after)
    if tests is None:
        tests = everywhere(places)
    ends = (pytest.main(["-x", "-q", "-p", "no:cacheprovider", *part]) for part in ordered(changed, tests) if part)
    return int(next((end for end in ends if end), 0))


if __name__ == "__main__":
    raise SystemExit(main())
