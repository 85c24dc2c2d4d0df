"""Holds what a file says against a schema: every problem at once, with its line and field."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from cmk_remediate import codes
from cmk_remediate.errors import InputError
from cmk_remediate.planfile.check import check
from cmk_remediate.planfile.problems import Location, PlanError, Problem
from cmk_remediate.planfile.schema import PlanFile
from cmk_remediate.planfile.unfilled import unfilled

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from cmk_remediate.planfile.document import Document

M = TypeVar("M", bound=BaseModel)


def validated(document: Document, schema: type[M], name: str, *, template: bool = False) -> M:
    """Return what *document*, called *name*, says, as *schema*; a *template* may still hold placeholders.

    Raises:
        PlanError: CMK102, 103, 107 or 109 for what is wrong in it.
    """
    try:
        # JSON mode: strict, and yet a list may fill a tuple.
        found = schema.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        problems = _without_echoes([_problem(details, schema) for details in error.errors(include_url=False)])
        named = {item.where for item in problems}
        problems += [] if template else [item for item in unfilled(document.value) if item.where not in named]
    else:
        problems = list(check(found)) if isinstance(found, PlanFile) else []
        problems += [] if template else unfilled(document.value)
        if not problems:
            return found
    if document.lined:
        problems = [Problem(item.code, item.where, item.text, document.line(item.where)) for item in problems]
    raise PlanError(name, problems)


def _without_echoes(problems: list[Problem]) -> list[Problem]:
    """Leave out that a list is too short where pydantic says so only because an item in it is wrong."""
    inner = {item.where[:depth] for item in problems for depth in range(1, len(item.where))}
    return [item for item in problems if item.where not in inner]


def _problem(details: ErrorDetails, schema: type[BaseModel]) -> Problem:
    where: Location = details["loc"]
    text = details["msg"]
    code = codes.input_.PLAN_INVALID
    if details["type"] == "missing":
        text = "required field is missing"
    elif details["type"] == "extra_forbidden":
        text = "unknown field" + _near(where, schema)
    elif details["type"] == "value_error":
        error = details["ctx"]["error"]
        text = str(error)
        if isinstance(error.__cause__, InputError):
            code = error.__cause__.code
    elif not where:
        text = "a plan is a set of fields, `service:` first"
    else:
        text = text[:1].lower() + text[1:] + _shown(details["input"])
    return Problem(code, where, text)


def _shown(value: object) -> str:
    if isinstance(value, (dict, list)):
        return ""
    text = json.dumps(value)
    return f" (found {text[:60]})"


def _near(where: Location, schema: type[BaseModel]) -> str:
    names = _fields_at(schema, where[:-1])
    close = difflib.get_close_matches(str(where[-1]), names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _fields_at(model: type[BaseModel], where: Location) -> list[str]:
    """Return the names of the fields that may stand at *where*."""
    for part in where:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
