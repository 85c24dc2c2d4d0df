"""Wrong here, and a change that failed counts as done, a run waits for ever, or our token goes where a journal says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate.connection import Session
from cmk_remediate.model.decisions import Estimate
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.outcomes import Accepted, Lost, NotYet, Operation, Refused, Unclear
from tests.connection.table import ARM, GROUP, PROTECTOR, START, SUB, Say, Sent, World, error, world

if TYPE_CHECKING:
    from collections.abc import Callable

STATUS = f"{ARM}{GROUP}/providers/Microsoft.Sql/locations/we/op/1?api-version=2025-01-01&t=1&s=sig"
RESULT = f"{ARM}{GROUP}/providers/Microsoft.Sql/locations/we/result/1?api-version=2025-01-01"
RECORD = Operation("PUT", PROTECTOR, "2025-01-01", STATUS, RESULT, START, "req-1", "cor", "caller-oid", 15)
USUAL = Estimate(60, 300)
RUNNING = Say(200, {"status": "InProgress", "error": {"code": "Ignored", "message": "not yet an error"}})


def wait(one: World, operation: Operation = RECORD, estimate: Estimate = USUAL) -> Any:
    session = Session(one.connection, read_only=False)
    return one.run(lambda: session.wait(operation, estimate))


def times(one: World) -> list[int]:
    return [round(sent.at - START.timestamp()) for sent in one.azure.sent]


def test_one_poll_at_the_usual_duration_is_enough() -> None:
    one = world()
    one.azure.on("GET", "op/1", Say(200, {"status": "Succeeded"}))
    outcome = wait(one)
    assert isinstance(outcome, Accepted)
    assert outcome.correlation_id == "cor"
    assert times(one) == [61]
    assert one.azure.sent[0].url == STATUS, "the signature is part of the address"


def test_retry_after_later_than_usual_counts() -> None:
    one = world()
    one.azure.on("GET", "op/1", Say(200, {"status": "Succeeded"}))
    wait(one, replace(RECORD, retry_after=90))
    assert times(one) == [91]


def test_intervals_grow_and_heed_retry_after() -> None:
    one = world()
    slow = Say(200, {"status": "InProgress"}, {"Retry-After": "40"})
    one.azure.on("GET", "op/1", RUNNING, RUNNING, slow, Say(200, {"status": "Succeeded"}))
    wait(one)
    assert times(one) == [61, 66, 74, 114]


def test_resumed_operation_is_asked_at_once() -> None:
    one = world()
    one.azure.on("GET", "op/1", Say(200, {"status": "Succeeded"}))
    session = Session(one.connection, read_only=False)

    async def main() -> None:
        await one.clock.sleep(1000)
        await session.wait(RECORD, Estimate(60, 600))

    one.run(main)
    assert times(one) == [1000]


def test_operation_without_an_end_ends_at_three_times_its_worst() -> None:
    one = world()
    one.azure.on("GET", "op/1", RUNNING)
    assert isinstance(wait(one), Unclear)
    assert 900 <= times(one)[-1] <= 905


def test_absurd_retry_after_is_bounded() -> None:
    one = world()
    one.azure.on("GET", "op/1", Say(200, {"status": "InProgress"}, {"Retry-After": "999999"}))
    assert isinstance(wait(one, replace(RECORD, retry_after=999999)), Unclear)
    assert times(one)[-1] <= 905


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": "Failed", "error": {"code": "AzureKeyVaultMissingPermissions", "message": "x"}}, NotYet),
        ({"status": "Failed", "error": {"code": "AzureKeyVaultKeyDisabled", "message": "x"}}, Refused),
        ({"status": "Failed", "properties": {"error": {"code": "AkvKeyDisabled", "message": "x"}}}, Refused),
        ({"status": "Failed"}, Unclear),
        ({"status": "Failed", "error": None}, Unclear),
        ({"status": "Failed", "error": "what"}, Unclear),
        ({"status": "Canceled"}, Unclear),
        ({"status": "Canceled", "error": {"code": "OperationCancelled", "message": "x"}}, NotYet),
        ({"status": "failed", "error": {"code": "InternalServerError", "message": "x"}}, Unclear),
        ({"status": "SUCCEEDED", "properties": {"output": 1}}, Accepted),
    ],
)
def test_ends(body: Any, expected: type) -> None:
    one = world()
    one.azure.on("GET", "op/1", Say(200, body))
    assert isinstance(wait(one), expected)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_status_that_cannot_be_read_is_lost(status: int) -> None:
    one = world()
    one.azure.on("GET", "op/1", error(status, "X"))
    assert isinstance(wait(one), Lost)


def test_unclear_polls_are_asked_again() -> None:
    one = world()
    ended = Say(200, {"status": "Succeeded"})
    one.azure.on(
        "GET", "op/1", Say(500), ConnectionResetError("x"), Say(200, raw=b"<html>"), Say(200), Say(200, []), ended
    )
    assert isinstance(wait(one), Accepted)


def test_polls_count_as_polls() -> None:
    one = world()
    one.azure.on("GET", "op/1", RUNNING, Say(200, {"status": "Succeeded"}))
    session = Session(one.connection, read_only=False)
    one.run(lambda: session.wait(RECORD, USUAL))
    assert (session.traffic.polls, session.traffic.reads) == (2, 0)


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([Say(202), Say(204)], Accepted),
        ([Say(202), Say(200, {"id": "x", "properties": {"provisioningState": "Succeeded"}})], Accepted),
        ([Say(202), Say(200, {"id": "x"})], Accepted),
        ([Say(200, {"properties": {"provisioningState": "Updating"}}), Say(200, {})], Accepted),
        ([Say(202), error(400, "AzureKeyVaultKeyDisabled")], Refused),
        ([Say(202), error(409, "EncryptionProtectorChangeInProgress")], NotYet),
        ([Say(200, {"status": "Failed", "error": {"code": "AkvKeyDeleted", "message": ""}})], Refused),
        ([Say(200, {"properties": {"provisioningState": "Failed", "error": {"code": "AkvKeyDeleted"}}})], Refused),
    ],
)
def test_location_where_there_is_no_status(turns: list[Any], expected: type) -> None:
    one = world()
    one.azure.on("GET", "result/1", *turns)
    assert isinstance(wait(one, replace(RECORD, status_url="")), expected)


@pytest.mark.parametrize(
    ("method", "turns", "expected"),
    [
        (
            "PATCH",
            [
                Say(200, {"properties": {"provisioningState": "Updating"}}),
                Say(200, {"properties": {"provisioningState": "Succeeded"}}),
            ],
            Accepted,
        ),
        ("PATCH", [Say(200, {"properties": {"provisioningState": "Failed"}})], Unclear),
        ("PATCH", [Say(200, {"properties": {}})], Lost),
        ("PATCH", [error(404, "ResourceNotFound")], Lost),
        ("DELETE", [error(404, "ResourceNotFound")], Accepted),
    ],
)
def test_resource_where_there_is_no_url(method: str, turns: list[Any], expected: type) -> None:
    one = world()
    one.azure.on("GET", PROTECTOR.text, *turns)
    record = replace(RECORD, method=method, status_url="", location_url="")
    assert isinstance(wait(one, record), expected)
    assert times(one)[0] == 61


@pytest.mark.parametrize(
    "url",
    [
        STATUS.replace("management.azure.com", "evil.example"),
        STATUS.replace("https://", "http://"),
        STATUS.replace("management.azure.com", "management.azure.com:444"),
        STATUS.replace("management.azure.com", "user@management.azure.com"),
        STATUS.replace(SUB, "ff" + SUB[2:]),
        f"{ARM}/providers/Microsoft.Sql/op/1",
        STATUS.replace("/providers", "/../../ff/providers"),
        STATUS.replace("/providers", "/%2e%2e/providers"),
        "not a url",
        "https://[::1",
    ],
)
def test_tampered_status_url_gets_no_token(url: str) -> None:
    one = world()
    one.azure.on("GET", PROTECTOR.text, Say(200, {"properties": {"provisioningState": "Succeeded"}}))
    outcome = wait(one, replace(RECORD, status_url=url, location_url=url))
    assert isinstance(outcome, Accepted), "the resource is the truth"
    assert {sent.url.partition("?")[0] for sent in one.azure.sent} == {ARM + PROTECTOR.text}


def test_status_url_in_other_casing_is_the_same_subscription() -> None:
    one = world()
    one.azure.on("GET", "op/1", Say(200, {"status": "Succeeded"}))
    shouted = replace(RECORD, resource=ResourceId(PROTECTOR.text.upper().replace("/SUBSCRIPTIONS", "/subscriptions")))
    assert isinstance(wait(one, shouted), Accepted)
    assert one.azure.sent[0].url == STATUS


def test_throttled_poll_waits_and_asks_again() -> None:
    one = world()
    one.azure.on("GET", "op/1", error(429, "TooManyRequests", Retry_After="30"), Say(200, {"status": "Succeeded"}))
    assert isinstance(wait(one), Accepted)
    assert times(one) == [61, 91]


def many(count: int) -> list[Operation]:
    """Operations of one kind, each with its own status URL and request id."""
    return [
        replace(RECORD, status_url=STATUS.replace("op/1", f"op/{n}"), client_request_id=str(n)) for n in range(count)
    ]


def ends_after(one: World, seconds: float, lost: str = "") -> Callable[[Sent], Say]:
    def rule(sent: Sent) -> Say:
        if lost and sent.path.endswith(lost):
            return error(404, "ResourceNotFound")
        return Say(200, {"status": "Succeeded" if sent.at - START.timestamp() >= seconds else "InProgress"})

    return rule


@pytest.mark.parametrize("lost", ["", "op/0"])
def test_one_of_many_is_watched_and_the_others_follow_even_if_it_is_lost(lost: str) -> None:
    one = world()
    one.azure.rule = ends_after(one, 200, lost)
    session = Session(one.connection, read_only=False)

    async def main() -> list[Any]:
        return list(await asyncio.gather(*(session.wait(operation, USUAL) for operation in many(60))))

    outcomes = one.run(main)
    assert [type(outcome) for outcome in outcomes[1:]] == [Accepted] * 59
    assert isinstance(outcomes[0], Lost if lost else Accepted)
    assert session.traffic.polls < 60 * 3
    assert times(one)[-1] <= 240
