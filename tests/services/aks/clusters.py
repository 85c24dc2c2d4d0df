"""Clusters as Azure shows them, and what a plan makes of one."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.schema import PlanFile
from cmk_remediate.services.aks.choice import Wish, wish_of
from cmk_remediate.services.aks.cluster import node_group
from cmk_remediate.services.aks.facts import ClusterFacts, TargetFacts
from cmk_remediate.services.aks.pack.files import pack_of
from cmk_remediate.services.aks.pack.green import Green, green
from cmk_remediate.services.disk_sets.found import Sets, sets_of
from cmk_remediate.steps.disks.facts import DiskFacts
from cmk_remediate.steps.key_facts import KeyFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

SUB = "77777777-7777-4777-8777-777777777701"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-one"
SET = f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/des"
PLAN: dict[str, Any] = {
    "service": "aks",
    "tenant": "77777777-7777-4777-8777-77777777770f",
    "owner": "tests",
    "customer_managed_key": {
        "key_vault_resource_id": f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv",
        "key_name": "cmk",
        "user_assigned_identity": {
            "resource_id": f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
        },
    },
    "disk_encryption_set": {"resource_id": SET},
}


def wish(body: dict[str, Any], volumes: Iterable[dict[str, Any]] = (), **more: Any) -> Wish:
    """Return what the plan wants of the cluster in *body*."""
    target = ResourceId.parse(str(body.get("id", CLUSTER)))
    plan = PlanFile.model_validate_json(json.dumps({**PLAN, "targets": [{"resource_id": target.text}], **more}))
    nodes = node_group(target, body)
    found = tuple(DiskFacts(ResourceId.parse(str(one["id"])), one, (), 0) for one in volumes)
    old = ClusterFacts(target, body, nodes, (), tuple(volumes), found)
    new = ClusterFacts(ResourceId(f"{target.text}-cmk"), None)
    empty = TargetFacts(
        old,
        new,
        None,
        Sets(None, None, {}, {}),
        {},
        KeyFacts(None, None, None),
        datetime(2030, 1, 1, tzinfo=timezone.utc),
    )
    wanted = wish_of(empty, plan).wishes
    return Wish(
        TargetFacts(old, new, None, Sets(*sets_of(wanted, target), {}, {}), {}, empty.wanted, empty.now), wanted
    )


def made(one: Wish) -> Green:
    """Return the new cluster."""
    assert one.wanted is not None
    return green(one, one.wanted.id)


def pack(one: Wish) -> dict[str, str]:
    """Return the files of the rebuild pack, by the last part of their names."""
    return {file.name.rpartition("/")[2]: file.content.decode() for file in pack_of(one, made(one))}
