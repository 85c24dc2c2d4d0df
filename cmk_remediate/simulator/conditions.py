"""The conditions of a policy rule: learn.microsoft.com, "Azure Policy definition structure policy rule"."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cmk_remediate.simulator.declare import Json

_PARAMETER = re.compile(r"\[\s*parameters\('([^']+)'\)\s*\]", re.IGNORECASE)
_FIELD = re.compile(r"\[\s*field\('([^']+)'\)\s*\]", re.IGNORECASE)
_ABSENT = object()


def holds(rule: Json, body: Json, parameters: Mapping[str, Any], group: Json) -> bool:
    """Say whether the ``if`` part *rule* holds for *body*, a merged resource; *group* is its resource group's body.

    Not evaluated: ``count`` and template functions other than ``parameters``, ``field`` and ``resourceGroup().managedBy``.
    """
    if "not" in rule:
        return not holds(rule["not"], body, parameters, group)
    if "allOf" in rule:
        return all(holds(one, body, parameters, group) for one in rule["allOf"])
    if "anyOf" in rule:
        return any(holds(one, body, parameters, group) for one in rule["anyOf"])
    if "field" in rule:
        found = list(values(body, str(resolved(rule["field"], parameters))))
    else:
        found = [_computed(rule.get("value"), body, parameters, group)]
    for operator, check in _OPERATORS.items():
        name = next((one for one in rule if one.lower() == operator), None)
        if name is not None:
            wanted = resolved(rule[name], parameters)
            return all(check(one, wanted) for one in found)
    return False


def resolved(value: Any, parameters: Mapping[str, Any]) -> Any:
    """Return *value* with a reference to a parameter replaced by its value."""
    match = _PARAMETER.fullmatch(value) if isinstance(value, str) else None
    return parameters.get(match.group(1).lower()) if match else value


def values(body: Json, field: str) -> Iterator[Any]:
    """Go through what *field* names in *body*: one value, or each element where it has ``[*]``."""
    yield from _walk(body, _path(body, field))


def path_of(body: Json, field: str) -> str:
    """Return the dotted path in *body* that *field* names, spelled as *body* spells it where it has it."""
    spelled: list[str] = []
    node: Any = body
    for name in _path(body, field):
        match = next((one for one in node if one.lower() == name.lower()), name) if isinstance(node, dict) else name
        spelled.append(match)
        node = node.get(match) if isinstance(node, dict) else None
    return ".".join(spelled)


def _path(body: Json, field: str) -> list[str]:
    kind = str(body.get("type", ""))
    if field.lower().startswith(kind.lower() + "/") and kind:
        alias = tuple(field[len(kind) + 1 :].replace("/", ".").split("."))
        top = alias[0].lower().removesuffix("[*]")
        outside = top not in _lower(body.get("properties")) and top in _lower(body)
        return [*(() if outside or top in ("sku", "identity") else ("properties",)), *alias]
    tag = re.fullmatch(r"tags\[['\"]?([^'\"\]]+)['\"]?\]", field)
    if tag:
        return ["tags", tag.group(1)]
    return _plain(field)


@lru_cache(maxsize=512)
def _plain_cached(field: str) -> tuple[str, ...]:
    return tuple(field.split(".")) if "/" not in field else ("\0", field)


def _plain(field: str) -> list[str]:
    return list(_plain_cached(field))


def _lower(node: Any) -> set[str]:
    return {name.lower() for name in node} if isinstance(node, dict) else set()


def _walk(node: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield node
        return
    name = path[0].removesuffix("[*]")
    match = next((one for one in node if one.lower() == name.lower()), None) if isinstance(node, dict) else None
    inner = node[match] if match is not None else _ABSENT
    if path[0].endswith("[*]"):
        for element in inner if isinstance(inner, list) else ():
            yield from _walk(element, path[1:])
        return
    yield from _walk(inner, path[1:])


def _computed(value: Any, body: Json, parameters: Mapping[str, Any], group: Json) -> Any:
    value = resolved(value, parameters)
    if isinstance(value, str):
        field = _FIELD.fullmatch(value)
        if field:
            return next(values(body, field.group(1)), _ABSENT)
        if value.replace(" ", "").lower() == "[resourcegroup().managedby]":
            return group.get("managedBy", "")
    return value


def _text(value: Any) -> str:
    if value is _ABSENT or value is None:
        return ""
    return str(value).lower()


def _like(value: Any, pattern: Any) -> bool:
    return re.fullmatch(re.escape(_text(pattern)).replace(r"\*", ".*"), _text(value)) is not None


def _contains(value: Any, part: Any) -> bool:
    if isinstance(value, list):
        return _text(part) in {_text(one) for one in value}
    return _text(part) in _text(value)


def _compared(value: Any, wanted: Any) -> int:
    if value is _ABSENT:
        return -2
    left: Any = value if isinstance(value, (int, float)) else _text(value)
    right: Any = wanted if isinstance(value, (int, float)) else _text(wanted)
    return int(left > right) - int(left < right)


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "exists": lambda value, wanted: (value is not _ABSENT and value is not None) == (_text(wanted) == "true"),
    "equals": lambda value, wanted: _text(value) == _text(wanted),
    "notequals": lambda value, wanted: _text(value) != _text(wanted),
    "in": lambda value, wanted: _text(value) in {_text(one) for one in wanted},
    "notin": lambda value, wanted: _text(value) not in {_text(one) for one in wanted},
    "like": _like,
    "notlike": lambda value, wanted: not _like(value, wanted),
    "contains": _contains,
    "notcontains": lambda value, wanted: not _contains(value, wanted),
    "containskey": lambda value, wanted: _text(wanted) in _lower(value),
    "notcontainskey": lambda value, wanted: _text(wanted) not in _lower(value),
    "less": lambda value, wanted: _compared(value, wanted) == -1,
    "lessorequals": lambda value, wanted: _compared(value, wanted) in (-1, 0),
    "greater": lambda value, wanted: _compared(value, wanted) == 1,
    "greaterorequals": lambda value, wanted: _compared(value, wanted) in (0, 1),
}
