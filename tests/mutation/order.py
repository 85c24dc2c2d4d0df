"""Runs tests on a mutant, those first that speak of the changed module, those that take long last: most mutants die at once.

Usage, in a mutant's checkout: ``python -m tests.mutation.order CHANGED_FOLDER PLACE...``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

SLOW = ("test_journal.py", "test_graph.py", "test_crash.py", "test_rollback.py")


def ordered(changed: Path, places: list[str]) -> list[str]:
    """Return the test modules in *places*, folders or modules, in the order to run them in for the module *changed*."""
    found = [one for place in places for one in (sorted(Path(place).rglob("test_*.py")) or [Path(place)])]
    name = changed.stem if changed.stem != "__init__" else changed.parent.name

    def key(one: Path) -> tuple[bool, int]:
        return name not in one.read_text("utf-8"), SLOW.index(one.name) + 1 if one.name in SLOW else 0

    return [one.as_posix() for one in sorted(found, key=key)]


def main() -> int:
    """Run them until the first that fails."""
    folder, *places = sys.argv[1:]
    changed = max(Path(folder).rglob("*.py"), key=lambda one: one.stat().st_mtime_ns)
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *ordered(changed, places)]))


if __name__ == "__main__":
    raise SystemExit(main())
