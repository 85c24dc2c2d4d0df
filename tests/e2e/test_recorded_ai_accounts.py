"""AI services accounts as the real service answered them, every one of them a target.

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

FORBIDS: dict[str, tuple[str, str]] = {codes.ai_services.FREE_TIER: ("sku", "F0")}
"""The member of an account's body that each refusal must name, and what it must say of it."""

EXPECTED = Counter({("platform", ""): 22, ("platform", codes.ai_services.FREE_TIER): 1})
NAMES = Counter({"user-assigned-unconfirmed": 16, "foundry-cmk": 2, "roles-unconfirmed": 2})
"""What is accepted by name beside the vaults: language and documents, Foundry, Azure OpenAI."""


def _recorded() -> Scene:
    """Return the recorded accounts, a vault in each of their regions, and a plan with every account in it."""
    estate = json.loads((Path(REFERENCE) / "recordings/estates/ai-services.json").read_text(encoding="utf-8"))
    group = f"/subscriptions/{estate['subscriptions'][0]['subscriptionId']}/resourceGroups/rg-keys"
    regions = {one["id"]: one["location"].lower() for one in estate["resources"]}
    properties = {"sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True, "enableSoftDelete": True}
    for region in sorted(set(regions.values())):
        estate["resources"].append({"id": _vault(group, region), "location": region, "properties": properties})
    plan: dict[str, Any] = {
        "service": "ai-services",
        "tenant": estate["subscriptions"][0]["tenantId"],
        "customer_managed_key": _key(group, "westus3"),
        "key": {"size": 2048},
        "targets": [
            {"resource_id": one, "overrides": {"customer_managed_key": _key(group, region)}}
            for one, region in regions.items()
        ],
        "owner": "tests",
    }
    return Scene(estate, plan, tuple(regions), ())


def _vault(group: str, region: str) -> str:
    return f"{group}/providers/Microsoft.KeyVault/vaults/kv-{region}"


def _key(group: str, region: str) -> dict[str, Any]:
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-cmk-{region}"
    return {
        "key_vault_resource_id": _vault(group, region),
        "key_name": "cmk",
        "user_assigned_identity": {"resource_id": identity},
    }


def test_every_recorded_account_is_judged(azure: Azure, figures: Callable[[str], None]) -> None:
    stage = azure(_recorded())
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    found = Counter((one.state, one.blocked.code if one.blocked else "") for one in review.targets)
    for (state, code), count in sorted(found.items()):
        figures(f"{count:>3}  {state:<26} {code or 'movable'}")
    names = Counter(one.partition(":")[0] for one in review.acknowledgements_required)
    figures(", ".join(f"{count} {name}" for name, count in sorted(names.items())))
    assert found == EXPECTED
    assert {name: count for name, count in names.items() if name != "purge-protection"} == NAMES
    for target in review.targets:
        if target.blocked is not None:
            body = next(one for one in stage.scene.estate["resources"] if one["id"] == target.id)
            name, value = FORBIDS[target.blocked.code]
            assert body[name]
            assert name in target.blocked.why
            assert value in target.blocked.why


def test_what_can_be_moved_is_moved_and_goes_back_where_it_can(azure: Azure) -> None:
    stage = azure(_recorded())
    before = stage.bodies()
    review = stage.dry_run()
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    movable = sum(count for (_, code), count in EXPECTED.items() if not code)
    assert Counter(one.end for one in result.targets) == {"done": movable, "blocked": 23 - movable}
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    mark = stage.seen()
    assert stage.apply(review).exit_code == 0
    assert stage.verify().exit_code == 0
    assert writes(stage.since(mark)) == []
    undoing, _ = stage.rolled_back(review.digest)
    assert differences(before, stage.bodies(), kept(stage, review, undoing)) == []
    shown = [body["properties"]["encryption"]["keySource"] for body in _accounts(stage.bodies())]
    assert Counter(shown) == {"Microsoft.CognitiveServices": movable - 2, "Microsoft.KeyVault": 2}
    assert stage.verify(review.digest).exit_code == 0


def _accounts(bodies: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    found = [body for key, body in bodies.items() if "/microsoft.cognitiveservices/accounts/" in key]
    return [body for body in found if "encryption" in body["properties"]]
