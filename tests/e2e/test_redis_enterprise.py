"""The life of a Redis cluster. Fails: it is disrupted unasked, twice, or with its partner; or a rollback says more than it did."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.errors import CmkError
from cmk_remediate.simulator import doubts
from tests.e2e.clusters import CLUSTER, OLD_URL, PARTNER, geo, on_previous_key, one_cluster, two, with_identities
from tests.e2e.desk import owner_deletes, owner_revokes, owner_sets
from tests.e2e.equality import differences, kept
from tests.e2e.estates import IDENTITY, KEY, OLD_IDENTITY, OLD_KEY, OPERATOR, Scene
from tests.e2e.stage import path, rows, told, writes
from tests.laws import check_laws, law_1

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Azure
    from tests.e2e.stage import Stage

PLATFORM: dict[str, Any] = {"properties": {"encryption": {"customerManagedKeyEncryption": {}}}}
OTHER = [(one.name, reading) for one in doubts.REDIS for reading in one.readings if reading != one.default]


def properties(stage: Stage, cluster: str = CLUSTER) -> dict[str, Any]:
    found: dict[str, Any] = stage.azure.world.get(cluster)["properties"]  # type: ignore[index]
    return found


def url(stage: Stage, cluster: str = CLUSTER) -> str:
    said = (properties(stage, cluster).get("encryption") or {}).get("customerManagedKeyEncryption") or {}
    return str(said.get("keyEncryptionKeyUrl") or "")


def outages(stage: Stage, cluster: str = CLUSTER) -> int:
    return int(stage.azure.world.hidden(cluster).get("maintenances", 0))


def patches(stage: Stage, mark: int = 0, cluster: str = CLUSTER) -> list[dict[str, Any]]:
    """Return the bodies of the writes on a cluster."""
    return [json.loads(one.body) for one in writes(stage.since(mark)) if path(one) == cluster.lower()]


def test_a_dry_run_only_reads_and_names_the_outage(azure: Azure) -> None:
    stage = azure(one_cluster(present=False))
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    assert [one for one in review.acknowledgements_required if "redis" in one] == ["outage:redis-one"]
    said = {one.code for one in review.notes}
    assert {codes.redis_enterprise.ONE_VERSION, codes.redis_enterprise.POLICY_SAYS} <= said


@pytest.mark.parametrize("missing", ["outage:redis-one", "data-loss:redis-one"])
def test_an_outage_or_a_loss_that_was_not_accepted_does_not_happen(azure: Azure, missing: str) -> None:
    stage = azure(one_cluster(highAvailability="Disabled"))
    review = stage.dry_run()
    with pytest.raises(CmkError, match=missing):
        stage.apply(review, accept=[one for one in review.acknowledgements_required if one != missing])
    assert writes(stage.since(0)) == []


def test_one_patch_and_done_only_when_the_cluster_runs_again(azure: Azure) -> None:
    stage = azure(one_cluster(present=False))
    review, result = stage.moved()
    (sent,) = patches(stage)
    assert set(sent) == {"identity", "properties"}
    assert url(stage).startswith("https://kv-cmk.vault.azure.net/keys/cmk/")
    assert (properties(stage)["resourceState"], outages(stage)) == ("Running", 1)
    assert [one.end for one in result.targets] == ["done"]
    mark = stage.seen()
    assert (stage.apply(review).writes, stage.apply(stage.dry_run()).writes) == (0, 0)
    assert (stage.verify().exit_code, stage.verify(review.digest).exit_code) == (0, 0)
    assert writes(stage.since(mark)) == []


def test_an_operation_that_has_ended_is_not_the_end(azure: Azure) -> None:
    """Between the operation's end and Running nothing is sent, and verify says in progress."""
    stage = azure(one_cluster(), doubts={"redis-operation-ends": "early"})
    stage.moved()
    owner_sets(stage, CLUSTER, {"properties": {"resourceState": "Updating"}})
    mark = stage.seen()
    assert [one.verdict for one in stage.verify().targets] == ["in progress"]
    assert writes(stage.since(mark)) == []


def test_there_and_back_again_by_the_empty_object(azure: Azure) -> None:
    stage = azure(one_cluster(present=False))
    before = stage.bodies()
    review, _ = stage.moved()
    mark = stage.seen()
    undoing, _ = stage.rolled_back(review.digest)
    assert "outage:redis-one" in undoing.acknowledgements_required
    assert patches(stage, mark) == [PLATFORM]
    assert (url(stage), outages(stage)) == ("", 2)
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []
    assert stage.verify(review.digest).exit_code == 0
    assert [one.state for one in stage.dry_run().targets] == ["platform"]


def test_an_empty_object_that_does_nothing_is_said_and_not_repeated(azure: Azure) -> None:
    """Nobody has confirmed that Azure takes it: a rollback is believed only once a read shows it, and disrupts once."""
    stage = azure(one_cluster(), doubts={"redis-empty-object": "ignored"})
    review, _ = stage.moved()
    mark = stage.seen()
    undoing = stage.review_rollback(review.digest)
    result = stage.apply(undoing)
    assert result.exit_code == 6, told(result)
    assert codes.engine.WRITE_HAD_NO_EFFECT in {one.code for one in result.targets}
    assert patches(stage, mark) == [PLATFORM]
    again = stage.apply(undoing)
    assert (again.exit_code, len(patches(stage, mark))) == (6, 1), told(again)


def test_another_key_and_back_to_its_version(azure: Azure) -> None:
    stage = azure(on_previous_key())
    before = stage.bodies()
    review, _ = stage.moved()
    (sent,) = patches(stage)
    reads_with = sent["properties"]["encryption"]["customerManagedKeyEncryption"]["keyEncryptionKeyIdentity"]
    assert reads_with["userAssignedIdentityResourceId"] == OLD_IDENTITY, "the cluster keeps what it reads with"
    assert "identity" not in sent
    undoing, _ = stage.rolled_back(review.digest)
    assert url(stage) == OLD_URL
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []


def test_identities_it_had_it_has(azure: Azure) -> None:
    for reading in ("merge", "replace"):
        stage = azure(with_identities(), doubts={"redis-identity-patch": reading})
        stage.moved()
        identity = stage.azure.world.get(CLUSTER)["identity"]  # type: ignore[index]
        assert set(identity["userAssignedIdentities"]) == {OLD_IDENTITY, IDENTITY}
        assert identity["principalId"]


def test_a_rotation_changes_nothing_and_is_said(azure: Azure) -> None:
    """Moving to a new version is another outage: it is done when the plan names the version, not before."""
    stage = azure(one_cluster())
    review, _ = stage.moved()
    first = url(stage)
    stage.rotate(KEY)
    stage.azure.advance(2 * 86400)
    mark = stage.seen()
    assert (stage.apply(review).writes, stage.apply(stage.dry_run()).writes) == (0, 0)
    assert (stage.verify().exit_code, stage.verify(review.digest).exit_code) == (0, 0)
    assert codes.redis_enterprise.OLDER_VERSION in {one.code for one in stage.dry_run().notes}
    assert writes(stage.since(mark)) == []
    latest = stage.azure.world.get(KEY)["properties"]["keyUriWithVersion"]  # type: ignore[index]
    pinned = {**stage.scene.plan["customer_managed_key"], "key_version": latest.rsplit("/", 1)[1]}
    newer = stage.dry_run({**stage.scene.plan, "customer_managed_key": pinned})
    assert stage.apply(newer).exit_code == 0
    assert (url(stage), outages(stage)) == (latest, 2)
    stage.rolled_back(newer.digest)
    assert url(stage) == first


def test_geo_replicated_clusters_are_down_one_at_a_time(azure: Azure) -> None:
    """Whatever the plan permits to be down at once."""
    stage = azure(geo())
    review, _ = stage.moved()
    _one_after_the_other(stage, review.digest)
    undoing, _ = stage.rolled_back(review.digest)
    _one_after_the_other(stage, undoing.digest)
    assert (outages(stage), outages(stage, PARTNER)) == (2, 2)


def _one_after_the_other(stage: Stage, run: str) -> None:
    found = [json.loads(line) for line in stage.journal(run)]
    spans = []
    for cluster in (CLUSTER, PARTNER):
        sent = next(one for one in found if one["type"] == "intent" and one["resource_id"] == cluster)
        ended = next(one for one in found if one["type"] == "settled" and one["step"] == sent["step"])
        spans.append((sent["at"], ended["at"]))
    first, second = sorted(spans)
    assert first[1] <= second[0], "the second began before the first ran again"


def test_so_many_at_once_as_the_plan_permits(azure: Azure) -> None:
    """Clusters that have nothing to do with each other: by default one outage at a time, two where the plan says so."""
    for most, fits in ((1, True), (2, False)):
        scene = two()
        stage = azure(Scene(scene.estate, {**scene.plan, "limits": {"max_disrupted": most}}, scene.servers, scene.keys))
        review, _ = stage.moved()
        if fits:
            _one_after_the_other(stage, review.digest)
        else:
            with pytest.raises(AssertionError, match="before the first ran again"):
                _one_after_the_other(stage, review.digest)


def test_a_partner_that_came_back_wrong_stops_the_other(azure: Azure) -> None:
    stage = azure(geo())
    review = stage.dry_run()
    owner_sets(stage, PARTNER, {"properties": {"resourceState": "UpdateFailed", "provisioningState": "Failed"}})
    result = stage.apply(review)
    assert result.exit_code == 3, told(result)
    assert {one.code for one in result.targets} == {
        codes.redis_enterprise.NOT_AT_REST,
        codes.redis_enterprise.PARTNER_NOT_AT_REST,
    }
    assert patches(stage) == []


@pytest.mark.parametrize("scene", [lambda: one_cluster(present=False), on_previous_key])
@pytest.mark.parametrize("reading", OTHER, ids=[f"{name}={reading}" for name, reading in OTHER])
def test_the_life_of_a_cluster_under_each_reading(
    azure: Azure, scene: Callable[[], Scene], reading: tuple[str, str]
) -> None:
    stage = azure(scene(), doubts=dict([reading]))
    before = stage.bodies()
    review = stage.dry_run()
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    assert (stage.verify().exit_code, stage.apply(review).writes) == (0, 0)
    if reading == ("redis-empty-object", "ignored") and scene is not on_previous_key:
        return  # shown above: said, and not repeated
    undoing, _ = stage.rolled_back(review.digest)
    assert url(stage) == (OLD_URL if scene is on_previous_key else "")
    left = differences(before, stage.bodies(), kept(stage, review, undoing))
    assert left == []
    assert stage.verify(review.digest).exit_code == 0


@pytest.mark.parametrize("after", list(doubts.REDIS_AFTER_FAILURE.readings))
@pytest.mark.parametrize(("tells", "code"), [("error", "CMK201"), ("envelope", "CMK201"), ("nothing", "CMK210")])
def test_a_key_it_may_not_use_disrupts_three_times_at_most_however_it_says_so(
    azure: Azure, tells: str, code: str, after: str
) -> None:
    """Fails: an operation that fails without a word is begun again, outage after outage, for as long as the run may last."""
    stage = azure(one_cluster(present=False), doubts={"redis-operation-tells": tells, "redis-after-failure": after})
    stage.azure.with_settings(rbac_delay=(86400.0, 86400.0))
    review = stage.dry_run()
    result = stage.apply(review)
    assert [(one.end, one.code) for one in result.targets] == [("failed", code)], told(result)
    assert 1 <= len(patches(stage)) <= 3
    assert ("Caller is not authorized" in result.targets[0].text) is (tells != "nothing")
    assert url(stage) == ""
    stage.azure.advance(86400.0)
    stage.resume(review.digest)
    assert stage.verify(review.digest).exit_code == 0, "what stands Failed by our own update is updated again"


@pytest.mark.parametrize("scene", [lambda: one_cluster(present=False), on_previous_key, geo])
def test_the_printed_role_is_enough(azure: Azure, scene: Callable[[], Scene]) -> None:
    one = scene()
    roles = cmk.permissions(one.plan, connection=azure(one).connection)
    operator = {"object_id": OPERATOR, "role": [dict(role) for role in roles]}
    stage = azure(Scene({**one.estate, "operator": operator}, one.plan, one.servers, one.keys))
    result = stage.apply(stage.dry_run())
    assert result.exit_code == 0, told(result)
    refused = [one.url for one in stage.since(0) if one.status == 403 and "/deletedkeys/" not in one.url]
    assert refused == [], "only the look for a deleted key of that name, which a review can do without, may be refused"


@pytest.mark.parametrize("reading", list(doubts.REDIS_IDENTITY_PATCH.readings))
def test_an_identity_that_is_gone_makes_room_in_the_same_request(azure: Azure, reading: str) -> None:
    stage = azure(on_previous_key(), doubts={doubts.REDIS_IDENTITY_PATCH.name: reading})
    owner_deletes(stage, OLD_IDENTITY)
    review = stage.dry_run()
    said = {one.code: one.text for one in review.notes}
    assert "id-old, which does not exist any more" in said[codes.redis_enterprise.WRONG]
    assert "previous-key:redis-one" in review.acknowledgements_required
    before, mark = stage.bodies(), stage.seen()
    review, _ = stage.moved()
    (sent,) = patches(stage, mark)
    assert sent["identity"]["userAssignedIdentities"] == {OLD_IDENTITY: None, IDENTITY: {}}
    assert stage.verify().exit_code == 0
    undoing, _ = stage.rolled_back(review.digest)
    mine = {CLUSTER.lower()}
    was, now = ({one: body for one, body in found.items() if one in mine} for found in (before, stage.bodies()))
    assert differences(was, now, kept(stage, review, undoing)) == []


def test_a_grant_that_was_taken_away_is_found_and_given_back(azure: Azure) -> None:
    stage = azure(one_cluster())
    stage.moved()
    owner_revokes(stage, KEY)
    (target,) = stage.dry_run().targets
    assert target.state == "customer (wrong)"
    assert stage.verify().exit_code == 2
    mark = stage.seen()
    review, _ = stage.moved()
    assert {path(one).rsplit("/", 2)[1] for one in writes(stage.since(mark))} == {"roleassignments"}
    assert review.acknowledgements_required == (), "nothing is disrupted"
    assert stage.verify().exit_code == 0


def test_a_rollback_to_a_version_that_was_disabled_since_disrupts_nothing(azure: Azure) -> None:
    stage = azure(on_previous_key())
    review, _ = stage.moved()
    version = f"{OLD_KEY}/versions/{OLD_URL.rsplit('/', 1)[1]}"
    owner_sets(stage, version, {"properties": {"attributes": {"enabled": False}}})
    had = outages(stage)
    (target,) = stage.review_rollback(review.digest).targets
    assert target.blocked is not None
    assert target.blocked.code == codes.vault.KEY_DISABLED
    assert outages(stage) == had
