"""The printed roles: one action too few fails a run, one too many is a right nobody needed."""

from __future__ import annotations

import json

from cmk_remediate.engine.roles import custom_roles
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission

SUB = ResourceId.parse("/subscriptions/1111")
ONE, TWO = (ResourceId.parse(f"{SUB}/resourceGroups/{name}") for name in ("rg1", "rg2"))
DISH = ResourceId.parse(f"{ONE}/providers/Kitchen.Hot/dishes/soup")
CAKE = ResourceId.parse(f"{TWO}/providers/Kitchen.Hot/dishes/cake")

NEEDS = (
    Permission("Kitchen.Hot/dishes/write", DISH, "service"),
    Permission("Kitchen.Hot/dishes/read", CAKE, "service"),
    Permission("kitchen.hot/dishes/READ", DISH, "service"),
    Permission("Kitchen.Hot/dishes/eat/action", DISH, "service", data=True),
    Permission("Kitchen.Hot/menus/read", SUB, "service", checkable=False),
    Permission("Kitchen.Hot/spoons/read", DISH.child("spoons", "s"), "vault"),
)


def test_one_role_a_team_with_what_is_needed_above_the_groups_apart() -> None:
    assert [(role["Name"], role["AssignableScopes"]) for role in custom_roles(NEEDS, "cmk")] == [
        ("cmk vault", [str(ONE)]),
        ("cmk service", [str(ONE), str(TWO)]),
        ("cmk service (subscription)", [str(SUB)]),
    ]


def test_a_role_is_the_document_that_azure_imports() -> None:
    role = custom_roles(NEEDS, "cmk")[1]
    assert role == {
        "Name": "cmk service",
        "IsCustom": True,
        "Description": "What cmk_remediate needs of the service at the resource group.",
        "Actions": ["Kitchen.Hot/dishes/read", "Kitchen.Hot/dishes/write"],
        "NotActions": [],
        "DataActions": ["Kitchen.Hot/dishes/eat/action"],
        "NotDataActions": [],
        "AssignableScopes": [str(ONE), str(TWO)],
    }


def test_the_same_needs_in_any_order_make_the_same_document() -> None:
    assert json.dumps(custom_roles(NEEDS, "cmk")) == json.dumps(custom_roles(reversed(NEEDS), "cmk"))
