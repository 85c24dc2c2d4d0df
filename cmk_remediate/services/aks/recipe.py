"""The steps of one cluster and their order; pure.

Key, identity, grant; protect the vault; wait for access; make the encryption set, whose making tries the access; make the
identities of the old and the new control plane Reader on it; move the volumes that hang on nothing; say what
is left to somebody's hands. Restrict the vault last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.values import PrincipalId
from cmk_remediate.services.aks import cluster
from cmk_remediate.services.aks.choice import new_identity
from cmk_remediate.services.aks.steps.assign_reader import AssignReader
from cmk_remediate.services.aks.steps.rebuild_cluster import RebuildCluster
from cmk_remediate.services.disk_sets.recipe import SetRecipe
from cmk_remediate.steps.disks.encrypt_disk import EncryptDisk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.step import Step
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.aks.choice import Wish
    from cmk_remediate.services.disk_sets.recipe import Ready
    from cmk_remediate.services.service import RecipeContext
    from cmk_remediate.steps.disks.facts import DiskFacts
    from cmk_remediate.steps.preparation import Principal


class Recipe:
    """Adds the steps of one target to a graph."""

    def __init__(self, wish: Wish, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Prepare; `add` does it."""
        self._wish = wish
        self._owner, self._review = plan.owner, context.review_id
        self._sets = SetRecipe(graph, wish.id, plan, context, wish.wishes, wish.facts.wanted)

    def add(self) -> None:
        """Add every step."""
        ready = self._sets.add(self._wish.chosen)
        readers = self._readers(ready)
        moved = [self._move(volume, ready, readers) for volume in self._wish.moving]
        self._sets.prepare.put(self._rebuild(), *(one.step for one in ready.values()), *readers)
        self._sets.restrict(ready, [*(one.step for one in ready.values()), *readers, *moved])

    def _readers(self, ready: Mapping[ResourceId, Ready]) -> list[Step]:
        """Make the control planes' identities, the old one's and the new one's, Reader on each set."""
        found: list[Principal] = [
            PrincipalId(one)
            for known in (self._wish.facts.old, self._wish.facts.new)
            for one in cluster.principals(known.body)
        ]
        named = new_identity(self._wish.wishes, self._wish.id)
        if named is not None and not self._wish.in_place:
            found.append(self._sets.prepare.identity(named, self._sets.location).principal_id)
        return [
            self._sets.prepare.put(AssignReader(place, one, owner=self._owner, review=self._review), made.step)
            for place, made in ready.items()
            for one in dict.fromkeys(found)
        ]

    def _move(self, volume: DiskFacts, ready: Mapping[ResourceId, Ready], readers: Sequence[Step]) -> Step:
        (wanted,) = self._wish.facts.sets.chosen([volume])
        made = ready[wanted.id]
        back = self._wish.facts.sets.way_back(volume)
        step = EncryptDisk(
            volume.id,
            wanted.id,
            wanted.kind,
            None,
            back.place,
            made.granted,
            one_way=bool(volume.incremental),
            untried=wanted.identity is None,
            cluster=self._wish.id,
            previous_key=back.key,
            no_way_back=back.why,
            previous_reader=back.reader,
        )
        return self._sets.prepare.put(step, made.step, *readers)

    def _rebuild(self) -> RebuildCluster:
        wish, judged = self._wish, self._wish.judged
        first, *others = [one.id for one in wish.sets]
        location = (wish.facts.old.body or judged.body or {}).get("location")
        nodes = judged.nodes or cluster.planned_group(judged.id, location)
        return RebuildCluster(wish.id, judged.id, first, nodes, tuple(others))
