"""If a mutant of what runs at import is not what is imported, it counts as not noticed, or as noticed: the score would be a lie."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from tests.mutation.anew import Instead

PACKAGE = {
    "__init__.py": "SIZE = 1",
    "facts.py": "LIMIT = 3",
    "steps.py": "from some_mutants.facts import LIMIT\nTWICE = 2 * LIMIT",
}


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a package to change, in a checkout that is the working folder."""
    package = tmp_path / "some_mutants"
    package.mkdir()
    for name, text in PACKAGE.items():
        (package / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    for name in [one for one in sys.modules if one.startswith("some_mutants")]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def test_the_mutant_is_imported_and_the_rest_as_it_stands() -> None:
    sys.meta_path.insert(0, Instead(Path("some_mutants/facts.py"), "LIMIT = 4"))
    steps = importlib.import_module("some_mutants.steps")
    assert steps.TWICE == 8
    assert importlib.import_module("some_mutants").SIZE == 1


def test_a_package_can_be_the_mutant(checkout: Path) -> None:
    sys.meta_path.insert(0, Instead(Path("some_mutants/__init__.py"), "SIZE = 2"))
    package = importlib.import_module("some_mutants")
    assert package.SIZE == 2
    assert package.__file__ == str(checkout / "some_mutants" / "__init__.py")
    assert importlib.import_module("some_mutants.steps").TWICE == 6
