"""Policy: a Deny initiative also denies the way back, and a rollback must not find that out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cmk_remediate import codes
from cmk_remediate.model.decisions import Effect, Read, Reversibility
from cmk_remediate.model.ids import ResourceId
from tests.engine.preflight_parts import (
    DISH,
    GROUP,
    SUB,
    Kitchen,
    Rinse,
    assigning,
    dish,
    heard,
    look,
    refusal,
    salting,
)

ASSIGNED = Read(SUB, "list:policyAssignments")
ASK = Read(GROUP, "check-policy")


def assignment(scope: object = GROUP, **properties: Any) -> dict[str, Any]:
    own = f"{scope}/providers/Microsoft.Authorization/policyAssignments/no-salt"
    return {"id": own, "properties": {"scope": str(scope), "enforcementMode": "Default", **properties}}


INFO = {"policyAssignmentId": assignment()["id"]}


def evaluated(*effects: str | None, result: str = "NonCompliant") -> dict[str, Any]:
    found = [
        {
            "policyInfo": INFO,
            "evaluationResult": result,
            **({"effectDetails": {"policyEffect": effect}} if effect else {}),
        }
        for effect in effects
    ]
    return {"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": found}}


def kitchen(answer: Any, *assigned: dict[str, Any]) -> Kitchen:
    return Kitchen({ASSIGNED: list(assigned or [assignment()]), ASK: answer})


def salted(question: dict[str, Any]) -> bool:
    return bool(question["resourceDetails"]["resourceContent"].get("properties", {}).get("salt"))


def test_a_denied_write_blocks_its_target_by_the_merged_body() -> None:
    asked: list[dict[str, Any]] = []

    def judge(question: dict[str, Any]) -> Any:
        asked.append(question["resourceDetails"])
        return evaluated("Deny") if salted(question) else evaluated()

    found = look(kitchen(judge), salting())
    assert found.blocked["t0"].code == codes.access.POLICY_DENIES
    assert "no-salt" in found.blocked["t0"].why
    assert found.one_way == {}
    merged = {"id": str(DISH), "properties": {"size": 1.5, "salt": True}, "type": "Kitchen.Hot/dishes", "name": "soup"}
    assert asked[0] == {"resourceContent": merged}, "what only Azure can say is left out"
    assert asked[1]["resourceContent"]["properties"] == {"size": 1.5}


def test_what_a_write_brings_about_is_asked_about_however_its_place_is_spelled() -> None:
    asked: list[dict[str, Any]] = []

    def judge(question: dict[str, Any]) -> Any:
        asked.append(question)
        return evaluated()

    step, change = salting()
    effects = (Effect(ResourceId(str(DISH).upper()), {"properties": {"pepper": True}}),)
    look(kitchen(judge), (step, replace(change, effects=effects)))
    shown = asked[0]["resourceDetails"]["resourceContent"]["properties"]
    assert (shown.get("pepper"), shown.get("salt")) == (True, None)


def test_a_denied_undo_makes_the_step_one_way_and_names_the_assignment() -> None:
    found = look(kitchen(lambda question: evaluated() if salted(question) else evaluated("deny")), salting())
    assert found.blocked == {}
    (only,) = found.one_way.values()
    assert (only.kind, only.code) == ("one-way", codes.access.POLICY_DENIES)
    assert "policy no-salt" in only.why


def test_what_has_no_way_back_anyhow_is_not_asked_about_it() -> None:
    door = Reversibility("one-way", "salt dissolves")
    found = look(
        kitchen(lambda question: evaluated() if salted(question) else evaluated("Deny")), salting(reversibility=door)
    )
    assert found.one_way == {}


def test_an_older_answer_without_effects_reports_denials_only() -> None:
    assert "t0" in look(kitchen(evaluated(None)), salting()).blocked


@pytest.mark.parametrize("answer", [evaluated("Audit"), evaluated("Deny", result="Compliant"), None, {}])
def test_audit_and_compliance_block_nothing(answer: Any) -> None:
    assert look(kitchen(answer), salting()).blocked == {}


@pytest.mark.parametrize(
    "answer",
    [
        evaluated("Modify"),
        evaluated("DeployIfNotExists"),
        {"fieldRestrictions": [{"field": "tags", "restrictions": [{"policy": INFO, "policyEffect": "Modify"}]}]},
        {"fieldRestrictions": [{"field": "tags", "restrictions": [{"policy": INFO, "result": "Required"}]}]},
    ],
)
def test_what_rewrites_our_resources_is_named(answer: Any) -> None:
    found = look(kitchen(answer), salting())
    assert [note.code for note in heard(found)] == [codes.notes.POLICY_REWRITES]
    assert "no-salt" in heard(found)[0].text


def test_who_may_not_ask_reads_policy_not_checked_and_is_asked_once() -> None:
    here = kitchen(refusal())
    found = look(here, *(salting(dish(f"d{number}")) for number in range(5)))
    assert [(note.code, note.scope) for note in heard(found)] == [(codes.access.POLICY_NOT_CHECKED, str(GROUP))]
    assert "policy not checked" in heard(found)[0].text
    assert here.verbs["check-policy"] == 1


def test_one_question_azure_will_not_answer_is_said_and_the_others_count() -> None:
    def judge(question: dict[str, Any]) -> Any:
        name = question["resourceDetails"]["resourceContent"]["name"]
        return {"soup": evaluated(), "bad": refusal("400"), "cake": evaluated("Deny")}[name]

    found = look(kitchen(judge), salting(), salting(dish("bad")), salting(dish("cake")))
    assert set(found.blocked) == {"t2"}
    assert [note.text for note in heard(found) if note.code == codes.access.POLICY_NOT_CHECKED] == [
        "policy not checked for bad: 400"
    ]


@pytest.mark.parametrize(
    ("item", "asked"),
    [
        (assignment(), True),
        (assignment(DISH), True),
        (assignment(str(SUB).upper()), True),
        (assignment("/providers/Microsoft.Management/managementGroups/root"), True),
        (assignment(dish("soup2")), False),
        (assignment(enforcementMode="DoNotEnforce"), False),
        (assignment(enforcementMode="Enroll"), True),
        (assignment(enforcementMode=None), True),
        (assignment(SUB, notScopes=[str(GROUP)]), False),
        (assignment(SUB, notScopes=[str(GROUP) + "2"]), True),
    ],
)
def test_policy_is_asked_only_where_an_enforced_assignment_applies(item: dict[str, Any], *, asked: bool) -> None:
    here = kitchen(evaluated(), item)
    look(here, salting())
    assert (here.verbs["check-policy"] > 0) == asked


def test_assignments_we_may_not_list_are_not_taken_for_none() -> None:
    here = Kitchen({ASSIGNED: refusal(), ASK: evaluated("Deny")})
    assert "t0" in look(here, salting()).blocked


def test_a_grant_without_a_name_and_a_child_are_asked_at_what_they_belong_to() -> None:
    scopes: list[Any] = []

    def judge(question: dict[str, Any]) -> Any:
        details = question["resourceDetails"]
        scopes.append((details["resourceContent"]["type"], details["resourceContent"].get("name"), details["scope"]))
        return evaluated()

    look(kitchen(judge), assigning(), salting(DISH.child("spoons", "s"), action="create", method="PUT"))
    assert sorted(scopes, key=str) == [
        ("Kitchen.Hot/dishes/spoons", "soup/s", str(DISH)),
        ("Microsoft.Authorization/roleAssignments", None, str(DISH)),
    ]


def test_a_request_that_is_no_plain_write_is_not_asked_about() -> None:
    here = kitchen(evaluated("Deny"))
    assert (
        look(here, salting(verb="taste-add"), salting(dish("x"), action="delete", method="DELETE", body=None)).blocked
        == {}
    )
    assert here.verbs["check-policy"] == 0


def test_a_dry_run_of_many_asks_once_for_those_that_differ_in_their_name_only_and_says_so() -> None:
    here = kitchen(evaluated())
    found = look(here, *(salting(dish(f"d{number:03}")) for number in range(150)))
    assert here.verbs["check-policy"] == 2
    assert [note.code for note in heard(found)] == [codes.notes.POLICY_SAMPLED]
    few = kitchen(evaluated())
    assert heard(look(few, *(salting(dish(f"d{number:03}")) for number in range(50)))) == []
    assert few.verbs["check-policy"] == 100
    before_a_write = kitchen(evaluated())
    look(before_a_write, *(salting(dish(f"d{number:03}")) for number in range(50)), writing=True)
    assert before_a_write.verbs["check-policy"] == 2


def test_children_whose_names_hold_their_parents_name_are_alike_too() -> None:
    """A database `orders-eu` of a server `orders`: a thousand of them are not a thousand questions."""
    here = kitchen(evaluated())
    look(here, *(salting(dish("d").child("spoons", f"d{number}")) for number in range(6)), writing=True)
    assert here.verbs["check-policy"] == 2, "one for the write, one for its undo"


def test_members_in_another_order_are_no_other_question() -> None:
    bodies = ({"properties": {"size": 1, "heat": 2}}, {"properties": {"heat": 2, "size": 1}})
    known = {Read(dish(f"d{number}")): {"id": str(dish(f"d{number}")), **body} for number, body in enumerate(bodies)}
    here = Kitchen({ASSIGNED: [assignment()], ASK: evaluated(), **known})
    look(here, *(salting(dish(f"d{number}")) for number in range(2)), writing=True)
    assert here.verbs["check-policy"] == 2, "one for the write, one for its undo"


def test_two_writes_to_one_resource_are_judged_one_after_the_other() -> None:
    seen: list[Any] = []

    def judge(question: dict[str, Any]) -> Any:
        seen.append(question["resourceDetails"]["resourceContent"]["properties"])
        return evaluated()

    first, change = salting()
    peppering = replace(
        change,
        request=replace(change.request, body={"properties": {"pepper": True}}),
        effects=(Effect(DISH, {"properties": {"pepper": True}}),),
    )
    look(kitchen(judge), (first, change), (Rinse(DISH), peppering))
    assert seen[0] == {"size": 1.5, "salt": True}
    assert {"size": 1.5, "salt": True, "pepper": True} in seen
