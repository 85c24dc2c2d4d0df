"""A query's text as tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<word>!(?:in~?|contains|startswith|endswith|has)(?![A-Za-z])|in~|[A-Za-z_$][A-Za-z0-9_$]*)
  | (?P<sign>==|!=|=~|!~|<=|>=|[|,()\[\].=<>-])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")


class QueryError(Exception):
    """A query that cannot be understood.

    Attributes:
        said: what is wrong.
        at: where, in characters from the beginning.
    """

    def __init__(self, said: str, at: int) -> None:
        """Say what is wrong and where."""
        super().__init__(said)
        self.said = said
        self.at = at


@dataclass(frozen=True)
class Token:
    """A piece of a query.

    Attributes:
        kind: ``text``, ``number``, ``word``, ``sign`` or ``end``.
        value: what it says, a text without quotes and escapes.
        at: where it begins.
    """

    kind: str
    value: str
    at: int


def tokens(query: str) -> list[Token]:
    """Return the tokens of *query*, the last of kind ``end``.

    Raises:
        QueryError: a character fits no token.
    """
    found: list[Token] = []
    at = 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            raise QueryError(f"the character {query[at]!r} is not understood", at)
        kind = str(match.lastgroup)
        if kind == "text":
            found.append(Token(kind, _ESCAPE.sub(r"\1", match[0][1:-1]), at))
        elif kind != "space":
            found.append(Token(kind, match[0], at))
        at = match.end()
    return [*found, Token("end", "", at)]
