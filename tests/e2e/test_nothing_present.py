"""Nothing is there: several servers share what is made once, and grants that arrive late are waited for.

Fails: a vault shared by many servers is hammered, or an operator cannot tell "not yet" from "never".
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from tests.e2e.estates import IDENTITY, KEY, SERVER, VAULT, bare, one_server, plan
from tests.e2e.stage import Stage, path, rows, told, writes
from tests.laws import check_laws

if TYPE_CHECKING:
    from cmk_remediate.model.result import RunResult
    from cmk_remediate.simulator.embedded import Exchange
    from tests.e2e.conftest import Azure

SHARED = {"create_key", "create_identity", "assign_key_role", "protect_vault", "wait_for_access"}


def _server_key_writes(log: list[Exchange]) -> list[Exchange]:
    return [one for one in writes(log) if "/servers/" in path(one) and "/keys/" in path(one)]


def _refused_operations(stage: Stage) -> list[str]:
    """Return the resources of the operations that failed."""
    operations = stage.azure.world.store.tables["operations"].values()
    return [one["resource"] for one in operations if one["status"] == "Failed"]


@pytest.mark.parametrize("count", [2, 5])
def test_shared_steps_are_reviewed_and_sent_once(azure: Azure, count: int) -> None:
    stage = azure(bare(count), late_rbac=False, late_directory=False)
    review = stage.dry_run()
    kinds = [step.kind for step in review.steps if step.action != "none"]
    assert {kind: kinds.count(kind) for kind in SHARED} == dict.fromkeys(SHARED, 1)
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    log = stage.since(mark)
    assert check_laws(review, stage.journal(review.digest), rows(log)) == []
    sent = [path(one) for one in writes(log)]
    assert sum(one == KEY.lower() for one in sent) == 1
    assert sum(one == IDENTITY.lower() for one in sent) == 1
    assert sum("/roleassignments/" in one for one in sent) == 1
    assert sum(one == VAULT.lower() for one in sent) == 1
    assert len(sent) == 4 + 3 * count


def test_what_only_azure_can_make_is_printed_as_known_after_apply(azure: Azure) -> None:
    stage = azure(bare(2))
    review = stage.dry_run()
    text = cmk.render(review, "text")
    assert "(known after apply)" in text
    assert '{"unknown": true}' not in text
    by_kind = {step.kind: step for step in review.steps}
    assert by_kind["register_server_key"].resource_id is None
    assert by_kind["assign_key_role"].resource_id is None
    request = by_kind["register_server_key"].request
    assert request is not None
    assert request.body["properties"]["uri"] == {"unknown": True}


@pytest.mark.parametrize(("delay", "in_vain"), [(0.0, 0), (150.0, 2), (300.0, 3)])
def test_a_late_grant_is_tried_by_one_prober(azure: Azure, delay: float, in_vain: int) -> None:
    stage = azure(bare(5), rbac_delay=(delay, delay), directory_delay=(45.0, 45.0))
    review = stage.dry_run()
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    refused = _refused_operations(stage)
    assert len(set(refused)) <= 1, "only one server tries the grant; the others wait for its answer"
    assert len(refused) == in_vain
    assert len(_server_key_writes(stage.since(mark))) == 5 + len(refused)


def test_a_principal_the_directory_does_not_know_yet_is_tried_again(azure: Azure) -> None:
    stage = azure(bare(2), late_rbac=False, directory_delay=(60.0, 60.0))
    review = stage.dry_run()
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    refused = [one for one in stage.since(mark) if one.code == "PrincipalNotFound"]
    assert refused, "the estate was to show a principal that is not known yet"
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []


def test_a_grant_that_never_arrives_ends_with_evidence(azure: Azure) -> None:
    stage = azure(bare(2), rbac_delay=(7200.0, 7200.0))
    result = stage.apply(stage.dry_run({**stage.scene.plan, "access": {"timeout": "10m"}}))
    assert result.exit_code == 5, told(result)
    failed = _failures(result)
    assert codes.access.ACCESS_NOT_YET in failed
    text = failed[codes.access.ACCESS_NOT_YET]
    for evidence in ("min old", "attempts until", "last answer"):
        assert evidence in text, text
    tried = Counter(_refused_operations(stage))
    assert min(tried.values()) <= 2, "once the prober has given up, the others only see for themselves"
    assert stage.protector(stage.scene.servers[0])["serverKeyType"] == "ServiceManaged"


def test_a_firewall_that_could_be_the_cause_is_said(azure: Azure) -> None:
    scene = one_server()
    vault = next(one for one in scene.estate["resources"] if one["id"] == VAULT)
    vault["properties"]["networkAcls"]["defaultAction"] = "Deny"
    grants = [one for one in scene.estate["role_assignments"] if one["scope"] != KEY]
    scene.estate["role_assignments"] = grants
    stage = azure(scene, rbac_delay=(7200.0, 7200.0))
    review = stage.dry_run({**plan(SERVER), "access": {"timeout": "10m"}})
    result = stage.apply(review)
    failed = _failures(result)
    assert codes.access.ACCESS_UNKNOWN in failed, told(result)
    assert "unknown cause" in failed[codes.access.ACCESS_UNKNOWN]
    assert "firewall" in failed[codes.access.ACCESS_UNKNOWN]


def test_what_failed_for_want_of_a_grant_is_finished_by_resume(azure: Azure) -> None:
    stage = azure(bare(2), rbac_delay=(1500.0, 1500.0))
    review = stage.dry_run({**stage.scene.plan, "access": {"timeout": "10m"}})
    assert stage.apply(review).exit_code == 5
    stage.azure.advance(3600)
    result = stage.resume(review.digest)
    assert result.exit_code == 0, told(result)
    assert all(stage.protector(one)["serverKeyType"] == "AzureKeyVault" for one in stage.scene.servers)


def _failures(result: RunResult) -> dict[str, str]:
    return {str(one.code): one.text for one in result.targets if one.end == "failed"}


def test_the_journal_tells_every_attempt(azure: Azure) -> None:
    stage = azure(bare(1), rbac_delay=(200.0, 200.0))
    review, _ = stage.moved()
    records = [json.loads(line) for line in stage.journal(review.digest)]
    register = next(step.id for step in review.steps if step.kind == "register_server_key")
    outcomes = [one["result"] for one in records if one["type"] == "outcome" and one["step"] == register]
    assert outcomes[-1] == "accepted"
    assert outcomes.count("not-yet") == len(outcomes) - 1 >= 1
    attempts = [one for one in records if one["type"] == "intent" and one["step"] == register]
    assert len({one["client_request_id"] for one in attempts}) == 1
