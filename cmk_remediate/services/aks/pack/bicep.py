"""JSON-like values as Bicep; nothing in a name or a value can end a literal, or begin an expression.

Syntax: learn.microsoft.com, "Data types in Bicep" (escapes of strings, keys of objects) and "json function" (Bicep has no
literal for a number with a fraction).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset(("true", "false", "null", "if", "for"))
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_INTEGERS = range(-(2**63), 2**63)
_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True)
class Symbol:
    """The name of a parameter, which stands for its value."""

    name: str


def value(item: Any, depth: int = 0) -> str:
    """Return the JSON-like *item* as a Bicep expression, its lines after the first indented for *depth*."""
    inside, outside = "  " * (depth + 1), "  " * depth
    if isinstance(item, Symbol):
        return item.name
    if isinstance(item, str):
        return text(item)
    if item is None or isinstance(item, bool):
        return json.dumps(item)
    if isinstance(item, int) and item in _INTEGERS:
        return str(item)
    if isinstance(item, (int, float)):
        return f"json({text(json.dumps(item, allow_nan=False))})"
    if isinstance(item, Mapping):
        lines = [f"{inside}{key(str(name))}: {value(one, depth + 1)}\n" for name, one in item.items()]
        return f"{{\n{''.join(lines)}{outside}}}" if lines else "{}"
    lines = [f"{inside}{value(one, depth + 1)}\n" for one in item]
    return f"[\n{''.join(lines)}{outside}]" if lines else "[]"


def key(name: str) -> str:
    """Return the key *name* of an object: bare where Bicep takes it so."""
    return name if _PLAIN_KEY.fullmatch(name) and name not in _WORDS else text(name)


def text(content: str) -> str:
    """Return *content* as a literal, all in ASCII: what looks like other signs, or turns the direction of reading, is escaped."""
    escaped = "".join(map(_sign, content))
    return f"'{escaped.replace('${', chr(92) + '${')}'"


def _sign(one: str) -> str:
    if one in _ESCAPES:
        return _ESCAPES[one]
    if " " <= one <= "~":
        return one
    number = ord(one)
    return f"\\u{{{0xFFFD if number in _SURROGATES else number:x}}}"
