"""The life of a managed instance. Fails: one is switched to a key that it cannot use, or left where nobody can bring it back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Schedule
from cmk_remediate.simulator.providers.sql_instances.groups import FAILOVER
from tests.e2e.desk import owner_sets
from tests.e2e.estates import IDENTITY, VAULT, Scene
from tests.e2e.instances import GROUP, INSTANCE, SECOND, absent, on_previous_key, one_instance, pair
from tests.e2e.lives import life
from tests.e2e.stage import path, rows, told, writes
from tests.laws import check_laws, law_1

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Azure
    from tests.e2e.stage import Stage

TRY = "/validateazurekeyvaultencryptionkey"
DEFAULT = (doubts.SQL_REFUSAL_ARRIVES.name, doubts.SQL_REFUSAL_ARRIVES.default)
OTHER = [(one.name, reading) for one in doubts.SQL for reading in one.readings if reading != one.default]
READINGS = [DEFAULT, *OTHER]


def properties(stage: Stage, instance: str = INSTANCE) -> dict[str, Any]:
    found: dict[str, Any] = stage.azure.world.get(instance)["properties"]  # type: ignore[index]
    return found


def sent(stage: Stage, mark: int = 0) -> list[str]:
    """Return what was asked of instances, in order: questions, and writes by the last part of their path."""
    found = []
    for one in stage.since(mark):
        where = path(one)
        if one.method in ("PUT", "PATCH", "POST") and "/managedinstances/" in where:
            found.append("tried" if where.endswith(TRY) else f"{one.method} {where.split('/managedinstances/')[1]}")
    return found


def closed(scene: Scene) -> Scene:
    """Return *scene* with a vault whose firewall admits nobody but says that it lets trusted services pass."""
    resources = [
        {
            **one,
            "properties": {**one["properties"], "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}},
        }
        if one["id"] == VAULT
        else one
        for one in scene.estate["resources"]
    ]
    return replace(scene, estate={**scene.estate, "resources": resources})


def test_a_dry_run_of_what_is_not_there_asks_nothing_of_the_instance(azure: Azure) -> None:
    stage = azure(absent())
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    assert sent(stage) == []
    assert {codes.sql_managed_instance.POLICY_SAYS, codes.sql_managed_instance.TERRAFORM} <= {
        one.code for one in review.notes
    }


def test_the_instance_tries_the_key_before_anything_is_switched(azure: Azure) -> None:
    stage = azure(absent())
    mark = stage.seen()
    review, _ = stage.moved()
    asked = sent(stage, mark)
    name = INSTANCE.lower().rsplit("/", 1)[1]
    assert asked[0] == f"PATCH {name}"
    assert asked[1] == "tried"
    assert "keys/kv-cmk_cmk_" in next(one for one in asked[1:] if one != "tried")
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    assert properties(stage)["keyId"].startswith("https://kv-cmk.vault.azure.net/keys/cmk/")
    (question,) = {one.body for one in stage.since(mark) if path(one).endswith(TRY)}
    assert json.loads(question) == {"tdeKeyUri": properties(stage)["keyId"]}


@pytest.mark.parametrize("arrives", list(doubts.SQL_REFUSAL_ARRIVES.readings))
def test_a_key_it_cannot_use_is_found_out_while_it_is_on_the_old_one(azure: Azure, arrives: str) -> None:
    """Nothing shows it beforehand: the vault's network lets trusted services pass, and this one is not."""
    scene = closed(one_instance())
    network = {**scene.estate["network"], "microsoft.sql/managedinstances": {"trusted": False}}
    scene = replace(scene, estate={**scene.estate, "network": network})
    stage = azure(scene, doubts={"sql-key-refusal-arrives": arrives})
    review = stage.dry_run()
    result = stage.apply(review)
    assert [one.end for one in result.targets] == ["failed"], told(result)
    assert "unknown cause" in result.targets[0].text
    assert [one for one in sent(stage) if "keys/" in one or "encryptionprotector" in one] == []
    assert properties(stage).get("keyId") is None


def test_an_instance_that_lost_its_key_is_found_by_the_dry_run(azure: Azure) -> None:
    stage = azure(one_instance())
    stage.moved()
    network = {"networkAcls": {"bypass": "None", "defaultAction": "Deny"}}
    owner_sets(stage, VAULT, {"properties": network})
    stage.azure.advance(1260)
    assert [one.verdict for one in stage.verify().targets] != ["right"]


def test_stopped_instances_are_refused_and_left_stopped(azure: Azure) -> None:
    stage = azure(one_instance(state="Stopped"))
    review = stage.dry_run()
    assert [one.blocked.code for one in review.targets if one.blocked] == [codes.sql_managed_instance.INSTANCE_STOPPED]
    assert stage.apply(review).writes == 0
    assert properties(stage)["state"] == "Stopped"


def test_an_instance_stopped_after_the_review_is_not_written_to(azure: Azure) -> None:
    stage = azure(one_instance())
    review = stage.dry_run()
    owner_sets(stage, INSTANCE, {"properties": {"state": "Stopped"}})
    result = stage.apply(review)
    assert sent(stage) == []
    assert result.targets[0].end != "done", told(result)


def test_an_instance_that_is_stopped_is_right_where_it_is_on_its_key(azure: Azure) -> None:
    stage = azure(one_instance())
    stage.moved()
    owner_sets(stage, INSTANCE, {"properties": {"state": "Stopped"}})
    mark = stage.seen()
    review = stage.dry_run()
    assert codes.sql_managed_instance.NOT_TRIED in {one.code for one in review.notes}
    assert stage.verify().exit_code == 0
    assert sent(stage, mark) == []


def test_a_pair_moves_together_and_both_try_before_either_moves(azure: Azure) -> None:
    stage = azure(pair())
    mark = stage.seen()
    stage.moved()
    asked = sent(stage, mark)
    first = next(index for index, one in enumerate(asked) if "encryptionprotector" in one)
    assert asked[:first].count("tried") >= 2
    switched = [one.split()[1].split("/")[0] for one in asked if "encryptionprotector" in one]
    assert switched == ["mi-two", "mi-one"], "the secondary goes first"
    assert properties(stage, SECOND)["keyId"] == properties(stage)["keyId"]


def test_a_failover_after_the_review_is_drift(azure: Azure) -> None:
    stage = azure(pair())
    review = stage.dry_run()
    stage.azure.world.apply([Schedule(0.0, FAILOVER, {"group": GROUP})])
    stage.azure.advance(15)
    result = stage.apply(review)
    assert [one.end for one in result.targets] == ["failed"], told(result)
    assert codes.engine.DRIFT in told(result)
    assert writes(stage.since(0)) == []


@pytest.mark.parametrize("scene", [absent, one_instance, pair, on_previous_key])
@pytest.mark.parametrize("reading", READINGS, ids=[f"{name}={reading}" for name, reading in READINGS])
def test_the_life_of_an_instance_under_each_reading(
    azure: Azure, scene: Callable[[], Scene], reading: tuple[str, str]
) -> None:
    life(azure, scene(), reading, rotate=scene in (pair, on_previous_key))


def test_the_identity_it_looks_up_entra_users_with_is_kept(azure: Azure) -> None:
    scene = one_instance(primaryUserAssignedIdentityId=IDENTITY, administrators={"login": "dba"})
    body = next(one for one in scene.estate["resources"] if one["id"] == INSTANCE)
    body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    scene.plan["customer_managed_key"]["user_assigned_identity"]["resource_id"] += "-other"
    stage = azure(scene)
    mark = stage.seen()
    stage.moved()
    assert [one for one in sent(stage, mark) if one.startswith("PATCH")] == []
    assert properties(stage)["primaryUserAssignedIdentityId"] == IDENTITY
