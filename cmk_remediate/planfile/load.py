"""Loads plan files. Only local files are read; nothing in a plan makes anything else be read."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from cmk_remediate import codes
from cmk_remediate.errors import InputError
from cmk_remediate.model.run_address import is_remote, parse_address
from cmk_remediate.planfile.check import check
from cmk_remediate.planfile.document import Document, parse
from cmk_remediate.planfile.problems import Location, PlanError, Problem
from cmk_remediate.planfile.schema import PlanFile

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_LARGEST = 8 * 1024 * 1024


@dataclass(frozen=True)
class PlanDocument:
    """A valid plan, and where it came from.

    Attributes:
        plan: what the operator declares.
        name: the file's name, as reviews show it.
        sha256: of the file's bytes, in hex.
        path: the file, absolute; None for a plan that was handed over as values.
    """

    plan: PlanFile
    name: str
    sha256: str
    path: Path | None = None

    @property
    def cloud(self) -> str:
        """Which Azure the plan is for."""
        return self.plan.cloud

    @property
    def content(self) -> dict[str, Any]:
        """The plan as JSON, defaults filled in."""
        return self.plan.model_dump(mode="json")

    @property
    def runs(self) -> str | None:
        """The run store the plan names, a folder's absolute path or a URL; None when it names none."""
        if self.plan.runs is None:
            return None
        if is_remote(self.plan.runs):
            return parse_address(self.plan.runs).text
        base = self.path.parent if self.path else Path.cwd()
        return str((base / self.plan.runs).resolve())


def load_plan(plan: str | Path | Mapping[str, Any]) -> PlanDocument:
    """Return the plan in the file at the path *plan*, or the one written in the values *plan*.

    Raises:
        PlanError: as `load`.
    """
    return from_values(plan) if isinstance(plan, Mapping) else load(plan)


def load(path: str | Path) -> PlanDocument:
    """Return the plan in the file at *path*.

    Raises:
        PlanError: CMK101 when the file cannot be read, is not UTF-8 or not YAML 1.2; CMK102, 103, 107 or 109
            for what is wrong in it. All problems are named, with line and field.
    """
    file = Path(path)
    try:
        if file.stat().st_size > _LARGEST:
            raise PlanError(str(path), [Problem(codes.input_.PLAN_UNREADABLE, (), "larger than 8 MiB")])
        data = file.read_bytes()
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError(str(path), [Problem(codes.input_.PLAN_UNREADABLE, (), f"not UTF-8: {error.reason}")]) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PlanError(str(path), [Problem(codes.input_.PLAN_UNREADABLE, (), reason)]) from error
    plan = _validated(parse(text, str(path)), str(path))
    return PlanDocument(plan, file.name, hashlib.sha256(data).hexdigest(), file.resolve())


def from_values(values: Mapping[str, Any], name: str = "plan") -> PlanDocument:
    """Return the plan written in *values*, as a runbook's argument or a script may carry it.

    Raises:
        PlanError: as `load`; lines are not named.
    """
    try:
        data = json.dumps(values, sort_keys=True, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise PlanError(name, [Problem(codes.input_.PLAN_UNREADABLE, (), f"not JSON: {error}")]) from error
    plan = _validated(Document(json.loads(data), None, lined=False), name)
    return PlanDocument(plan, name, hashlib.sha256(data).hexdigest())


def _validated(document: Document, name: str) -> PlanFile:
    try:
        # JSON mode: strict, and yet a list may fill a tuple.
        plan = PlanFile.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        problems = _without_echoes([_problem(details) for details in error.errors(include_url=False)])
    else:
        problems = list(check(plan))
        if not problems:
            return plan
    if document.lined:
        problems = [Problem(item.code, item.where, item.text, document.line(item.where)) for item in problems]
    raise PlanError(name, problems)


def _without_echoes(problems: list[Problem]) -> list[Problem]:
    """Leave out that a list is too short where pydantic says so only because an item in it is wrong."""
    inner = {item.where[:depth] for item in problems for depth in range(1, len(item.where))}
    return [item for item in problems if item.where not in inner]


def _problem(details: ErrorDetails) -> Problem:
    where: Location = details["loc"]
    text = details["msg"]
    code = codes.input_.PLAN_INVALID
    if details["type"] == "missing":
        text = "required field is missing"
    elif details["type"] == "extra_forbidden":
        text = "unknown field" + _near(where)
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


def _near(where: Location) -> str:
    names = _fields_at(PlanFile, where[:-1])
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


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a plan file, with defaults and descriptions."""
    schema = PlanFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Plan file of cmk_remediate"}
