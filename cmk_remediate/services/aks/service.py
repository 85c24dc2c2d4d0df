"""Azure Kubernetes Service as the rest of the library knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.codec import Registry
from cmk_remediate.model.inventory import Kind
from cmk_remediate.services.aks import detect, limits, remarks, state
from cmk_remediate.services.aks.choice import Wish, wish_of
from cmk_remediate.services.aks.cluster import CLUSTER, SCALE_SET
from cmk_remediate.services.aks.facts import TargetFacts
from cmk_remediate.services.aks.insight import of_target
from cmk_remediate.services.aks.pack.files import pack_of
from cmk_remediate.services.aks.pack.green import green
from cmk_remediate.services.aks.recipe import Recipe
from cmk_remediate.services.aks.steps.assign_reader import AssignReader
from cmk_remediate.services.aks.steps.rebuild_cluster import RebuildCluster
from cmk_remediate.services.disk_sets.recipe import OnSets
from cmk_remediate.services.service import Candidate, RecipeContext
from cmk_remediate.steps import disks
from cmk_remediate.steps.disks.bodies import DISK

if TYPE_CHECKING:
    from cmk_remediate.model.artefacts import ArtefactFile
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry
    from cmk_remediate.services.insight import Insight


class AksService(OnSets[TargetFacts]):
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

    async def read(self, reader: Reader, target: TargetEntry, plan: PlanFile) -> TargetFacts:
        """Read *target*, its nodes and volumes, the cluster that replaces it, the sets and the key; only reads."""
        return await detect.detect(reader, target, plan)

    def judged(self, facts: TargetFacts, plan: PlanFile) -> Candidate:
        """Judge what was read of one target; pure."""
        return _candidate(wish_of(facts, plan), plan)

    def recipe(self, candidate: Candidate, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Add *candidate*'s steps and edges to *graph*; pure."""
        wish: Wish = candidate.facts
        Recipe(wish, plan, graph, context).add()

    def insight(self, candidate: Candidate) -> Insight:
        """Return what proves *candidate*'s state, and what moving it takes; pure."""
        return of_target(candidate.facts)


def _candidate(wish: Wish, plan: PlanFile) -> Candidate:
    blocked = limits.judge(wish, plan)
    notes = remarks.of_target(wish, blocked=blocked is not None)
    files: tuple[ArtefactFile, ...] = ()
    if blocked is None and wish.wanted is not None and not (wish.right or wish.in_place):
        made = green(wish, wish.wanted.id)
        files, notes = pack_of(wish, made), (*notes, *remarks.of_pack(wish, made))
    members = dict.fromkeys([wish.id, *(one.id for one in wish.moving)])
    return Candidate(wish.id, tuple(members), state.of_target(wish), wish.right, blocked, notes, wish, files)
