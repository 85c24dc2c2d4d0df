"""The life of a Cosmos DB account. Fails: a door is opened that nobody accepted, or the way is cut off to a key that is needed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.errors import CmkError
from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.faults import Fault, Killed
from tests.e2e.accounts import ACCOUNT, FIRST_PARTY, OLD_URI, OURS, URI, on_previous_key, one_account, undefined
from tests.e2e.desk import owner_sets
from tests.e2e.equality import differences, kept
from tests.e2e.estates import KEY, OPERATOR, Scene
from tests.e2e.stage import Stage, died, like_a_dead_process, path, rows, told, writes
from tests.laws import check_laws, law_1

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.model.result import Event
    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure

HOURS = 8 * 3600.0
OTHER = [(one.name, reading) for one in doubts.COSMOSDB for reading in one.readings if reading != one.default]


def properties(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = stage.azure.world.get(ACCOUNT)["properties"]  # type: ignore[index]
    return found


def patches(stage: Stage, mark: int = 0) -> list[dict[str, Any]]:
    """Return the bodies of the writes on the account."""
    return [json.loads(one.body) for one in writes(stage.since(mark)) if path(one) == ACCOUNT.lower()]


def begun(stage: Stage) -> Review:
    """Apply the scene's plan until Azure encrypts by itself."""
    review = stage.dry_run()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert [one.end for one in result.targets] == ["in progress"], told(result)
    return review


def ended(stage: Stage, review: Review) -> None:
    """Let the encryption end; the run finds that out and sends nothing."""
    stage.azure.advance(HOURS)
    mark = stage.seen()
    result = stage.apply(review)
    assert [one.end for one in result.targets] == ["done"], told(result)
    assert stage.verify().exit_code == 0
    assert stage.verify(review.digest).exit_code == 0
    assert stage.apply(stage.dry_run()).exit_code == 0
    assert writes(stage.since(mark)) == []


def test_a_dry_run_only_reads_and_names_the_door(azure: Azure) -> None:
    stage = azure(one_account(present=False))
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    assert [one for one in review.acknowledgements_required if "cosmos" in one] == [
        "cosmos-cmk:cosmos-one",
        "large-ids:cosmos-one",
    ]
    said = {one.code for one in review.notes}
    assert {codes.cosmosdb.COST, codes.cosmosdb.TERRAFORM, codes.cosmosdb.BLOCKED_MEANWHILE} <= said


@pytest.mark.parametrize("missing", ["cosmos-cmk:cosmos-one", "large-ids:cosmos-one"])
def test_a_door_that_was_not_accepted_stays_shut(azure: Azure, missing: str) -> None:
    stage = azure(one_account())
    review = stage.dry_run()
    with pytest.raises(CmkError, match=missing):
        stage.apply(review, accept=[one for one in review.acknowledgements_required if one != missing])
    assert writes(stage.since(0)) == []


def test_three_patches_then_azure_goes_on_by_itself(azure: Azure) -> None:
    stage = azure(one_account(present=False))
    mark = stage.seen()
    review = begun(stage)
    identity, default, key = patches(stage)
    assert set(identity) == {"identity"}
    assert default == {"properties": {"defaultIdentity": OURS}}
    assert key == {"properties": {"keyVaultKeyUri": URI}}
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    assert properties(stage)["defaultIdentity"] == OURS


def test_what_goes_on_is_in_progress_until_it_has_ended(azure: Azure) -> None:
    stage = azure(one_account())
    review = begun(stage)
    mark = stage.seen()
    assert [one.verdict for one in stage.verify().targets] == ["in progress"]
    assert [one.verdict for one in stage.verify(review.digest).targets] == ["in progress"]
    again = stage.apply(review)
    assert ([one.end for one in again.targets], again.writes) == (["in progress"], 0)
    assert writes(stage.since(mark)) == []
    ended(stage, review)


UNREADABLE = Fault(
    "status", method="GET", url="operations(Status|Results)", nth=0, status=403, code="AuthorizationFailed"
)
LOST = Fault("reset-after", method="PATCH", url="databaseAccounts/", nth=3)  # identity, default identity, key


@pytest.mark.parametrize("shown", ["old-updating", "new-updating"])
@pytest.mark.parametrize("fault", [UNREADABLE, LOST], ids=["its status is unreadable", "the answer was lost"])
def test_what_goes_on_is_in_progress_where_nobody_can_see_its_operation(azure: Azure, shown: str, fault: Fault) -> None:
    """Fails: each start waits an hour and then says that an account is stuck which Azure encrypts for a day."""
    stage = azure(one_account(), doubts={"cosmos-key-meanwhile": shown, "cosmos-key-change": "hours"})
    review = stage.dry_run()
    stage.azure.faults.add(replace(fault))
    for verb in (stage.apply, lambda one: stage.resume(one.digest)):
        began = stage.azure.clock.stamp()
        result = verb(review)
        assert [(one.end, one.code) for one in result.targets] == [("in progress", "")], told(result)
        assert stage.azure.clock.stamp() - began < 1200
    assert sum("keyVaultKeyUri" in one.get("properties", {}) for one in patches(stage)) == 1
    stage.at_rest()
    again = stage.resume(review.digest)
    assert ([one.end for one in again.targets], again.writes) == (["done"], 0), told(again)
    assert sum("keyVaultKeyUri" in one.get("properties", {}) for one in patches(stage)) == 1


def test_a_switch_that_never_arrived_is_sent_once_another_s_update_has_ended(azure: Azure) -> None:
    """Fails: what somebody else does to the account meanwhile is taken for our own switch, for good."""
    stage = azure(one_account(), doubts={"cosmos-key-change": "hours"})
    review = stage.dry_run()
    stage.azure.faults.add(replace(LOST, kind="kill-before"))
    with pytest.raises(Killed):
        stage.apply(review)
    like_a_dead_process(stage.folder)
    heir = Stage(stage.azure.clone(), stage.scene, stage.folder)
    owner_sets(heir, ACCOUNT, {"properties": {"provisioningState": "Updating"}})
    result = heir.resume(review.digest)
    assert ([(one.end, one.code) for one in result.targets], result.writes) == ([("in progress", "")], 0), told(result)
    owner_sets(heir, ACCOUNT, {"properties": {"provisioningState": "Succeeded"}})
    assert heir.verify(review.digest).exit_code != 0
    again = heir.resume(review.digest)
    assert ([one.end for one in again.targets], again.writes) == (["in progress"], 1), told(again)
    ended(heir, review)


def test_behind_the_door_a_rollback_takes_nothing_away(azure: Azure) -> None:
    stage = azure(one_account(present=False))
    review = begun(stage)
    ended(stage, review)
    before, mark = stage.bodies(), stage.seen()
    undoing, _ = stage.rolled_back(review.digest)
    assert writes(stage.since(mark)) == []
    assert {one.action for one in undoing.steps} == {"keep"}
    assert differences(before, stage.bodies()) == []


def test_in_progress_is_behind_the_door_too(azure: Azure) -> None:
    stage = azure(one_account())
    review = begun(stage)
    mark = stage.seen()
    stage.rolled_back(review.digest)
    assert patches(stage, mark) == []
    ended_with = properties(stage)["defaultIdentity"]
    assert ended_with == OURS


@pytest.mark.parametrize("former", [FIRST_PARTY, "Undefined"])
def test_before_the_door_the_default_identity_goes_back(azure: Azure, former: str) -> None:
    """What nobody could see, Azure refuses: no door was opened, so the way back is open."""
    scene = one_account(enableFullFidelityChangeFeed=True, defaultIdentity=former)
    stage = azure(scene, doubts={"cosmos-feature-flags": "absent"})
    before = stage.bodies()
    review = stage.dry_run()
    assert "change-feed-unread:cosmos-one" in review.acknowledgements_required
    result = stage.apply(review)
    assert (result.exit_code, [one.end for one in result.targets]) == (5, ["failed"]), told(result)
    assert "Full Fidelity Change Feed" in result.targets[0].text
    mark = stage.seen()
    undoing, _ = stage.rolled_back(review.digest)
    assert patches(stage, mark) == [{"properties": {"defaultIdentity": FIRST_PARTY}}]
    left = differences(before, stage.bodies(), kept(stage, review, undoing))
    assert left == ([] if former == FIRST_PARTY else [one for one in left if "defaultIdentity" in one])


def test_a_default_identity_set_by_somebody_else_is_not_taken_back(azure: Azure) -> None:
    scene = one_account(enableFullFidelityChangeFeed=True)
    stage = azure(scene, doubts={"cosmos-feature-flags": "absent"})
    review = stage.dry_run()
    stage.apply(review)
    owner_sets(stage, ACCOUNT, {"properties": {"defaultIdentity": "Undefined"}})
    undoing = stage.review_rollback(review.digest)
    blocked = [one for one in undoing.targets if one.blocked is not None]
    assert [one.blocked.code for one in blocked if one.blocked] == [codes.engine.OTHER_VALUE_NOW]


def test_another_key_and_back_again(azure: Azure) -> None:
    stage = azure(on_previous_key())
    before = stage.bodies()
    review, _ = stage.moved()
    assert properties(stage)["keyVaultKeyUri"] == URI
    assert stage.verify().exit_code == 0
    undoing, _ = stage.rolled_back(review.digest)
    assert properties(stage)["keyVaultKeyUri"] == OLD_URI
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []
    assert stage.verify(review.digest).exit_code == 0


def test_a_way_back_begins_when_the_way_there_has_ended(azure: Azure) -> None:
    """While Azure moves the account it may still show the old key: a rollback that believes it would end well and undo nothing."""
    stage = azure(on_previous_key(), operation_seconds=600.0)
    review = begun(stage)
    undoing = stage.review_rollback(review.digest)
    assert [one.blocked.code for one in undoing.targets if one.blocked] == [codes.cosmosdb.ACCOUNT_BUSY]
    result = cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, review=undoing)
    assert result.exit_code == 6, told(result)
    stage.at_rest()
    mark = stage.seen()
    stage.rolled_back(review.digest)
    assert patches(stage, mark) == [{"properties": {"keyVaultKeyUri": OLD_URI}}]
    stage.at_rest()
    assert properties(stage)["keyVaultKeyUri"] == OLD_URI


def _switching(event: Event) -> bool:
    return event.kind == "sending" and event.step.startswith("set_account_key")


def test_a_way_back_is_refused_while_the_operation_of_a_dead_process_goes_on(azure: Azure) -> None:
    """Fails: the rollback says that all is as it was, and an hour later the account moves to the key that was undone."""
    stage = azure(on_previous_key(), operation_seconds=600.0)
    review = stage.dry_run()
    died(stage, review, _switching, Fault("kill-before", method="GET"))
    undoing = stage.review_rollback(review.digest)
    refused = [one.blocked for one in undoing.targets if one.blocked]
    assert [one.code for one in refused] == [codes.engine.UNDO_TOO_EARLY]
    assert "its operation has not ended" in refused[0].why
    stage.at_rest()
    stage.rolled_back(review.digest)
    stage.at_rest()
    assert properties(stage)["keyVaultKeyUri"] == OLD_URI


def test_a_rotation_changes_nothing_about_being_done(azure: Azure) -> None:
    stage = azure(one_account())
    review = begun(stage)
    ended(stage, review)
    first = properties(stage)["keyVaultKeyUriVersion"]
    stage.rotate(KEY)
    stage.azure.advance(2 * 3600)
    assert properties(stage)["keyVaultKeyUriVersion"] != first
    mark = stage.seen()
    assert stage.apply(stage.dry_run()).writes == 0
    assert stage.verify().exit_code == 0
    assert writes(stage.since(mark)) == []


def test_continuous_backup_is_no_hindrance(azure: Azure) -> None:
    stage = azure(
        one_account(backupPolicy={"type": "Continuous", "continuousModeProperties": {"tier": "Continuous7Days"}})
    )
    ended(stage, begun(stage))


@pytest.mark.parametrize("scene", [one_account, undefined, on_previous_key])
@pytest.mark.parametrize("reading", OTHER, ids=[f"{name}={reading}" for name, reading in OTHER])
def test_the_life_of_an_account_under_each_reading(
    azure: Azure, scene: Callable[[], Scene], reading: tuple[str, str]
) -> None:
    stage = azure(scene(), doubts=dict([reading]))
    review = stage.dry_run()
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert {one.end for one in result.targets} <= {"done", "in progress"}, told(result)
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    ended(stage, review)
    assert properties(stage)["keyVaultKeyUri"] == URI
    stage.rolled_back(review.digest)


@pytest.mark.parametrize("scene", [lambda: one_account(present=False), on_previous_key])
def test_the_printed_role_is_enough(azure: Azure, scene: Callable[[], Scene]) -> None:
    one = scene()
    roles = cmk.permissions(one.plan, connection=azure(one).connection)
    operator = {"object_id": OPERATOR, "role": [dict(role) for role in roles]}
    stage = azure(Scene({**one.estate, "operator": operator}, one.plan, one.servers, one.keys))
    review = stage.dry_run()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    ended(stage, review)
    refused = [one.url for one in stage.since(0) if one.status == 403 and "/deletedkeys/" not in one.url]
    assert refused == [], "only the look for a deleted key of that name, which a review can do without, may be refused"
