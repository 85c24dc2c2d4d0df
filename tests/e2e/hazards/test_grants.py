"""Hazard 2, of grants: a rollback takes none back, for nobody can be certain that no other run, resource or backup uses it.

Fails: databases of another run become inaccessible, and the rollback that did it ends well.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.model.codec import encode, node_id
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.review import ReviewedLine, ReviewedRequest, ReviewedReversibility
from cmk_remediate.model.values import PrincipalId
from cmk_remediate.simulator.declare import SetResource
from cmk_remediate.steps import roles
from cmk_remediate.steps.removed_grants import RemoveAccessPolicy, RemoveRole
from tests.e2e.desk import several
from tests.e2e.estates import IDENTITY, KEY, TENANT, VAULT, Scene
from tests.e2e.stage import died, path, told, writes

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review
    from cmk_remediate.model.step import Step
    from tests.e2e.conftest import Azure
    from tests.e2e.stage import Stage

GRANTS = ("assign_key_role", "add_access_policy")
of_each_kind = pytest.mark.parametrize("kind", GRANTS)


def ungranted(kind: str) -> Scene:
    """Return two servers whose vault, key and identity are there; the grant is what their first run makes."""
    scene = several(2)
    estate = copy.deepcopy(scene.estate)
    estate["role_assignments"] = [one for one in estate["role_assignments"] if one["principal"] != IDENTITY]
    if kind == "add_access_policy":
        vault = next(one for one in estate["resources"] if one["id"] == VAULT)
        vault["properties"] |= {"enableRbacAuthorization": False, "accessPolicies": []}
    return Scene(estate, scene.plan, scene.servers, scene.keys)


def only(stage: Stage, server: str) -> dict[str, Any]:
    return {**stage.scene.plan, "targets": [{"resource_id": server}]}


def granted(stage: Stage, kind: str) -> Review:
    """Return the review of a run, of the first server, that died when it had made the grant and nothing that uses it."""
    review = stage.dry_run(only(stage, stage.scene.servers[0]))
    died(stage, review, lambda event: event.kind == "settled" and event.step.startswith(kind))
    stage.azure.advance(1200)
    return review


@of_each_kind
def test_a_rollback_leaves_the_grant_that_another_run_uses(azure: Azure, kind: str) -> None:
    """The other run found the grant there, so it sent nothing for it and holds no lease of it."""
    stage = azure(ungranted(kind))
    review = granted(stage, kind)
    other = stage.apply(stage.dry_run(only(stage, stage.scene.servers[1])))
    assert other.exit_code == 0, told(other)
    mark = stage.seen()
    undoing, _ = stage.rolled_back(review.digest)
    assert writes(stage.since(mark)) == []
    (kept,) = [step for step in undoing.steps if step.kind == kind]
    assert kept.action == "keep"
    assert kept.lines[0].reversibility is not None
    assert kept.lines[0].reversibility.code == codes.vault.GRANT_KEPT
    assert "nothing of this run used" in kept.reason
    stage.lawful()


@of_each_kind
def test_a_lock_is_in_no_rollback_s_way_that_only_leaves_a_grant(azure: Azure, kind: str) -> None:
    """Else the run is unfinished for ever, and every later one that writes the vault is refused (CMK517)."""
    stage = azure(ungranted(kind))
    review = granted(stage, kind)
    lock = ResourceId(f"{VAULT}/providers/Microsoft.Authorization/locks/frozen")
    stage.azure.world.apply([SetResource(lock, {"properties": {"level": "CanNotDelete"}})])
    stage.rolled_back(review.digest)
    assert {one.run: one.state for one in cmk.runs(stage.folder)}[review.digest] == "rolled back"


@of_each_kind
def test_a_rollback_that_an_earlier_version_reviewed_leaves_the_grant_too(azure: Azure, kind: str) -> None:
    """Its review shows a request that removes the grant."""
    stage = azure(ungranted(kind))
    review = granted(stage, kind)
    old = _of_old_form(stage, stage.review_rollback(review.digest), kind)
    before = stage.bodies()
    result = cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, review=old)
    assert result.exit_code == 0, told(result)
    assert result.writes == 0
    assert stage.bodies() == before
    assert cmk.verify(old.digest, connection=stage.connection, runs=stage.folder).exit_code == 0


def _of_old_form(stage: Stage, review: Review, kind: str) -> Review:
    """Return *review* as an earlier version would have made it: it removes what this one keeps."""
    principal = PrincipalId(stage.azure.world.get(IDENTITY)["properties"]["principalId"])  # type: ignore[index]
    step: Step = RemoveRole(ResourceId(KEY), principal, roles.CRYPTO_SERVICE_ENCRYPTION_USER)
    request = ReviewedRequest(method="DELETE", body=None)
    if kind == "add_access_policy":
        step = RemoveAccessPolicy(ResourceId(VAULT), TENANT, principal, ("get", "wrapKey", "unwrapKey"), False)  # noqa: FBT003
        request = ReviewedRequest(method="PUT", body={"properties": {"accessPolicies": []}})
    back = ReviewedReversibility(kind="reversible", code="", why="a new dry run and apply makes it again")
    line = ReviewedLine(path="properties.it", before="there", after=None, role="owned", reversibility=back, accept=None)
    (kept,) = [one for one in review.steps if one.kind == kind]
    removed = kept.model_copy(
        update={
            "id": node_id(step),
            "kind": step.kind,
            "params": encode(step),
            "resource_id": str(step.address()),
            "action": "delete",
            "request": request,
            "lines": (line,),
        }
    )
    (target,) = review.targets
    steps = tuple(removed if one is kept else one for one in review.steps)
    ids = tuple(removed.id if one == kept.id else one for one in target.steps)
    return review.model_copy(update={"steps": steps, "targets": (target.model_copy(update={"steps": ids}),)}).sealed()


@of_each_kind
def test_no_run_of_ours_asks_for_the_right_to_take_a_grant_away(azure: Azure, kind: str) -> None:
    """Who prints the role for a plan hands out nothing that could cut somebody else off."""
    stage = azure(ungranted(kind))
    held = [
        action for role in cmk.permissions(stage.scene.plan, connection=stage.connection) for action in role["Actions"]
    ]
    assert held
    assert not [one for one in held if one.lower().endswith("/delete")]
    assert [path(one) for one in stage.since(0) if one.method == "DELETE"] == []
