"""Hazards 7 and 17: what a key's expiry, or a key nobody could look for, would do to a server is said, and accepted by name.

Fails: a pinned key expires on a Sunday, and every database behind it is inaccessible by Monday.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.errors import RefusedError
from tests.e2e.desk import having, owner_sets, planning, several
from tests.e2e.estates import KEY, SERVER, VAULT, Scene, one_server, plan
from tests.e2e.stage import told, writes

if TYPE_CHECKING:
    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure, Sit

VERSION = "0123456789abcdef0123456789abcdef"
DAY = "2040-01-01T00:00:00Z"
EXP = {"attributes": {"exp": 2208988800}}
AGE = {"rotationPolicy": {"attributes": {"expiryTime": "P2Y"}, "lifetimeActions": []}}
ACCEPT = "expiring-pinned-key:sql-one"


def _pinned(properties: dict[str, Any], **more: Any) -> Scene:
    uri = f"https://kv-cmk.vault.azure.net/keys/cmk/{VERSION}"
    scene = having(one_server(), KEY, {"properties": {"keyUriWithVersion": uri, **properties}})
    return planning(
        scene, customer_managed_key={**plan(SERVER)["customer_managed_key"], "key_version": VERSION}, **more
    )


def _allowed(properties: dict[str, Any]) -> Scene:
    return _pinned(properties, allow_expiring_pinned_key=True)


def _said(review: Review, code: Code) -> list[str]:
    return [note.text for note in review.notes if note.code == code]


@pytest.mark.parametrize("properties", [EXP, AGE], ids=["exp", "expiryTime"])
def test_a_pinned_key_that_expires_is_refused_unless_the_plan_asks_for_it(
    azure: Azure, properties: dict[str, Any]
) -> None:
    review = azure(_pinned(properties)).dry_run()
    (target,) = review.targets
    assert target.blocked is not None
    assert target.blocked.code == codes.vault.PINNED_KEY_EXPIRES
    assert "allow_expiring_pinned_key" in target.blocked.next
    assert azure(_pinned({}, allow_expiring_pinned_key=True)).dry_run().acknowledgements_required == ()


def test_asked_for_it_is_accepted_by_name_and_the_review_prints_the_date(azure: Azure) -> None:
    stage = azure(_allowed(EXP))
    review = stage.dry_run()
    assert review.acknowledgements_required == (ACCEPT,)
    (text,) = _said(review, codes.vault.PINNED_KEY_EXPIRES)
    assert f"by {DAY} somebody must rotate" in text
    assert f"by {DAY}" in " ".join(cmk.render(review, "text").split())
    mark = stage.seen()
    with pytest.raises(RefusedError) as refused:
        stage.apply(review, accept=())
    assert refused.value.code == codes.engine.ACCEPTANCE_MISSING
    assert writes(stage.since(mark)) == []
    result = stage.apply(review, accept=[ACCEPT])
    assert result.exit_code == 0, told(result)
    assert stage.protector(SERVER)["serverKeyName"].endswith(VERSION)


def test_verify_calls_it_wrong_accepted_or_not_and_says_by_when(azure: Azure) -> None:
    stage = azure(_allowed(EXP))
    stage.moved()
    for plan_ in (stage.scene.plan, {**stage.scene.plan, "allow_expiring_pinned_key": False}):
        found = stage.verify(plan_)
        (check,) = found.targets
        assert (found.exit_code, check.verdict, check.code) == (2, "wrong", codes.vault.PINNED_KEY_EXPIRES)
        assert DAY in check.text
    assert stage.dry_run().targets[0].state == "customer (wrong)"


def test_another_date_at_apply_is_drift(azure: Azure) -> None:
    stage = azure(_allowed(EXP))
    review = stage.dry_run()
    owner_sets(stage, KEY, {"properties": {"attributes": {"exp": 2208988800 - 86400 * 365}}})
    result = stage.apply(review)
    assert result.exit_code == 3, told(result)
    assert "key.attributes.exp" in result.targets[0].text
    assert writes(stage.since(0)) == []


def test_a_key_that_expires_only_since_the_review_is_refused(azure: Azure) -> None:
    stage = azure(_pinned({}))
    review = stage.dry_run()
    owner_sets(stage, KEY, {"properties": {"attributes": {"exp": 2208988800}}})
    result = stage.apply(review)
    assert result.targets[0].code == codes.vault.PINNED_KEY_EXPIRES, told(result)
    assert writes(stage.since(0)) == []


def test_a_server_that_follows_new_versions_may_have_a_key_that_expires(azure: Azure) -> None:
    stage = azure(having(one_server(), KEY, {"properties": EXP}))
    review, _ = stage.moved()
    assert review.acknowledgements_required == ()
    assert stage.verify().exit_code == 0


def test_the_refused_plan_file_names_the_way(desk: Sit) -> None:
    pinned = {**plan(SERVER)["customer_managed_key"], "key_version": VERSION}
    scene = planning(one_server(), customer_managed_key=pinned, key={"expires": DAY})
    outcome = desk(scene).dry_run()
    assert outcome.code == 1
    assert "allow_expiring_pinned_key: true" in outcome.err


def test_an_existing_key_that_differs_from_the_plan_is_said_once_a_key(azure: Azure) -> None:
    key = {"size": 2048, "rotation_policy": {"rotate_after_create": "P90D"}}
    review = azure(planning(several(3), key=key)).dry_run()
    said = _said(review, codes.notes.KEY_DIFFERS_FROM_PLAN)
    assert said == [
        "cmk in kv-cmk: keySize is 3072 (plan: 2048)",
        "cmk in kv-cmk: its rotation policy is not the plan's",
    ]
    assert {note.scope for note in review.notes if note.code == codes.notes.KEY_DIFFERS_FROM_PLAN} == {KEY}
    assert "[CMK610]" in cmk.render(review, "text")


def test_a_key_as_the_plan_declares_it_differs_in_nothing(azure: Azure) -> None:
    review = azure(planning(one_server(), key={"rotation_policy": None})).dry_run()
    assert _said(review, codes.notes.KEY_DIFFERS_FROM_PLAN) == []


def _reading_deleted_keys(scene: Scene) -> Scene:
    role = {"principal": scene.estate["operator"]["object_id"], "role": "Key Vault Crypto Officer", "scope": VAULT}
    estate = {**scene.estate, "role_assignments": [*scene.estate["role_assignments"], role]}
    return Scene(estate, scene.plan, scene.servers, scene.keys)


def test_a_key_that_may_exist_deleted_is_said_where_nobody_can_look(azure: Azure) -> None:
    review = azure(one_server(present=False)).dry_run()
    assert _said(review, codes.notes.KEY_MAY_BE_SOFT_DELETED) == [
        "cmk in kv-cmk may exist deleted: its own endpoint could not be asked from here"
    ]
    looked = azure(_reading_deleted_keys(one_server(present=False))).dry_run()
    assert _said(looked, codes.notes.KEY_MAY_BE_SOFT_DELETED) == []
    assert _said(azure(one_server()).dry_run(), codes.notes.KEY_MAY_BE_SOFT_DELETED) == [], "the key is there"
