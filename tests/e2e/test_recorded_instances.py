"""Managed instances as the real service answered them, every one of them a target.

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

FORBIDS: dict[str, str] = {
    codes.sql_managed_instance.INSTANCE_PASSING: "state",
    codes.sql_managed_instance.INSTANCE_STOPPED: "state",
    codes.sql.CURRENT_KEY_OUT_OF_REACH: "keyId",
}
"""The property of an instance's body that each refusal must name, with its value."""

EXPECTED = Counter(
    {
        ("platform", ""): 24,
        ("platform", codes.sql_managed_instance.INSTANCE_PASSING): 12,
        ("platform", codes.sql_managed_instance.INSTANCE_STOPPED): 1,
        ("customer, not checkable", codes.sql.CURRENT_KEY_OUT_OF_REACH): 1,
    }
)


def _recorded() -> Scene:
    """Return the recorded instances, one vault, and a plan with every instance in it."""
    estate = json.loads((Path(REFERENCE) / "recordings/estates/sql-managed-instance.json").read_text(encoding="utf-8"))
    group = f"/subscriptions/{estate['subscriptions'][0]['subscriptionId']}/resourceGroups/rg-keys"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-cmk-instances"
    properties = {"sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True, "enableSoftDelete": True}
    instances = tuple(one["id"] for one in estate["resources"])
    estate["resources"].append({"id": vault, "location": "westeurope", "properties": properties})
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-cmk"
    plan: dict[str, Any] = {
        "service": "sql-managed-instance",
        "tenant": estate["subscriptions"][0]["tenantId"],
        "customer_managed_key": {
            "key_vault_resource_id": vault,
            "key_name": "cmk",
            "user_assigned_identity": {"resource_id": identity},
        },
        "targets": [{"resource_id": one} for one in instances],
        "owner": "tests",
    }
    return Scene(estate, plan, instances, ())


def test_every_recorded_instance_is_judged(azure: Azure, figures: Callable[[str], None]) -> None:
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
            name = FORBIDS[target.blocked.code]
            assert name in target.blocked.why
            assert body["properties"][name] in target.blocked.why
    asked = [one for one in review.acknowledgements_required if one.startswith("server-identity:")]
    assert len(asked) == 5, "as many as are system-assigned and have an Entra administrator"


def test_what_can_be_moved_is_moved_and_brought_back(azure: Azure) -> None:
    stage = azure(_recorded())
    before = stage.bodies()
    review = stage.dry_run()
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert Counter(one.end for one in result.targets) == {"done": 24, "blocked": 14}
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    mark = stage.seen()
    assert stage.apply(review).exit_code == 0
    assert stage.verify().exit_code == 0
    assert stage.verify(review.digest).exit_code == 0
    assert writes(stage.since(mark)) == []
    undoing, _ = stage.rolled_back(review.digest)
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []
