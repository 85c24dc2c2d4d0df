"""A mutant that is swapped in wrongly counts as noticed, or as not noticed, where the opposite holds: the score would be a lie."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.mutation.swapping import swap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SOURCE = """
from functools import cached_property, wraps

LIMIT = 3

def plain(x, most=LIMIT):
    return x + 1 if x < most else x

def wrapping(function):
    @wraps(function)
    def wrapped(x):
        return function(x) * 2
    return wrapped

@wrapping
def doubled(x):
    return x

class Thing:
    size = 4

    @cached_property
    def half(self):
        return self.size / 2

    @classmethod
    def made(cls):
        return [one for one in range(3) if one > 0]

SQUARES = [one * one for one in range(3)]
"""


@pytest.fixture
def module(tmp_path: Path) -> Iterator[Any]:
    path = tmp_path / "some_mutants.py"
    path.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("some_mutants", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules["some_mutants"] = found
    spec.loader.exec_module(found)
    yield found
    del sys.modules["some_mutants"]


@pytest.mark.parametrize(
    ("old", "new", "what", "was", "becomes"),
    [
        ("x + 1 if", "x - 1 if", lambda it: it.plain(1), 2, 0),
        ("function(x) * 2", "function(x) * 3", lambda it: it.doubled(5), 10, 15),
        ("    return x\n", "    return -x\n", lambda it: it.doubled(5), 10, -10),
        ("self.size / 2", "self.size * 2", lambda it: it.Thing().half, 2, 8),
        ("if one > 0", "if one >= 0", lambda it: it.Thing.made(), [1, 2], [0, 1, 2]),
    ],
)
def test_what_runs_in_a_function_is_swapped_wherever_it_is_held(
    module: Any, old: str, new: str, what: Callable[[Any], Any], was: Any, becomes: Any
) -> None:
    assert what(module) == was
    assert SOURCE.count(old) == 1
    assert swap(SOURCE, SOURCE.replace(old, new), module.__file__)
    assert what(module) == becomes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 3", "LIMIT = 4"),
        ("size = 4", "size = 5"),
        ("size = 4", "size = 4.0"),
        ("    @classmethod\n", ""),
        ("most=LIMIT", "most=None"),
        ("one * one", "one + one"),
    ],
)
def test_what_runs_at_import_needs_a_process_of_its_own(module: Any, old: str, new: str) -> None:
    assert not swap(SOURCE, SOURCE.replace(old, new), module.__file__)
    assert (module.plain(3), module.Thing.size, module.SQUARES) == (3, 4, [0, 1, 4])


def test_what_changes_nothing_is_not_swapped(module: Any) -> None:
    assert not swap(SOURCE, SOURCE + "\n", module.__file__)
