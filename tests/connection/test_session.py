"""What a user loses: settings dropped on the way out, half a list."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from cmk_remediate import codes
from cmk_remediate.errors import AzureError, BugError
from cmk_remediate.model.decisions import Read, Request, unreachable
from cmk_remediate.model.outcomes import Accepted
from cmk_remediate.model.values import UNKNOWN
from tests.connection.asking import read, send
from tests.connection.table import ARM, KEY, PROTECTOR, SERVER, VAULT, Say, error, world


@pytest.mark.parametrize(
    ("request_", "ends"),
    [
        (Request("PATCH", VAULT, {"b": None, "a": {"unheardOf": [1, None]}, "tags": {"ü": ""}}), VAULT.text),
        (Request("PATCH", SERVER, {"identity": {"type": "None"}, "keyId": None}), SERVER.text),
        (Request("PUT", KEY, {"properties": {"new": {"deep": None}}}), KEY.text),
        (Request("PUT", PROTECTOR, {"properties": {"serverKeyName": None, "x": 1}}), PROTECTOR.text),
        (Request("PUT", KEY, {"attributes": {"expiryTime": None}}, "rotation-policy-put"), "/keys/k1/rotationpolicy"),
    ],
)
def test_exactly_our_bytes_leave(request_: Request, ends: str) -> None:
    one = world()
    one.azure.on(request_.method, ends, Say(200, {}))
    outcome = send(one, request_)

    sent = one.azure.sent[-1]
    expected = json.dumps(request_.body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert isinstance(outcome, Accepted)
    assert sent.body == expected
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["x-ms-client-request-id"] == "req-1"


def test_raw_json_comes_back_with_what_no_model_knows() -> None:
    one = world()
    body = {"id": SERVER.text, "properties": {"unheardOf": {"deep": [None, 1]}, "version": None}, "Odd": True}
    one.azure.on("GET", SERVER.text, Say(200, body))
    assert read(one, Read(SERVER)) == body


def test_body_that_the_sdks_models_choke_on_is_still_read() -> None:
    one = world()
    ours = VAULT.extension("Microsoft.Authorization/roleAssignments", "g1")
    body = {"properties": {"createdOn": "not a date", "principalId": ["x"]}}
    one.azure.on("GET", ours.text, Say(200, body))
    assert read(one, Read(ours)) == body


def test_unknown_never_leaves() -> None:
    one = world()
    with pytest.raises(BugError, match="unknown"):
        send(one, Request("PATCH", VAULT, {"properties": {"x": [UNKNOWN]}}))
    with pytest.raises(BugError, match="unknown"):
        send(one, Request("PUT", UNKNOWN, {}))
    assert one.azure.sent == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "ResourceNotFound"),
        (404, "ResourceGroupNotFound"),
        (404, "ParentResourceNotFound"),
        (404, "RoleAssignmentNotFound"),
        (404, "KeyNotFound"),
        (404, "RoleDefinitionDoesNotExist"),
    ],
)
def test_absent(status: int, code: str) -> None:
    one = world()
    one.azure.on("GET", VAULT.text, error(status, code))
    assert read(one, Read(VAULT)) is None


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (error(404, "SubscriptionNotFound"), codes.access.REFUSED_BY_AZURE),
        (Say(404, raw=b"<html>no route</html>"), codes.access.REFUSED_BY_AZURE),
        (Say(404), codes.access.REFUSED_BY_AZURE),
        (error(403, "AuthorizationFailed"), codes.access.PERMISSION_MISSING),
        (error(400, "DatabaseInaccessible"), codes.access.REFUSED_BY_AZURE),
        (error(500, "InternalServerError"), codes.access.UNCLEAR_ANSWER),
        (Say(200, raw=b'{"id": "/subs'), codes.access.UNCLEAR_ANSWER),
        (Say(200, raw=b""), codes.access.UNCLEAR_ANSWER),
        (Say(200, raw=b"null"), codes.access.UNCLEAR_ANSWER),
        (ServiceRequestError("no route"), codes.access.UNCLEAR_ANSWER),
    ],
)
def test_what_is_no_absence_is_an_error(turn: Any, expected: str) -> None:
    one = world()
    one.azure.on("GET", VAULT.text, turn)
    with pytest.raises(AzureError) as caught:
        read(one, Read(VAULT))
    assert caught.value.code == expected
    assert caught.value.resource == VAULT.text


@pytest.mark.parametrize(
    "turn",
    [
        error(403, "Forbidden", inner="ForbiddenByFirewall"),
        ServiceRequestError("no route"),
        error(503, "ServiceUnavailable"),
        Say(200, raw=b"<html>sign in to the proxy</html>"),
        Say(302, {}),
        Say(404, raw=b"no such host here"),
        Say(407, raw=b""),
    ],
)
def test_vault_endpoint_out_of_reach_is_an_answer(turn: Any) -> None:
    """Whoever asks can do without: a vault that is down, or a proxy that answers for it, must not end a rollback."""
    one = world()
    one.azure.on("GET", "/deletedkeys/k1", turn)
    assert read(one, Read(KEY, "deleted-get")) == unreachable()
    one.azure.on("GET", "/deletedkeys/k1", error(404, "KeyNotFound"))
    assert read(one, Read(KEY, "deleted-get")) is None


def test_all_pages_of_a_list() -> None:
    one = world()
    pages = f"{ARM}{SERVER}/databases?api-version=2025-01-01&$skipToken="
    one.azure.on(
        "GET",
        f"{SERVER}/databases",
        Say(200, {"value": [{"name": "a"}], "nextLink": pages + "1"}),
        Say(200, {"value": [], "nextLink": pages + "2"}),
        Say(200, {"value": [{"name": "b", "odd": None}]}),
    )
    assert read(one, Read(SERVER, "list:databases")) == [{"name": "a"}, {"name": "b", "odd": None}]
    assert [sent.url[-1] for sent in one.azure.sent[1:]] == ["1", "2"]


def test_list_of_nothing_and_list_below_nothing() -> None:
    one = world()
    one.azure.on("GET", f"{SERVER}/databases", Say(200, {"value": []}))
    assert read(one, Read(SERVER, "list:databases")) == []
    assert read(one, Read(SERVER, "list:keys")) is None


def test_failing_page_is_no_short_list() -> None:
    one = world()
    next_link = f"{ARM}{SERVER}/keys?page=2"
    one.azure.on(
        "GET", f"{SERVER}/keys", Say(200, {"value": [{}], "nextLink": next_link}), error(403, "AuthorizationFailed")
    )
    with pytest.raises(AzureError) as caught:
        read(one, Read(SERVER, "list:keys"))
    assert caught.value.code == codes.access.PERMISSION_MISSING


def test_pages_in_a_circle_end() -> None:
    one = world()
    one.azure.on("GET", f"{SERVER}/keys", Say(200, {"value": [{}], "nextLink": f"{ARM}{SERVER}/keys?page=2"}))
    with pytest.raises(AzureError, match="circle"):
        read(one, Read(SERVER, "list:keys"))
