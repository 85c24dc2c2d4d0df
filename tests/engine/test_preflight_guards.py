"""Locks, deny assignments, subscriptions: found before the first write, or a run stops half-way through an estate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.preflight.guards import ALL_PRINCIPALS
from cmk_remediate.errors import AzureError, InputError, RefusedError
from cmk_remediate.model.codec import node_id
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.ids import ResourceId
from tests.engine.preflight_parts import (
    DISH,
    GROUP,
    ME,
    SUB,
    Kitchen,
    Rinse,
    Salt,
    assigning,
    dish,
    heard,
    look,
    refusal,
    salting,
)

LOCKS = Read(SUB, "list:locks")
DENIES = Read(SUB, "list:denyAssignments")


def lock(scope: object, level: str) -> dict[str, Any]:
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/locks/hands-off",
        "name": "hands-off",
        "properties": {"level": level},
    }


def deny(scope: object, action: str, **properties: Any) -> dict[str, Any]:
    known = {"principals": [{"id": ALL_PRINCIPALS, "type": "SystemDefined"}], "excludePrincipals": [], **properties}
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/denyAssignments/d",
        "properties": {
            "denyAssignmentName": "stack",
            "scope": str(scope),
            "permissions": [{"actions": [action]}],
            **known,
        },
    }


@pytest.mark.parametrize("scope", ["", SUB, GROUP, DISH, str(DISH).upper()])
def test_a_read_only_lock_at_or_above_blocks_every_target_that_needs_the_write(scope: object) -> None:
    found = look(Kitchen({LOCKS: [lock(scope, "ReadOnly")]}), salting(), salting(), salting(dish("cake")))
    assert {"t0", "t1"} <= set(found.blocked)
    assert ("t2" in found.blocked) == (scope in ("", SUB, GROUP))
    assert found.blocked["t0"].code == codes.access.LOCKED
    assert "hands-off" in found.blocked["t0"].why


def test_a_lock_on_something_below_or_beside_blocks_nothing() -> None:
    locks = [lock(DISH.child("spoons", "one"), "ReadOnly"), lock(dish("soup2"), "ReadOnly")]
    assert look(Kitchen({LOCKS: locks}), salting(), assigning()).blocked == {}


@pytest.mark.parametrize(
    ("scope", "blocked"),
    [
        (DISH, True),
        (GROUP, True),
        (dish("soup2"), False),
        (f"{GROUP}/providers/Kitchen.Hot/alerts/too much salt", False),
    ],
)
def test_a_lock_is_where_it_is_whatever_names_it_and_what_it_is_on_have(scope: object, *, blocked: bool) -> None:
    """Names of locks and alerts may hold blanks, which no id that we ask for does; such a lock is not above everything."""
    item = lock(scope, "ReadOnly") | {
        "id": f"{scope}/providers/Microsoft.Authorization/locks/Do not delete",
        "name": "Do not delete",
    }
    assert (look(Kitchen({LOCKS: [item]}), salting()).blocked != {}) == blocked


def test_a_lock_that_does_not_matter_hides_none_that_does() -> None:
    locks = [lock(dish("soup2"), "ReadOnly"), lock(DISH, "CanNotDelete"), lock(GROUP, "ReadOnly")]
    assert set(look(Kitchen({LOCKS: locks}), salting()).blocked) == {"t0"}


def test_a_deny_assignment_that_does_not_matter_hides_none_that_does() -> None:
    spared = deny(GROUP, "*", excludePrincipals=[{"id": ME, "type": "User"}])
    denies = [spared, deny(GROUP, "Kitchen.Cold/*"), deny(dish("soup2"), "*"), deny(GROUP, "Kitchen.Hot/*")]
    assert set(look(Kitchen({DENIES: denies}), salting()).blocked) == {"t0"}


def test_a_read_only_lock_blocks_a_grant_whose_name_is_not_known_yet() -> None:
    assert set(look(Kitchen({LOCKS: [lock(GROUP, "ReadOnly")]}), assigning()).blocked) == {"t0"}


def test_a_cannot_delete_lock_lets_the_grant_through_and_says_that_it_stays() -> None:
    step, change = assigning()
    found = look(Kitchen({LOCKS: [lock(DISH, "CanNotDelete")]}), (step, change), salting())
    assert found.blocked == {}
    kept = {key: (item.kind, item.code) for key, item in found.one_way.items()}
    assert kept == {node_id(step): ("kept", codes.notes.LOCK_FORBIDS_REMOVAL)}
    assert [note.code for note in heard(found)] == [codes.notes.LOCK_FORBIDS_REMOVAL]


def test_a_cannot_delete_lock_blocks_a_deletion() -> None:
    found = look(Kitchen({LOCKS: [lock(DISH, "CanNotDelete")]}), salting(action="delete", method="DELETE", body=None))
    assert found.blocked["t0"].code == codes.access.LOCKED


def test_who_may_not_list_locks_of_the_subscription_still_sees_those_of_the_group() -> None:
    answers = {LOCKS: refusal(), Read(GROUP, "list:locks"): [lock(DISH, "ReadOnly")]}
    found = look(Kitchen(answers), salting())
    assert set(found.blocked) == {"t0"}
    assert [(note.code, note.scope) for note in heard(found)] == [(codes.notes.NOT_CHECKED, str(SUB))]


def test_locks_that_nobody_lets_us_see_are_said_to_be_unchecked() -> None:
    found = look(Kitchen({LOCKS: refusal(), Read(GROUP, "list:locks"): refusal("no")}), salting())
    assert [note.scope for note in heard(found)] == [str(SUB), str(GROUP)]
    assert all("not checked" in note.text for note in heard(found))


@pytest.mark.parametrize(
    ("item", "blocked"),
    [
        pytest.param(deny(GROUP, "*/write"), True, id="everybody"),
        pytest.param(deny(GROUP, "*/write", principals=[{"id": ME.upper(), "type": "User"}]), True, id="the caller"),
        pytest.param(deny("/", "*/write"), True, id="above the subscription"),
        pytest.param(deny(GROUP, "*/write", excludePrincipals=[{"id": ME, "type": "User"}]), False, id="spared"),
        pytest.param(deny(GROUP, "*/write", principals=[{"id": "x", "type": "User"}]), False, id="somebody else"),
        pytest.param(deny(GROUP, "*/write", principals=[{"id": "a", "type": "User"}]), False, id="somebody before"),
        pytest.param(deny(GROUP, "Other.Kitchen/*"), False, id="another action"),
        pytest.param(deny(GROUP, "*/read"), False, id="reads are no writes"),
        pytest.param(deny(dish("cake"), "*"), False, id="another resource"),
        pytest.param(deny(GROUP, "*/write", doNotApplyToChildScopes=True), False, id="not below"),
        pytest.param(deny(DISH, "*/write", doNotApplyToChildScopes=True), True, id="itself"),
    ],
)
def test_a_deny_assignment_blocks_whom_it_names(item: dict[str, Any], *, blocked: bool) -> None:
    found = look(Kitchen({DENIES: [item]}), salting())
    assert ("t0" in found.blocked) == blocked
    assert heard(found) == []
    if blocked:
        assert found.blocked["t0"].code == codes.access.DENY_ASSIGNMENT


@pytest.mark.parametrize("where", ["principals", "excludePrincipals"])
def test_a_deny_assignment_that_depends_on_a_group_is_said_not_guessed(where: str) -> None:
    found = look(Kitchen({DENIES: [deny(GROUP, "*/write", **{where: [{"id": "g", "type": "Group"}]})]}), salting())
    assert found.blocked == {}
    assert [note.code for note in heard(found)] == [codes.access.DENY_ASSIGNMENT]


def test_a_managed_or_missing_resource_group_blocks() -> None:
    found = look(Kitchen({Read(GROUP): {"managedBy": "/subscriptions/1111/x"}}), salting())
    assert found.blocked["t0"].code == codes.access.GROUP_MANAGED
    assert look(Kitchen({Read(GROUP): None}), salting()).blocked["t0"].code == codes.access.GROUP_ABSENT
    closed = look(Kitchen({Read(GROUP): refusal()}), salting())
    assert (closed.blocked, [note.code for note in heard(closed)]) == ({}, [codes.notes.NOT_CHECKED])


class OfAppliance(Salt):
    """Knows that its group belongs to the service it is for."""

    kind: ClassVar[str] = "salt-of-appliance"

    def managed_by(self) -> ResourceId:
        return DISH


@pytest.mark.parametrize(
    ("manager", "blocked"), [(str(DISH), False), (str(DISH).upper(), False), (f"{DISH}2", True), (str(GROUP), True)]
)
def test_a_group_managed_by_what_the_step_is_for_does_not_block(manager: str, *, blocked: bool) -> None:
    step = OfAppliance(DISH)
    found = look(Kitchen({Read(GROUP): {"managedBy": manager}}), (step, step.change()))
    assert ("t0" in found.blocked) == blocked


@pytest.mark.parametrize(
    ("state", "blocked"), [("Enabled", False), ("Warned", False), ("Disabled", True), ("Expired", True)]
)
def test_a_subscription_that_takes_no_writes_blocks(state: str, *, blocked: bool) -> None:
    found = look(Kitchen({Read(SUB): {"state": state, "tenantId": "TENANT"}}), salting())
    assert ("t0" in found.blocked) == blocked


@pytest.mark.parametrize("theirs", ["theirs", "another"])
def test_a_subscription_of_another_tenant_is_an_input_error(theirs: str) -> None:
    with pytest.raises(InputError) as caught:
        look(Kitchen({Read(SUB): {"state": "Enabled", "tenantId": theirs}}), salting())
    assert caught.value.code == codes.input_.TENANT_MISMATCH
    look(Kitchen({Read(SUB): refusal()}), salting())


def test_a_provider_is_asked_for_only_where_something_new_is_created() -> None:
    read = Read(SUB, "provider", (("namespace", "Kitchen.Hot"),))
    kitchen = Kitchen({read: {"registrationState": "NotRegistered"}})
    assert look(kitchen, salting(), salting(DISH.child("spoons", "s"), action="create"), assigning()).blocked == {}
    assert kitchen.asked[read] == 0
    assert look(kitchen, salting(action="create")).blocked["t0"].code == codes.access.PROVIDER_NOT_REGISTERED
    assert [note.code for note in heard(look(Kitchen({read: refusal()}), salting(action="create")))] == [
        codes.notes.NOT_CHECKED
    ]


@pytest.mark.parametrize(
    ("there", "blocked", "noted"), [(4000, True, False), (3999, False, True), (3000, False, False)]
)
def test_grants_beyond_the_limit_of_a_subscription_block(there: int, *, blocked: bool, noted: bool) -> None:
    above = [{"properties": {"scope": "/"}}] * 50
    kitchen = Kitchen({Read(SUB, "list:roleAssignments"): above + [{"properties": {"scope": str(GROUP)}}] * there})
    found = look(kitchen, assigning(), salting())
    assert set(found.blocked) == ({"t0"} if blocked else set())
    assert [note.code for note in heard(found)] == ([codes.access.TOO_MANY_GRANTS] if noted else [])


def test_grants_are_counted_only_where_some_are_made() -> None:
    kitchen = Kitchen({Read(SUB, "list:roleAssignments"): refusal()})
    assert heard(look(kitchen, salting())) == []
    assert [note.code for note in heard(look(kitchen, assigning()))] == [codes.notes.NOT_CHECKED]
    named = GROUP.extension("Microsoft.Authorization/roleAssignments", "guid")
    assert [note.code for note in heard(look(kitchen, salting(named, action="create")))] == [codes.notes.NOT_CHECKED]
    assert heard(look(kitchen, salting(named))) == [], "one that is there is changed"
    other = GROUP.extension("Microsoft.Authorization/locks", "held")
    assert heard(look(kitchen, salting(other, action="create"))) == [], "a lock is no grant"


@pytest.mark.parametrize("sign", [1, -1])
def test_a_wrong_clock_is_noted_and_far_off_refuses_the_run(sign: int) -> None:
    def at(minutes: int) -> Kitchen:
        return Kitchen(skew=sign * timedelta(minutes=minutes))

    assert heard(look(at(2), salting())) == []
    (said,) = heard(look(at(3), salting(), writing=True))
    assert said.code == codes.access.CLOCK_SKEW
    assert f"180 s {'behind' if sign > 0 else 'ahead of'} Azure's" in said.text
    assert [note.code for note in heard(look(at(6), salting()))] == [codes.access.CLOCK_SKEW]
    with pytest.raises(RefusedError) as caught:
        look(at(6), salting(), writing=True)
    assert caught.value.code == codes.access.CLOCK_SKEW


def test_an_azure_that_does_not_answer_is_no_reason_to_say_unchecked() -> None:
    with pytest.raises(AzureError):
        look(Kitchen({LOCKS: AzureError(codes.access.UNCLEAR_ANSWER, "reset")}), salting())


def test_nothing_to_change_asks_nothing() -> None:
    kitchen = Kitchen()
    found = look(kitchen, Rinse(DISH))
    assert (found.blocked, found.notes, found.missing, kitchen.asked) == ({}, (), (), {})


def test_a_thousand_targets_cost_a_handful_of_reads_beside_their_own() -> None:
    groups = [ResourceId.parse(f"{SUB}/resourceGroups/rg{number}") for number in range(3)]
    kitchen = Kitchen()
    look(kitchen, *(salting(dish(f"d{number}", groups[number % 3])) for number in range(1000)))
    assert max(kitchen.asked.values()) == 1
    assert sum(kitchen.asked.values()) - 1000 <= 12
