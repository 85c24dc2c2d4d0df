"""Every code this project can show, with what it means and what to do next.

A code is stable: it is never reused for another meaning. The first digit says where it comes from:
1 input, 2 access, 3 vault and key, 4 service, 5 engine, 6 what a review says beside its steps.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from cmk_remediate.codes import access, engine, input_, notes, sql, vault
from cmk_remediate.codes.code import Code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MODULES = (input_, access, vault, sql, engine, notes)


def _all() -> Iterator[Code]:
    for module in _MODULES:
        for value in vars(module).values():
            if isinstance(value, Code):
                yield value


def _table() -> Mapping[str, Code]:
    table: dict[str, Code] = {}
    for code in _all():
        if code in table and table[code] is not code:
            message = f"{code} is defined twice"
            raise ValueError(message)
        table[code] = code
    return MappingProxyType(dict(sorted(table.items())))


CODES: Mapping[str, Code] = _table()
"""Every code by its id, sorted."""

__all__ = ["CODES", "Code", "access", "engine", "input_", "notes", "sql", "vault"]
