"""Without these a machine that reads reviews would be told a schema that they do not follow."""

from __future__ import annotations

import json

import jsonschema

from cmk_remediate.report import renderer
from cmk_remediate.report.schema import review_schema
from tests.report import sample


def test_a_review_follows_the_published_schema() -> None:
    schema = review_schema()
    jsonschema.Draft202012Validator.check_schema(schema)

    jsonschema.validate(json.loads(renderer("json").review(sample.review())), schema)


def test_the_schema_knows_the_field_with() -> None:
    made = review_schema()["$defs"]["Made"]

    assert sorted(made["required"]) == ["at", "by", "id", "with"]
