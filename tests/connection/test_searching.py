"""What a user loses: a vault is closed on somebody whom the second page of the search would have named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from cmk_remediate import codes
from cmk_remediate.connection import Session
from cmk_remediate.errors import BugError
from cmk_remediate.model.decisions import Read
from cmk_remediate.steps import reads
from tests.connection.table import VAULT, Say, Turn, World, error, world

PATH = "/providers/Microsoft.ResourceGraph/resources"
SEARCH = reads.resources_naming(VAULT)


def page(*ids: str, **more: Any) -> Say:
    return Say(200, {"data": [{"id": one} for one in ids], "count": len(ids), **more})


def searched(one: World, *turns: Turn) -> Any:
    one.azure.on("POST", PATH, *turns)
    session = Session(one.connection, read_only=True)
    return one.run(lambda: session.read(SEARCH)).body


def test_each_page_is_asked_for_by_the_token_of_the_one_before() -> None:
    one = world()

    found = searched(one, page("a", "b", **{"$skipToken": "t1"}), page("c", **{"$skipToken": "t2"}), page("d"))

    assert [row["id"] for row in found] == ["a", "b", "c", "d"]
    asked = [json.loads(sent.body) for sent in one.azure.sent]
    assert [body["options"].get("$skipToken") for body in asked] == [None, "t1", "t2"]
    assert {body["query"] for body in asked} == {json.loads(SEARCH.body)["query"]}
    assert {sent.method for sent in one.azure.sent} == {"POST"}


def test_a_search_is_tried_again_like_any_read() -> None:
    one = world()
    assert [row["id"] for row in searched(one, error(503, "ServerTimeout"), page("a"))] == ["a"]


@pytest.mark.parametrize(
    ("turns", "why"),
    [
        ([error(403, "AuthorizationFailed")], "AuthorizationFailed"),
        ([error(400, "BadRequest")], "BadRequest"),
        ([error(404, "ResourceNotFound")], "HTTP 404"),
        ([error(500, "InternalServerError")], "InternalServerError"),
        ([ServiceRequestError("no route")], "no route"),
        ([Say(200, {"data": {"columns": [], "rows": []}})], "search was not answered clearly"),
        ([Say(200, {"count": 0})], "search was not answered clearly"),
        ([page("a", resultTruncated="true")], "1 rows came and others were left out"),
        (
            [page("a", **{"$skipToken": "t"}), page("b", **{"$skipToken": "t"})],
            "the pages of the search go in a circle",
        ),
        ([page("a", **{"$skipToken": "t"}), error(403, "AuthorizationFailed")], "AuthorizationFailed"),
    ],
)
def test_half_an_answer_is_none_and_says_why(turns: list[Turn], why: str) -> None:
    answer = searched(world(), *turns)

    assert set(answer) == {"notSearched"}
    assert why in reads.why_not_searched(answer)


def test_nothing_but_the_listed_posts_passes_for_a_read(monkeypatch: pytest.MonkeyPatch) -> None:
    one = world()
    monkeypatch.setattr("cmk_remediate.connection.policies.guard.READ_ONLY_POSTS", ())
    session = Session(one.connection, read_only=False)

    with pytest.raises(BugError) as caught:
        one.run(lambda: session.read(SEARCH))

    assert caught.value.code == codes.access.WRITE_IN_READ_ONLY
    assert one.azure.sent == []


def test_what_is_asked_is_one_thing_for_whoever_asks_again() -> None:
    assert reads.resources_naming(VAULT) == SEARCH
    assert reads.search(VAULT, "resources | project id") != SEARCH
    assert isinstance(SEARCH, Read)
