"""Azure Kubernetes Service as the rest of the library knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.codec import Registry
from cmk_remediate.model.inventory import Kind
from cmk_remediate.services.aks import detect, limits, remarks, state
from cmk_remediate.services.aks.choice import wish_of
from cmk_remediate.services.aks.cluster import CLUSTER, SCALE_SET
from cmk_remediate.services.aks.insight import of_target
from cmk_remediate.services.aks.pack.files import pack_of
from cmk_remediate.services.aks.pack.green import green
from cmk_remediate.services.aks.recipe import Recipe
from cmk_remediate.services.aks.steps.assign_reader import AssignReader
from cmk_remediate.services.aks.steps.rebuild_cluster import RebuildCluster
from cmk_remediate.services.disk_sets.service import OnSets, SetParts
from cmk_remediate.services.service import Candidate
from cmk_remediate.steps import disks
from cmk_remediate.steps.disks.bodies import DISK

if TYPE_CHECKING:
    from cmk_remediate.model.artefacts import ArtefactFile
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.aks.facts import TargetFacts


def _judged(facts: TargetFacts, plan: PlanFile) -> Candidate:
    wish = wish_of(facts, plan)
    blocked = limits.judge(wish, plan)
    notes = remarks.of_target(wish, blocked=blocked is not None)
    files: tuple[ArtefactFile, ...] = ()
    if blocked is None and wish.wanted is not None and not (wish.right or wish.in_place):
        made = green(wish, wish.wanted.id)
        files, notes = pack_of(wish, made), (*notes, *remarks.of_pack(wish, made))
    members = dict.fromkeys([wish.id, *(one.id for one in wish.moving)])
    return Candidate(wish.id, tuple(members), state.of_target(wish), wish.right, blocked, notes, wish, files)


class AksService(OnSets):
    """Clusters of Azure Kubernetes Service: made ready, their loose volumes moved; the rest is built by hand."""

    name: ClassVar[str] = "aks"
    resource_type: ClassVar[str] = CLUSTER
    steps: ClassVar[Registry] = disks.REGISTRY | Registry(AssignReader, RebuildCluster)
    looked_for: ClassVar[tuple[str, ...]] = (CLUSTER,)
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind(CLUSTER),
        Kind(SCALE_SET),
        Kind(DISK),
        Kind("Microsoft.Compute/diskEncryptionSets"),
        Kind("Microsoft.Compute/snapshots"),
    )
    parts: ClassVar[SetParts] = SetParts(detect.detect, _judged, Recipe, of_target)
