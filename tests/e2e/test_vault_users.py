"""Hazard 1: before a vault is restricted the review lists every resource that names its URI, or there is no such review.

Fails: a board closes a vault, and a shop whose database nobody knew of loses its key at that instant.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import SetResource
from cmk_remediate.simulator.faults import Fault
from tests.e2e.desk import adding, blocked, having, owner_sets, planning, several
from tests.e2e.estates import (
    DATA,
    NEIGHBOUR,
    OPERATOR,
    OTHER_SUB,
    REMOTE,
    SERVER,
    SUB,
    TENANT,
    VAULT,
    Scene,
    one_server,
)
from tests.e2e.stage import path, told, writes

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review, ReviewedStep
    from tests.e2e.conftest import Azure, Sit
    from tests.e2e.stage import Stage

URI = "https://kv-cmk.vault.azure.net/"
CLOSED: dict[str, Any] = {"restrict": {"default_action": "Deny"}, "bypass": "AzureServices"}
COSMOS = f"{REMOTE}/providers/Microsoft.DocumentDB/databaseAccounts/cosmos-shop"
ACCOUNT = f"{REMOTE}/providers/Microsoft.Storage/storageAccounts/stshop"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
ELSEWHERE = "99999999-9999-4999-8999-999999999999"


def _users() -> list[dict[str, Any]]:
    """Return resources of other services, in the other subscription, of which two name the vault's URI."""
    storage = {"encryption": {"keySource": "Microsoft.Keyvault", "keyvaultproperties": {"keyvaulturi": URI.upper()}}}
    other = {"encryption": {"keyvaultproperties": {"keyvaulturi": "https://old-kv-cmk.vault.azure.net"}}}
    return [
        {"id": COSMOS, "location": "westeurope", "properties": {"keyVaultKeyUri": f"{URI}keys/shop"}},
        {"id": ACCOUNT, "location": "westeurope", "properties": storage},
        {"id": f"{ACCOUNT}2", "location": "westeurope", "properties": other},
    ]


def _scene(scene: Scene | None = None, **vault: Any) -> Scene:
    return planning(adding(scene or one_server(), "resources", *_users()), vault={**CLOSED, **vault})


def _restrict(review: Review) -> ReviewedStep:
    return next(step for step in review.steps if step.kind == "restrict_vault")


def _named(review: Review) -> set[str]:
    lines = [line for line in _restrict(review).lines if line.path.startswith("resources[")]
    assert {line.role for line in lines} <= {"relied_on"}
    return {line.path.removeprefix("resources[").removesuffix("]") for line in lines}


def _searches(stage: Stage, mark: int = 0) -> list[str]:
    asked = [one for one in stage.since(mark) if path(one) == GRAPH.lower()]
    return [json.loads(one.body)["query"] for one in asked if b"vault." in (one.body or b"")]


def _notes(review: Review, code: codes.Code) -> list[str]:
    return [note.text for note in review.notes if note.code == code]


def test_all_that_name_the_vaults_uri_are_listed_in_any_service_and_subscription(azure: Azure) -> None:
    stage = azure(_scene())
    review = stage.dry_run()
    assert _named(review) == {one.lower() for one in (COSMOS, ACCOUNT, NEIGHBOUR)}
    assert len(_searches(stage)) == 1, "each search once"
    (text,) = _notes(review, codes.notes.OTHER_USERS_UNSEEN)
    assert "2 subscriptions searched" in text
    assert "lags" in text
    assert _notes(review, codes.notes.SUBSCRIPTION_NOT_SEARCHED) == []
    shown = " ".join(cmk.render(review, "text").split())
    assert "cosmos-shop" in shown, "the board reads it"


def test_what_our_own_run_moves_is_no_news(azure: Azure) -> None:
    stage = azure(_scene(several(3)))
    review = stage.dry_run()
    stage.monitor.accept(11, VAULT)
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert writes(stage.since(mark))[-1].url.partition("?")[0].endswith("/vaults/kv-cmk")
    assert len(_searches(stage, mark)) <= 6, (
        "before the first write, and with each look at the vault: whatever the targets"
    )
    assert stage.verify().exit_code == 0


@pytest.mark.parametrize("count", [1, 4])
def test_searches_grow_with_the_vaults_not_with_the_targets(azure: Azure, count: int) -> None:
    stage = azure(_scene(several(count)))
    stage.dry_run()
    assert len([one for one in stage.since(0) if path(one) == GRAPH.lower()]) == 2


def test_a_new_user_between_review_and_apply_is_drift(azure: Azure) -> None:
    stage = azure(_scene())
    review = stage.dry_run()
    late = f"{DATA}/providers/Microsoft.Compute/diskEncryptionSets/des-late"
    body = {"id": late, "name": "des-late", "type": "Microsoft.Compute/diskEncryptionSets", "location": "westeurope"}
    properties = {"activeKey": {"keyUrl": f"{URI}keys/late/{'a' * 32}"}}
    stage.azure.world.apply([SetResource(ResourceId(late), {**body, "properties": properties})])
    stage.azure.advance(60)
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 3, told(result)
    assert late.lower() in result.targets[0].text
    assert writes(stage.since(mark)) == []


def test_one_that_comes_while_the_run_is_at_work_leaves_the_vault_open(azure: Azure) -> None:
    stage = azure(_scene())
    review = stage.dry_run()
    switch = next(step.id for step in review.steps if step.kind == "set_protector")

    def come(event: Any) -> None:
        if event.kind == "settled" and event.step == switch:
            owner_sets(
                stage, f"{ACCOUNT}2", {"properties": {"encryption": {"keyvaultproperties": {"keyvaulturi": URI}}}}
            )

    result = stage.apply(review, progress=come)
    assert result.exit_code == 5, told(result)
    assert f"{ACCOUNT}2".lower() in result.targets[0].text
    assert VAULT.lower() not in [path(one) for one in writes(stage.since(0))]


def test_a_rotation_of_somebody_elses_key_is_no_drift(azure: Azure) -> None:
    stage = azure(_scene())
    review = stage.dry_run()
    owner_sets(stage, COSMOS, {"properties": {"keyVaultKeyUri": f"{URI}keys/shop/{'b' * 32}"}})
    stage.monitor.accept(11, VAULT)
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)


@pytest.mark.parametrize(("status", "code"), [(403, "AuthorizationFailed"), (500, "InternalServerError")])
def test_without_the_search_the_vault_is_not_restricted(desk: Sit, status: int, code: str) -> None:
    sat = desk(_scene())
    sat.stage.azure.faults.add(Fault("status", method="POST", url="ResourceGraph", nth=0, status=status, code=code))
    blocked(sat.dry_run(), 4, codes.vault.VAULT_USERS_UNKNOWN, "could not be searched", code)


def test_a_search_refused_at_apply_stops_it_before_its_first_write(azure: Azure) -> None:
    stage = azure(_scene())
    review = stage.dry_run()
    fault = Fault("status", method="POST", url="ResourceGraph", nth=0, status=403, code="AuthorizationFailed")
    stage.azure.faults.add(fault)
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code != 0
    assert result.targets[0].code == codes.vault.VAULT_USERS_UNKNOWN, told(result)
    assert writes(stage.since(mark)) == []


def test_all_pages_are_read(azure: Azure) -> None:
    crowd = [
        {"id": f"{DATA}/providers/Microsoft.Cache/redisEnterprise/r{number}", "properties": {"keyUrl": f"{URI}keys/r"}}
        for number in range(1001)
    ]
    stage = azure(_scene(adding(one_server(), "resources", *crowd)))
    assert len(_named(stage.dry_run())) == 1001 + 3
    assert len(_searches(stage)) == 2


def test_subscriptions_that_were_not_searched_are_named(azure: Azure) -> None:
    endpoint = f"/subscriptions/{ELSEWHERE}/resourceGroups/rg/providers/Microsoft.Network/privateEndpoints/pe1"
    connections = [{"properties": {"privateEndpoint": {"id": endpoint}}}]
    scene = having(_scene(), VAULT, {"properties": {"privateEndpointConnections": connections}})
    review = azure(scene).dry_run()
    (text,) = _notes(review, codes.notes.SUBSCRIPTION_NOT_SEARCHED)
    assert ELSEWHERE in text


def test_a_caller_who_reads_part_of_a_subscription_is_told_so(azure: Azure) -> None:
    """Its right ends at the groups: Resource Graph leaves out the rest without a word."""
    scene = _scene()
    scopes = [one.rpartition("/providers")[0] for one in (VAULT, SERVER)]
    groups = [*scopes, f"/subscriptions/{SUB}/resourceGroups/rg-identities"]
    estate = {**scene.estate, "operator": {"object_id": OPERATOR, "role": "Owner", "scopes": groups}}
    stage = azure(Scene(estate, scene.plan, scene.servers, scene.keys))
    review = stage.dry_run()
    (text,) = _notes(review, codes.notes.OTHER_USERS_UNSEEN)
    assert "0 subscriptions searched" in text
    assert [SUB in one for one in _notes(review, codes.notes.SUBSCRIPTION_NOT_SEARCHED)] == [True]
    assert _named(review) == {NEIGHBOUR.lower()}


def test_the_printed_role_is_enough_to_search(azure: Azure) -> None:
    scene = _scene()
    roles = cmk.permissions(scene.plan, connection=azure(scene).connection)
    actions = {action for role in roles for action in role["Actions"]}
    assert {"*/read", "Microsoft.ResourceGraph/resources/read"} <= actions
    operator = {"object_id": OPERATOR, "role": [dict(one) for one in roles]}
    stage = azure(Scene({**scene.estate, "operator": operator}, scene.plan, scene.servers, scene.keys))
    review = stage.dry_run()
    assert NEIGHBOUR.lower() in _named(review)
    assert COSMOS.lower() not in _named(review), "it is in a subscription that nobody could know of beforehand"
    assert _notes(review, codes.notes.SUBSCRIPTION_NOT_SEARCHED) == []
    assert OTHER_SUB in COSMOS


def test_a_principal_with_several_access_policies_is_several_users(azure: Azure) -> None:
    """Fails: a vault on which an application acts for somebody who has an entry of his own can never be restricted."""
    entries = [
        {"tenantId": TENANT, "objectId": ELSEWHERE, "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}},
        {"tenantId": TENANT, "objectId": ELSEWHERE, "applicationId": OTHER_SUB, "permissions": {"keys": ["get"]}},
    ]
    scene = planning(having(one_server(), VAULT, {"properties": {"accessPolicies": entries}}), vault=CLOSED)
    stage = azure(scene)
    stage.monitor.accept(11, VAULT)  # the review names both, and it is accepted
    review = stage.dry_run()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    (closing,) = [step for step in review.steps if step.kind == "restrict_vault"]
    paths = [line.path for line in closing.lines if "accessPolicies" in line.path]
    assert paths == [
        f"properties.accessPolicies[{ELSEWHERE}]",
        f"properties.accessPolicies[{ELSEWHERE} through {OTHER_SUB}]",
    ]
