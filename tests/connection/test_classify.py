"""`not yet` and `never` mixed up: a run that waits twenty minutes for nothing, or gives up a minute too early."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from cmk_remediate import codes
from cmk_remediate.connection.calls import LONGEST_WAIT, Reply
from cmk_remediate.connection.classify import judge_operation, judge_reply, judge_silence
from cmk_remediate.connection.errors_text import azure_says
from cmk_remediate.model.outcomes import NotYet, Refused
from tests.connection.error_table import word
from tests.connection.table import START

SQL = "Microsoft.Sql"


def reply(status: int, body: Any, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, content, START)


def says(code: str, message: str = "m", inner: str = "", outer: str = "") -> dict[str, Any]:
    error: dict[str, Any] = {"code": outer or code, "message": message}
    if inner or outer:
        error["innererror"] = {"code": inner or code}
    return {"error": error}


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (401, b"", "CMK105"),
        (403, b"<html>", "CMK204"),
        (408, b"", "read"),
        (429, b"", "throttled"),
        (500, b"", "read"),
        (502, b"<html>bad gateway</html>", "read"),
        (503, b"{", "read"),
        (504, b"null", "read"),
        (599, b"[]", "read"),
        (400, b"", "CMK209"),
        (404, b"", "CMK209"),
        (409, b'"x"', "CMK209"),
        (412, b"{}", "CMK209"),
        (302, b"", "CMK209"),
        (400, b'{"error": null}', "CMK209"),
        (400, b'{"error": {"code": null, "message": 7, "innererror": {"innererror": []}, "details": {}}}', "CMK209"),
        (400, b"\xff\xfe\x00", "CMK209"),
    ],
)
def test_status_where_nothing_else_speaks(status: int, body: bytes, means: str) -> None:
    outcome = judge_reply(reply(status, body), SQL)
    assert word(outcome) == means
    assert outcome.text


def test_unknown_code_keeps_the_statuss_meaning() -> None:
    assert word(judge_reply(reply(500, says("Whatever")), SQL)) == "read"
    assert word(judge_reply(reply(429, says("Whatever")), SQL)) == "throttled"
    assert word(judge_reply(reply(403, says("Whatever")), SQL)) == "CMK204"


def test_innermost_code_wins() -> None:
    body = {"error": {"code": "Forbidden", "message": "no", "innererror": {"code": "ForbiddenByFirewall"}}}
    assert word(judge_reply(reply(403, body), SQL)) == "CMK202"
    deep = {
        "error": {
            "code": "Conflict",
            "message": "m",
            "innererror": {"code": "X", "innererror": {"code": "ObjectIsBeingRecovered"}},
        }
    }
    assert word(judge_reply(reply(409, deep), SQL)) == "busy"


def test_an_envelope_around_an_error_is_taken_off() -> None:
    """OperationStatus.error of redisenterprise.json (2024-10-01) is an envelope; Resource Manager's contract has none."""
    inner = says("Forbidden", "no", inner="ForbiddenByFirewall")
    for error in (inner, {"error": inner}):
        outcome = judge_operation({"status": "Failed", **error}, "Microsoft.Cache")
        assert (word(outcome), outcome.text) == ("CMK202", "no")


def test_details_count_where_the_error_itself_says_nothing() -> None:
    body = {
        "error": {
            "code": "MultipleErrorsOccurred",
            "message": "see",
            "details": [{"code": "ScopeLocked", "message": "lock"}],
        }
    }
    assert word(judge_reply(reply(409, body), SQL)) == "CMK206"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "ScopeLocked", "message": "m"}},
        {"code": "ScopeLocked", "message": "m"},
        {"Code": "ScopeLocked", "Message": "m"},
        {"odata.error": {"code": "ScopeLocked", "message": {"lang": "en", "value": "m"}}},
        {"properties": {"error": {"code": "ScopeLocked", "message": "m"}}},
    ],
)
def test_envelopes(body: Any) -> None:
    found = azure_says(body)
    assert (found.code, found.text) == ("ScopeLocked", "m")


def test_what_an_outcome_carries() -> None:
    outcome = judge_reply(reply(429, says("TooManyRequests"), retry_after="12", x_ms_correlation_request_id="cor"), SQL)
    assert outcome == NotYet("throttled", "TooManyRequests", "m", 12, network_possible=False, correlation_id="cor")
    dated = judge_reply(reply(429, says("X"), retry_after="Mon, 01 Jun 2026 12:01:00 GMT"), SQL)
    assert isinstance(dated, NotYet)
    assert dated.retry_after == 60
    refused = judge_reply(reply(409, says("Conflict", inner="ObjectIsDeletedButRecoverable")), SQL)
    assert isinstance(refused, Refused)
    assert "ecover" in refused.hint


@pytest.mark.parametrize("header", ["retry_after", "retry_after_ms"])
@pytest.mark.parametrize("digits", [9, 12, 400, 5000])
def test_a_wait_that_nobody_can_mean_is_a_wait_that_can_be_counted(header: str, digits: int) -> None:
    """It goes into the journal: one that no clock can count to would end every resume and every rollback."""
    found = judge_reply(reply(429, says("TooManyRequests"), **{header: "9" * digits}), SQL)
    assert isinstance(found, NotYet)
    assert found.retry_after <= LONGEST_WAIT
    assert START + timedelta(seconds=found.retry_after) > START


def test_long_messages_are_cut_and_made_one_line() -> None:
    outcome = judge_reply(reply(400, says("X", "a\nb" * 5000)), SQL)
    assert len(outcome.text) < 700
    assert "\n" not in outcome.text


def test_silence_is_unclear_and_says_what_broke() -> None:
    assert "reset" in judge_silence(ConnectionResetError("reset by peer")).text
    assert judge_silence(TimeoutError()).text


@pytest.mark.parametrize(("namespace", "means"), [("Microsoft.KeyVault", "CMK204"), ("Microsoft.DocumentDB", "access")])
def test_whose_access_is_missing_depends_on_who_answers(namespace: str, means: str) -> None:
    """A vault that we asked means us; a service that passes the vault's answer on means its identity."""
    body = {"error": {"code": "Forbidden", "message": "no", "innererror": {"code": "ForbiddenByRbac"}}}
    assert word(judge_reply(reply(403, body), namespace)) == means


def test_a_code_that_says_little_counts_only_where_nothing_stands_inside_it() -> None:
    assert word(judge_reply(reply(409, says("Conflict")), SQL)) == "busy"
    assert (
        word(judge_reply(reply(409, says("Conflict", inner="NobodyKnowsThisCode", outer="Conflict")), SQL)) == "CMK209"
    )


def test_an_unknown_error_is_refused_with_what_azure_said() -> None:
    outcome = judge_reply(reply(409, says("NobodyKnowsThisCode", "Nor this text, about kv-one.")), SQL)
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.azure_code) == (codes.access.REFUSED_BY_AZURE, "NobodyKnowsThisCode")
    assert outcome.text == "Nor this text, about kv-one."
