"""Without these a machine that reads reviews would be told a schema that they do not follow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from cmk_remediate.cli import main
from cmk_remediate.report import renderer
from cmk_remediate.report.schema import SCHEMAS
from tests.report import sample, sample_assessment

if TYPE_CHECKING:
    from pathlib import Path


def printed(name: str) -> Any:
    chosen = renderer("json")
    documents = {
        "review": chosen.review(sample.review()),
        "result": chosen.run(sample.result()),
        "verification": chosen.verification(sample.VERIFICATION),
        "evidence": chosen.evidence(sample.CHECK),
        "runs": chosen.runs(sample.RUNS),
        "assessment": chosen.assessment(sample_assessment.whole()),
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
        ("assessment", "findings", [{}]),
        ("assessment", "tenant", None),
        ("assessment", "more", 1),
        ("evidence", "parts", [{"part": "review.json", "verdict": "well", "text": ""}]),
    ],
)
def test_the_schema_refuses_what_is_not_printed(name: str, member: str, wrong: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**printed(name), member: wrong}, SCHEMAS[name]())


@pytest.mark.parametrize("name", ["review", "assessment"])
def test_the_schema_knows_the_field_with(name: str) -> None:
    made = SCHEMAS[name]()["$defs"]["Made"]

    assert sorted(made["required"]) == ["at", "by", "id", "with"]


def test_an_assessment_of_the_demo_estate_follows_the_published_schema_printed_and_saved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "assessment.json"
    scope = "22222222-2222-4222-8222-222222222201"
    main(["--simulate", str(tmp_path / "az.json"), "assess", "--scope", scope, "-o", str(saved), "--json"])
    out = json.loads(capsys.readouterr().out)
    main(["schema", "assessment"])
    schema = json.loads(capsys.readouterr().out)

    assert len(out["findings"]) > 40
    jsonschema.validate(out, schema)
    assert json.loads(saved.read_bytes()) == out
