"""AKS clusters through the public verbs: made ready, the pack, the hands, and what verify says of them.

Fails: a volume moves that no node can attach, or a cluster is called right whose disks are on the platform's key.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.report import renderer
from cmk_remediate.simulator.declare import SetResource
from cmk_remediate.simulator.doubts import COMPUTE, CONTAINERSERVICE
from tests.e2e.aks_clusters import (
    CLUSTER,
    CONTROL_PLANE,
    GROUP,
    HOLDER,
    LOOSE,
    NEW,
    NEW_NODES,
    SET,
    USED,
    build,
    give_reader,
    one_cluster,
    restore_volume,
    send,
)
from tests.e2e.stage import Stage, rows, told, writes
from tests.faults.plans import shipped
from tests.laws import check_laws, law_1

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cmk_remediate.model.result import TargetCheck
    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure

READINGS = [(one.name, reading) for one in (*COMPUTE, *CONTAINERSERVICE) for reading in one.readings]


def made_ready(stage: Stage) -> Review:
    """Dry-run and apply; what is left is somebody's hands' work."""
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert [one.end for one in result.targets] == ["manual"], told(result)
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    return review


def verdict(stage: Stage, subject: Any = None) -> TargetCheck:
    """Return what verify says of the one target."""
    mark = stage.seen()
    (found,) = stage.verify(subject).targets
    assert writes(stage.since(mark)) == []
    return found


def encryption(stage: Stage, disk: str) -> dict[str, Any]:
    found: dict[str, Any] = (stage.azure.world.get(disk) or {})["properties"]["encryption"]
    return found


def test_the_shipped_plan_from_dry_run_to_rollback(azure: Azure, figures: Callable[[str], None]) -> None:
    stage = azure(next(one.scene for one in shipped() if one.name == "plans/aks.yaml"))
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == []
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert Counter(one.end for one in result.targets) == {"manual": 2, "blocked": 1}
    for_the_board = " ".join(renderer("text").review(review).split())
    assert (
        "LEFT TO DO BY HAND (2) cluster aks-orders-weu-cmk: the node disks of aks-orders-weu cannot change"
        in for_the_board
    )
    assert (
        "downtime: each workload with state, from being scaled to nothing until it answers in aks-orders-weu-cmk"
        in for_the_board
    )
    assert "3 targets: 2 partly by hand, 1 blocked" in for_the_board
    assert "left to do by hand: 2 targets." in " ".join(renderer("text").run(result).split())
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    figures(f"reads {sum(one.reads for one in stage.since(0))}, writes {len(writes(stage.since(0)))}")
    mark = stage.seen()
    assert stage.apply(review).writes == 0
    assert Counter(one.verdict for one in stage.verify().targets) == {"manual": 2, "blocked": 1}
    assert writes(stage.since(mark)) == []
    mark = stage.seen()
    stage.rolled_back(review.digest)
    sent = [json.loads(one.body) for one in writes(stage.since(mark))]
    platform = {"type": "EncryptionAtRestWithPlatformKey", "diskEncryptionSetId": None}
    assert sent == [{"properties": {"encryption": platform}}]
    assert stage.verify(review.digest).exit_code == 0


@pytest.mark.parametrize(("doubt", "reading"), READINGS)
def test_a_cluster_is_rebuilt_from_its_pack_under_every_reading(azure: Azure, doubt: str, reading: str) -> None:
    stage = azure(one_cluster(ephemeral=True), doubts={doubt: reading})
    assert verdict(stage).verdict == "wrong"
    review = made_ready(stage)
    assert encryption(stage, LOOSE)["diskEncryptionSetId"] == SET
    assert encryption(stage, USED) == {"type": "EncryptionAtRestWithPlatformKey"}
    assert (verdict(stage).verdict, verdict(stage, review.digest).verdict) == ("manual", "manual")

    build(stage, review)
    found = verdict(stage, review.digest)
    assert (found.verdict, found.code) == ("manual", codes.aks.NOT_RIGHT)
    assert "has no role on des-aks" in found.text
    give_reader(stage)
    restore_volume(stage)
    assert verdict(stage, review.digest).verdict == "right"
    now = stage.verify()
    assert [(one.verdict, one.text) for one in now.targets] == [("right", "mixed")]
    assert codes.aks.OLD_CLUSTER in [one.code for one in now.notes]

    send(stage, "DELETE", CLUSTER)
    assert stage.azure.world.get(LOOSE) is None, "volumes go with their cluster: the checklist says so"
    assert (verdict(stage).verdict, verdict(stage).text) == ("right", "customer (healthy)")


def test_the_new_cluster_gets_the_identity_that_has_reader_before(azure: Azure) -> None:
    stage = azure(one_cluster(own=False))
    review = made_ready(stage)
    build(stage, review)
    assert list((stage.azure.world.get(NEW) or {})["identity"]["userAssignedIdentities"]) == [CONTROL_PLANE]
    assert verdict(stage).verdict == "right"


def test_an_identity_of_the_plan_is_made_and_given_reader(azure: Azure) -> None:
    named = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-aks-one-new"
    more = {"new_cluster": {"user_assigned_identity": {"resource_id": named.replace("aks-one", "{target}")}}}
    stage = azure(one_cluster(more=more))
    review = made_ready(stage)
    build(stage, review)
    assert list((stage.azure.world.get(NEW) or {})["identity"]["userAssignedIdentities"]) == [named]
    assert verdict(stage).verdict == "right"


def test_an_apply_after_the_build_gives_the_new_clusters_own_identity_reader(azure: Azure) -> None:
    stage = azure(one_cluster())
    build(stage, made_ready(stage))
    assert verdict(stage).verdict == "wrong"
    result = stage.apply(stage.dry_run())
    assert (result.exit_code, result.writes) == (0, 1)
    stage.azure.advance(600.0)  # a list may miss for a while what has just been made
    assert verdict(stage).verdict == "right"


def _without_set(stage: Stage) -> None:
    body = stage.azure.world.get(NEW) or {}
    properties = {name: value for name, value in body["properties"].items() if name != "diskEncryptionSetID"}
    stage.azure.world.apply([SetResource(ResourceId(NEW), {**body, "properties": properties})])


def _other_nodes(stage: Stage) -> None:
    world = stage.azure.world
    for place, body in list(world.by_type("Microsoft.Compute/virtualMachineScaleSets")):
        if place.within(ResourceId(NEW_NODES)):
            profile: dict[str, Any] = {"storageProfile": {"osDisk": {"createOption": "FromImage", "managedDisk": {}}}}
            world.apply([SetResource(place, {**body, "properties": {"virtualMachineProfile": profile}})])


def _platform_volume(stage: Stage) -> None:
    restore_volume(stage, on=None)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (_without_set, "properties.diskEncryptionSetID of aks-one-cmk is absent"),
        (_other_nodes, "managedDisk.diskEncryptionSet of aks-system"),
        (_platform_volume, "properties.encryption of the disk pvc-new"),
    ],
)
def test_a_new_cluster_that_is_not_right_stays_manual_with_the_property(
    azure: Azure, spoil: Callable[[Stage], None], named: str
) -> None:
    stage = azure(one_cluster(own=False))
    review = made_ready(stage)
    build(stage, review)
    spoil(stage)
    stage.azure.advance(600.0)  # what is read may be a little older than what is there
    for found in (verdict(stage), verdict(stage, review.digest)):
        assert found.verdict == "manual"
        assert named in found.text


def test_a_volume_that_is_attached_meanwhile_is_drift_and_is_not_touched(azure: Azure) -> None:
    stage = azure(one_cluster())
    review = stage.dry_run()
    body = stage.azure.world.get(LOOSE) or {}
    held = {**body, "managedBy": HOLDER, "properties": {**body["properties"], "diskState": "Attached"}}
    stage.azure.world.apply([SetResource(ResourceId(LOOSE), held)])
    stage.azure.advance(600.0)
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 3, told(result)
    assert "diskState" in result.targets[0].text
    assert writes(stage.since(mark)) == []


def test_a_locked_node_resource_group_keeps_its_volumes(azure: Azure) -> None:
    stage = azure(one_cluster(nodeResourceGroupProfile={"restrictionLevel": "ReadOnly"}))
    made_ready(stage)
    assert encryption(stage, LOOSE) == {"type": "EncryptionAtRestWithPlatformKey"}


def test_a_group_that_another_resource_manages_is_none_of_ours(azure: Azure) -> None:
    scene = one_cluster()
    nodes = {
        "id": LOOSE.partition("/providers/")[0],
        "location": "westeurope",
        "managedBy": f"{GROUP}/providers/Microsoft.Databricks/workspaces/dbw",
    }
    scene.estate["resources"].insert(0, nodes)
    stage = azure(scene)
    (target,) = stage.dry_run().targets
    assert target.blocked is not None
    assert target.blocked.code == codes.access.GROUP_MANAGED
    assert "Databricks" in target.blocked.why


def test_nobody_changes_the_set_of_a_cluster(azure: Azure) -> None:
    stage = azure(one_cluster())
    review = made_ready(stage)
    with pytest.raises(AssertionError, match="PropertyChangeNotAllowed"):
        send(
            stage, "PUT", CLUSTER, {**one_cluster().estate["resources"][-3], "properties": {"diskEncryptionSetID": SET}}
        )
    assert verdict(stage, review.digest).verdict == "manual"


def test_files_on_disk_are_those_the_review_names(azure: Azure, tmp_path: Path) -> None:
    stage = azure(one_cluster())
    review = stage.dry_run()
    where = cmk.save_artefacts(review, tmp_path / "pack")
    kept = cmk.save_review(review)
    for path, named in zip(where, review.artefacts, strict=True):
        for found in (path, f"{kept.removesuffix('.json')}/{named.name}"):
            with open(found, "rb") as file:  # noqa: PTH123 - a text, as the verb returns it
                assert hashlib.sha256(file.read()).hexdigest() == named.sha256
    assert cmk.load_review(kept).artefacts == review.artefacts


def test_a_blocked_cluster_has_no_pack(azure: Azure) -> None:
    stage = azure(one_cluster(addonProfiles={"aciConnectorLinux": {"enabled": True}}))
    review = stage.dry_run()
    assert review.targets[0].blocked is not None
    assert (review.artefacts, review.files) == ((), ())
