"""AKS clusters as the real service answered them, every one of them a target.

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
from tests.e2e.estates import Scene
from tests.e2e.stage import rows, told, writes
from tests.laws import check_laws, law_1
from tests.services.aks.reading import deployed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Azure

REFERENCE = os.environ.get("CMK_REMEDIATE_REFERENCE", "")
pytestmark = pytest.mark.skipif(not REFERENCE, reason="CMK_REMEDIATE_REFERENCE does not name the folder of recordings")

EXPECTED = Counter({("platform", ""): 56, ("platform", codes.aks.NOT_READY): 4})
NOT_READY = ("Creating", "Updating")


def _recorded() -> Scene:
    """Return the recorded clusters, a vault and a set a region, and a plan with every cluster in it."""
    estate = json.loads((Path(REFERENCE) / "recordings/estates/aks.json").read_text(encoding="utf-8"))
    group = f"/subscriptions/{estate['subscriptions'][0]['subscriptionId']}/resourceGroups/rg-keys"
    clusters = tuple(estate["resources"])
    regions = sorted({one["location"] for one in clusters})
    for region in regions:
        properties = {
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
        }
        vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-{region}"
        estate["resources"].append({"id": vault, "location": region, "properties": properties})
    plan: dict[str, Any] = {
        "service": "aks",
        "tenant": estate["subscriptions"][0]["tenantId"],
        **_of_region(group, regions[0]),
        "targets": [{"resource_id": one["id"], "overrides": _of_region(group, one["location"])} for one in clusters],
        "limits": {"max_targets": len(clusters)},
        "owner": "tests",
    }
    return Scene(estate, plan, tuple(one["id"] for one in clusters), ())


def _of_region(group: str, region: str) -> dict[str, Any]:
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-{region}"
    return {
        "customer_managed_key": {
            "key_vault_resource_id": f"{group}/providers/Microsoft.KeyVault/vaults/kv-{region}",
            "key_name": "cmk-aks",
            "user_assigned_identity": {"resource_id": identity},
        },
        "disk_encryption_set": {"resource_id": f"{group}/providers/Microsoft.Compute/diskEncryptionSets/des-{region}"},
    }


def test_every_recorded_cluster_is_judged_and_gets_a_pack(azure: Azure, figures: Callable[[str], None]) -> None:
    stage = azure(_recorded())
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    found = Counter((one.state, one.blocked.code if one.blocked else "") for one in review.targets)
    for (state, code), count in sorted(found.items()):
        figures(f"{count:>3}  {state:<26} {code or 'ready to be made ready'}")
    assert found == EXPECTED
    for target in review.targets:
        if target.blocked is not None:
            body = next(one for one in stage.scene.estate["resources"] if one["id"] == target.id)
            assert body["properties"]["provisioningState"] in NOT_READY
            assert f"properties.provisioningState of {body['name']} is {body['properties']['provisioningState']}" in (
                target.blocked.why
            )
    templates = [deployed(one.content.decode()) for one in review.files if one.name.endswith(".bicep")]
    assert len(templates) == EXPECTED["platform", ""]
    assert len({one.body["name"] for one in templates}) == len(templates)
    assert len(review.artefacts) == 3 * len(templates)
    assert all("/diskEncryptionSets/des-" in one.body["properties"]["diskEncryptionSetID"] for one in templates)


def test_all_of_them_are_made_ready_and_stay_manual(azure: Azure, figures: Callable[[str], None]) -> None:
    stage = azure(_recorded())
    review = stage.dry_run()
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert Counter(one.end for one in result.targets) == {"manual": 56, "blocked": 4}
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    figures(f"writes {result.writes}: key, identity, grant, protection, set and Reader of 7 regions")
    mark = stage.seen()
    assert stage.apply(review).writes == 0
    assert Counter(one.verdict for one in stage.verify().targets) == {"manual": 56, "blocked": 4}
    stage.rolled_back(review.digest)
    assert writes(stage.since(mark)) == []
