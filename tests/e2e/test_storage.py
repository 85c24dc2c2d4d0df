"""The life of a storage account. Fails: an account is cut off from its key, or something of its owner's is lost on the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator import doubts
from tests.e2e.desk import owner_deletes, owner_revokes, owner_sets
from tests.e2e.equality import differences, kept
from tests.e2e.estates import ENCRYPTION_USER, IDENTITY, KEY, NEIGHBOUR_KEY, OLD_IDENTITY, OLD_KEY, Scene
from tests.e2e.stage import path, rows, told, writes
from tests.e2e.storage import (
    ACCOUNT,
    SCOPE,
    doubly_encrypted,
    on_previous_key,
    one_account,
    system_assigned,
    with_dead_identity,
    with_scopes,
    with_theirs,
)
from tests.laws import check_laws, law_1

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Azure
    from tests.e2e.stage import Stage

DAY = 86400.0
OTHER = [(one.name, reading) for one in doubts.STORAGE for reading in one.readings if reading != one.default]
SCENES: tuple[Callable[[], Scene], ...] = (
    one_account,
    doubly_encrypted,
    with_theirs,
    with_scopes,
    on_previous_key,
    with_dead_identity,
    system_assigned,
)


def encryption(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = stage.azure.world.get(ACCOUNT)["properties"]["encryption"]  # type: ignore[index]
    return found


def patches(stage: Stage, mark: int = 0) -> list[dict[str, Any]]:
    """Return the bodies of the writes on the account that Azure took."""
    sent = [one for one in writes(stage.since(mark)) if path(one) == ACCOUNT.lower() and one.status == 200]
    return [json.loads(one.body) for one in sent]


def without_their_identity(stage: Stage) -> Stage:
    """Let the owner delete the identity that is attached to the account."""
    owner_deletes(stage, OLD_IDENTITY)
    return stage


def test_a_dry_run_only_reads_and_says_what_stays_uncovered(azure: Azure) -> None:
    stage = azure(with_scopes())
    review = stage.dry_run({**stage.scene.plan, "move_encryption_scopes": False})
    assert law_1(rows(stage.since(0))) == []
    said = {one.code: one.text for one in review.notes}
    assert "queue and table of stone stay on Azure's own key" in said[codes.storage.NOT_COVERED]
    assert "archive is on Azure's own" in said[codes.storage.SCOPES]
    assert "6fac406b-40ca-413b-bf8e-0bf964659c25" in said[codes.storage.POLICY]
    assert codes.storage.TERRAFORM in said


@pytest.mark.parametrize("scene", SCENES)
def test_there_and_back_again(azure: Azure, scene: Callable[[], Scene]) -> None:
    stage = azure(scene())
    before, mark = stage.bodies(), stage.seen()
    review, _ = stage.moved()
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    assert encryption(stage)["keyvaultproperties"]["keyname"] == "cmk"
    mark = stage.seen()
    assert stage.apply(stage.dry_run()).writes == 0
    assert stage.apply(review).writes == 0
    assert stage.verify().exit_code == 0
    assert stage.verify(review.digest).exit_code == 0
    assert writes(stage.since(mark)) == []
    undoing, _ = stage.rolled_back(review.digest)
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []
    assert stage.verify(review.digest).exit_code == 0


@pytest.mark.parametrize("reading", OTHER, ids=[f"{name}={reading}" for name, reading in OTHER])
@pytest.mark.parametrize("scene", [one_account, doubly_encrypted, with_scopes, on_previous_key, with_dead_identity])
def test_the_life_of_an_account_under_each_reading(
    azure: Azure, scene: Callable[[], Scene], reading: tuple[str, str]
) -> None:
    stage = azure(scene(), doubts=dict([reading]))
    before, mark = stage.bodies(), stage.seen()
    review, _ = stage.moved()
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    assert stage.verify().exit_code == 0
    undoing, _ = stage.rolled_back(review.digest)
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []


def test_from_platform_keys_identity_and_key_go_in_one_request(azure: Azure) -> None:
    stage = azure(one_account())
    stage.moved()
    (sent,) = patches(stage)
    assert list(sent["identity"]["userAssignedIdentities"]) == [IDENTITY]
    asked = sent["properties"]["encryption"]
    assert asked["keyvaultproperties"]["keyversion"] == ""
    assert asked["identity"] == {"userAssignedIdentity": IDENTITY}


def test_infrastructure_encryption_and_services_are_carried_over(azure: Azure) -> None:
    stage = azure(doubly_encrypted())
    review, _ = stage.moved()
    asked = patches(stage)[0]["properties"]["encryption"]
    assert asked["requireInfrastructureEncryption"] is True
    assert set(asked["services"]) == {"blob", "file", "queue", "table"}
    assert codes.storage.NOT_COVERED not in {one.code for one in review.notes}


def test_the_identity_that_is_there_is_used(azure: Azure) -> None:
    stage = azure(with_theirs())
    review, _ = stage.moved()
    (sent,) = patches(stage)
    assert "identity" not in sent
    assert sent["properties"]["encryption"]["identity"] == {"userAssignedIdentity": OLD_IDENTITY}
    assert codes.notes.IDENTITY_KEPT_BY_RESOURCE in {one.code for one in review.notes}


def test_on_a_customer_key_the_identity_comes_first_then_the_key(azure: Azure) -> None:
    stage = azure(with_dead_identity())
    stage.moved()
    identity, key = patches(stage)
    assert identity["properties"]["encryption"]["keyvaultproperties"]["keyname"] == "tde"
    assert "identity" not in key
    assert key["properties"]["encryption"]["keyvaultproperties"]["keyname"] == "cmk"


@pytest.mark.parametrize("scene", [with_theirs, on_previous_key])
def test_a_deleted_identity_makes_room_for_ours(azure: Azure, scene: Callable[[], Scene]) -> None:
    stage = without_their_identity(azure(scene()))
    before = stage.bodies()
    review, _ = stage.moved()
    assert patches(stage)[0]["identity"]["userAssignedIdentities"] == {OLD_IDENTITY: None, IDENTITY: {}}
    assert stage.verify().exit_code == 0
    undoing, _ = stage.rolled_back(review.digest)
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []


def test_where_there_is_no_room_the_account_stays_as_it_was(azure: Azure) -> None:
    stage = without_their_identity(azure(with_theirs(), doubts={"storage-identity-null": "full"}))
    before = stage.bodies()[ACCOUNT.lower()]
    result = stage.apply(stage.dry_run())
    assert (result.exit_code, [one.end for one in result.targets]) == (1, ["failed"]), told(result)
    assert "Too many user-assigned identities" in result.targets[0].text
    assert stage.bodies()[ACCOUNT.lower()] == before


def test_scopes_move_after_the_account_and_go_back_before_it(azure: Azure) -> None:
    stage = azure(with_scopes())
    mark = stage.seen()
    review, _ = stage.moved()
    assert [path(one) for one in writes(stage.since(mark)) if one.status == 200][-2:] == [
        ACCOUNT.lower(),
        SCOPE.lower(),
    ]
    mark = stage.seen()
    stage.rolled_back(review.digest)
    assert [path(one) for one in writes(stage.since(mark))][:2] == [SCOPE.lower(), ACCOUNT.lower()]


def test_a_key_that_the_owner_has_changed_since_is_not_taken_back(azure: Azure) -> None:
    scene = one_account()
    granted = {"principal": IDENTITY, "role": ENCRYPTION_USER, "scope": NEIGHBOUR_KEY}
    grants = [*scene.estate["role_assignments"], granted]
    stage = azure(Scene({**scene.estate, "role_assignments": grants}, scene.plan, scene.servers))
    review, _ = stage.moved()
    found = encryption(stage)
    key = {**found["keyvaultproperties"], "keyname": "neighbour"}
    owner_sets(stage, ACCOUNT, {"properties": {"encryption": {**found, "keyvaultproperties": key}}})
    undoing = stage.review_rollback(review.digest)
    assert [one.blocked.code for one in undoing.targets if one.blocked] == [codes.engine.OTHER_VALUE_NOW]


def test_a_rotation_is_followed_and_changes_nothing_about_being_done(azure: Azure) -> None:
    stage = azure(one_account())
    stage.moved()
    first = encryption(stage)["keyvaultproperties"]["currentVersionedKeyIdentifier"]
    stage.rotate(KEY)
    stage.azure.advance(DAY)
    assert encryption(stage)["keyvaultproperties"]["currentVersionedKeyIdentifier"] != first
    mark = stage.seen()
    assert stage.apply(stage.dry_run()).writes == 0
    assert stage.verify().exit_code == 0
    assert writes(stage.since(mark)) == []


def test_a_pinned_version_of_the_present_key_that_is_disabled_refuses_the_account(azure: Azure) -> None:
    stage = azure(on_previous_key())
    key = stage.azure.world.get(OLD_KEY)
    assert key is not None
    version = ResourceId(OLD_KEY).child("versions", key["properties"]["keyUriWithVersion"].rsplit("/", 1)[1])
    found = stage.azure.world.get(version)
    assert found is not None
    owner_sets(
        stage, str(version), {"properties": {"attributes": {**found["properties"]["attributes"], "enabled": False}}}
    )
    (target,) = stage.dry_run().targets
    assert target.blocked is not None
    assert target.blocked.code == codes.storage.CURRENT_KEY_UNUSABLE


def test_an_expired_version_that_is_still_in_use_is_wrong_though_nothing_can_be_sent(azure: Azure) -> None:
    stage = azure(one_account())
    stage.moved()
    used = encryption(stage)["keyvaultproperties"]["currentVersionedKeyIdentifier"].rsplit("/", 1)[1]
    stage.rotate(KEY)
    owner_sets(
        stage, f"{KEY}/versions/{used}", {"properties": {"attributes": {"exp": int(stage.azure.clock.stamp()) - 60}}}
    )
    (check,) = stage.verify().targets
    assert (check.verdict, check.code) == ("wrong", codes.storage.WRONG)
    assert f"currentVersionedKeyIdentifier names version {used}" in check.text
    assert stage.dry_run().targets[0].blocked is None


def test_a_grant_that_was_taken_away_is_found_and_given_back(azure: Azure) -> None:
    stage = azure(one_account())
    stage.moved()
    owner_revokes(stage, KEY)
    review = stage.dry_run()
    assert [one.state for one in review.targets] == ["customer (wrong)"]
    said = {one.code: one.text for one in review.notes}
    assert "no role assignment at cmk in kv-cmk or above lets id-cmk use it" in said[codes.storage.WRONG]
    assert stage.verify().exit_code == 2
    stage.moved()
    assert stage.verify().exit_code == 0
