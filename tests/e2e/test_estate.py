"""Several plans as one run: shared steps once, one cap, and one service's failure is not another's.

Fails: two teams' plans tear at one vault, or a bad day of SQL keeps Cosmos DB from its key.
"""

from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from cmk_remediate import codes, simulator
from cmk_remediate.errors import InputError, RefusedError
from cmk_remediate.simulator.estate import read
from cmk_remediate.simulator.faults import Fault
from tests.e2e.estates import VAULT, Scene, bare, geo
from tests.e2e.stage import DAY, path, rows, told, writes
from tests.laws import check_laws, law_1

if TYPE_CHECKING:
    from cmk_remediate.model.result import RunResult
    from tests.e2e.conftest import Azure

PLANS = Path(__file__).parents[2] / "plans"


def shipped(*names: str) -> dict[str, Any]:
    yaml = YAML(typ="safe", pure=True)
    return {"plans": [yaml.load((PLANS / f"{name}.yaml").read_text("utf-8")) for name in names]}


@pytest.fixture
def demo() -> Scene:
    return Scene(read(simulator.demo_estate()), shipped("sql", "cosmosdb", "managed-disks"))


def ends(result: RunResult) -> Counter[str]:
    return Counter(one.end for one in result.targets)


def test_the_whole_life_of_an_estate(azure: Azure, demo: Scene) -> None:
    stage = azure(demo)
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    assert {target.service for target in review.targets} == {"sql", "cosmosdb", "managed-disks"}
    mark = stage.seen()
    result = stage.apply(review)
    log = stage.since(mark)
    assert set(ends(result)) == {"done", "in progress", "blocked"}, told(result)
    protections = [one for one in writes(log) if path(one).endswith("/vaults/kv-cmk-weu")]
    assert len(protections) == 1, "what the plans share is done once"
    assert check_laws(review, stage.journal(review.digest), rows(log)) == []

    stage.azure.advance(2 * DAY)
    assert stage.verify().exit_code == 0
    mark = stage.seen()
    again = stage.apply(stage.dry_run())
    assert writes(stage.since(mark)) == [], told(again)

    undone, back = stage.rolled_back(review.digest)
    assert {step.action for step in undone.steps} >= {"keep", "update"}
    assert set(ends(back)) <= {"done", "blocked", "kept"}, told(back)
    assert stage.verify(review.digest).exit_code == 0


def test_a_canary_is_the_first_of_each_service(azure: Azure, demo: Scene) -> None:
    for one in demo.plan["plans"]:
        one["canary"] = {"targets": 1, "soak": "1h"}
    stage = azure(demo)
    review = stage.dry_run()
    mark = stage.seen()
    stage.apply(review)
    times: dict[str, str] = {}
    for one in writes(stage.since(mark)):
        for target in review.targets:
            if path(one).startswith(target.id.lower()):
                times.setdefault(target.id, one.at)
    first = sorted(times, key=times.__getitem__)[:3]
    assert {next(target.service for target in review.targets if target.id == one) for one in first} == {
        "sql", "cosmosdb", "managed-disks",
    }  # fmt: skip


def test_the_smallest_cap_holds_for_all(azure: Azure, demo: Scene) -> None:
    demo.plan["plans"][1]["limits"] = {"max_targets": 5}
    stage = azure(demo)
    review = stage.dry_run()
    with pytest.raises(RefusedError) as caught:
        stage.apply(review)
    assert caught.value.code == codes.engine.TOO_MANY_TARGETS
    assert "limits.max_targets is 5" in str(caught.value)


def test_one_services_failure_is_not_anothers(azure: Azure, demo: Scene) -> None:
    """A grant for SQL is refused; the vault they share is protected all the same, and Cosmos DB and the disks move."""
    for one in demo.plan["plans"]:
        one["limits"] = {"max_failures": 5}
    stage = azure(demo)
    review = stage.dry_run()
    stage.azure.faults.add(
        Fault("status", method="PUT", url="cmk-sql-orders-weu.*roleAssignments", nth=0, status=400, code="BadRequest")
    )
    result = stage.apply(review)
    by_name = {one.id.rsplit("/", 1)[1]: one for one in result.targets}
    assert by_name["sql-orders-weu"].end == "failed", told(result)
    assert by_name["sql-billing-weu"].end == "done", told(result)
    assert by_name["cosmos-orders-weu"].end == "in progress", told(result)
    assert by_name["vm-orders-weu"].end == "done", told(result)


def test_partners_named_in_two_plans_are_refused_by_name(azure: Azure) -> None:
    scene = geo()
    first, second = ({**scene.plan, "targets": [{"resource_id": one}]} for one in scene.servers)
    stage = azure(Scene(scene.estate, {"plans": [first, second]}))
    with pytest.raises(InputError) as caught:
        stage.dry_run()
    assert caught.value.code == codes.input_.PLANS_CONTRADICT
    assert "plan[0] and plan[1] both move it" in str(caught.value)


def test_plans_that_want_different_things_of_one_resource_are_refused_by_name(azure: Azure, demo: Scene) -> None:
    """One encryption set, two keys: no field of the plans contradicts another, the steps do."""
    (disks,) = shipped("managed-disks")["plans"]
    first = {**disks, "targets": [one for one in disks["targets"] if one["resource_id"].endswith("disk-archive-weu")]}
    second = copy.deepcopy(
        {**disks, "targets": [one for one in disks["targets"] if one["resource_id"].endswith("vm-batch-weu")]}
    )
    second["customer_managed_key"]["key_name"] = "cmk-batch-weu"
    stage = azure(Scene(demo.estate, {"plans": [first, second]}))
    with pytest.raises(InputError) as caught:
        stage.dry_run()
    assert caught.value.code == codes.input_.GRAPH_CONFLICT
    assert "disk-archive-weu (plan[0])" in str(caught.value)
    assert "vm-batch-weu (plan[1])" in str(caught.value)


def test_a_vault_is_restricted_after_the_targets_of_every_plan(azure: Azure) -> None:
    scene = bare(2)
    vault = {"bypass": "AzureServices", "restrict": {"default_action": "Deny"}}
    plans = [{**scene.plan, "vault": vault, "targets": [{"resource_id": one}]} for one in scene.servers]
    stage = azure(Scene(scene.estate, {"plans": plans}, scene.servers, scene.keys))
    stage.monitor.accept(11, VAULT)
    _, result = stage.moved()
    assert ends(result) == {"done": 2}
    sent = [path(one) for one in writes(stage.since(0))]
    restricted = [index for index, one in enumerate(sent) if one.endswith("/vaults/kv-cmk")]
    assert restricted[-1] == len(sent) - 1
    assert len(restricted) == 2, "protected once, restricted once"
