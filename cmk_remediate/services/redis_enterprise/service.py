"""Redis Enterprise and Azure Managed Redis as the rest of the library knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.codec import Registry
from cmk_remediate.model.inventory import Child, Kind
from cmk_remediate.services.declared import check_key
from cmk_remediate.services.redis_enterprise import limits, remarks, state
from cmk_remediate.services.redis_enterprise.cluster import CLUSTER
from cmk_remediate.services.redis_enterprise.detect import detect
from cmk_remediate.services.redis_enterprise.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.redis_enterprise.insight import of_cluster
from cmk_remediate.services.redis_enterprise.recipe import Recipe
from cmk_remediate.services.redis_enterprise.steps.restore_cluster_key import RestoreClusterKey
from cmk_remediate.services.redis_enterprise.steps.set_cluster_key import SetClusterKey
from cmk_remediate.services.service import Candidate, RecipeContext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry
    from cmk_remediate.services.insight import Insight
    from cmk_remediate.services.redis_enterprise.facts import ClusterFacts


class RedisEnterpriseService:
    """Clusters of Redis Enterprise and Azure Managed Redis: the key of their disks."""

    name: ClassVar[str] = "redis-enterprise"
    resource_type: ClassVar[str] = CLUSTER
    steps: ClassVar[Registry] = Registry(RestoreClusterKey, SetClusterKey)
    looked_for: ClassVar[tuple[str, ...]] = (CLUSTER,)
    kinds: ClassVar[tuple[Kind, ...]] = (Kind(CLUSTER, children=(Child("databases", "list:databases"),)),)

    def check(self, plan: PlanFile) -> None:
        """Refuse a plan that no cluster could carry out.

        Raises:
            InputError: CMK107 when it declares a key that clusters do not take.
        """
        check_key(plan, "Redis Enterprise", KEY_TYPES, KEY_SIZES)

    async def detect(self, reader: Reader, target: TargetEntry, plan: PlanFile) -> ClusterFacts:
        """Read *target*, its databases and partners, and the keys in question; only reads.

        Raises:
            InputError: CMK107, as `check`: before anything is read.
        """
        self.check(plan)
        return await detect(reader, plan, target)

    def candidates(self, facts: Sequence[ClusterFacts], plan: PlanFile) -> tuple[Candidate, ...]:
        """Judge what was read; pure."""
        return tuple(_candidate(one, plan) for one in facts)

    def recipe(self, candidate: Candidate, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Add *candidate*'s steps and edges to *graph*; pure."""
        Recipe(candidate.facts, plan, graph, context).add()

    def insight(self, candidate: Candidate) -> Insight:
        """Return what proves *candidate*'s state, and what moving it takes; pure."""
        return of_cluster(candidate.facts)


def _candidate(facts: ClusterFacts, plan: PlanFile) -> Candidate:
    blocked = limits.judge(facts, plan)
    notes = remarks.of_cluster(facts, blocked=blocked is not None)
    return Candidate(facts.id, (facts.id,), state.of_cluster(facts), facts.compliant, blocked, notes, facts)
