"""The JSON Schema of a saved review."""

from __future__ import annotations

from typing import Any

from cmk_remediate.model.review import Review


def review_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``review.json``."""
    schema = Review.model_json_schema(mode="serialization")
    made = schema["$defs"]["Made"]
    # `with` is a word of Python's, so the field has another name there.
    made["properties"]["with"] = made["properties"].pop("with_")
    made["required"] = ["with" if name == "with_" else name for name in made["required"]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Review of cmk_remediate"}
