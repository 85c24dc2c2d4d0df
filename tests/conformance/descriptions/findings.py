"""What a body breaks of its description: JSON Schema, and what Azure's descriptions say beside it.

Four keywords beside JSON Schema's own: ``readOnly`` and ``writeOnly`` are enforced, ``opaque`` marks what a description leaves
open, ``discriminated`` chooses the schema of a derived type by one property's value.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from referencing import Registry

Schema = dict[str, Any]
Direction = Literal["request", "answer"]

KINDS = {
    "additionalProperties": "unknown",
    "required": "missing",
    "readOnly": "read-only",
    "writeOnly": "write-only",
    "enum": "enum",
    "const": "enum",
    "discriminated": "enum",
    "type": "type",
    "opaque": "opaque",
}
"""What a finding is called, by the keyword that found it; all others are a ``value``."""

_PLAIN = re.compile(r"[A-Za-z@$_][A-Za-z0-9_.@$-]{0,60}\Z")
_GUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z")


class Finding(NamedTuple):
    """One thing wrong with a body.

    Attributes:
        field: the dotted path in the body; ``[]`` for any item, ``*`` for any key of a map; empty for the body itself.
        kind: see `KINDS`.
        said: what is wrong, in words.
    """

    field: str
    kind: str
    said: str


def path_of(parts: Iterator[str | int]) -> str:
    """Return the path of an error as a field."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += "[]"
        else:
            plain = _PLAIN.match(part) and not _GUID.match(part)
            path += f".{part if plain else '*'}"
    return path.lstrip(".")


def findings(schema: Schema, body: Any, direction: Direction, registry: Registry[Any]) -> list[Finding]:
    """Return what *body* breaks of *schema*."""
    validator = _VALIDATORS[direction](schema, registry=registry, format_checker=_FORMATS)
    return [_finding(error) for error in validator.iter_errors(body)]


def _finding(error: ValidationError) -> Finding:
    kind = KINDS.get(str(error.validator), "value")
    text = error.message if len(error.message) < 200 else error.message[:200] + "..."
    return Finding(path_of(iter(error.absolute_path)), kind, text)


# -- keywords ----------------------------------------------------------------------------------------------------------


def _extra(_validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    """Name each property that the description does not know, by its own path."""
    if not isinstance(instance, dict) or allowed is True:
        return
    known = schema.get("properties", {})
    for name, value in instance.items():
        if name in known:
            continue
        if allowed is False:
            near = next((one for one in known if one.lower() == name.lower()), "")
            told = f"; it is spelled {near!r}" if near else ""
            yield ValidationError(f"{name!r} is not described{told}", path=[name])
        elif value is not None:  # null removes a member of a map, or tells that it was removed
            yield from _validator.descend(value, allowed, path=name)


def _required_unless(flag: str, empty: object) -> Any:
    """Return the keyword ``required``, which leaves out what carries *flag*; a property that is *empty* is absent."""

    def required(
        _validator: Any, names: list[str], instance: Any, schema: Mapping[str, Any]
    ) -> Iterator[ValidationError]:
        if not isinstance(instance, dict):
            return
        for name in names:
            if instance.get(name, empty) is empty and not schema.get("properties", {}).get(name, {}).get(flag):
                yield ValidationError(f"{name!r} is required", path=[name])

    return required


def _never(word: str) -> Any:
    def check(_validator: Any, on: Any, _instance: Any, _schema: Any) -> Iterator[ValidationError]:
        if on:
            yield ValidationError(word)

    return check


def _unless_null(keyword: str) -> Any:
    """Return *keyword* without its say on null: Azure answers null for what is absent, and its clients read it so."""
    check = Draft202012Validator.VALIDATORS[keyword]

    def lenient(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if instance is not None:
            yield from check(validator, value, instance, schema) or ()

    return lenient


def _ignored(_validator: Any, _on: Any, _instance: Any, _schema: Any) -> Iterator[ValidationError]:
    yield from ()


def _discriminated(validator: Any, told: Mapping[str, Any], instance: Any, _schema: Any) -> Iterator[ValidationError]:
    value = instance.get(told["on"]) if isinstance(instance, dict) else None
    case = told["cases"].get(value) if isinstance(value, str) else None
    if case is None and isinstance(value, str):
        yield ValidationError(f"{value!r} is not one of {sorted(told['cases'])}", path=[told["on"]])
    yield from validator.descend(instance, told["otherwise"] if case is None else case)


_SHARED = {"additionalProperties": _extra, "discriminated": _discriminated, "opaque": _never("described no further")}
_extended: Any = extend  # untyped in the stubs

_VALIDATORS: Mapping[Direction, Any] = {
    "request": _extended(
        Draft202012Validator,
        {
            **_SHARED,
            "required": _required_unless("readOnly", object()),
            "readOnly": _never("only the service sets it"),
            "writeOnly": _ignored,
        },
    ),
    "answer": _extended(
        Draft202012Validator,
        {
            **_SHARED,
            "required": _required_unless("writeOnly", None),
            "readOnly": _ignored,
            "writeOnly": _never("the service never tells it"),
            "type": _unless_null("type"),
            "enum": _unless_null("enum"),
        },
    ),
}

_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    if isinstance(value, str):
        whole = re.fullmatch(r"(.*T\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", value)
        if whole is None:
            return False
        datetime.fromisoformat(whole[1])
    return True


@_FORMATS.checks("uuid")
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or _GUID.match(value) is not None
