"""The life of an AI services account. Fails: a door is opened that nobody accepted, or a key is left that nobody reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.errors import CmkError
from cmk_remediate.simulator import doubts
from tests.e2e.ai_accounts import (
    ACCOUNT,
    CLIENT,
    OLD_CLIENT,
    VERSION,
    bare,
    changed,
    closed,
    encryption,
    face,
    foundry,
    language,
    on_previous_key,
    openai,
    pinned_foundry,
    speech,
    without_projects,
)
from tests.e2e.desk import owner_deletes, owner_revokes, owner_sets
from tests.e2e.equality import differences, kept
from tests.e2e.estates import IDENTITY, KEY, OLD_IDENTITY, OLD_VERSION, VAULT, Scene
from tests.e2e.stage import DAY, path, rows, told, writes
from tests.laws import check_laws, law_1

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Azure
    from tests.e2e.stage import Stage

SCENES = (bare, speech, foundry, without_projects, openai, language, pinned_foundry, on_previous_key)
OTHER = [(one.name, reading) for one in doubts.AI_SERVICES for reading in one.readings if reading != one.default]
MINUTES = 60.0


def shown(stage: Stage) -> dict[str, Any]:
    """Return the account's encryption."""
    found: dict[str, Any] = stage.azure.world.get(ACCOUNT)["properties"].get("encryption", {})  # type: ignore[index]
    return found


def patches(stage: Stage, mark: int = 0) -> list[dict[str, Any]]:
    """Return the bodies of the writes on the account."""
    return [json.loads(one.body) for one in writes(stage.since(mark)) if path(one) == ACCOUNT.lower()]


def as_reviewed(stage: Stage) -> tuple[str, list[str]]:
    """Return the only target's state, and what must be accepted for it."""
    review = stage.dry_run()
    return review.targets[0].state, [one for one in review.acknowledgements_required if one.endswith(":ai-one")]


def life(stage: Stage, *, rotate: bool = False) -> None:
    """Dry run, apply, apply again, verify, roll back, verify; every law on the way."""
    before = stage.bodies()
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert {one.end for one in result.targets} == {"done"}, told(result)
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    if rotate:
        stage.rotate(KEY)
        stage.azure.advance(DAY)
    mark = stage.seen()
    assert stage.apply(review).exit_code == 0
    assert stage.apply(stage.dry_run()).exit_code == 0
    assert stage.verify(review.digest).exit_code == 0
    assert stage.verify().exit_code == 0
    assert writes(stage.since(mark)) == []
    undoing, _ = stage.rolled_back(review.digest)
    stage.azure.advance(10 * MINUTES)
    assert differences(before, stage.bodies(), kept(stage, review, undoing), rotated=rotate) == []
    assert stage.verify(review.digest).exit_code == 0


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("scene", SCENES)
def test_the_life_of_an_account(azure: Azure, scene: Callable[[], Scene], *, rotate: bool) -> None:
    life(azure(scene()), rotate=rotate)


MET_BY: dict[str, tuple[Callable[[], Scene], ...]] = {
    "ai-key-refusal-arrives": (bare, on_previous_key),
    "ai-missing-right": (bare, openai),
    "ai-encryption-meanwhile": (bare, foundry, on_previous_key),
    "ai-encryption-shown": (bare, foundry, on_previous_key),
    "ai-encryption-patch": (bare, pinned_foundry, on_previous_key),
    "ai-platform-encryption-shown": (bare, without_projects),
    "ai-way-back-without-projects": (without_projects,),
    "ai-user-assigned-reader": (language, speech),
    "ai-openai-vault-on-roles": (openai,),
    "ai-grant-scope": (bare, openai),
    "ai-trusted-service": (closed,),
    "ai-free-tier": (speech,),
    "ai-enterprise-tier": (face, speech),
}
"""By doubt, the accounts whose path meets it."""
REFUSED = (
    ("ai-user-assigned-reader", language),
    ("ai-openai-vault-on-roles", openai),
    ("ai-grant-scope", bare),
    ("ai-grant-scope", openai),
    ("ai-trusted-service", closed),
    ("ai-enterprise-tier", face),
)
"""Where Azure refuses under the other reading what was accepted by name, or waits for a role that only the owner can give."""
LIVES = [(name, reading, scene) for name, reading in OTHER for scene in MET_BY[name]]


@pytest.mark.parametrize(("name", "reading", "scene"), LIVES)
def test_the_life_of_an_account_under_each_reading(
    azure: Azure, name: str, reading: str, scene: Callable[[], Scene]
) -> None:
    stage = azure(scene(), doubts={name: reading})
    if (name, scene) in REFUSED:
        refused_by_azure(stage)
    elif name == "ai-way-back-without-projects":
        stays_on_the_key(stage)
    else:
        life(stage)


def refused_by_azure(stage: Stage) -> None:
    """Nothing has changed, and all that was made for it can go again."""
    before, had = stage.bodies(), shown(stage)
    review = stage.dry_run()
    result = stage.apply(review)
    assert (result.targets[0].end, result.exit_code in (1, 5)) == ("failed", True), told(result)
    assert shown(stage) == had
    undoing, _ = stage.rolled_back(review.digest)
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []


def stays_on_the_key(stage: Stage) -> None:
    """The way back that was accepted as not confirmed is none: the account stays on a key that works."""
    review, _ = stage.moved()
    assert "way-back-unconfirmed:ai-one" in review.acknowledgements_required
    undoing = stage.review_rollback(review.digest)
    ended = stage.apply(undoing)
    assert ended.targets[0].end == "failed", told(ended)
    assert shown(stage)["keySource"] == "Microsoft.KeyVault"
    assert stage.verify().exit_code == 0


def test_a_role_at_the_vault_is_taken_where_the_key_is_not_enough(azure: Azure) -> None:
    scene = speech()
    grants = [
        {**one, "scope": VAULT} if one["principal"] == IDENTITY else one for one in scene.estate["role_assignments"]
    ]
    wider = Scene({**scene.estate, "role_assignments": grants}, scene.plan, scene.servers)
    stage = azure(wider, doubts={"ai-grant-scope": "vault"})
    _, result = stage.moved()
    assert result.writes == 2, "identity and key: the grant is there"


# -- doors and names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scene", "state", "names"),
    [
        (speech, "platform", []),
        (foundry, "platform", ["foundry-cmk:ai-one"]),
        (without_projects, "platform", ["way-back-unconfirmed:ai-one"]),
        (openai, "platform", ["roles-unconfirmed:ai-one"]),
        (closed, "platform", []),
        (language, "platform", ["user-assigned-unconfirmed:ai-one"]),
        (pinned_foundry, "customer (wrong)", []),
        (on_previous_key, "customer (wrong)", []),
    ],
)
def test_what_is_accepted_by_name(azure: Azure, scene: Callable[[], Scene], state: str, names: list[str]) -> None:
    stage = azure(scene())
    assert as_reviewed(stage) == (state, names)
    review = stage.dry_run()
    for missing in names:
        with pytest.raises(CmkError, match=missing):
            stage.apply(review, accept=[one for one in review.acknowledgements_required if one != missing])
    assert writes(stage.since(0)) == []


def test_two_patches_and_no_other_identity_is_lost(azure: Azure) -> None:
    stage = azure(foundry())
    stage.moved()
    identity, key = patches(stage)
    assert identity == {"identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}}
    assert key == {"properties": {"encryption": encryption("kv-cmk", "cmk", "", CLIENT)}}


def test_a_single_service_names_the_version(azure: Azure) -> None:
    stage = azure(speech())
    stage.moved()
    assert shown(stage) == encryption("kv-cmk", "cmk", VERSION, CLIENT)
    stage.rotate(KEY)
    stage.azure.advance(MINUTES)
    verified = stage.verify()
    assert verified.exit_code == 0
    assert codes.ai_services.VERSION_NAMED in {note.code for note in verified.notes}


def test_the_new_version_is_named_by_the_plan(azure: Azure) -> None:
    stage = azure(speech())
    stage.moved()
    stage.rotate(KEY)
    newest = str(stage.azure.world.get(KEY)["properties"]["keyUriWithVersion"]).rpartition("/")[2]  # type: ignore[index]
    plan = {
        **stage.scene.plan,
        "customer_managed_key": {**stage.scene.plan["customer_managed_key"], "key_version": newest},
    }
    mark = stage.seen()
    review = stage.dry_run(plan)
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert patches(stage, mark) == [{"properties": {"encryption": encryption("kv-cmk", "cmk", newest, CLIENT)}}]
    stage.rolled_back(review.digest)
    assert shown(stage) == encryption("kv-cmk", "cmk", VERSION, CLIENT)


def test_azure_openai_is_read_as_itself_and_keeps_the_others(azure: Azure) -> None:
    stage = azure(openai())
    stage.moved()
    assert "identityClientId" not in shown(stage)["keyVaultProperties"]
    identity = stage.azure.world.get(ACCOUNT)["identity"]  # type: ignore[index]
    assert (identity["type"], len(identity["userAssignedIdentities"])) == ("SystemAssigned, UserAssigned", 1)


def test_behind_the_door_a_rollback_takes_nothing_away(azure: Azure) -> None:
    stage = azure(foundry())
    review, _ = stage.moved()
    before, mark = stage.bodies(), stage.seen()
    undoing, _ = stage.rolled_back(review.digest)
    assert writes(stage.since(mark)) == []
    assert {one.action for one in undoing.steps} == {"keep"}
    assert differences(before, stage.bodies()) == []


def test_platform_keys_are_asked_for_and_read_back(azure: Azure) -> None:
    stage = azure(speech())
    review, _ = stage.moved()
    mark = stage.seen()
    stage.rolled_back(review.digest)
    assert patches(stage, mark) == [{"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}}]
    assert as_reviewed(stage) == ("platform", [])


def test_the_previous_key_comes_back_with_its_version_and_reader(azure: Azure) -> None:
    stage = azure(on_previous_key())
    review, _ = stage.moved()
    assert shown(stage)["keyVaultProperties"]["identityClientId"] == OLD_CLIENT, "it keeps the identity it has"
    stage.rolled_back(review.digest)
    assert shown(stage) == encryption("kv-old", "tde", OLD_VERSION, OLD_CLIENT)


def test_another_choice_made_since_is_not_taken_back(azure: Azure) -> None:
    stage = azure(speech())
    review, _ = stage.moved()
    theirs = encryption("kv-cmk", "neighbour", "", CLIENT)
    owner_sets(stage, ACCOUNT, {"properties": {"encryption": theirs}})
    undoing = stage.review_rollback(review.digest)
    blocked = [one.blocked.code for one in undoing.targets if one.blocked is not None]
    assert blocked == [codes.engine.OTHER_VALUE_NOW]


def test_it_became_a_foundry_resource_since_the_review(azure: Azure) -> None:
    stage = azure(without_projects())
    review = stage.dry_run()
    owner_sets(stage, ACCOUNT, {"properties": {"allowProjectManagement": True}})
    mark = stage.seen()
    result = stage.apply(review)
    assert (result.exit_code != 0, writes(stage.since(mark))) == (True, []), "the door was not accepted"
    assert "allowProjectManagement" in result.targets[0].text


# -- waiting and reading back ------------------------------------------------------------------------------------------


def test_what_is_shown_late_is_waited_for_and_sent_once(azure: Azure) -> None:
    stage = azure(speech(), doubts={"ai-encryption-shown": "late"})
    review, result = stage.moved()
    assert result.exit_code == 0
    assert len(patches(stage)) == 2, "identity and key: the key once"
    mark = stage.seen()
    stage.rolled_back(review.digest)
    assert len(patches(stage, mark)) == 1


def test_a_grant_that_comes_late_is_tried_three_times_at_most(azure: Azure) -> None:
    scene = bare()
    stage = azure(scene, rbac_delay=(4000.0, 4000.0))
    result = stage.apply(stage.dry_run())
    assert (result.exit_code, result.targets[0].end) == (5, "failed"), told(result)
    assert [one for one in patches(stage) if "properties" in one] == [patches(stage)[-1]] * 3
    assert shown(stage) == {}


def test_an_expiring_version_is_refused_before_anything_is_made(azure: Azure) -> None:
    scene = changed(bare(), key={"size": 2048, "rotation_policy": {"expiry_time": "P2Y"}})
    review = azure(scene).dry_run()
    assert [one.blocked.code for one in review.targets if one.blocked] == [codes.vault.PINNED_KEY_EXPIRES]


def test_a_key_of_another_size_is_refused_before_anything_is_read(azure: Azure) -> None:
    stage = azure(changed(speech(), key={"size": 3072}))
    with pytest.raises(CmkError, match="2048"):
        stage.dry_run()
    assert stage.since(0) == []


def test_an_identity_that_is_gone_makes_room_for_ours(azure: Azure) -> None:
    stage = azure(on_previous_key())
    owner_deletes(stage, OLD_IDENTITY)
    review = stage.dry_run()
    said = {one.code: one.text for one in review.notes}
    assert "of id-old, which does not exist any more" in said[codes.ai_services.WRONG]
    assert "previous-key:ai-one" in review.acknowledgements_required
    before, mark = stage.bodies(), stage.seen()
    review, _ = stage.moved()
    assert patches(stage, mark)[0]["identity"]["userAssignedIdentities"] == {OLD_IDENTITY: None, IDENTITY: {}}
    assert stage.verify().exit_code == 0
    undoing, _ = stage.rolled_back(review.digest)
    mine = {ACCOUNT.lower()}
    was, now = ({one: body for one, body in found.items() if one in mine} for found in (before, stage.bodies()))
    assert differences(was, now, kept(stage, review, undoing)) == []


def test_the_plans_own_identity_that_is_gone_is_refused(azure: Azure) -> None:
    stage = azure(pinned_foundry())
    owner_deletes(stage, IDENTITY)
    (target,) = stage.dry_run().targets
    assert target.blocked is not None
    assert target.blocked.code == codes.ai_services.IDENTITY_NOT_NAMED


def test_a_grant_that_was_taken_away_is_found_and_given_back(azure: Azure) -> None:
    stage = azure(speech())
    stage.moved()
    owner_revokes(stage, KEY)
    assert as_reviewed(stage)[0] == "customer (wrong)"
    assert stage.verify().exit_code == 2
    mark = stage.seen()
    stage.moved()
    assert {path(one).rsplit("/", 2)[1] for one in writes(stage.since(mark))} == {"roleassignments"}
    assert stage.verify().exit_code == 0
