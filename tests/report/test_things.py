"""Without these a change board reads `(known after apply)` where a server stands, or approves one thing for another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate.api.registry import registry
from cmk_remediate.report import renderer
from cmk_remediate.report.things import WORDS
from cmk_remediate.report.view import ReviewView
from tests.report import sample

if TYPE_CHECKING:
    from cmk_remediate.model.review import ReviewedLine, ReviewedStep

ROLE = f"{sample.KEY}/providers/Microsoft.Authorization/roleAssignments/feb05c6f"
PARTNER = sample.SERVER.replace("sql-orders", "sql-partner")


def made(*steps: ReviewedStep, **changes: Any) -> ReviewView:
    target = sample.review().targets[0].model_copy(update={"steps": tuple(step.id for step in steps)})
    return ReviewView(sample.review(steps=steps, targets=(target,), **changes))


def test_every_kind_of_step_has_words() -> None:
    assert sorted(set(registry()._by_kind) - set(WORDS)) == []


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_words_are_for_steps_that_exist(kind: str) -> None:
    assert registry().step_class(kind).kind == kind


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (sample.step("create_key", sample.KEY, "create"), "key cmk-orders in kv-orders"),
        (sample.step("protect_vault", sample.VAULT, "update"), "vault kv-orders"),
        (
            sample.step(
                "attach_identity",
                sample.SERVER,
                "update",
                params={"server": sample.SERVER, "identity": sample.IDENTITY.lower()},
            ),
            "identity id-orders on sql-orders",
        ),
        (
            sample.step("register_server_key", None, "create", params={"server": sample.SERVER, "key": sample.KEY}),
            "server key for cmk-orders in kv-orders on sql-orders",
        ),
        (
            sample.step(
                "register_server_key", f"{sample.SERVER}/keys/kv_cmk_1", "none", params={"server": sample.SERVER}
            ),
            "server key kv_cmk_1 on sql-orders",
        ),
        (
            sample.step("assign_key_role", ROLE, "create", params={"scope": sample.KEY, "principal_id": "5-5"}),
            "role assignment for 5-5 on cmk-orders in kv-orders",
        ),
        (
            sample.step("enable_tde", None, "update", params={"server": sample.SERVER, "database": "staging"}),
            "encryption of database staging of sql-orders",
        ),
        (sample.step("later", None, "create"), "later (known after apply)"),
        (sample.step("later", sample.KEY, "create"), "later kv-orders/keys/cmk-orders"),
    ],
)
def test_words(step: ReviewedStep, text: str) -> None:
    assert made(step).step_name(step) == text


def test_a_principal_still_unknown_is_named_by_its_identity() -> None:
    identity = sample.step("create_identity", sample.IDENTITY, "create")
    promise = {"ref": identity.id, "path": ["properties", "principalId"]}
    role = sample.step("assign_key_role", None, "create", params={"scope": sample.KEY, "principal_id": promise})

    assert made(identity, role).step_name(role) == "role assignment for id-Orders on cmk-orders in kv-orders"


def test_a_principal_is_named_by_the_identity_another_step_names() -> None:
    wait = sample.step(
        "wait_for_access",
        None,
        "wait",
        params={"scope": sample.KEY, "principal_id": "5-5", "identity": sample.IDENTITY},
    )
    role = sample.step("assign_key_role", None, "create", params={"scope": sample.KEY, "principal_id": "5-5"})

    assert made(wait, role).step_name(role) == "role assignment for id-Orders on cmk-orders in kv-orders"
    assert made(wait, role).step_name(wait) == "access of id-Orders to cmk-orders in kv-orders"


def test_what_stays_is_one_entry_a_reason_and_names_everything() -> None:
    keys = [
        sample.step(
            "create_key",
            f"{sample.VAULT}/keys/{name}",
            "keep",
            sample.line("", None, None, sample.KEPT.model_copy(update={"code": "CMK307", "why": f"{name} stays: why"})),
            id=name,
        )
        for name in ("one", "two")
    ]
    stays = made(*keys, undoes=sample.RUN).stays

    assert [(item.kind, item.why, item.things) for item in stays] == [
        ("stays", "why", ("key one in kv-orders", "key two in kv-orders"))
    ]


def test_a_grant_that_stays_once_used_is_among_what_stays() -> None:
    (grant,) = [item for item in ReviewView(sample.review()).stays if item.code == "CMK309"]

    assert grant.kind == "stays once used"
    assert grant.things == ("role assignment for 55555555-5555-4555-8555-555555555501 on cmk-orders in kv-orders",)


def seen(role: str, partner: str) -> ReviewedLine:
    entries = [f"fg: {role} with {partner.lower()}"]
    return sample.line("failoverGroups", entries, entries, None, role="relied_on")


def test_a_geo_link_is_said_once_with_both_roles() -> None:
    steps = (
        sample.step(
            "set_protector", sample.SERVER, "update", seen("Primary", PARTNER), params={"server": sample.SERVER}
        ),
        sample.step(
            "set_protector", PARTNER, "update", seen("Secondary", sample.SERVER), params={"server": PARTNER}, id="p"
        ),
    )
    for document in (renderer("text").review(made(*steps).review), renderer("markdown").review(made(*steps).review)):
        plain = document.replace("\\", "")
        assert plain.count("failover group fg (sql-orders primary, sql-partner secondary)") == 1
        assert "failoverGroups" not in document


def test_steps_that_see_a_geo_link_differently_each_say_so() -> None:
    steps = (
        sample.step(
            "attach_identity", sample.SERVER, "update", seen("Primary", PARTNER), params={"server": sample.SERVER}
        ),
        sample.step(
            "set_protector", sample.SERVER, "update", seen("Secondary", PARTNER), params={"server": sample.SERVER}
        ),
    )
    document = renderer("text").review(made(*steps).review)

    assert document.count("relies on: failoverGroups = ") == 2
    assert "failover group fg" not in document


def test_ids_are_shortened_unless_that_hides_a_difference() -> None:
    view = made(sample.step("create_identity", sample.IDENTITY, "update"))

    assert view.shown(sample.line(f"identity.{sample.IDENTITY}", None, "x"))[0] == "identity.id-Orders"
    upper = sample.line("primary", sample.IDENTITY.lower(), sample.IDENTITY)
    assert view.shown(upper) == ("primary", sample.IDENTITY.lower(), sample.IDENTITY)


def test_a_wait_says_once_what_it_waits_for_and_no_change_takes_a_line() -> None:
    document = renderer("text").review(sample.review())

    assert document.count("for the grant to arrive") == 1
    assert (
        "    7. no change  of-a-later-version sql-second/encryptionProtector/current: already on the key\n" in document
    )


def test_a_rollback_says_after_which_run_it_finds_a_target() -> None:
    target = sample.review().targets[0].model_copy(update={"state": "after run 7f3a9c12"})
    document = renderer("text").review(sample.review(undoes=sample.RUN, targets=(target,)))

    assert "TARGET sql-orders  (sql)  after run 7f3a9c12  -> to change" in document
