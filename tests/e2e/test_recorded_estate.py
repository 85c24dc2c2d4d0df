"""Servers as the real service answered them, every one of them a target.

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

    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure

REFERENCE = os.environ.get("CMK_REMEDIATE_REFERENCE", "")
pytestmark = pytest.mark.skipif(not REFERENCE, reason="CMK_REMEDIATE_REFERENCE does not name the folder of recordings")

FORBIDS: dict[str, str] = {
    codes.sql.CURRENT_KEY_OUT_OF_REACH: "keyId",
    codes.sql.CROSS_TENANT: "federatedClientId",
    codes.sql.SERVER_OF_SYNAPSE: "kind",
    codes.sql.SERVER_NOT_READY: "state",
}
"""The property of a server's body that each refusal must name."""

EXPECTED = Counter(
    {
        ("platform", ""): 17,
        ("customer, not checkable", codes.sql.CURRENT_KEY_OUT_OF_REACH): 4,
        ("cross-tenant", codes.sql.CROSS_TENANT): 2,
        ("foreign", codes.sql.SERVER_OF_SYNAPSE): 1,
        ("platform", codes.sql.SERVER_NOT_READY): 1,
    }
)


def _recorded() -> Scene:
    """Return the recorded servers, a vault for each of their regions, and a plan with every server in it."""
    estate = json.loads((Path(REFERENCE) / "recordings/estates/sql.json").read_text(encoding="utf-8"))
    group = f"/subscriptions/{estate['subscriptions'][0]['subscriptionId']}/resourceGroups/rg-keys"
    servers = [one for one in estate["resources"] if one["type"] == "Microsoft.Sql/servers"]
    regions = sorted({one["location"] for one in servers})
    vaults = {region: f"{group}/providers/Microsoft.KeyVault/vaults/kv-{region}" for region in regions}
    estate["resources"] += [_vault(one, region) for region, one in vaults.items()]
    keys = {region: _key(vault, region, group) for region, vault in vaults.items()}
    targets = [
        {"resource_id": one["id"], "overrides": {"customer_managed_key": keys[one["location"]]}} for one in servers
    ]
    plan = {
        "service": "sql",
        "tenant": estate["subscriptions"][0]["tenantId"],
        "customer_managed_key": keys[regions[0]],
        "targets": targets,
        "owner": "tests",
    }
    return Scene(estate, plan, tuple(one["id"] for one in servers), ())


def _vault(name: str, region: str) -> dict[str, Any]:
    properties = {"sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True, "enableSoftDelete": True}
    return {"id": name, "location": region, "properties": properties}


def _key(vault: str, region: str, group: str) -> dict[str, Any]:
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-cmk-{region}"
    return {
        "key_vault_resource_id": vault,
        "key_name": "cmk",
        "user_assigned_identity": {"resource_id": identity},
    }


def _counts(review: Review) -> Counter[tuple[str, str]]:
    return Counter((one.state, one.blocked.code if one.blocked else "") for one in review.targets)


def test_every_recorded_server_is_judged(azure: Azure, figures: Callable[[str], None]) -> None:
    stage = azure(_recorded())
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    found = _counts(review)
    for (state, code), count in sorted(found.items()):
        figures(f"{count:>3}  {state:<26} {code or 'movable'}")
    assert found == EXPECTED
    for target in review.targets:
        if target.blocked is None:
            continue
        body = next(one for one in stage.scene.estate["resources"] if one["id"] == target.id)
        name = FORBIDS[target.blocked.code]
        value = body.get(name) or body["properties"][name]
        assert name in target.blocked.why, target.blocked.why
        assert value in target.blocked.why, target.blocked.why
    asked = [one for one in review.acknowledgements_required if one.startswith("server-identity:")]
    assert len(asked) == 2


def test_what_can_be_moved_is_moved_and_brought_back(azure: Azure) -> None:
    stage = azure(_recorded())
    before = stage.bodies()
    review = stage.dry_run()
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert Counter(one.end for one in result.targets) == {"done": 17, "blocked": 8}
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    mark = stage.seen()
    assert stage.apply(review).exit_code == 0
    assert stage.verify().exit_code == 0
    assert stage.verify(review.digest).exit_code == 0
    assert writes(stage.since(mark)) == []
    mark = stage.seen()
    undoing, _ = stage.rolled_back(review.digest)
    assert check_laws(undoing, stage.journal(undoing.digest), rows(stage.since(mark))) == []
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []
    assert stage.verify(review.digest).exit_code == 0
