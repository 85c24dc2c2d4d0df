"""What a user loses: a write sent twice, an answer that is misread, an operation nobody recorded."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from cmk_remediate.model.decisions import Read, Request
from cmk_remediate.model.outcomes import Accepted, NotYet, Refused, Started, Unclear
from tests.connection.asking import PATCH_VAULT, read, send
from tests.connection.table import ARM, GROUP, PROTECTOR, SERVER, VAULT, Say, error, world


def test_reads_are_tried_again_and_writes_are_not() -> None:
    one = world()
    busy = error(503, "ServiceUnavailable", Retry_After="7")
    one.azure.on("GET", VAULT.text, ServiceResponseError("reset"), busy, Say(200, raw=b'{"cut'), Say(200, {"ok": 1}))
    one.azure.on("PATCH", VAULT.text, busy)
    assert read(one, Read(VAULT)) == {"ok": 1}
    assert len(one.azure.sent) == 4
    assert round(one.azure.sent[2].at - one.azure.sent[1].at) == 7, "Retry-After counts"

    one.azure.sent.clear()
    assert isinstance(send(one, PATCH_VAULT), Unclear)
    assert len(one.azure.sent) == 1


@pytest.mark.parametrize("failure", [ServiceRequestError("no route"), ServiceResponseError("reset"), OSError("gone")])
def test_write_without_an_answer_is_unclear_and_left_once(failure: Exception) -> None:
    one = world()
    one.azure.on("PATCH", VAULT.text, failure)
    assert isinstance(send(one, PATCH_VAULT), Unclear)
    assert len(one.azure.sent) == 1


def test_answer_that_never_ends_is_no_answer() -> None:
    one = world(latency=300)
    one.azure.on("PATCH", VAULT.text, Say(200, {}))
    assert isinstance(send(one, PATCH_VAULT), Unclear)
    assert one.clock.monotonic() - one.azure.sent[0].at <= 26


def test_read_only_post_is_sent_again_with_its_body() -> None:
    one = world()
    one.azure.on("POST", "checkPolicyRestrictions", error(502, "BadGateway"), Say(200, {"fieldRestrictions": []}))
    what = Read(SERVER, "check-policy", body='{"resourceDetails":{}}')
    assert read(one, what) == {"fieldRestrictions": []}
    assert [sent.body for sent in one.azure.sent] == [b'{"resourceDetails":{}}'] * 2


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (Say(200, {"properties": {"provisioningState": "Succeeded"}}), Accepted),
        (Say(201, {"properties": {}}), Accepted),
        (Say(200), Accepted),
        (Say(202), Started),
        (Say(200, {}, {"Azure-AsyncOperation": f"{ARM}{GROUP}/op"}), Started),
        (Say(200, {"properties": {"provisioningState": "Updating"}}), Started),
        (Say(200, {"properties": {"provisioningState": "Failed"}}), Unclear),
        (Say(200, raw=b'{"id": "/subs'), Unclear),
        (error(409, "ConflictError", "changed from the point the operation began"), NotYet),
        (error(400, "BadRequest"), Refused),
        (Say(500, raw=b""), Unclear),
        (Say(302, headers={"Location": "https://evil.example/"}), Refused),
    ],
)
def test_what_an_answer_to_a_write_means(turn: Say, expected: type) -> None:
    one = world()
    one.azure.on("PATCH", VAULT.text, turn)
    assert isinstance(send(one, PATCH_VAULT), expected)
    assert len(one.azure.sent) == 1, "no redirect is followed"


def test_started_operation_is_recorded_by_us() -> None:
    one = world()
    status = f"{ARM}{GROUP}/providers/Microsoft.Sql/locations/we/serverKeyAzureAsyncOperation/1"
    headers = {
        "Azure-AsyncOperation": status,
        "Location": status + "r",
        "Retry-After": "15",
        "x-ms-correlation-request-id": "cor",
    }
    one.azure.on("PUT", PROTECTOR.text, Say(202, {"operation": "x"}, headers))
    outcome = send(one, Request("PUT", PROTECTOR, {"properties": {}}))

    assert isinstance(outcome, Started)
    record = outcome.operation
    assert (record.method, record.resource, record.api_version) == ("PUT", PROTECTOR, "2025-01-01")
    assert (record.status_url, record.location_url, record.retry_after) == (status, status + "r", 15)
    assert (record.client_request_id, record.correlation_id, record.caller) == ("req-1", "cor", "caller-oid")
    assert record.started == outcome.at
