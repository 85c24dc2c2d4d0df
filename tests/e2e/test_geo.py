"""A geo pair whose partner is in another subscription: one target, moved and rolled back together.

Fails: a secondary that cannot read the key loses its databases when the primary moves, or a pair is left half moved unsaid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.simulator.declare import Schedule
from cmk_remediate.simulator.doubts import SQL
from cmk_remediate.simulator.faults import Fault
from cmk_remediate.simulator.providers.sql.geo import FAILOVER
from tests.e2e.desk import adding, blocked, having, owner_sets, planning
from tests.e2e.equality import differences, kept
from tests.e2e.estates import (
    IDENTITY,
    KEY,
    OPERATOR,
    OTHER_SUB,
    PARTNER,
    SERVER,
    SUB,
    Scene,
    geo,
    one_server,
    plan,
    server,
)
from tests.e2e.stage import path, told, writes

if TYPE_CHECKING:
    from cmk_remediate.simulator.embedded import Exchange
    from tests.e2e.conftest import Azure, Sit
    from tests.e2e.stage import Stage

GROUP = f"{SERVER}/failoverGroups/fg"
PROTECTOR = "/encryptionprotector/current"
ORDERS = next(one for one in SQL if one.name == "sql-geo-rollback-order").readings


def _bare_pair() -> Scene:
    """Return a pair whose key, identities (one a server) and grants are all still to be made."""
    absent = one_server(present=False)
    group = {
        "id": GROUP,
        "properties": {"partnerServers": [{"id": PARTNER}], "databases": [f"{SERVER}/databases/orders"]},
    }
    parts = [*absent.estate["resources"], *server(PARTNER, region="northeurope"), group]
    key = {**absent.plan["customer_managed_key"], "user_assigned_identity": {"resource_id": f"{IDENTITY}-{{target}}"}}
    return Scene({**absent.estate, "resources": parts}, plan(SERVER, customer_managed_key=key), (SERVER, PARTNER))


def _protectors(log: list[Exchange]) -> list[str]:
    """Return the servers whose protector was written, in order."""
    return [path(one).removesuffix(PROTECTOR) for one in writes(log) if path(one).endswith(PROTECTOR)]


def _kinds(stage: Stage) -> list[str]:
    return [stage.protector(one)["serverKeyType"] for one in (SERVER, PARTNER)]


@pytest.mark.parametrize("scene", [geo, _bare_pair])
def test_a_partner_nobody_listed_moves_along_secondary_first(azure: Azure, scene: Any) -> None:
    stage = azure(scene())
    review = stage.dry_run()
    assert [one.id for one in review.targets] == [SERVER]
    assert [note.code for note in review.notes if note.code == codes.sql.PARTNER_INCLUDED] == ["CMK455"]
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert _protectors(stage.since(0)) == [PARTNER.lower(), SERVER.lower()]
    assert _kinds(stage) == ["AzureKeyVault", "AzureKeyVault"]
    first = stage.protector(SERVER)
    assert {name: stage.protector(PARTNER)[name] for name in ("serverKeyName", "autoRotationEnabled")} == {
        name: first[name] for name in ("serverKeyName", "autoRotationEnabled")
    }


def test_every_identity_has_its_grant_and_every_server_its_key_before_a_protector_moves(azure: Azure) -> None:
    stage = azure(_bare_pair())
    stage.moved()
    sent = [path(one) for one in writes(stage.since(0))]
    moves = [number for number, one in enumerate(sent) if one.endswith(PROTECTOR)]
    grants = [number for number, one in enumerate(sent) if "/roleassignments/" in one]
    registered = [number for number, one in enumerate(sent) if "/servers/" in one and "/keys/" in one]
    attached = [number for number, one in enumerate(sent) if one in (SERVER.lower(), PARTNER.lower())]
    principals = {
        one["properties"]["principalId"]
        for one in stage.bodies().values()
        if one.get("type", "").lower() == "microsoft.authorization/roleassignments"
        and one["properties"]["scope"].lower() == KEY.lower()
    }
    assert len(principals) == 2, "an identity a server, each with its grant on the one key"
    assert max(grants + registered + attached) < min(moves)


def test_both_listed_are_still_one_target(azure: Azure) -> None:
    stage = azure(planning(geo(), **plan(SERVER, PARTNER, limits={"max_targets": 1})))
    review = stage.dry_run()
    assert [one.id for one in review.targets] == [SERVER]
    assert stage.apply(review).exit_code == 0, "counted once"
    assert _kinds(stage) == ["AzureKeyVault", "AzureKeyVault"]
    kinds = [step.kind for step in review.steps]
    assert kinds.count("set_protector") == 2


def test_listing_only_the_secondary_moves_the_pair(azure: Azure) -> None:
    stage = azure(planning(geo(), **plan(PARTNER)))
    stage.moved()
    assert _protectors(stage.since(0)) == [PARTNER.lower(), SERVER.lower()]


def test_partners_that_are_asked_for_different_keys_are_refused(desk: Sit) -> None:
    entry = {"customer_managed_key": {**plan(SERVER)["customer_managed_key"], "key_name": "other"}}
    targets = [{"resource_id": SERVER}, {"resource_id": PARTNER, "overrides": entry}]
    blocked(desk(planning(geo(), targets=targets)).dry_run(), 4, codes.sql.PARTNERS_DISAGREE, "sql-two", "sql-one")


@pytest.mark.parametrize("state", ["PENDING", "SEEDING", "SUSPENDED"])
def test_a_link_that_is_not_healthy_refuses_the_pair(desk: Sit, state: str) -> None:
    at = desk(having(geo(), GROUP, {"properties": {"replicationState": state}}))
    blocked(at.dry_run(), 4, codes.sql.REPLICATION_UNHEALTHY, "replicationState", state)


def test_a_partner_that_may_be_read_but_not_written_refuses_before_the_first_write(desk: Sit) -> None:
    scene = geo()
    scene.estate["operator"] = {"object_id": OPERATOR, "role": "Owner", "scope": f"/subscriptions/{SUB}"}
    grant = {"principal": OPERATOR, "role": "Reader", "scope": f"/subscriptions/{OTHER_SUB}"}
    at = desk(adding(scene, "role_assignments", grant))
    assert at.dry_run().code == 0
    outcome = at.apply()
    assert (outcome.code, outcome.writes) == (4, 0)
    assert str(codes.access.PERMISSION_MISSING) in outcome.err
    assert "Microsoft.Sql/servers/write" in outcome.err


def _failover(stage: Stage) -> None:
    stage.azure.world.apply([Schedule(0.0, FAILOVER, {"group": GROUP})])
    stage.azure.advance(60)


def test_a_failover_between_review_and_apply_is_drift_and_a_new_review_goes_the_other_way_round(azure: Azure) -> None:
    stage = azure(geo())
    review = stage.dry_run()
    _failover(stage)
    result = stage.apply(review)
    assert (result.exit_code, result.targets[0].code, result.writes) == (3, "CMK501", 0), told(result)
    stage.moved()
    assert _protectors(stage.since(0)) == [SERVER.lower(), PARTNER.lower()]


def test_a_failover_in_mid_run_is_seen_before_the_next_write(azure: Azure) -> None:
    stage = azure(geo())
    review = stage.dry_run()
    attach = next(one.id for one in review.steps if one.kind == "attach_identity" and one.resource_id == SERVER)

    def fail_over(event: Any) -> None:
        if event.kind == "settled" and event.step == attach and not event.text.startswith("skipped"):
            _failover(stage)

    result = stage.apply(review, progress=fail_over)
    assert (result.exit_code, result.targets[0].code) == (5, "CMK501"), told(result)
    assert _protectors(stage.since(0)) == []


# -- half moved ------------------------------------------------------------------------------------------------------------------


def _half_moved(desk: Sit) -> tuple[Any, str]:
    """Apply with the primary's protector refused: the secondary is on the new key, the primary is not."""
    at = desk(geo())
    run = at.reviewed()
    url = f"{SERVER}{PROTECTOR}"
    at.stage.azure.faults.add(Fault("status", method="PUT", url=url, status=400, code="BadRequest"))
    outcome = at.apply()
    assert outcome.code == 5, outcome.out
    assert outcome.out.startswith("ALARM: mixed"), outcome.out
    head = " ".join(outcome.out.partition("Run ")[0].split())
    assert "sql-two" in head
    assert "sql-one" in head
    assert _kinds(at.stage) == ["ServiceManaged", "AzureKeyVault"]
    return at, run


def test_a_half_moved_pair_is_said_first_and_resume_finishes(desk: Sit) -> None:
    at, run = _half_moved(desk)
    assert "mixed" in at.dry_run().out
    assert at("verify", at.plan).code == 2
    outcome = at("resume", run)
    assert outcome.code == 0, outcome.out
    assert "ALARM" not in outcome.out
    assert _kinds(at.stage) == ["AzureKeyVault", "AzureKeyVault"]
    assert outcome.writes == 1, "only the primary's protector was left"


def test_a_half_moved_pair_can_be_rolled_back_instead(desk: Sit) -> None:
    at, run = _half_moved(desk)
    outcome = at("rollback", run, "--yes")
    assert outcome.code == 0, outcome.out
    assert _kinds(at.stage) == ["ServiceManaged", "ServiceManaged"]


# -- the way back ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS)
def test_the_way_back_under_each_order_that_azure_may_want(azure: Azure, order: str) -> None:
    """Azure documents no order; whichever it takes, the pair is back, and the laws hold on the way (the monitor is on)."""
    stage = azure(geo(), doubts={"sql-geo-rollback-order": order})
    before = stage.bodies()
    review, _ = stage.moved()
    mark = stage.seen()
    undoing, _ = stage.rolled_back(review.digest)
    assert _kinds(stage) == ["ServiceManaged", "ServiceManaged"]
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []
    assert set(_protectors(stage.since(mark))) == {SERVER.lower(), PARTNER.lower()}


def test_a_way_back_that_stops_half_way_is_6_and_said_first(desk: Sit) -> None:
    at = desk(geo())
    run = at.reviewed()
    assert at.apply().code == 0
    url = f"{PARTNER}{PROTECTOR}"
    at.stage.azure.faults.add(Fault("status", method="PUT", url=url, nth=0, status=400, code="BadRequest"))
    outcome = at("rollback", run, "--yes")
    assert outcome.code == 6, outcome.out
    assert "\nALARM: mixed" in outcome.out.partition("\nRun ")[0], outcome.out
    at.stage.azure.faults.clear()
    assert at("rollback", run, "--yes").code == 0
    assert _kinds(at.stage) == ["ServiceManaged", "ServiceManaged"]


def test_a_rollback_is_refused_where_somebody_chose_another_key_since(azure: Azure) -> None:
    stage = azure(geo())
    review, _ = stage.moved()
    owner_sets(
        stage,
        f"{PARTNER}/encryptionProtector/current",
        {"properties": {"serverKeyName": "kv-cmk_neighbour_5d0c7a3e9b1f4c2a8e6d3b7f1a9c5e20"}},
    )
    undoing = stage.review_rollback(review.digest)
    assert [str(one.blocked.code) for one in undoing.targets if one.blocked] == [codes.engine.OTHER_VALUE_NOW]
