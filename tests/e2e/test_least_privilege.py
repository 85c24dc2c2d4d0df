"""The role that `permissions` prints is enough, and nothing in it is there for nothing.

Fails: a security team grants what we print, and the change window ends with a half-moved server and a 403.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.api.planning import planned
from cmk_remediate.errors import CmkError, RefusedError
from cmk_remediate.simulator.declare import SetResource
from tests.e2e.accounts import on_previous_key, one_account
from tests.e2e.ai_accounts import bare, openai
from tests.e2e.ai_accounts import on_previous_key as on_previous_ai_key
from tests.e2e.aks_clusters import one_cluster
from tests.e2e.clusters import on_previous_key as on_previous_redis_key
from tests.e2e.clusters import one_cluster as one_redis_cluster
from tests.e2e.databases import on_a_customers_server, on_its_previous_key, one_database, replicated, retained
from tests.e2e.equality import differences, kept
from tests.e2e.estates import OPERATOR, Scene, geo, one_server, previous_cmk
from tests.e2e.instances import absent as instance_absent
from tests.e2e.instances import pair as instance_pair
from tests.e2e.machines import on_previous_set, one_machine, reachable_machine
from tests.e2e.stage import Stage, told, writes
from tests.e2e.storage import on_previous_key as on_previous_vault
from tests.e2e.storage import one_account as storage_account
from tests.e2e.storage import with_dead_identity, with_scopes, with_theirs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cmk_remediate.model.permissions import Permissions
    from cmk_remediate.simulator.embedded import EmbeddedAzure
    from tests.e2e.conftest import Azure

FLUSHED = 2 * 3600.0
"""Seconds until a database's active log files need no older key: then its own key can change again."""
ROLE_DEFINITIONS = "Microsoft.Authorization/roleDefinitions"


def _cluster_absent() -> Scene:
    return one_redis_cluster(present=False)


def _database_absent() -> Scene:
    return one_database(present=False)


def _all_absent() -> Scene:
    return one_server(present=False)


def _with_printed_roles(azure: Azure, scene: Scene) -> Stage:
    """Open *scene* once more, its operator holding exactly the roles printed for its plan."""
    roles = cmk.permissions(scene.plan, connection=azure(scene).connection)
    assert roles
    operator = {"object_id": OPERATOR, "role": [dict(one) for one in roles]}
    return azure(Scene({**scene.estate, "operator": operator}, scene.plan, scene.servers, scene.keys))


def _without(azure: EmbeddedAzure, action: str) -> EmbeddedAzure:
    """Return a copy in which no custom role holds *action*."""
    copy = azure.clone()
    for resource, body in copy.world.by_type(ROLE_DEFINITIONS):
        properties = body["properties"]
        if properties.get("type") != "CustomRole":
            continue
        sets = [
            {
                name: [one for one in listed if name not in ("actions", "dataActions") or one.lower() != action]
                for name, listed in held.items()
            }
            for held in properties["permissions"]
        ]
        copy.world.apply([SetResource(resource, {**body, "properties": {**properties, "permissions": sets}})])
    return copy


def _needed(stage: Stage) -> Permissions:
    connection = stage.connection
    _, found = connection.run(lambda: planned(stage.scene.plan, connection=connection, runs=stage.folder))
    assert found.missing == ()
    return found.needed


def _reportable(needed: Permissions) -> dict[str, bool]:
    """Return each action in lower case, and whether the permissions API can report it."""
    found: dict[str, bool] = {}
    for one in needed:
        can = one.checkable and not one.data and bool(one.scope.resource_group)
        found[one.action.lower()] = found.get(one.action.lower(), False) or can
    return dict(sorted(found.items()))


ENOUGH = [
    (_all_absent, "done"),
    (one_server, "done"),
    (geo, "done"),
    (previous_cmk, "done"),
    (instance_absent, "done"),
    (instance_pair, "done"),
    (_database_absent, "done"),
    (replicated, "done"),
    (on_its_previous_key, "done"),
    (on_a_customers_server, "done"),
    (retained, "done"),
    (one_cluster, "manual"),
    (_cluster_absent, "done"),
    (on_previous_redis_key, "done"),
    (one_machine, "done"),
    (reachable_machine, "done"),
    (on_previous_set, "done"),
    (bare, "done"),
    (openai, "done"),
    (on_previous_ai_key, "done"),
    (storage_account, "done"),
    (with_scopes, "done"),
    (with_theirs, "done"),
    (on_previous_vault, "done"),
    (with_dead_identity, "done"),
]

# A service answers 403 too when the resource's own identity cannot use the key yet; the operator was not refused.
OF_ANOTHER_IDENTITY = ("KeyVaultAuthenticationFailure",)


@pytest.mark.parametrize(("scene", "end"), ENOUGH)
def test_the_printed_role_is_enough(azure: Azure, scene: Callable[[], Scene], end: str) -> None:
    stage = _with_printed_roles(azure, scene())
    before = stage.bodies()
    review, _ = stage.moved(end)
    assert not [one for one in review.notes if one.code == codes.notes.CALLER_LACKS_PERMISSION]
    assert stage.verify().exit_code == 0
    stage.azure.advance(FLUSHED)
    undoing, _ = stage.rolled_back(review.digest)
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []
    refused = [one.url for one in stage.since(0) if one.status == 403 and one.code not in OF_ANOTHER_IDENTITY]
    refused = [url for url in refused if "/deletedkeys/" not in url]
    assert refused == [], "only the look for a deleted key of that name, which a review can do without, may be refused"


def test_the_role_is_split_so_that_two_teams_can_hold_it(azure: Azure) -> None:
    names = [role["Name"] for role in cmk.permissions(geo().plan, connection=azure(geo()).connection)]
    assert [name for name in names if name.endswith("vault")]
    assert [name for name in names if name.endswith("service")]
    assert [name for name in names if name.endswith("partner")]


def _account_absent() -> Scene:
    return one_account(present=False)


MISSED = [
    _all_absent,
    instance_absent,
    _database_absent,
    on_its_previous_key,
    on_a_customers_server,
    one_cluster,
    _cluster_absent,
    _account_absent,
    on_previous_key,
    reachable_machine,
    on_previous_set,
    bare,
    with_scopes,
]


@pytest.mark.parametrize("scene", MISSED)
def test_each_action_is_missed(
    azure: Azure, tmp_path: Path, figures: Callable[[str], None], scene: Callable[[], Scene]
) -> None:
    stage = _with_printed_roles(azure, scene())
    needed = _reportable(_needed(stage))
    review = stage.dry_run()
    told_before: list[str] = []
    for number, (action, reportable) in enumerate(needed.items()):
        lesser = Stage(_without(stage.azure, action), stage.scene, stage.folder)
        if reportable:
            _is_refused_beforehand(lesser, review, action)
            told_before.append(action)
        else:
            _fails_cleanly(lesser, action, tmp_path / f"runs-of-{number}")
    figures(f"{len(needed)} actions, {len(told_before)} of them refused beforehand when missing")
    assert len(told_before) >= len(needed) // 2


def _is_refused_beforehand(stage: Stage, review: Any, action: str) -> None:
    with pytest.raises(RefusedError) as refused:
        stage.apply(review)
    assert refused.value.code == codes.access.PERMISSION_MISSING, action
    assert action in refused.value.cause.lower()
    assert writes(stage.since(0)) == [], action


def _fails_cleanly(stage: Stage, action: str, folder: Path) -> None:
    """Without what nobody could check: the run goes well, or its target fails and says so; no law is broken."""
    stage.folder = folder
    said, result = "", None
    try:
        review = stage.dry_run()
        result = stage.apply(review)
    except CmkError as error:
        said = error.cause.lower()
    if result is None:
        assert action in said, f"{action}: {said}"
        assert writes(stage.since(0)) == [], action
    else:
        assert result.exit_code in (0, 5), f"{action}: {told(result)}"
        stage.azure.advance(FLUSHED)
        stage.rolled_back(review.digest)
    stage.lawful()
