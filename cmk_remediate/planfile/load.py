"""Loads plan files. Only local files are read; nothing in a plan makes anything else be read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cmk_remediate import codes, files
from cmk_remediate.planfile.document import Document, parse
from cmk_remediate.planfile.estate import EstateDocument, contradictions
from cmk_remediate.planfile.plan import PlanDocument
from cmk_remediate.planfile.problems import Location, PlanError, Problem
from cmk_remediate.planfile.schema import EstateFile, PlanFile
from cmk_remediate.planfile.validate import validated

_LARGEST = 8 * 1024 * 1024
_TOO_LARGE = Problem(codes.input_.PLAN_UNREADABLE, (), "larger than 8 MiB")
_NESTED = "an estate file lists plans, not estates"


Loaded = PlanDocument | EstateDocument
"""One plan, or the plans of an estate file."""


def load_plan(plan: str | Path | Mapping[str, Any]) -> Loaded:
    """Return the plan in the file at the path *plan*, or the one written in the values *plan*; or an estate's plans.

    Raises:
        PlanError: as `load`.
    """
    return from_values(plan) if isinstance(plan, Mapping) else load(plan)


def load(path: str | Path) -> Loaded:
    """Return the plan in the file at *path*, or the plans that the estate file there lists.

    Raises:
        PlanError: CMK101 when a file cannot be read, is not UTF-8 or not YAML 1.2; CMK102, 103, 107 or 109
            for what is wrong in it; CMK123 when plans of an estate contradict each other. All problems of a file are
            named, with line and field.
    """
    file, name = Path(path), files.shown(path)
    data = _bytes(file, name)
    document = parse(data.decode("utf-8-sig"), name)
    short = files.shown(file.name)
    if not _is_estate(document.value):
        plan = validated(document, PlanFile, name)
        return PlanDocument(plan, short, hashlib.sha256(data).hexdigest(), _resolved(file, name))
    listed = validated(document, EstateFile, name).plans
    plans = [_plan_of(file.parent / one, one, document, index, name) for index, one in enumerate(listed)]
    return _joined(plans, document, short, data, name, _resolved(file, name))


def from_bytes(data: bytes, name: str) -> PlanDocument:
    """Return the plan written as *data*, kept as *name* where no other file is beside it.

    Raises:
        PlanError: as `load`; also CMK107 for an estate file, whose plans would have to be fetched too.
    """
    document = parse(_text(data, name), name)
    if _is_estate(document.value):
        text = "an estate file lists files, and is read from a folder; hand its plans over as values"
        raise PlanError(name, [Problem(codes.input_.PLAN_INVALID, ("plans",), text, document.line(("plans",)))])
    plan = validated(document, PlanFile, name)
    return PlanDocument(plan, name.rpartition("/")[2], hashlib.sha256(data).hexdigest())


def from_values(values: Mapping[str, Any], name: str = "plan", *, template: bool = False) -> Loaded:
    """Return the plan written in *values*, as a runbook's argument or a script may carry it; ``plans`` holds an estate's.

    A *template*, a plan of our own making, may still hold placeholders.

    Raises:
        PlanError: as `load`; lines are not named.
    """
    try:
        data = json.dumps(values, sort_keys=True, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise PlanError(name, [Problem(codes.input_.PLAN_UNREADABLE, (), f"not JSON: {error}")]) from error
    document = Document(json.loads(data), None, lined=False)
    if not _is_estate(document.value):
        plan = validated(document, PlanFile, name, template=template)
        return PlanDocument(plan, name, hashlib.sha256(data).hexdigest())
    listed = document.value["plans"]
    written = isinstance(listed, list) and bool(listed) and all(isinstance(one, dict) for one in listed)
    if not written or set(document.value) != {"plans"}:
        text = "an estate handed over as values is `plans`, a list of plans, and nothing else"
        raise PlanError(name, [Problem(codes.input_.PLAN_INVALID, ("plans",), text)])
    plans = [from_values(one, f"{name}[{index}]") for index, one in enumerate(listed)]
    alone = [one for one in plans if isinstance(one, PlanDocument)]
    if len(alone) < len(plans):
        raise PlanError(name, [Problem(codes.input_.PLAN_INVALID, ("plans",), _NESTED)])
    return _joined(alone, document, name, data, name)


def read_text(file: Path, name: str) -> str:
    """Return the text of *file*, called *name* in errors.

    Raises:
        PlanError: CMK101 when it cannot be read, is too large or not UTF-8.
    """
    return _bytes(file, name).decode("utf-8-sig")


def _bytes(file: Path, name: str) -> bytes:
    """Return the UTF-8 in *file*."""
    try:
        data = files.read(file, _LARGEST)
    except (OSError, ValueError) as error:
        raise PlanError(name, [Problem(codes.input_.PLAN_UNREADABLE, (), files.why(error))]) from error
    _text(data, name)
    return data


def _resolved(file: Path, name: str) -> Path:
    """Return *file* absolute and without links."""
    with files.naming(name, codes.input_.PLAN_UNREADABLE):
        return file.resolve()


def _text(data: bytes, name: str) -> str:
    """Return the text that *data* is."""
    if len(data) > _LARGEST:
        raise PlanError(name, [_TOO_LARGE])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError(name, [Problem(codes.input_.PLAN_UNREADABLE, (), f"not UTF-8: {error.reason}")]) from error


def _is_estate(value: Any) -> bool:
    return isinstance(value, Mapping) and "plans" in value and "service" not in value


def _plan_of(path: Path, said: str, document: Document, index: int, name: str) -> PlanDocument:
    """Return the plan in *path*, called *said* in the list."""
    data = _bytes(path, f"{name}: {said}")
    inner = parse(data.decode("utf-8-sig"), f"{name}: {said}")
    if _is_estate(inner.value):
        where: Location = ("plans", index)
        raise PlanError(name, [Problem(codes.input_.PLAN_INVALID, where, f"{said}: {_NESTED}", document.line(where))])
    plan = validated(inner, PlanFile, f"{name}: {said}")
    return PlanDocument(plan, said, hashlib.sha256(data).hexdigest(), _resolved(path, name))


def _joined(
    plans: Sequence[PlanDocument], document: Document, name: str, data: bytes, shown: str, path: Path | None = None
) -> EstateDocument:
    problems = list(contradictions(plans))
    if problems:
        line = document.line(("plans",)) if document.lined else 0
        raise PlanError(shown, [replace(one, line=line) for one in problems])
    digest = hashlib.sha256(data + "".join(one.sha256 for one in plans).encode()).hexdigest()
    return EstateDocument(tuple(plans), name, digest, path)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a plan file, with defaults and descriptions."""
    schema = PlanFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Plan file of cmk_remediate"}
