"""The life of a database's own key. Fails: a key that its log or a replica needs is left behind, or a door opens unseen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.errors import CmkError
from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.world import World
from tests.e2e.databases import (
    CUSTOMERS,
    OLD_URI,
    ORDERS,
    REPLICA,
    changed,
    hyperscale,
    on_a_customers_server,
    on_its_previous_key,
    one_database,
    replicated,
    retained,
)
from tests.e2e.desk import owner_sets
from tests.e2e.equality import differences, kept
from tests.e2e.estates import IDENTITY, KEY, OLD_IDENTITY, OLD_KEY, SERVER, Scene, plan
from tests.e2e.stage import DAY, path, rows, told, writes
from tests.laws import check_laws, law_1

if TYPE_CHECKING:
    from tests.e2e.conftest import Azure
    from tests.e2e.stage import Stage

MET = (
    "key-uri-port", "principal-type-skips-lookup", "sql-database-", "sql-inaccessible-reads", "sql-key-refusal-arrives",
    "sql-master-tde", "sql-missing-permission-code", "sql-protector-key-version", "sql-server-key-id", "vault-patch-null",
)  # fmt: skip
"""The doubts that the life of a database's own key meets, by the beginnings of their names: another test counts them."""
OTHER = [
    (one.name, reading)
    for one in doubts.ALL
    for reading in one.readings
    if one.name.startswith(MET) and reading != one.default
]
FLUSHED = 2 * 3600.0
"""Until active log files need no older key."""


def properties(stage: Stage, database: str = ORDERS) -> dict[str, Any]:
    found: dict[str, Any] = stage.azure.world.get(database)["properties"]  # type: ignore[index]
    return found


def sent(stage: Stage, mark: int = 0) -> list[tuple[str, Any]]:
    """Return the writes on databases: path, body."""
    return [
        (path(one), json.loads(one.body) if one.body else None)
        for one in writes(stage.since(mark))
        if "/databases/" in path(one)
    ]


def life(azure: Azure, scene: Scene, chosen: dict[str, str] | None = None, *, rotate: bool = False) -> None:
    """Dry run, apply, apply again, verify, roll back, verify."""
    stage = azure(scene, doubts=chosen or {})
    before = stage.bodies()
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    mark = stage.seen()
    result = stage.apply(review)
    assert (result.exit_code, {one.end for one in result.targets}) == (0, {"done"}), told(result)
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    stage.azure.advance(FLUSHED)
    if rotate:
        stage.rotate(*scene.keys)
        stage.azure.advance(1.5 * DAY)
    mark = stage.seen()
    assert stage.apply(review).exit_code == 0
    assert stage.apply(stage.dry_run()).exit_code == 0
    assert stage.verify(review.digest).exit_code == 0
    assert stage.verify().exit_code == 0
    assert writes(stage.since(mark)) == []
    undoing, _ = stage.rolled_back(review.digest)
    stays = kept(stage, review, undoing)
    assert differences(before, stage.bodies(), stays, rotated=rotate) == []
    assert stage.verify(review.digest).exit_code == 0


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("scene", [one_database, replicated, on_its_previous_key], ids=lambda one: one.__name__)
def test_the_life_of_a_database(azure: Azure, scene: Any, *, rotate: bool) -> None:
    life(azure, scene(), rotate=rotate)


def test_the_life_of_a_database_where_all_is_made(azure: Azure) -> None:
    life(azure, one_database(present=False))


@pytest.mark.parametrize("reading", OTHER, ids="=".join)
@pytest.mark.parametrize("scene", [replicated, on_its_previous_key], ids=lambda one: one.__name__)
def test_the_life_of_a_database_under_each_reading(azure: Azure, scene: Any, reading: tuple[str, str]) -> None:
    life(azure, scene(), dict([reading]), rotate=True)


def test_these_are_the_doubts_that_it_meets(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails where a life comes to stand on an open question that nobody tries it under."""
    met: set[str] = set()
    answer = World.doubt

    def asked(self: World, doubt: Any) -> str:
        met.add(doubt if isinstance(doubt, str) else doubt.name)
        return answer(self, doubt)

    monkeypatch.setattr(World, "doubt", asked)
    for scene in (one_database(present=False), replicated(), on_its_previous_key()):
        life(azure, scene, rotate=True)
    assert {one for one in met if not one.startswith(MET)} == set()
    assert {one for one in MET if not any(name.startswith(one) for name in met)} == set()


def test_a_key_that_goes_along_is_not_named_where_it_could_be_lost(azure: Azure) -> None:
    """Law 3: nothing is pointed at a key in a vault that can be purged, also not at one beside the plan's."""
    vault = OLD_KEY.rpartition("/keys/")[0]
    stage = azure(changed(on_a_customers_server(), vault, properties={"enablePurgeProtection": None}))
    [target] = stage.dry_run().targets
    assert target.blocked is not None
    assert target.blocked.code == codes.sql_databases.HELD_KEY_UNUSABLE
    assert "properties.enablePurgeProtection of kv-old is absent" in target.blocked.why


def test_retention_turned_on_since_the_review_is_drift(azure: Azure) -> None:
    """Whether Azure takes a key of its own then is not confirmed: nobody has accepted it."""
    stage = azure(one_database())
    review = stage.dry_run()
    owner_sets(stage, f"{ORDERS}/backupLongTermRetentionPolicies/default", {"properties": {"weeklyRetention": "P4W"}})
    result = stage.apply(review)
    assert [one.code for one in result.targets] == [codes.engine.DRIFT], told(result)
    assert sent(stage) == []


def test_a_rollback_that_was_refused_a_moment_ago_is_not_believed_to_be_done(azure: Azure) -> None:
    """Reads lag: for some seconds one may still show what the refused operation had shown while it ran."""
    stage = azure(
        on_its_previous_key(), doubts={"sql-database-meanwhile": "before"}, eventual=(9.9, 10.0), operation_seconds=60.0
    )
    review, _ = stage.moved()
    stage.azure.advance(60)
    for _ in range(2):
        back = stage.review_rollback(review.digest)
        accept = back.acknowledgements_required
        result = cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, review=back, accept=accept)
        assert result.exit_code != 0, told(result)
    assert "PerDatabaseCMKKeyRotationAttemptedWhileOldThumbprintInUse" in told(result)


def test_identity_and_keys_come_first_and_the_protector_carries_them(azure: Azure) -> None:
    stage = azure(one_database())
    stage.moved()
    (_, first), (_, second) = sent(stage)
    uri = properties(stage)["encryptionProtector"]
    identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    assert first == {"identity": identity, "properties": {"keys": {uri: {}}}}
    assert second == {
        "identity": identity,
        "properties": {"encryptionProtector": uri, "encryptionProtectorAutoRotation": True, "keys": {uri: {}}},
    }
    assert "encryptionProtector" not in properties(stage, CUSTOMERS)


@pytest.mark.parametrize("reading", ["merge", "replace"])
def test_the_servers_keys_go_along_in_every_patch(azure: Azure, reading: str) -> None:
    stage = azure(on_a_customers_server(), doubts={"sql-database-keys-patch": reading})
    review, _ = stage.moved()
    assert len(sent(stage)) == 2
    assert all(OLD_URI in body["properties"]["keys"] for _, body in sent(stage))
    assert OLD_URI in properties(stage)["keys"]
    assert "database-key:orders" in review.acknowledgements_required


def test_a_rotation_of_the_servers_key_between_review_and_apply_goes_along_too(azure: Azure) -> None:
    stage = azure(on_a_customers_server())
    review = stage.dry_run()
    stage.rotate(OLD_KEY)
    stage.azure.advance(1.5 * DAY)
    newest = stage.protector(SERVER)["uri"]
    assert newest != OLD_URI
    assert stage.apply(review).exit_code == 0
    assert all({OLD_URI, newest} <= set(body["properties"]["keys"]) for _, body in sent(stage))


def test_a_door_that_was_not_accepted_stays_shut(azure: Azure) -> None:
    stage = azure(on_a_customers_server())
    review = stage.dry_run()
    door = "database-key:orders"
    with pytest.raises(CmkError, match=door):
        stage.apply(review, accept=[one for one in review.acknowledgements_required if one != door])
    assert writes(stage.since(0)) == []


def test_behind_the_door_a_rollback_takes_nothing_away(azure: Azure) -> None:
    stage = azure(on_a_customers_server())
    review, _ = stage.moved()
    before, mark = stage.bodies(), stage.seen()
    undoing, _ = stage.rolled_back(review.digest)
    assert writes(stage.since(mark)) == []
    assert differences(before, stage.bodies()) == []
    assert {codes.sql_databases.SERVER_KEY_DOOR, codes.sql_databases.DATABASE_KEYS_KEPT} <= {
        line.reversibility.code for step in undoing.steps for line in step.lines if line.reversibility
    }


def test_every_replica_has_its_keys_before_any_protector_is_set_and_the_primary_is_first(azure: Azure) -> None:
    stage = azure(replicated())
    review, result = stage.moved()
    where = [(one, "encryptionProtector" in body["properties"]) for one, body in sent(stage)]
    assert where == [
        (REPLICA.lower(), False),
        (ORDERS.lower(), False),
        (ORDERS.lower(), True),
        (REPLICA.lower(), True),
    ]
    assert (len(review.targets), len(result.targets)) == (1, 1)


def test_a_server_that_was_moved_meanwhile_holds_the_way_back_up(azure: Azure) -> None:
    """Azure takes a database's own key away only on a server with a service-managed key."""
    stage = azure(one_database())
    review, _ = stage.moved()
    servers = cmk.dry_run(plan(SERVER), connection=stage.connection, runs=stage.folder)
    moved = cmk.apply(servers, connection=stage.connection, accept=servers.acknowledgements_required)
    assert moved.exit_code == 0, told(moved)
    undoing = stage.review_rollback(review.digest)
    assert [one.blocked.code for one in undoing.targets if one.blocked] == [
        codes.sql_databases.REVERT_NEEDS_PLATFORM_SERVER
    ]
    stage.rolled_back(servers.digest)
    stage.rolled_back(review.digest)
    assert "encryptionProtector" not in properties(stage)


def test_a_server_that_moves_between_review_and_apply_is_drift(azure: Azure) -> None:
    stage = azure(one_database())
    review = stage.dry_run()
    servers = cmk.dry_run(plan(SERVER), connection=stage.connection, runs=stage.folder)
    assert cmk.apply(servers, connection=stage.connection, accept=servers.acknowledgements_required).exit_code == 0
    mark = stage.seen()
    result = stage.apply(review)
    assert [(one.end, one.code) for one in result.targets] == [("failed", codes.engine.DRIFT)], told(result)
    assert sent(stage, mark) == []


def test_both_levels_are_reported_beside_each_other(azure: Azure) -> None:
    stage = azure(one_database())
    review, _ = stage.moved()
    said = [one.text for one in review.notes if one.code == codes.sql_databases.SERVER_STATE]
    assert said == ["the database orders of sql-one has as a key of its own: none; its server: ServiceManaged"]
    servers = cmk.dry_run(plan(SERVER), connection=stage.connection, runs=stage.folder)
    uri = properties(stage)["encryptionProtector"]
    assert [one.text for one in servers.notes if one.code == codes.sql.DATABASE_OWN_KEY] == [
        f"the database orders of sql-one has its own protector {uri}, beside its server's ServiceManaged"
    ]
    again = stage.dry_run()
    assert [one.state for one in again.targets] == ["customer (healthy)"]
    assert [one.text for one in again.notes if one.code == codes.sql_databases.SERVER_STATE] == [
        "the database orders of sql-one has as a key of its own: kv-cmk_cmk; its server: ServiceManaged"
    ]


def test_a_database_keeps_the_identity_it_has(azure: Azure) -> None:
    stage = azure(on_its_previous_key())
    stage.moved()
    named = {tuple(body["identity"]["userAssignedIdentities"]) for _, body in sent(stage)}
    assert named == {(OLD_IDENTITY,)}


def test_a_second_identity_is_refused(azure: Azure) -> None:
    both = {"type": "UserAssigned", "userAssignedIdentities": {OLD_IDENTITY: {}, IDENTITY: {}}}
    stage = azure(changed(on_its_previous_key(), identity=both))
    [target] = stage.dry_run().targets
    assert target.blocked is not None
    assert target.blocked.code == codes.sql_databases.DATABASE_IDENTITIES


def test_a_rollback_that_comes_too_soon_says_what_it_waits_for(azure: Azure) -> None:
    """Active log files still need the key before: Azure refuses another change until the log is truncated."""
    stage = azure(on_its_previous_key())
    review, _ = stage.moved()
    undoing = stage.review_rollback(review.digest)
    accept = undoing.acknowledgements_required
    result = cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, review=undoing, accept=accept)
    assert result.exit_code != 0
    assert "PerDatabaseCMKKeyRotationAttemptedWhileOldThumbprintInUse" in told(result)
    stage.azure.advance(FLUSHED)
    stage.rolled_back(review.digest)
    assert properties(stage)["encryptionProtector"] == OLD_URI


@pytest.mark.parametrize(
    ("scene", "name", "doubt"),
    [
        (retained, "long-term-retention:orders", "sql-database-long-term-retention"),
        (hyperscale, "hyperscale:orders", "sql-database-hyperscale"),
    ],
    ids=["long-term retention", "hyperscale"],
)
@pytest.mark.parametrize("reading", ["taken", "refused"])
def test_what_azures_sources_disagree_on_is_accepted_by_name(
    azure: Azure, scene: Any, name: str, doubt: str, reading: str
) -> None:
    stage = azure(scene(), doubts={doubt: reading})
    before = properties(stage)
    review = stage.dry_run()
    assert name in review.acknowledgements_required
    result = stage.apply(review)
    if reading == "taken":
        assert result.exit_code == 0, told(result)
    else:
        assert [one.code for one in result.targets] == [codes.access.REFUSED_BY_AZURE], told(result)
        assert properties(stage) == before


def test_another_key_set_by_its_owner_is_not_taken_away(azure: Azure) -> None:
    stage = azure(one_database())
    review, _ = stage.moved()
    stage.azure.advance(FLUSHED)
    owner_sets(stage, ORDERS, {"properties": {"encryptionProtectorAutoRotation": None}})
    undoing = stage.review_rollback(review.digest)
    assert [one.blocked.code for one in undoing.targets if one.blocked] == [codes.engine.OTHER_VALUE_NOW]
    assert KEY.rsplit("/", 1)[1] in properties(stage)["encryptionProtector"]
