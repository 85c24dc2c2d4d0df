"""Policies and locks."""

from __future__ import annotations

from typing import Any

import pytest

from cmk_remediate.simulator.conditions import holds
from cmk_remediate.simulator.settings import Settings
from tests.simulator.core.toy import IDENTITY, OTHER, READER, RG, SUB, THINGS, Raw, azure, code, grant

NOT_RED = {
    "allOf": [
        {"field": "type", "equals": "microsoft.toy/THINGS"},
        {"field": "Microsoft.Toy/things/colour", "notEquals": "[parameters('colour')]"},
    ]
}
ONLY_RED = {
    "name": "only-red",
    "scope": SUB,
    "rule": {"if": NOT_RED, "then": {"effect": "[parameters('effect')]"}},
    "parameters": {"effect": "Deny", "colour": "Red"},
}
STAMP = {
    "name": "stamp",
    "scope": RG,
    "rule": {
        "if": {"field": "type", "equals": "Microsoft.Toy/things"},
        "then": {
            "effect": "modify",
            "details": {
                "operations": [{"operation": "addOrReplace", "field": "Microsoft.Toy/things/stamped", "value": "yes"}]
            },
        },
    },
}


def test_deny_judges_the_merged_body() -> None:
    for switch, expected in ((True, 403), (False, 202)):
        raw = Raw(azure(Settings.immediate(policy_deny=switch), policies=[ONLY_RED]))
        assert raw("PATCH", f"{THINGS}/one", {"tags": {"a": "b"}}).status == 202
        raw.wait(61)
        answer = raw("PATCH", f"{THINGS}/one", {"properties": {"colour": "blue"}})
        assert answer.status == expected
        if switch:
            assert code(answer) == "RequestDisallowedByPolicy"
            info = answer.body["error"]["additionalInfo"][0]["info"]
            assert info["policyAssignmentName"] == "only-red"


def test_a_policy_that_is_not_enforced_or_excludes_the_scope_refuses_nothing() -> None:
    for changes in (
        {"enforcement": "DoNotEnforce"},
        {"not_scopes": [RG]},
        {"parameters": {"effect": "Audit", "colour": "red"}},
    ):
        raw = Raw(azure(policies=[{**ONLY_RED, **changes}]))
        assert raw("PATCH", f"{THINGS}/one", {"properties": {"colour": "blue"}}).status == 202


def test_modify_changes_what_is_written() -> None:
    for switch in (True, False):
        raw = Raw(azure(Settings.immediate(policy_modify=switch), policies=[STAMP]))
        raw("PATCH", f"{THINGS}/one", {"tags": {"a": "b"}})
        raw.wait(61)
        assert ("stamped" in raw("GET", f"{THINGS}/one").body["properties"]) is switch


def test_the_restrictions_api_says_what_a_write_would_meet() -> None:
    raw = Raw(azure(policies=[ONLY_RED, STAMP]))

    def ask(colour: str) -> dict[str, Any]:
        content = {"type": "Microsoft.Toy/things", "name": "one", "properties": {"colour": colour}}
        body = {
            "resourceDetails": {"resourceContent": content, "apiVersion": "2024-01-01"},
            "pendingFields": [{"field": "Microsoft.Toy/things/colour", "values": ["red", "blue"]}],
        }
        path = f"{RG}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
        answer = raw("POST", path, body, api="2022-03-01")
        assert (answer.status, answer.read) == (200, True)
        found: dict[str, Any] = answer.body
        return found

    denied = ask("blue")["contentEvaluationResult"]["policyEvaluations"]
    assert [(one["evaluationResult"], one["effectDetails"]["policyEffect"]) for one in denied] == [
        ("NonCompliant", "Deny")
    ]
    allowed = ask("red")
    assert allowed["contentEvaluationResult"]["policyEvaluations"] == []
    restrictions = {one["field"]: one["restrictions"][0] for one in allowed["fieldRestrictions"]}
    assert restrictions["Microsoft.Toy/things/colour"]["values"] == ["blue"]
    assert restrictions["Microsoft.Toy/things/stamped"]["policyEffect"] == "Modify"


def test_assignments_are_listed_at_and_above_a_scope() -> None:
    raw = Raw(azure(policies=[ONLY_RED, STAMP]))
    path = f"{THINGS}/one/providers/Microsoft.Authorization/policyAssignments"
    assert [one["name"] for one in raw("GET", path, api="2023-04-01").body["value"]] == ["only-red", "stamp"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"field": "location", "in": ["WestEurope"]}, True),
        ({"field": "Microsoft.Toy/things/none", "exists": "false"}, True),
        ({"field": "Microsoft.Toy/things/none", "exists": True}, False),
        ({"field": "tags['env']", "like": "pr*"}, True),
        ({"field": "Microsoft.Toy/things/sku.name", "equals": "s"}, True),
        ({"field": "Microsoft.Toy/things/rules[*].value", "notEquals": "x"}, False),
        ({"not": {"field": "name", "notLike": "o*"}}, True),
        ({"anyOf": [{"field": "kind", "equals": "k"}, {"field": "identity.type", "contains": "system"}]}, True),
        ({"value": "[resourceGroup().managedBy]", "contains": "synapse"}, True),
        ({"value": "[field('name')]", "notIn": ["two"]}, True),
        ({"field": "Microsoft.Toy/things/size", "lessOrEquals": 3}, True),
        ({"field": "Microsoft.Toy/things/size", "greater": 3}, False),
        ({"field": "tags", "containsKey": "ENV"}, True),
        ({"field": "Microsoft.Other/things/size", "exists": True}, False),
    ],
)
def test_conditions(condition: dict[str, Any], expected: bool) -> None:  # noqa: FBT001 - a table
    body = {
        "type": "Microsoft.Toy/things",
        "name": "one",
        "location": "westeurope",
        "tags": {"env": "prod"},
        "sku": {"name": "s"},
        "identity": {"type": "SystemAssigned"},
        "properties": {"size": 3, "rules": [{"value": "x"}, {"value": "y"}]},
    }
    assert holds(condition, body, {}, {"managedBy": "/x/Microsoft.Synapse/workspaces/w"}) is expected


def locked(level: str, scope: str = RG, *, on: bool = True) -> Raw:
    return Raw(azure(Settings.immediate(locks=on), locks=[{"scope": scope, "level": level, "name": "keep"}]))


def test_a_read_only_lock_blocks_writes_and_grants() -> None:
    for on in (True, False):
        raw = locked("ReadOnly", on=on)
        answers = [
            raw("PATCH", f"{THINGS}/one", {"tags": {}}),
            raw("PUT", *grant(OTHER, READER, f"{THINGS}/one")),
            raw("POST", f"{THINGS}/one/polish"),
        ]
        assert [one.status for one in answers] == ([409] * 3 if on else [202, 201, 202])
        assert not on or code(answers[0]) == "ScopeLocked"


def test_a_delete_lock_blocks_deletions_and_the_removal_of_a_grant() -> None:
    for on in (True, False):
        raw = locked("CanNotDelete", on=on)
        path, body = grant(OTHER, READER, f"{THINGS}/one")
        assert raw("PUT", path, body).status == 201
        assert raw("DELETE", path).status == (409 if on else 200)
        assert raw("DELETE", f"{THINGS}/one").status == (409 if on else 202)


def test_what_has_a_locked_resource_below_cannot_be_deleted() -> None:
    raw = locked("CanNotDelete", f"{THINGS}/one")
    assert code(raw("DELETE", RG, api="2021-04-01")) == "ScopeLocked"
    assert raw("DELETE", f"{IDENTITY}/u1").status == 200


def test_locks_are_listed_and_can_be_taken_away() -> None:
    raw = locked("ReadOnly")
    path = f"{RG}/providers/Microsoft.Authorization/locks"
    assert [one["properties"]["level"] for one in raw("GET", path, api="2016-09-01").body["value"]] == ["ReadOnly"]
    assert len(raw("GET", f"{THINGS}/one/providers/Microsoft.Authorization/locks", api="2016-09-01").body["value"]) == 1
    assert raw("DELETE", f"{path}/keep", api="2016-09-01").status == 200
    assert raw("PATCH", f"{THINGS}/one", {"tags": {}}).status == 202
