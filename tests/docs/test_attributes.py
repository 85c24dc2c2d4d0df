"""A class whose docstring lists its attributes lists its fields, all of them, in their order.

Fails: who builds one by position from what the page says swaps two of them; who looks a field up does not find it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PRODUCT = Path(__file__).parents[2] / "cmk_remediate"
_NAMED = re.compile(r"^        (\w+(?:, \w+)*): ", re.MULTILINE)


def listed(docstring: str) -> list[str]:
    """Return the names under ``Attributes:``, in their order."""
    _, _, section = docstring.partition("    Attributes:\n")
    return [name for names in _NAMED.findall(section.partition("\n\n")[0]) for name in names.split(", ")]


def fields(one: ast.ClassDef) -> list[str]:
    """Return the fields of a dataclass or model, in their order; what is private or of the class is none."""
    found = [line for line in one.body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)]
    names = [(line.target.id, ast.unparse(line.annotation)) for line in found if isinstance(line.target, ast.Name)]
    return [name for name, kind in names if not name.startswith("_") and not kind.startswith("ClassVar")]


def documented() -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield where each class stands, its fields, and what its docstring lists."""
    for path in sorted(PRODUCT.rglob("*.py")):
        for one in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(one, ast.ClassDef) and "    Attributes:\n" in (
                found := ast.get_docstring(one, clean=False) or ""
            ):
                yield f"{path.relative_to(PRODUCT)}: {one.name}", fields(one), listed(found)


@pytest.mark.parametrize(
    ("where", "has", "lists"), list(documented()), ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_docstring_lists_the_fields_in_their_order(where: str, has: list[str], lists: list[str]) -> None:
    own = [name for name in lists if name in has] if has else []
    assert [name for name in has if name in lists] == own, where
    assert not has or set(has) <= set(lists), f"{where} lacks {sorted(set(has) - set(lists))}"
