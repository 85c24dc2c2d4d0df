"""What stands in a subscription that no target is in. Fails: a plan is reviewed, approved, and refused in the change window."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e import clusters, storage
from tests.e2e.estates import OLD_IDENTITY, Scene, previous_cmk, with_other_identities
from tests.e2e.stage import told
from tests.simulator.raw import TENANT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Azure

SHARED = "77777777-7777-4777-8777-777777777703"
CENTRAL = f"/subscriptions/{SHARED}/resourceGroups/rg-shared/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-old"


def moved(scene: Scene, before: str, after: str) -> Scene:
    """Return *scene* with a resource in another subscription of the tenant."""
    estate, plan = (json.loads(json.dumps(one).replace(before, after)) for one in (scene.estate, scene.plan))
    estate["subscriptions"].append({"subscriptionId": SHARED, "tenantId": TENANT})
    return Scene(estate, plan, scene.servers, scene.keys)


SCENES: dict[str, Callable[[], Scene]] = {
    "a server keeps an identity of a central subscription": lambda: moved(previous_cmk(), OLD_IDENTITY, CENTRAL),
    "a storage account keeps one": lambda: moved(storage.with_theirs(), OLD_IDENTITY, CENTRAL),
    "a server has another one beside ours": lambda: moved(with_other_identities(), OLD_IDENTITY, CENTRAL),
    "a Redis cluster has others": lambda: moved(clusters.with_identities(), OLD_IDENTITY, CENTRAL),
}


@pytest.mark.parametrize("name", SCENES)
def test_what_a_review_says_it_will_look_at_may_be_looked_at(azure: Azure, name: str) -> None:
    stage = azure(copy.deepcopy(SCENES[name]()))
    review = stage.dry_run()
    assert any(
        need.scope.lower().startswith(f"/subscriptions/{SHARED}") for step in review.steps for need in step.permissions
    )
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
