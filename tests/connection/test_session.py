"""What a user loses: settings dropped on the way out, half a list, a token in strange hands, a write in a dry run."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from azure.core import AzureClouds
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.identity import AzureAuthorityHosts
from azure.mgmt.core.tools import get_arm_endpoints

from cmk_remediate import codes
from cmk_remediate.connection import CLOUDS, Session, SessionReader
from cmk_remediate.errors import AzureError, BugError, InputError, RefusedError
from cmk_remediate.model.decisions import Read, Request, unreachable
from cmk_remediate.model.outcomes import Accepted, NotYet, Refused, Started, Unclear
from cmk_remediate.model.values import UNKNOWN
from tests.connection.table import ARM, GROUP, KEY, PROTECTOR, SERVER, VAULT, Say, World, error, jwt, world

PATCH_VAULT = Request("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})


def session(one: World, *, read_only: bool = False) -> Session:
    return Session(one.connection, read_only=read_only, vaults=[VAULT])


def send(one: World, request: Request) -> Any:
    return one.run(lambda: session(one).send(request, client_request_id="req-1"))


def read(one: World, what: Read) -> Any:
    return one.run(lambda: session(one).read(what)).body


# Bytes


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


# Reads


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
    "turn", [error(403, "Forbidden", inner="ForbiddenByFirewall"), ServiceRequestError("no route")]
)
def test_vault_endpoint_out_of_reach_is_an_answer(turn: Any) -> None:
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


# Writes


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


def test_no_provider_is_ever_registered() -> None:
    one = world()
    one.azure.on("PATCH", SERVER.text, error(409, "MissingSubscriptionRegistration"))
    outcome = send(one, Request("PATCH", SERVER, {}))
    assert isinstance(outcome, Refused)
    assert outcome.code == codes.access.PROVIDER_NOT_REGISTERED
    assert len(one.azure.sent) == 1


# Guard and hosts


def test_read_only_session_sends_no_write() -> None:
    one = world()
    with pytest.raises(BugError) as caught:
        one.run(lambda: session(one, read_only=True).send(PATCH_VAULT, client_request_id="x"))
    assert caught.value.code == codes.access.WRITE_IN_READ_ONLY
    assert one.azure.sent == []


def test_reader_cannot_send_at_all() -> None:
    one = world()
    reader = session(one).reader()
    assert isinstance(reader, SessionReader)
    assert not hasattr(reader, "send")
    one.azure.on("GET", VAULT.text, Say(200, {"a": 1}))
    assert one.run(lambda: reader.read(Read(VAULT))).body == {"a": 1}
    assert one.run(reader.caller) == "caller-oid"
    assert reader.now() == session(one).now()


def test_read_cannot_smuggle_a_write_nor_a_write_a_read() -> None:
    one = world()
    with pytest.raises(BugError, match="not a read"):
        read(one, Read(VAULT, "patch"))
    with pytest.raises(BugError, match="no PUT"):
        send(one, Request("PUT", VAULT, {}, "get"))
    assert one.azure.sent == []


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/next",
        "http://management.azure.com/next",
        "https://management.azure.com:8443/next",
        "https://management.azure.com@evil.example/next",
        "https://management.azure.com.evil.example/next",
        "https://other.vault.azure.net/keys",
        "https://evil.example\\@management.azure.com/next",
        "//evil.example/next",
        "https://[::1/",
    ],
)
def test_next_page_elsewhere_is_refused_before_a_token_leaves(link: str) -> None:
    one = world()
    one.azure.on("GET", f"{SERVER}/keys", Say(200, {"value": [], "nextLink": link}))
    with pytest.raises(RefusedError) as caught:
        read(one, Read(SERVER, "list:keys"))
    assert caught.value.code == codes.access.HOST_REFUSED
    assert len(one.azure.sent) == 1
    assert len(one.credential.asked) == 1


def test_vault_that_no_plan_names_is_refused_before_a_token_is_asked_for() -> None:
    one = world()
    bare = Session(one.connection, read_only=True)
    with pytest.raises(RefusedError):
        one.run(lambda: bare.read(Read(KEY, "deleted-get")))
    assert one.azure.sent == []
    assert one.credential.asked == []
    bare.allow(VAULT)
    one.azure.on("GET", "/deletedkeys/k1", Say(200, {"recoveryId": "x"}))
    assert one.run(lambda: bare.read(Read(KEY, "deleted-get"))).body == {"recoveryId": "x"}


@pytest.mark.parametrize("status", [401, 403])
def test_vault_closed_to_the_caller_is_said_and_fails_no_dry_run(status: int) -> None:
    one = world()
    one.azure.on("GET", "/deletedkeys/k1", error(status, "Forbidden", inner="ForbiddenByFirewall"))
    assert read(one, Read(KEY, "deleted-get")) == unreachable()


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=lambda cloud: cloud.name)
def test_each_cloud_has_its_own_hosts_and_audiences(cloud: Any) -> None:
    one = world(cloud.name)
    one.azure.on("GET", VAULT.text, Say(200, {}))
    one.azure.on("GET", "/deletedkeys/k1", error(404, "KeyNotFound"))
    both = session(one)

    async def main() -> None:
        await both.read(Read(VAULT))
        await both.read(Read(KEY, "deleted-get"))

    one.run(main)
    assert [sent.url.partition("/subscriptions")[0].partition("/deletedkeys")[0] for sent in one.azure.sent] == [
        cloud.arm,
        f"https://kv1.{cloud.vault_suffix}",
    ]
    assert [scope for scope, _ in one.credential.asked] == [cloud.arm_scope, cloud.vault_scope]


def test_clouds_are_as_the_sdk_has_them() -> None:
    authorities = {
        "AzureCloud": AzureAuthorityHosts.AZURE_PUBLIC_CLOUD,
        "AzureUSGovernment": AzureAuthorityHosts.AZURE_GOVERNMENT,
        "AzureChinaCloud": AzureAuthorityHosts.AZURE_CHINA,
    }
    clouds = {
        "AzureCloud": AzureClouds.AZURE_PUBLIC_CLOUD,
        "AzureUSGovernment": AzureClouds.AZURE_US_GOVERNMENT,
        "AzureChinaCloud": AzureClouds.AZURE_CHINA_CLOUD,
    }
    for name, cloud in CLOUDS.items():
        theirs = get_arm_endpoints(clouds[name])
        assert cloud.arm == theirs["resource_manager"].rstrip("/")
        assert [cloud.arm_scope] == theirs["credential_scopes"]
        assert cloud.authority == authorities[name]


def test_unknown_cloud() -> None:
    one = world("AzureGermanCloud")
    with pytest.raises(InputError, match="AzureGermanCloud"):
        session(one)


# Tokens and logs


def test_expired_token_is_replaced_once_even_for_a_write() -> None:
    one = world()
    one.azure.on("PATCH", VAULT.text, error(401, "ExpiredAuthenticationToken", WWW_Authenticate="Bearer"), Say(200, {}))
    assert isinstance(send(one, PATCH_VAULT), Accepted)
    assert [sent.headers["authorization"] for sent in one.azure.sent] == [f"Bearer {jwt(1)}", f"Bearer {jwt(2)}"]
    assert one.azure.sent[0].body == one.azure.sent[1].body != b""


def test_token_refused_twice_is_refused() -> None:
    one = world()
    one.azure.on("PATCH", VAULT.text, error(401, "InvalidAuthenticationToken"))
    outcome = send(one, PATCH_VAULT)
    assert isinstance(outcome, Refused)
    assert outcome.code == codes.input_.CREDENTIAL_UNUSABLE
    assert len(one.azure.sent) == 2


def test_claims_of_a_challenge_are_passed_on() -> None:
    one = world()
    challenge = 'Bearer error="insufficient_claims", claims="eyJhIjoxfQ=="'
    one.azure.on("GET", VAULT.text, error(401, "InvalidAuthenticationToken", WWW_Authenticate=challenge), Say(200, {}))
    read(one, Read(VAULT))
    assert one.credential.asked[1][1] == {"claims": '{"a":1}'}


def test_one_token_serves_many_requests() -> None:
    one = world()
    one.azure.on("GET", VAULT.text, Say(200, {}))
    many = session(one)

    async def main() -> None:
        for _ in range(5):
            await many.read(Read(VAULT))

    one.run(main)
    assert len(one.credential.asked) == 1


def test_who_we_are() -> None:
    one = world()
    assert one.run(session(one).caller) == "caller-oid"
    assert one.run(session(one).tenant) == "tenant"


def test_credential_that_fails_is_one_clear_error_without_secrets() -> None:
    one = world()
    one.credential.error = ValueError(f"client_secret=hunter2 was refused, token {jwt(7)}\nmore")
    with pytest.raises(InputError) as caught:
        read(one, Read(VAULT))
    assert caught.value.code == codes.input_.CREDENTIAL_UNUSABLE
    assert "hunter2" not in str(caught.value)
    assert "eyJ" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert one.azure.sent == []


def test_log_has_every_attempt_and_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    one = world()
    link = f"{ARM}{SERVER}/keys?api-version=1&sig=sssh"
    one.azure.on(
        "GET", f"{SERVER}/keys", error(503, "X"), Say(200, {"value": [], "nextLink": link}), Say(200, {"value": []})
    )
    with caplog.at_level(logging.DEBUG):
        read(one, Read(SERVER, "list:keys"))
    ours = [record.getMessage() for record in caplog.records if record.name == "cmk_remediate.connection"]
    assert [("503" in line, "200" in line) for line in ours] == [(True, False), (False, True), (False, True)]
    everything = "\n".join(record.getMessage() for record in caplog.records) + repr(vars(session(one)))
    assert "eyJ" not in everything
    assert "sssh" not in everything


# Azure's clock


@pytest.mark.parametrize("minutes", [0, 3, -6])
def test_skew_is_seen(minutes: int) -> None:
    one = world(skew=minutes * 60.0)
    one.azure.on("GET", VAULT.text, Say(200, {}))
    skewed = session(one)
    assert skewed.skew == timedelta()

    async def main() -> timedelta:
        await skewed.read(Read(VAULT))
        return skewed.now() - one.clock.now()

    assert abs(one.run(main) - timedelta(minutes=minutes)) <= timedelta(seconds=1)
    assert abs(skewed.skew - timedelta(minutes=minutes)) <= timedelta(seconds=1)


def test_azures_clock_does_not_run_backwards() -> None:
    one = world(latency=0.3)
    one.azure.on("GET", VAULT.text, Say(200, {}))
    steady = session(one)

    async def main() -> None:
        before = steady.now()
        for _ in range(12):
            await steady.read(Read(VAULT))
            assert steady.now() >= before
            before = steady.now()

    one.run(main)
