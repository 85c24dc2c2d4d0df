"""Without these a machine that reads reviews would be told a schema that they do not follow."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from cmk_remediate.report import renderer
from cmk_remediate.report.schema import SCHEMAS, review_schema
from tests.report import sample


def printed(name: str) -> Any:
    chosen = renderer("json")
    documents = {
        "review": chosen.review(sample.review()),
        "result": chosen.run(sample.result()),
        "verification": chosen.verification(sample.VERIFICATION),
        "evidence": chosen.evidence(sample.CHECK),
        "runs": chosen.runs(sample.RUNS),
    }
    return json.loads(documents[name])


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_printed_follows_the_published_schema(name: str) -> None:
    schema = SCHEMAS[name]()
    jsonschema.Draft202012Validator.check_schema(schema)

    jsonschema.validate(printed(name), schema)


@pytest.mark.parametrize(
    ("name", "member", "wrong"),
    [
        ("review", "expires", 1),
        ("result", "exit_code", "5"),
        ("result", "targets", [{"id": "x", "end": "undone", "code": "", "text": "", "changed": False}]),
        ("verification", "targets", [{"id": "x", "verdict": "right", "code": "", "text": ""}]),
        ("verification", "more", 1),
        ("evidence", "parts", [{"part": "review.json", "verdict": "well", "text": ""}]),
    ],
)
def test_the_schema_refuses_what_is_not_printed(name: str, member: str, wrong: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**printed(name), member: wrong}, SCHEMAS[name]())


def test_the_schema_knows_the_field_with() -> None:
    made = review_schema()["$defs"]["Made"]

    assert sorted(made["required"]) == ["at", "by", "id", "with"]
