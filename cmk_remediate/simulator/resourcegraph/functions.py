"""What an expression can call, and how values compare.

A value that is missing is null. Null makes a comparison neither true nor false, and ``where`` keeps only what is true; a string is
never null but empty. Source: learn.microsoft.com, Kusto "Scalar data types" and "Null values".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Function = Callable[..., Any]


def as_text(value: Any) -> str:
    """Return ``tostring``: null is empty, a structure its JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def as_bool(value: Any) -> bool | None:
    """Return ``tobool``."""
    if isinstance(value, (bool, int, float)):
        return bool(value)
    return {"true": True, "false": False, "1": True, "0": False}.get(as_text(value).lower())


def as_int(value: Any) -> int | None:
    """Return ``toint``."""
    try:
        return int(float(value)) if value is not None else None
    except (TypeError, ValueError):
        return None


def _is_empty(value: Any) -> bool:
    return value is None or as_text(value) == ""


def _not(value: Any) -> bool | None:
    return None if value is None else not value


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None and value != ""), None)


FUNCTIONS: Mapping[str, tuple[int, Function]] = {
    "tostring": (1, as_text),
    "tobool": (1, as_bool),
    "toint": (1, as_int),
    "tolower": (1, lambda value: as_text(value).lower()),
    "toupper": (1, lambda value: as_text(value).upper()),
    "isempty": (1, _is_empty),
    "isnotempty": (1, lambda value: not _is_empty(value)),
    "isnull": (1, lambda value: value is None),
    "isnotnull": (1, lambda value: value is not None),
    "strlen": (1, lambda value: len(as_text(value))),
    "array_length": (1, lambda value: len(value) if isinstance(value, list) else None),
    "not": (1, _not),
    "coalesce": (-2, _coalesce),
}
"""By name: how many arguments (negative: at least so many), and what it does."""


def _plain(value: Any) -> Any:
    return as_text(value) if isinstance(value, (dict, list)) else value


def _same(left: Any, right: Any) -> bool | None:
    if left is None or right is None:
        # a missing member compared with a text is an empty text
        return as_text(left) == as_text(right) if isinstance(left, str) or isinstance(right, str) else None
    if isinstance(left, str) != isinstance(right, str):
        return as_text(left) == as_text(right)
    return bool(_plain(left) == _plain(right))


def _folded(left: Any, right: Any) -> bool:
    return as_text(left).lower() == as_text(right).lower()


def _order(compare: Callable[[Any, Any], bool]) -> Function:
    def judged(left: Any, right: Any) -> bool | None:
        if left is None or right is None or isinstance(left, str) != isinstance(right, str):
            return None
        return compare(_plain(left), _plain(right))

    return judged


def _texts(compare: Callable[[str, str], bool]) -> Function:
    return lambda left, right: compare(as_text(left).lower(), as_text(right).lower())


def _denied(judge: Function) -> Function:
    return lambda left, right: _not(judge(left, right))


def _among(judge: Function) -> Function:
    return lambda left, right: any(judge(left, one) for one in right)


_CONTAINS = _texts(lambda left, right: right in left)
_STARTS = _texts(lambda left, right: left.startswith(right))
_ENDS = _texts(lambda left, right: left.endswith(right))

COMPARISONS: Mapping[str, Function] = {
    "==": _same,
    "!=": _denied(_same),
    "=~": _folded,
    "!~": _denied(_folded),
    "<": _order(lambda left, right: left < right),
    "<=": _order(lambda left, right: left <= right),
    ">": _order(lambda left, right: left > right),
    ">=": _order(lambda left, right: left >= right),
    "contains": _CONTAINS,
    "!contains": _denied(_CONTAINS),
    "has": _CONTAINS,
    "!has": _denied(_CONTAINS),
    "startswith": _STARTS,
    "!startswith": _denied(_STARTS),
    "endswith": _ENDS,
    "!endswith": _denied(_ENDS),
}
"""Operators between two values."""

MEMBERSHIPS: Mapping[str, Function] = {
    "in": _among(_same),
    "!in": _denied(_among(_same)),
    "in~": _among(_folded),
    "!in~": _denied(_among(_folded)),
}
"""Operators between a value and a list in parentheses."""
