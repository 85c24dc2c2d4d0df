"""Expressions: parsed into functions of a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator.resourcegraph.functions import COMPARISONS, FUNCTIONS, MEMBERSHIPS
from cmk_remediate.simulator.resourcegraph.tokens import QueryError, Token

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = Mapping[str, Any]
Expression = Callable[[Row], Any]
_LITERALS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


class Reader:
    """Reads tokens one after the other."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        """Begin at the first."""
        self._tokens = tokens
        self._index = 0

    @property
    def next(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._index]

    def take(self) -> Token:
        """Return the next token and go on."""
        token = self.next
        self._index = min(self._index + 1, len(self._tokens) - 1)
        return token

    def sees(self, *values: str) -> bool:
        """Say whether the next token is a sign or word out of *values*."""
        return self.next.kind in ("sign", "word") and self.next.value.lower() in values

    def skip(self, value: str) -> bool:
        """Go over the next token if it is *value*."""
        if not self.sees(value):
            return False
        self.take()
        return True

    def need(self, value: str) -> None:
        """Go over *value*, which has to be next.

        Raises:
            QueryError: it is not.
        """
        if not self.skip(value):
            raise unexpected(self.next, f"'{value}'")

    def word(self) -> str:
        """Return the word that has to be next.

        Raises:
            QueryError: it is none.
        """
        if self.next.kind != "word":
            raise unexpected(self.next, "a name")
        return self.take().value


def unexpected(token: Token, wanted: str) -> QueryError:
    """Return the error of *token* where *wanted* should be."""
    return QueryError(f"'{token.value or 'the end'}' stands where {wanted} is expected", token.at)


def expression(reader: Reader) -> Expression:
    """Read a whole expression: ``or`` binds least, then ``and``, then comparisons."""
    return _joined(reader, "or", lambda: _joined(reader, "and", lambda: _comparison(reader)))


def _joined(reader: Reader, word: str, part: Callable[[], Expression]) -> Expression:
    parts = [part()]
    while reader.skip(word):
        parts.append(part())
    if len(parts) == 1:
        return parts[0]
    test = any if word == "or" else all
    return lambda row: test(bool(one(row)) for one in parts)


def _comparison(reader: Reader) -> Expression:
    left = _value(reader)
    if reader.sees(*COMPARISONS):
        judge = COMPARISONS[reader.take().value.lower()]
        right = _value(reader)
        return lambda row: judge(left(row), right(row))
    if reader.sees(*MEMBERSHIPS):
        judge = MEMBERSHIPS[reader.take().value.lower()]
        reader.need("(")
        options = arguments(reader)
        return lambda row: judge(left(row), [one(row) for one in options])
    return left


def arguments(reader: Reader) -> list[Expression]:
    """Read expressions up to the closing parenthesis, and go over it."""
    found: list[Expression] = []
    while not reader.skip(")"):
        if found:
            reader.need(",")
        found.append(expression(reader))
    return found


def _value(reader: Reader) -> Expression:
    if reader.skip("("):
        inner = expression(reader)
        reader.need(")")
        return inner
    sign = -1 if reader.skip("-") else 1
    token = reader.take()
    if token.kind == "number":
        number = sign * (float(token.value) if "." in token.value else int(token.value))
        return lambda _row: number
    if token.kind == "text":
        return lambda _row: token.value
    if token.kind != "word":
        raise unexpected(token, "a value")
    if token.value in _LITERALS:
        return lambda _row: _LITERALS[token.value]
    if reader.skip("("):
        return _call(token, arguments(reader))
    return _path(token.value, reader)


def _call(token: Token, given: list[Expression]) -> Expression:
    if token.value not in FUNCTIONS:
        raise QueryError(f"the function '{token.value}' is not known here", token.at)
    count, function = FUNCTIONS[token.value]
    if len(given) != count and not (count < 0 and len(given) >= -count):
        raise QueryError(f"'{token.value}' does not take {len(given)} arguments", token.at)
    return lambda row: function(*(one(row) for one in given))


def _path(first: str, reader: Reader) -> Expression:
    steps: list[str | int] = []
    while reader.sees(".", "["):
        if reader.skip("."):
            steps.append(reader.word())
            continue
        reader.take()
        inside = reader.take()
        if inside.kind not in ("text", "number"):
            raise unexpected(inside, "a text or a number")
        steps.append(int(inside.value) if inside.kind == "number" else inside.value)
        reader.need("]")

    def found(row: Row) -> Any:
        value = row.get(first)
        for step in steps:
            if isinstance(step, str):
                value = value.get(step) if isinstance(value, Mapping) else None
            else:
                value = value[step] if isinstance(value, list) and step < len(value) else None
        return value

    return found
