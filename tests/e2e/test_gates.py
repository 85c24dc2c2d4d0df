"""What stands at the start of a run and of each untouched target, and never in the way of what was begun.

Fails: a run goes on past its window, its cap or a broken canary; or stops half-way through a server and cannot go on.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.errors import RefusedError, ReviewError
from cmk_remediate.simulator.faults import Fault
from tests.e2e.desk import owner_sets, planning, refused, several
from tests.e2e.equality import differences
from tests.e2e.estates import IDENTITY, KEY, OLD_IDENTITY, SERVER, VAULT, one_server
from tests.e2e.gates import CANARY, ended, from_now, on, stopped_after
from tests.e2e.stage import DAY, path, told, writes

if TYPE_CHECKING:
    from tests.e2e.conftest import Azure, Sit
    from tests.e2e.estates import Scene

# -- the window ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("opens", "closes"), [(DAY, 2 * DAY), (-2 * DAY, -DAY)], ids=["not yet", "over"])
def test_a_closed_window_is_4(desk: Sit, opens: float, closes: float) -> None:
    at = desk(one_server())
    at.write("plan.yaml", {**at.stage.scene.plan, "window": from_now(at.stage, opens, closes)})
    at.reviewed()
    refused(at.apply(), 4, codes.engine.OUTSIDE_WINDOW, "the change window is")


def test_a_window_too_short_for_the_worst_case_is_4(desk: Sit) -> None:
    """The review says so beforehand, with the very figure that stops the run; and nobody inside the window is sent into it."""
    at = desk(several(2))
    at.write("plan.yaml", {**at.stage.scene.plan, "window": from_now(at.stage, -60, 600)})
    review = " ".join(at.dry_run().out.split())
    outcome = at.apply()
    said = " ".join(outcome.out.split())
    assert (outcome.code, outcome.writes) == (4, 0), outcome.out
    assert str(codes.engine.OUTSIDE_WINDOW) in outcome.out
    worst = set(re.findall(r"time: usually [^,]+, at worst (\d+ h \d+ min) note:", review))
    assert len(worst) == 1
    (worst_case,) = worst
    assert (
        review.count(
            f"needs {worst_case} at worst, the window has 11 min: it will never be started; make the window longer"
        )
        == 2
    )
    assert f"and this takes {worst_case} at worst" in said
    assert "what is left of it is too short for the worst case" in said
    assert "Run again inside the window" not in said


def test_a_window_that_every_target_fits_into_is_no_remark(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run({**stage.scene.plan, "window": from_now(stage, -60, DAY)})
    assert [note for note in review.notes if note.code == codes.notes.WINDOW_TOO_SHORT] == []


def test_a_window_that_runs_short_stops_clean_and_the_rest_is_another_days(azure: Azure) -> None:
    """The canary fits; after its soak the next server does not: it is not begun, and a new review moves it."""
    stage = azure(several(2))
    before = stage.bodies()
    window = from_now(stage, -60, 2 * 3600)
    review = stage.dry_run({**stage.scene.plan, "window": window, "canary": CANARY})
    result = stage.apply(review)
    assert (result.exit_code, ended(result)) == (5, [("done", ""), ("skipped", "CMK504")]), told(result)
    assert on(stage.scene, stage.since(0), 1) == []
    untouched = {name: body for name, body in stage.bodies().items() if name.startswith(stage.scene.servers[1].lower())}
    assert differences({name: before[name] for name in untouched}, untouched) == []
    stage.azure.advance(DAY)
    mark = stage.seen()
    again = stage.resume(review.digest)
    assert (again.exit_code, writes(stage.since(mark))) == (5, []), told(again)
    result = stage.apply(stage.dry_run())
    assert (result.exit_code, ended(result)) == (0, [("done", ""), ("done", "")]), told(result)
    assert on(stage.scene, stage.since(mark), 0) == []


def test_a_window_never_stops_what_was_begun(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run({**stage.scene.plan, "window": from_now(stage, -60, 2 * 3600)})
    assert stopped_after(stage, review, "attach_identity").exit_code == 5
    stage.azure.advance(DAY)
    assert stage.resume(review.digest).exit_code == 0


# -- the deadline and the caps ---------------------------------------------------------------------------------------------------


def test_no_step_starts_that_may_not_end_in_time(desk: Sit) -> None:
    """The same command again, as a schedule gives it, goes on: attaching takes 10 min at worst, the next steps 30."""
    at = desk(several(2))
    at.reviewed()
    stage = at.stage
    short = at.apply("--stop-after", "9m")
    assert (short.code, short.writes) == (4, 0), short.out
    stopped = at.apply("--stop-after", "20m")
    assert stopped.code == 5, stopped.out
    assert {path(one) for one in writes(stage.since(0))} == {one.lower() for one in stage.scene.servers}
    assert "this takes 30 min at worst" in " ".join(stopped.out.split())
    run = json.loads(at.review.read_bytes())["digest"]
    assert at("resume", run, "--stop-after", "20m").code == 5
    assert at.apply("--stop-after", "150m").code == 0
    back = at("rollback", run, "--yes", "--stop-after", "20m")
    assert (back.code, back.writes) == (4, 0), back.out
    assert at("rollback", run, "--yes", "--stop-after", "150m").code == 0


def test_the_time_ends_the_canarys_soak_and_the_next_start_soaks_on(azure: Azure) -> None:
    stage = azure(several(2))
    review = stage.dry_run({**stage.scene.plan, "canary": CANARY})
    began = stage.azure.clock.stamp()
    stopped = stage.apply(review, stop_after=timedelta(minutes=62))
    assert stopped.exit_code == 5, told(stopped)
    assert [end for end, _ in ended(stopped)] == ["done", "skipped"]
    assert stage.azure.clock.stamp() - began < 62 * 60 + 5
    mark = stage.seen()
    assert stage.apply(review, stop_after=timedelta(minutes=62)).exit_code == 0
    assert on(stage.scene, stage.since(mark), 0) == []


@pytest.mark.parametrize("text", ["", "150", "2 h", "-5m"])
def test_a_time_that_is_none_is_64(desk: Sit, text: str) -> None:
    at = desk(one_server())
    at.reviewed()
    refused(at.apply("--stop-after", text), 64, codes.input_.USAGE, "is not a duration such as")


def test_more_targets_than_max_targets_is_4(desk: Sit) -> None:
    at = desk(planning(several(3), limits={"max_targets": 2}))
    at.reviewed()
    refused(at.apply(), 4, codes.engine.TOO_MANY_TARGETS, "changes 3 targets", "max_targets is 2")
    assert at("dry-run", at.write("two.yaml", planning(several(2), limits={"max_targets": 2}).plan)).code == 0


def test_targets_with_nothing_to_change_do_not_count(azure: Azure) -> None:
    stage = azure(several(2))
    stage.moved()
    assert stage.apply(stage.dry_run({**stage.scene.plan, "limits": {"max_targets": 1}})).exit_code == 0


def _one_at_once_and_three_later() -> Scene:
    """Return a scene whose first server can be moved at once; the others wait for a key that is still to be made."""
    scene = several(4)
    later = {
        "key_vault_resource_id": VAULT,
        "key_name": "later",
        "user_assigned_identity": {"resource_id": f"{IDENTITY}-later"},
    }
    targets = [{"resource_id": one, "overrides": {"customer_managed_key": later}} for one in scene.servers]
    return planning(scene, targets=[{"resource_id": scene.servers[0]}, *targets[1:]])


@pytest.mark.parametrize(("most", "ends"), [(1, ["skipped"] * 3), (2, ["done"] * 3)])
def test_after_max_failures_no_further_target_is_begun(azure: Azure, most: int, ends: list[str]) -> None:
    stage = azure(_one_at_once_and_three_later())
    review = stage.dry_run({**stage.scene.plan, "limits": {"max_failures": most}})
    stage.azure.faults.add(Fault("status", method="PATCH", url="/servers/sql-0\\?", status=400, code="BadRequest"))
    result = stage.apply(review)
    assert (result.exit_code, ended(result)[0]) == (5, ("failed", "CMK209")), told(result)
    assert [one.end for one in result.targets[1:]] == ends, told(result)
    if most == 1:
        assert {code for _, code in ended(result)[1:]} == {str(codes.engine.TOO_MANY_FAILURES)}
        assert [one for number in (1, 2, 3) for one in on(stage.scene, stage.since(0), number)] == []
    assert stage.resume(review.digest).exit_code == 0


# -- drift -----------------------------------------------------------------------------------------------------------------------


def _other_identity() -> dict[str, Any]:
    return {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {OLD_IDENTITY: {}}},
        "properties": {"primaryUserAssignedIdentityId": OLD_IDENTITY},
    }


DRIFTED: dict[str, tuple[str, dict[str, Any]]] = {
    "protector": ("/encryptionProtector/current", {"properties": {"autoRotationEnabled": True}}),
    "identity": ("", _other_identity()),
    "state": ("", {"properties": {"state": "Disabled"}}),
}


@pytest.mark.parametrize("what", DRIFTED)
def test_an_owners_change_refuses_that_target_and_the_rest_goes_on(azure: Azure, what: str) -> None:
    stage = azure(several(3))
    review = stage.dry_run()
    below, patch = DRIFTED[what]
    owner_sets(stage, stage.scene.servers[1] + below, patch)
    with pytest.raises(ReviewError) as strict:
        stage.apply(review, strict=True)
    assert (strict.value.code, strict.value.resource) == (codes.engine.DRIFT, stage.scene.servers[1])
    assert writes(stage.since(0)) == []
    result = stage.apply(review)
    assert result.exit_code == 5, told(result)
    assert [one.end for one in result.targets] == ["done", "failed", "done"]
    assert on(stage.scene, stage.since(0), 1) == []


def test_what_all_need_has_drifted(azure: Azure) -> None:
    stage = azure(several(2))
    review = stage.dry_run()
    owner_sets(stage, KEY, {"properties": {"attributes": {"enabled": False}}})
    result = stage.apply(review)
    assert (result.exit_code, result.writes) == (3, 0), told(result)
    assert [code for _, code in ended(result)] == ["CMK332", "CMK332"]


OWNERS: dict[str, tuple[str, dict[str, Any]]] = {
    "tags": (SERVER, {"tags": {"team": "others", "cost": "7"}}),
    "unrelated property": (SERVER, {"properties": {"minimalTlsVersion": "1.3", "publicNetworkAccess": "Disabled"}}),
    "etag": (SERVER, {"etag": "W/another"}),
    "vault tags": (VAULT, {"tags": {"owner": "others"}, "properties": {"softDeleteRetentionInDays": 90}}),
    "vault network": (VAULT, {"properties": {"networkAcls": {"ipRules": [{"value": "192.0.2.1/32"}]}}}),
    "identity tags": (IDENTITY, {"tags": {"owner": "others"}}),
}


@pytest.mark.parametrize("what", OWNERS)
def test_what_is_not_ours_may_change_and_stays_changed(azure: Azure, what: str) -> None:
    """Only reviewed lines are compared; and what the owner set is there afterwards (law 5)."""
    stage = azure(one_server())
    review = stage.dry_run()
    resource, patch = OWNERS[what]
    owner_sets(stage, resource, patch)
    theirs = stage.bodies()[resource.lower()]
    result = stage.apply(review, strict=True)
    assert (result.exit_code, ended(result)) == (0, [("done", "")]), told(result)
    ours = stage.bodies()[resource.lower()]
    assert ours.get("tags") == theirs.get("tags")
    assert {name: ours["properties"][name] for name in patch.get("properties", {})} == {
        name: theirs["properties"][name] for name in patch.get("properties", {})
    }


def test_an_acceptance_gates_a_start_and_not_a_resume(azure: Azure) -> None:
    stage = azure(one_server(present=False))
    review = stage.dry_run()
    with pytest.raises(RefusedError) as refusal:
        stage.apply(review, accept=())
    assert refusal.value.code == codes.engine.ACCEPTANCE_MISSING
    assert stopped_after(stage, review, "create_key").exit_code == 5
    assert stage.resume(review.digest).exit_code == 0
