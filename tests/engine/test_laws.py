"""The laws themselves: each is broken on purpose, twice at least, and has to be named. A law nobody can break proves nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.estates import whole
from tests.engine.invented import rid
from tests.laws import check_laws, law_1, law_2, law_9

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review
    from tests.engine.lab import Applied, Lab

SERVER = "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.Sql/servers/x?api-version=1"
RESTRICTIONS = "/subscriptions/s/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"


def row(method: str, url: str, at: float = 0, **more: Any) -> dict[str, Any]:
    return {"method": method, "url": url, "status": 200, "at": at, "caller": "me", **more}


@pytest.fixture(scope="module")
def applied() -> tuple[Lab, Review, Applied]:
    lab, graph = whole("a")
    review = lab.dry_run(graph)
    return lab, review, lab.apply(review)


def named(review: Review, lines: list[bytes], log: list[dict[str, Any]], accepted: Any) -> set[int]:
    return {item.law for item in check_laws(review, lines, log, accepted=accepted)}


def test_an_honest_run_breaks_none(applied: tuple[Lab, Review, Applied]) -> None:
    _, review, run = applied
    assert check_laws(review, run.lines, run.log, accepted=review.acknowledgements_required) == []


def test_questions_asked_by_post_are_reads() -> None:
    assert law_1([row("GET", SERVER), row("POST", RESTRICTIONS), row("HEAD", SERVER)]) == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_law_1_names_a_write_in_a_dry_run(method: str) -> None:
    assert [item.law for item in law_1([row("GET", SERVER), row(method, SERVER)])] == [1]


@pytest.mark.parametrize("path", ["/start", "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions/triggerScan"])
def test_law_1_names_a_post_that_does_something(path: str) -> None:
    assert [item.law for item in law_1([row("POST", SERVER.split("?", maxsplit=1)[0] + path)])] == [1]


def finished(review: Review) -> Review:
    """Return *review* as a dry run of the finished estate would have made it."""
    steps = tuple(step.model_copy(update={"action": "none", "request": None}) for step in review.steps)
    return review.model_copy(update={"steps": steps})


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_law_2_names_any_write_of_a_finished_review(method: str, applied: tuple[Lab, Review, Applied]) -> None:
    assert [item.law for item in law_2(finished(applied[1]), [row(method, SERVER)])] == [2]
    assert law_2(finished(applied[1]), [row("GET", SERVER)]) == []


def test_law_2_names_a_post_of_a_finished_review(applied: tuple[Lab, Review, Applied]) -> None:
    log = [row("POST", RESTRICTIONS), row("POST", SERVER.split("?", maxsplit=1)[0] + "/start")]
    assert [item.law for item in law_2(finished(applied[1]), log)] == [2]


def test_law_6_names_a_repeated_write_without_a_read(applied: tuple[Lab, Review, Applied]) -> None:
    _, review, run = applied
    write = next(item for item in run.log if item["method"] == "PATCH")
    again = [*run.log, write, write]
    assert named(review, run.lines, again, review.acknowledgements_required) == {6}


def test_law_6_names_a_second_creation_even_after_a_read(applied: tuple[Lab, Review, Applied]) -> None:
    _, review, run = applied
    created = next(step.id for step in review.steps if step.action == "create")
    accepted = next(line for line in run.lines if json.loads(line)["type"] == "outcome" and created.encode() in line)
    assert named(review, [*run.lines, accepted], run.log, review.acknowledgements_required) == {6}


def test_law_6_names_a_second_outage_in_one_process(applied: tuple[Lab, Review, Applied]) -> None:
    _, review, run = applied
    stop = next(step.id for step in review.steps if step.action == "stop")
    number, accepted = next(
        (number, line)
        for number, line in enumerate(run.lines)
        if json.loads(line)["type"] == "outcome" and stop.encode() in line
    )
    forged = [*run.lines[:number], accepted, *run.lines[number:]]
    assert named(review, forged, run.log, review.acknowledgements_required) == {6}


def test_law_7_names_a_resource_nobody_reviewed(applied: tuple[Lab, Review, Applied]) -> None:
    _, review, run = applied
    assert named(review, run.lines, [*run.log, row("PATCH", SERVER, body={})], review.acknowledgements_required) == {7}


def test_law_7_names_another_body_than_reviewed(applied: tuple[Lab, Review, Applied]) -> None:
    _, review, run = applied
    forged = [*run.log, row("PATCH", rid("things", "a").text, body={"properties": {"color": "green"}})]
    assert named(review, run.lines, forged, review.acknowledgements_required) == {7}


def test_law_7_names_a_door_that_was_not_accepted(applied: tuple[Lab, Review, Applied]) -> None:
    _, review, run = applied
    assert review.acknowledgements_required == ("door:vault",)
    assert named(review, run.lines, run.log, ()) == {7}


def test_law_7_names_an_intent_of_a_step_that_was_not_to_change_anything(applied: tuple[Lab, Review, Applied]) -> None:
    _, review, run = applied
    wait = next(step.id for step in review.steps if step.action == "wait")
    intent = json.loads(next(line for line in run.lines if json.loads(line)["type"] == "intent"))
    forged = [*run.lines, json.dumps({**intent, "step": wait}).encode()]
    assert named(review, forged, run.log, review.acknowledgements_required) == {7}


def test_law_9_names_two_runs_that_write_one_resource_at_once() -> None:
    apart = {"a" * 64: [row("PUT", SERVER, 0), row("PUT", SERVER, 5)], "b" * 64: [row("PUT", SERVER, 6)]}
    assert law_9(apart) == []
    at_once = {**apart, "b" * 64: [row("PUT", SERVER, 3)]}
    assert [item.law for item in law_9(at_once)] == [9]


def test_law_9_names_a_write_of_another_run_between_two_of_ours() -> None:
    within = {"a" * 64: [row("PUT", SERVER, 0), row("PUT", SERVER, 9)], "b" * 64: [row("DELETE", SERVER.lower(), 4)]}
    assert [item.law for item in law_9(within)] == [9]


def test_law_9_names_a_vault_that_one_run_writes_and_whose_key_another() -> None:
    vault = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
    grant = f"{vault}/keys/one/providers/Microsoft.Authorization/roleAssignments/g"
    first = [row("PATCH", vault, 0), row("PATCH", vault, 9)]
    assert law_9({"a" * 64: first, "b" * 64: [row("PUT", grant, 4), row("PUT", f"{vault}2/keys/one", 5)]}) == []
    broken = law_9({"a" * 64: first, "b" * 64: [row("PUT", f"{vault}/keys/one", 5)]})
    assert [item.law for item in broken] == [9]
    assert "vaults/kv" in broken[0].text
