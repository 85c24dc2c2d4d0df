"""Managed disks and disk encryption sets as the real service answered them, every one of them in a plan.

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
from cmk_remediate.planfile.problems import PlanError
from tests.e2e.estates import Scene
from tests.e2e.stage import rows, told, writes
from tests.laws import check_laws, law_1

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure

REFERENCE = os.environ.get("CMK_REMEDIATE_REFERENCE", "")
pytestmark = pytest.mark.skipif(not REFERENCE, reason="CMK_REMEDIATE_REFERENCE does not name the folder of recordings")

DISKS, SETS = "Microsoft.Compute/disks", "Microsoft.Compute/diskEncryptionSets"
EXPECTED = Counter(
    {
        ("platform", ""): 5,
        ("platform", codes.managed_disks.CONFIDENTIAL): 1,
        ("customer, not checkable", codes.managed_disks.CONFIDENTIAL): 2,
        ("customer, not checkable", ""): 1,
    }
)
OF_SETS = Counter({("platform", codes.managed_disks.SET_DIFFERS): 6, ("platform", codes.managed_disks.CROSS_TENANT): 1})


def _estate() -> dict[str, Any]:
    path = Path(REFERENCE) / "recordings/estates/managed-disks.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _all(kind: str) -> list[dict[str, Any]]:
    return [one for one in _estate()["resources"] if one["type"] == kind]


def _plan(targets: Iterable[tuple[dict[str, Any], str]], *more: dict[str, Any]) -> Scene:
    """Return what was recorded and *more*, a vault a region, and a plan of *targets*: each a resource and its set."""
    estate, listed = _estate(), list(targets)
    group = f"/subscriptions/{estate['subscriptions'][0]['subscriptionId']}/resourceGroups/rg-keys"
    parts = {region: _of_region(group, region) for region in sorted({one["location"] for one, _ in listed})}
    for region, part in parts.items():
        vault = part["customer_managed_key"]["key_vault_resource_id"]
        properties = {"sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
        estate["resources"].append(
            {"id": vault, "location": region, "properties": {**properties, "enableSoftDelete": True}}
        )
    estate["resources"] += more
    plan = {
        "service": "managed-disks",
        "tenant": estate["subscriptions"][0]["tenantId"],
        "owner": "tests",
        **parts[listed[0][0]["location"]],
        "targets": [
            {"resource_id": one["id"], "overrides": _on(parts[one["location"]], wanted)} for one, wanted in listed
        ],
    }
    return Scene(estate, plan, (), ())


def _of_region(group: str, region: str) -> dict[str, Any]:
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-{region}"
    return {
        "customer_managed_key": {
            "key_vault_resource_id": f"{group}/providers/Microsoft.KeyVault/vaults/kv-{region}",
            "key_name": "cmk",
            "user_assigned_identity": {"resource_id": identity},
        },
        "disk_encryption_set": {"resource_id": f"{group}/providers/{SETS}/des-{region}"},
    }


def _on(part: dict[str, Any], wanted: str) -> dict[str, Any]:
    return {**part, "disk_encryption_set": {"resource_id": wanted}} if wanted else part


def _counts(review: Review, figures: Callable[[str], None], movable: str) -> Counter[tuple[str, str]]:
    found = Counter((one.state, one.blocked.code if one.blocked else "") for one in review.targets)
    for (state, code), count in sorted(found.items()):
        figures(f"{count:>3}  {state:<26} {code or movable}")
    return found


def test_a_set_is_no_target_and_the_plan_says_which(azure: Azure) -> None:
    with pytest.raises(PlanError) as refused:
        azure(_plan((one, "") for one in _estate()["resources"])).dry_run()
    assert str(refused.value).count(f"is a {SETS}; service managed-disks moves") == len(_all(SETS))


def test_every_recorded_disk_is_judged_and_what_can_be_moved_is_moved_and_brought_back(
    azure: Azure, figures: Callable[[str], None]
) -> None:
    stage = azure(_plan((one, "") for one in _all(DISKS)))
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    assert _counts(review, figures, "movable") == EXPECTED
    for target in review.targets:
        if target.blocked is not None:
            body = next(one for one in stage.scene.estate["resources"] if one["id"] == target.id)
            shown = body["properties"]["securityProfile"]["securityType"]
            assert f"properties.securityProfile.securityType of {body['name']} is {shown}" in target.blocked.why
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    mark = stage.seen()
    assert stage.apply(review).writes == 0
    assert stage.verify().exit_code == 0
    assert writes(stage.since(mark)) == []
    stage.rolled_back(review.digest)


def test_every_recorded_set_is_held_against_a_plan_that_names_it(azure: Azure, figures: Callable[[str], None]) -> None:
    """None of them is on the plan's key: each is left as it is, with the property that says so."""
    sets = _all(SETS)
    disks = [
        {
            "id": one["id"].replace("diskEncryptionSets", "disks"),
            "location": one["location"],
            "sku": {"name": "Premium_LRS"},
            "properties": {"encryption": {"type": "EncryptionAtRestWithPlatformKey"}},
        }
        for one in sets
    ]
    stage = azure(_plan(((disk, one["id"]) for disk, one in zip(disks, sets, strict=True)), *disks))
    review = stage.dry_run()
    assert _counts(review, figures, "usable") == OF_SETS
    for target, one in zip(review.targets, sets, strict=True):
        assert target.blocked is not None
        path = target.blocked.why.partition(" of ")[0]
        figures(f"     {one['name']}: {path}")
        assert path in ("properties.encryptionType", "properties.activeKey.keyUrl", "properties.federatedClientId")
