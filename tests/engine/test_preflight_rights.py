"""Rights: what is missing must be named before the first write, not found by a 403 after it."""

from __future__ import annotations

from typing import Any

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.preflight.rights import allows
from cmk_remediate.errors import RefusedError
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.permissions import Permission
from tests.engine.preflight_parts import DISH, GROUP, ME, SUB, Kitchen, Salt, assigning, dish, look, refusal, salting

AT_GROUP, AT_DISH = Read(GROUP, "permissions"), Read(DISH, "permissions")
READ, WRITE, RINSE = (f"Kitchen.Hot/dishes/{what}" for what in ("read", "write", "rinse/action"))
OWN = "Microsoft.Authorization/permissions/read"


def sets(*actions: str) -> list[dict[str, Any]]:
    return [{"actions": [action], "notActions": []} for action in actions]


@pytest.mark.parametrize(
    ("found", "allowed"),
    [
        ([], False),
        ([{"actions": ["*"]}], True),
        ([{"actions": ["kitchen.hot/DISHES/*"], "notActions": None}], True),
        ([{"actions": ["*/write"]}], True),
        ([{"actions": ["Kitchen.Hot/*/write"]}], True),
        ([{"actions": ["Kitchen.Hot/dishes"]}], False),
        ([{"actions": ["KitchenXHot/dishes/write"]}], False),
        ([{"actions": ["*"], "notActions": ["Kitchen.Hot/*/Write"]}], False),
        ([{"actions": ["*"], "notActions": ["*"]}, {"actions": ["*/write"], "notActions": []}], True),
        ([{"dataActions": ["*"]}], False),
    ],
)
def test_sets_add_up_and_each_is_less_its_not_actions(found: list[Any], *, allowed: bool) -> None:
    assert allows(found, WRITE) == allowed


def test_apply_is_refused_naming_the_action_and_a_dry_run_says_whom_it_asked_for() -> None:
    answers = {AT_GROUP: sets(READ, RINSE, OWN), AT_DISH: sets(READ, RINSE, OWN)}
    with pytest.raises(RefusedError, match=rf"{ME} lacks {WRITE} at {DISH}$") as caught:
        look(Kitchen(answers), salting(), writing=True)
    assert caught.value.code == codes.access.PERMISSION_MISSING
    found = look(Kitchen(answers), salting())
    assert found.missing == (Permission(WRITE, DISH, "service"),)
    said = [note for note in found.notes if note.code == codes.notes.CALLER_LACKS_PERMISSION]
    assert [note.text for note in said] == [f"checked as {ME}: lacks {WRITE} at {DISH}"]


def test_a_run_is_not_refused_for_a_read_that_only_the_preflight_wants() -> None:
    """Without it the review says what was not checked; locks and policies of a subscription are often not shown to a job."""
    given = sets(READ, WRITE, RINSE, OWN)
    found = look(Kitchen({AT_GROUP: given, AT_DISH: given}), salting(), writing=True)
    assert (found.missing, found.blocked) == ((), {})
    unchecked = {need.action for need in found.needed if not need.checkable}
    assert {"Microsoft.Authorization/locks/read", "Microsoft.PolicyInsights/checkPolicyRestrictions/read"} <= unchecked


@pytest.mark.parametrize("lacking", [READ, WRITE, RINSE, OWN])
def test_each_single_action_is_found_missing_that_of_the_undo_too(lacking: str) -> None:
    given = sets(*({READ, WRITE, RINSE, OWN} - {lacking}))
    found = look(Kitchen({AT_GROUP: given, AT_DISH: given}), salting())
    assert [need.action for need in found.missing] == [lacking]


def test_a_role_given_at_the_resource_counts_and_is_asked_for_only_if_the_group_lacks_it() -> None:
    kitchen = Kitchen({AT_GROUP: sets(OWN, READ), AT_DISH: sets("*")})
    assert look(kitchen, salting(), writing=True).missing == ()
    assert kitchen.verbs["permissions"] == 2
    wide = Kitchen()
    look(wide, salting(), salting(dish("cake")))
    assert wide.verbs["permissions"] == 1


def test_a_key_that_does_not_exist_yet_is_judged_by_its_vault_one_that_exists_by_itself() -> None:
    spoon = DISH.child("spoons", "silver")
    kitchen = Kitchen({AT_GROUP: sets(OWN), AT_DISH: sets(READ), Read(spoon, "permissions"): None})
    assert {need.scope for need in look(kitchen, assigning(spoon)).missing} == {spoon}
    kitchen.answers[Read(spoon, "permissions")] = sets("*")
    assert look(kitchen, assigning(spoon)).missing == ()


def test_who_may_not_ask_for_his_rights_lacks_that_right() -> None:
    kitchen = Kitchen({AT_GROUP: refusal(), AT_DISH: refusal()})
    found = look(kitchen, salting())
    assert [(need.action, need.scope) for need in found.missing] == [(OWN, GROUP)]
    assert {READ, WRITE, RINSE} <= {need.action for need in found.unchecked}


def test_data_actions_and_those_above_the_group_are_listed_never_judged() -> None:
    more = (
        Permission("Kitchen.Hot/dishes/eat/action", DISH, "service", data=True),
        Permission("Kitchen.Hot/locations/*/read", SUB, "service"),
        Permission("Kitchen.Hot/orders/read", GROUP, "service", checkable=False),
    )
    step = Salt(DISH, more)
    kitchen = Kitchen()
    kitchen.actions = [READ, WRITE, RINSE, OWN]
    found = look(kitchen, (step, step.change()), writing=True)
    assert set(more) <= set(found.unchecked)
    said = [note.text for note in found.notes if note.code == codes.access.PERMISSION_UNCHECKED]
    places = (DISH.name, f"subscription {SUB.subscription}", GROUP.name)
    expected = [f"not checkable beforehand: {one.action} at {where}" for one, where in zip(more, places, strict=True)]
    assert [one for one in expected if said.count(one) != 1] == []


def test_a_thousand_missing_rights_are_one_line() -> None:
    kitchen = Kitchen()
    kitchen.actions = [READ, RINSE, OWN]
    with pytest.raises(RefusedError, match=r"and 7 more$"):
        look(kitchen, *(salting(dish(f"d{number}")) for number in range(10)), writing=True)


def test_the_role_to_print_holds_steps_undo_and_the_preflights_own_reads_and_of_what_is_done_only_reads() -> None:
    done = Salt(dish("done"))
    needed = {(need.action, need.scope) for need in look(Kitchen(), salting(), done).needed}
    assert {(READ, DISH), (WRITE, DISH), (RINSE, DISH), (READ, done.dish), (OWN, GROUP)} <= needed
    assert (WRITE, done.dish) not in needed
    assert ("Microsoft.Authorization/locks/read", SUB) in needed
