"""What a user loses: a token in strange hands, a write in a dry run, secrets in a log."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from azure.core import AzureClouds
from azure.identity import AzureAuthorityHosts
from azure.mgmt.core.tools import get_arm_endpoints

from cmk_remediate import codes
from cmk_remediate.connection import CLOUDS, Session, SessionReader
from cmk_remediate.errors import BugError, InputError, RefusedError
from cmk_remediate.model.decisions import Read, Request, unreachable
from cmk_remediate.model.outcomes import Accepted, Refused
from tests.connection.asking import PATCH_VAULT, read, send, session
from tests.connection.table import ARM, KEY, SERVER, VAULT, Say, error, jwt, world


def test_no_provider_is_ever_registered() -> None:
    one = world()
    one.azure.on("PATCH", SERVER.text, error(409, "MissingSubscriptionRegistration"))
    outcome = send(one, Request("PATCH", SERVER, {}))
    assert isinstance(outcome, Refused)
    assert outcome.code == codes.access.PROVIDER_NOT_REGISTERED
    assert len(one.azure.sent) == 1


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
