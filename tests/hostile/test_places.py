"""Ids and answers that mean another place than they say: no request leaves for it, and none of our rights with it."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from cmk_remediate import codes
from cmk_remediate.connection import Session
from cmk_remediate.connection.calls import Reply
from cmk_remediate.connection.classify import is_absent, judge_operation, judge_reply
from cmk_remediate.errors import CmkError, InputError
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.ids import ResourceId
from tests.connection.table import ARM, GROUP, SERVER, START, SUB, VAULT, Say, world
from tests.hostile.profile import tries
from tests.hostile.values import FOREIGN, STRANGE, strange

text = st.one_of(
    st.text(max_size=40),
    st.sampled_from(STRANGE),
    st.text(alphabet="./\\%2eE5cCfF?#@:;&= \n\x00\u2024\uff0f", max_size=12),
)


@tries(300)
@given(text, text)
def test_an_id_that_is_taken_means_the_same_in_a_url(group: str, name: str) -> None:
    written = f"/subscriptions/{SUB}/resourceGroups/{group}/providers/Microsoft.Sql/servers/{name}"
    try:
        resource = ResourceId.parse(written)
    except InputError:
        return
    sent = requests.Request("GET", f"{ARM}{quote(resource.text)}?api-version=1").prepare().url or ""
    parts = urlsplit(sent)
    assert parts.hostname == "management.azure.com"
    assert unquote(parts.path) == resource.text
    assert resource.subscription == SUB


@tries(60)
@given(text)
def test_a_name_that_azure_lists_leads_below_its_parent_or_nowhere(name: str) -> None:
    """A listed child's name is put into a URL without anybody having parsed it."""
    one = world()
    one.azure.rule = lambda _sent: Say(body={})
    session = Session(one.connection, read_only=True, vaults=[VAULT])
    for resource in (SERVER.child("databases", name), SERVER.child("keys", name), VAULT.child("keys", name)):
        with suppress(CmkError):
            one.run(partial(session.read, Read(resource)))
    for sent in one.azure.sent:
        parts = urlsplit(sent.url)
        assert (parts.scheme, parts.hostname) == ("https", "management.azure.com")
        assert unquote(parts.path).lower().startswith((f"{SERVER}/".lower(), f"{VAULT}/".lower()))
        assert "/../" not in f"{unquote(parts.path)}/"


@pytest.mark.parametrize(
    "path",
    [
        f"/subscriptions/{FOREIGN}/resourceGroups/rg/providers/Microsoft.Sql/servers/s",
        f"/subscriptions/{FOREIGN.upper()}/resourceGroups/rg/providers/Microsoft.Sql/servers/s",
    ],
)
def test_a_session_for_a_review_asks_no_other_subscription(path: str) -> None:
    one = world()
    one.azure.rule = lambda _sent: Say(body={})
    session = Session(one.connection, read_only=True, subscriptions={SUB})

    with pytest.raises(CmkError) as raised:
        one.run(lambda: session.read(Read(ResourceId.parse(path))))
    assert raised.value.code == codes.access.SUBSCRIPTION_REFUSED
    assert one.azure.sent == []
    one.run(lambda: session.read(Read(SERVER)))
    assert len(one.azure.sent) == 1


@pytest.mark.parametrize(
    "link",
    [
        f"{ARM}/subscriptions/{FOREIGN}/providers/Microsoft.KeyVault/vaults?page=2",
        f"{ARM}/subscriptions/{SUB}/../{FOREIGN}/vaults?page=2",
        f"{ARM}/subscriptions/{SUB}/%2E%2E/{FOREIGN}/vaults?page=2",
        f"{ARM}/subscriptions/{SUB}%2F..%2F{FOREIGN}/vaults?page=2",
        "https://evil.example/subscriptions/x?page=2",
    ],
)
def test_a_next_page_elsewhere_is_not_asked_for(link: str) -> None:
    one = world()
    one.azure.rule = lambda _sent: Say(body={"value": [], "nextLink": link})
    session = Session(one.connection, read_only=True, subscriptions={SUB})

    with pytest.raises(CmkError):
        one.run(lambda: session.read(Read(ResourceId.parse(GROUP), "list:servers")))
    assert len(one.azure.sent) == 1


bodies = st.recursive(
    strange,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "error",
                    "code",
                    "message",
                    "details",
                    "innererror",
                    "properties",
                    "status",
                    "odata.error",
                    "value",
                    "target",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@tries(300)
@given(bodies, st.sampled_from([400, 401, 403, 404, 409, 429, 500, 503]), st.sampled_from(["Microsoft.Sql", "x", ""]))
def test_any_error_body_is_judged(body: Any, status: int, namespace: str) -> None:
    content = json.dumps(body).encode("utf-8", "surrogatepass")
    reply = Reply(status, {"retry-after": "99999999999999999999"}, content, START)

    judge_reply(reply, namespace)
    judge_operation(body, namespace)
    is_absent(reply)


@tries(100)
@given(st.one_of(st.binary(max_size=100), st.sampled_from([b"[" * 100_000, b"\xff\xfe", b'{"error":' * 50_000])))
def test_any_bytes_are_an_answer(content: bytes) -> None:
    reply = Reply(400, {}, content, START)

    judge_reply(reply, "Microsoft.Sql")
    assert is_absent(Reply(404, {}, content, START)) in (True, False)


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (rb'{"tags": {"a": "\ud800"}}', {"tags": {"a": "\ufffd"}}),
        (rb'{"\udfff": ["x\uD83Dy"]}', {"\ufffd": ["x\ufffdy"]}),
        (rb'{"a": "\ud83d\ude00"}', {"a": "\U0001f600"}),
        (b'{"a": "\\\\ud800"}', {"a": "\\ud800"}),
    ],
)
def test_half_a_character_is_shown_as_what_can_be_written_down(content: bytes, shown: Any) -> None:
    """Fails: the review or the journal of a resource with such a tag cannot be written, and nobody sees why."""
    reply = Reply(200, {}, content, START)
    assert reply.json == shown
    json.dumps(reply.json, ensure_ascii=False).encode()


@pytest.mark.parametrize("content", [b'{"a": NaN}', b'{"a": [Infinity]}', b'{"a": -Infinity}'])
def test_what_is_no_number_is_no_json(content: bytes) -> None:
    """No digest can be made of it."""
    reply = Reply(200, {}, content, START)
    assert (reply.json, reply.malformed) == (None, True)


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b'"x"', b"7", b"{"])
def test_a_200_without_an_object_says_nothing(content: bytes) -> None:
    assert Reply(200, {}, content, START).spoiled
