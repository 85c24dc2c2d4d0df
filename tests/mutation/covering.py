"""Which tests execute a line: no other can notice that it was changed."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from pathlib import Path

from coverage import CoverageData

MEASURED = "lines.coverage"
"""The file that holds which test executes which line."""
SETTINGS = "lines.coveragerc"
ORIGINAL = "original"
"""The folder with the unchanged modules."""


def settings(folder: str) -> str:
    """Return what coverage.py is told: to measure *folder*, by test."""
    return f"[run]\nsource = {folder}\ndata_file = {MEASURED}\ndynamic_context = test_function\n"


Executed = Mapping[str, Mapping[int, Collection[str]]]
"""The tests that execute a line, as pytest names them, by the file's path and the line's number."""


def measured() -> Executed:
    """Return what was measured."""
    data = CoverageData(MEASURED)
    data.read()
    named = _by_context([context for context in data.measured_contexts() if context])
    return {
        file: {
            line: {name for context in contexts if context for name in named[context]}
            for line, contexts in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }


def _by_context(contexts: Collection[str]) -> Mapping[str, Collection[str]]:
    """Return the tests, as pytest names them, that each of coverage.py's *contexts* stands for."""
    named = {context: _named(context) for context in contexts}
    folders = {Path(*Path(test).parts[:2]) for test in named.values() if test is not None}
    # What hypothesis draws runs under its own function's name, whichever test it is drawn for.
    drawing = [
        str(one)
        for at in sorted(folders)
        for one in sorted(at.rglob("test_*.py"))
        if "@given" in one.read_text("utf-8")
    ]
    return {context: drawing if test is None else [test] for context, test in named.items()}


def covering(executed: Executed, module: Path, before: str, after: str) -> list[str] | None:
    """Return the tests, as pytest names them, that execute what is changed in *module*; None: maybe all of them."""
    pairs = zip(before.splitlines(), [*after.splitlines(), ""], strict=False)
    row = next(number for number, (old, new) in enumerate(pairs, 1) if old != new)
    lines = _executed_with(ast.parse(before), row)
    if lines is None:
        return None
    found = executed.get(str(module.resolve()), {})
    return sorted({name for line in lines for name in found.get(line, ())})


def _executed_with(tree: ast.Module, row: int) -> range | None:
    """Return the lines of the statement that *row* is in, without those of statements within it; None outside of functions."""
    inside, found, here = False, None, tree.body
    while True:
        one = next((each for each in here if _first(each) <= row <= (each.end_lineno or row)), None)
        if one is None:
            return found if inside else None
        blocks = [
            block for name in ("body", "orelse", "finalbody") if isinstance(block := getattr(one, name, None), list)
        ]
        parts = [*blocks, *(handler.body for handler in getattr(one, "handlers", ()))]
        parts += [case.body for case in getattr(one, "cases", ())]
        here = [each for part in parts for each in part]
        head = min((_first(each) for each in here), default=(one.end_lineno or row) + 1)
        found = range(_first(one), max(head, row + 1))
        is_function = isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))
        if is_function and row < head:
            return None if not inside else found
        inside = inside or is_function


def _first(one: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(one, "decorator_list", [])
    return min([one.lineno, *(each.lineno for each in decorators)])


def _named(context: str) -> str | None:
    """Return what pytest calls the function ``package.module.function``; None where it is hypothesis's own."""
    if context.startswith("hypothesis."):
        return None
    parts = context.split(".")
    for count in range(len(parts) - 1, 0, -1):
        path = Path(*parts[:count]).with_suffix(".py")
        if path.exists():
            return "::".join((path.as_posix(), *parts[count:]))
    raise LookupError(context)
