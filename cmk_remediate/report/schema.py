"""The JSON Schemas (2020-12) of what is printed as JSON, and of what is saved."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from cmk_remediate.model.evidence import EvidenceCheck
from cmk_remediate.model.findings import Assessment
from cmk_remediate.model.result import RunResult, RunSummary, Verification
from cmk_remediate.model.review import Review

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def review_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``review.json``."""
    schema = Review.model_json_schema(mode="serialization")
    _name_with(schema)
    return {"$schema": _DIALECT, **schema, "title": "Review of cmk_remediate"}


def assessment_schema() -> dict[str, Any]:
    """Return the JSON Schema of what `assess` prints and saves."""
    schema = _printed(TypeAdapter(Assessment), "Assessment of cmk_remediate")
    _name_with(schema)
    return schema


def result_schema() -> dict[str, Any]:
    """Return the JSON Schema of what `apply`, `resume` and `rollback` print."""
    return _printed(TypeAdapter(RunResult), "Result of a run of cmk_remediate")


def verification_schema() -> dict[str, Any]:
    """Return the JSON Schema of what `verify` prints."""
    return _printed(TypeAdapter(Verification), "Verification of cmk_remediate")


def runs_schema() -> dict[str, Any]:
    """Return the JSON Schema of what `runs` prints."""
    return _printed(TypeAdapter(tuple[RunSummary, ...]), "Runs of cmk_remediate")


def evidence_schema() -> dict[str, Any]:
    """Return the JSON Schema of what `check-evidence` prints."""
    return _printed(TypeAdapter(EvidenceCheck), "Check of evidence of cmk_remediate")


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = MappingProxyType(
    {
        "review": review_schema,
        "result": result_schema,
        "verification": verification_schema,
        "runs": runs_schema,
        "assessment": assessment_schema,
        "evidence": evidence_schema,
    }
)
"""What makes the schema of each document, by its name for `schema`."""


def _name_with(schema: dict[str, Any]) -> None:
    """Name the field `with` as it is printed: it is a word of Python's, so it has another name there."""
    made = schema["$defs"]["Made"]
    made["properties"]["with"] = made["properties"].pop("with_")
    made["required"] = ["with" if name == "with_" else name for name in made["required"]]


def _printed(adapter: TypeAdapter[Any], title: str) -> dict[str, Any]:
    schema = adapter.json_schema(mode="serialization")
    # Every member is printed, also where it has its default; docstrings are for readers of the code.
    for part in (schema, *schema.get("$defs", {}).values()):
        part.pop("description", None)
        if "properties" in part:
            part["required"] = list(part["properties"])
            part["additionalProperties"] = False
    return {"$schema": _DIALECT, **schema, "title": title}
