"""Redis clusters as the real service answered them, every one of them a target.

Fails: the product was built for estates that look like its own tests. Needs the recordings (CMK_REMEDIATE_REFERENCE).
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from tests.e2e.equality import differences, kept
from tests.e2e.estates import Scene
from tests.e2e.stage import rows, told, writes
from tests.laws import check_laws, law_1

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Azure

REFERENCE = os.environ.get("CMK_REMEDIATE_REFERENCE", "")
pytestmark = pytest.mark.skipif(not REFERENCE, reason="CMK_REMEDIATE_REFERENCE does not name the folder of recordings")

FORBIDS: dict[str, tuple[str, ...]] = {
    codes.redis_enterprise.NOT_AT_REST: ("provisioningState", "resourceState"),
    codes.redis_enterprise.CURRENT_KEY_OUT_OF_REACH: ("keyEncryptionKeyUrl",),
}
"""The properties of a cluster's body that each refusal must name, with what they say."""
EXPECTED = Counter(
    {
        ("platform", ""): 8,
        ("platform", codes.redis_enterprise.NOT_AT_REST): 1,
        ("in progress", codes.redis_enterprise.NOT_AT_REST): 1,
        ("customer, not checkable", codes.redis_enterprise.CURRENT_KEY_OUT_OF_REACH): 1,
    }
)
MOVABLE = sum(count for (_, code), count in EXPECTED.items() if not code)


def _recorded() -> Scene:
    """Return the recorded clusters, a vault in the region of each, and a plan with every cluster in it."""
    estate = json.loads((Path(REFERENCE) / "recordings/estates/redis-enterprise.json").read_text(encoding="utf-8"))
    group = f"/subscriptions/{estate['subscriptions'][0]['subscriptionId']}/resourceGroups/rg-keys"
    clusters = {one["id"]: one["location"].replace(" ", "").lower() for one in estate["resources"]}
    properties = {"sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True, "enableSoftDelete": True}
    vaults = {one: f"{group}/providers/Microsoft.KeyVault/vaults/kv-{one}" for one in sorted(set(clusters.values()))}
    estate["resources"] += [{"id": vault, "location": one, "properties": properties} for one, vault in vaults.items()]
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"

    def key(region: str) -> dict[str, Any]:
        named = {"key_vault_resource_id": vaults[region], "key_name": "cmk"}
        return {**named, "user_assigned_identity": {"resource_id": f"{identity}-{region}"}}

    plan: dict[str, Any] = {
        "service": "redis-enterprise",
        "tenant": estate["subscriptions"][0]["tenantId"],
        "customer_managed_key": key(next(iter(clusters.values()))),
        "targets": [
            {"resource_id": one, "overrides": {"customer_managed_key": key(region)}} for one, region in clusters.items()
        ],
        "allow_downtime": True,
        "owner": "tests",
    }
    return Scene(estate, plan, tuple(clusters), ())


def test_every_recorded_cluster_is_judged(azure: Azure, figures: Callable[[str], None]) -> None:
    stage = azure(_recorded())
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    found = Counter((one.state, one.blocked.code if one.blocked else "") for one in review.targets)
    for (state, code), count in sorted(found.items()):
        figures(f"{count:>3}  {state:<26} {code or 'movable'}")
    assert found == EXPECTED
    for target in review.targets:
        if target.blocked is not None:
            body = next(one for one in stage.scene.estate["resources"] if one["id"] == target.id)
            for name in FORBIDS[target.blocked.code]:
                assert name in target.blocked.why
                assert _value(body["properties"], name) in target.blocked.why
    retiring = {note.scope for note in review.notes if note.code == codes.redis_enterprise.RETIRES}
    old = {one["id"] for one in stage.scene.estate["resources"] if "Enterprise" in str(one.get("sku", {}).get("name"))}
    assert retiring == old


def _value(body: dict[str, Any], name: str) -> str:
    if name in body:
        return str(body[name])
    return next(_value(one, name) for one in body.values() if isinstance(one, dict))


def test_what_can_be_moved_is_moved_and_comes_back(azure: Azure) -> None:
    stage = azure(_recorded())
    before = stage.bodies()
    review = stage.dry_run()
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert Counter(one.end for one in result.targets) == {"done": MOVABLE, "blocked": 11 - MOVABLE}
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    mark = stage.seen()
    assert (stage.apply(review).exit_code, stage.verify(review.digest).exit_code) == (0, 0)
    assert writes(stage.since(mark)) == []
    undoing, _ = stage.rolled_back(review.digest)
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []
