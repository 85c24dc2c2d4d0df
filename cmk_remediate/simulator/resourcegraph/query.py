"""A whole query: a table and what is done with its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cmk_remediate.simulator.resourcegraph.expressions import Expression, Reader, Row, expression, unexpected
from cmk_remediate.simulator.resourcegraph.functions import as_text
from cmk_remediate.simulator.resourcegraph.tokens import tokens

Rows = list[dict[str, Any]]
Operator = Callable[[Rows], Rows]


@dataclass(frozen=True)
class Query:
    """A query that was understood.

    Attributes:
        table: its name in lower case.
        operators: what is done with the rows, in order.
    """

    table: str
    operators: tuple[Operator, ...]

    def run(self, rows: Rows) -> Rows:
        """Return what the query makes of *rows*."""
        for operator in self.operators:
            rows = operator(rows)
        return rows


def parsed(text: str, tables: Sequence[str]) -> Query:
    """Return the query that *text* says.

    Raises:
        QueryError: it is not of the subset described in `cmk_remediate.simulator.resourcegraph`.
    """
    reader = Reader(tokens(text))
    first = reader.next
    table = "resources" if first.value == "where" else reader.word().lower()
    if table not in tables:
        raise unexpected(first, f"a table ({', '.join(tables)})")
    operators: list[Operator] = []
    if first.value == "where":
        operators.append(_operator(reader))
    while reader.skip("|"):
        operators.append(_operator(reader))
    if reader.next.kind != "end":
        raise unexpected(reader.next, "'|'")
    return Query(table, tuple(operators))


def _operator(reader: Reader) -> Operator:
    token = reader.next
    name = reader.word().lower()
    if name == "where":
        test = expression(reader)
        return lambda rows: [row for row in rows if test(row) is True]
    if name == "extend":
        added = _columns(reader)
        return lambda rows: [{**row, **_evaluated(added, row)} for row in rows]
    if name == "project":
        shown = _columns(reader)
        return lambda rows: [_evaluated(shown, row) for row in rows]
    if name in ("order", "sort"):
        reader.need("by")
        return _ordered(reader)
    if name in ("take", "limit"):
        number = reader.take()
        if number.kind != "number":
            raise unexpected(number, "a number")
        return lambda rows: rows[: int(number.value)]
    if name == "count":
        return lambda rows: [{"Count": len(rows)}]
    raise unexpected(token, "where, extend, project, order by, take or count")


def _columns(reader: Reader) -> dict[str, Expression]:
    found: dict[str, Expression] = {}
    while True:
        name = reader.next
        value = expression(reader)
        column = name.value
        if reader.skip("="):
            value = expression(reader)
        elif name.kind != "word":
            raise unexpected(name, "a column")
        found[column] = value
        if not reader.skip(","):
            return found


def _evaluated(columns: dict[str, Expression], row: Row) -> dict[str, Any]:
    seen = dict(row)
    shown: dict[str, Any] = {}
    for name, value in columns.items():
        shown[name] = seen[name] = value(seen)
    return shown


def _ordered(reader: Reader) -> Operator:
    keys: list[tuple[Expression, bool]] = []
    while True:
        value = expression(reader)
        # without a word the order is descending: learn.microsoft.com, Kusto "sort operator"
        rising = reader.take().value.lower() == "asc" if reader.sees("asc", "desc") else False
        keys.append((value, rising))
        if not reader.skip(","):
            break

    def operator(rows: Rows) -> Rows:
        for value, rising in reversed(keys):
            rows = sorted(rows, key=lambda row: _rank(value(row)), reverse=not rising)
        return rows

    return operator


def _rank(value: Any) -> tuple[int, float, str]:
    """Order null before numbers before texts."""
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, (bool, int, float)):
        return (1, float(value), "")
    return (2, 0.0, as_text(value))
