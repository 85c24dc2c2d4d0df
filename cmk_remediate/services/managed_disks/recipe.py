"""The steps of one target and their order; pure.

Key, identity, grant; protect the vault; wait for access; make the encryption set, whose making tries the access; then deallocate
the machine, change every disk, start it again: a bracket. A machine that does not run is left as it is. Restrict the vault last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.services.disk_sets.recipe import SetRecipe
from cmk_remediate.services.managed_disks.steps.power import DeallocateMachine, StartMachine
from cmk_remediate.steps.disks.encrypt_disk import EncryptDisk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.step import Step
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.disk_sets.recipe import Ready
    from cmk_remediate.services.managed_disks.choice import Wish
    from cmk_remediate.services.service import RecipeContext
    from cmk_remediate.steps.disks.facts import DiskFacts
    from cmk_remediate.steps.disks.judging import WantedSet


class Recipe:
    """Adds the steps of one target to a graph."""

    def __init__(self, wish: Wish, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Prepare; `add` does it."""
        self._wish = wish
        self._graph = graph
        self._sets = SetRecipe(graph, wish.id, plan, context, wish.wishes, wish.facts.wanted)

    def add(self) -> None:
        """Add every step."""
        ready = self._sets.add(self._wish.facts.sets.chosen(self._wish.facts.disks))
        self._sets.restrict(ready, self._move(ready))

    def _move(self, ready: Mapping[ResourceId, Ready]) -> list[Step]:
        """Add the change of every disk; around them, for a running machine, the bracket."""
        machine, put = self._wish.facts.machine, self._sets.prepare.put
        disks = tuple(disk.id for disk in self._wish.facts.disks)
        stop: Step | None = None
        start: Step | None = None
        if machine is not None and machine.runs:
            stop = put(DeallocateMachine(machine.id, disks, machine.addresses), *(one.step for one in ready.values()))
            start = StartMachine(machine.id, disks, machine.addresses)
        chosen = [(disk, self._wish.facts.sets.of(disk)) for disk in self._wish.facts.disks]
        moved = [
            put(self._change(disk, wanted, ready[wanted.id]), stop, ready[wanted.id].step)
            for disk, wanted in chosen
            if wanted is not None
        ]
        if start is not None:
            self._graph.add(start, target=self._wish.id.text, after=moved, closes=stop)
            return [*moved, start]
        return moved

    def _change(self, disk: DiskFacts, wanted: WantedSet, ready: Ready) -> EncryptDisk:
        machine, sets = self._wish.facts.machine, self._wish.facts.sets
        back = sets.way_back(disk)
        return EncryptDisk(
            disk.id,
            wanted.id,
            wanted.kind,
            machine.id if machine is not None else None,
            back.place,
            ready.granted,
            one_way=bool(disk.incremental),
            untried=wanted.identity is None,
            previous_key=back.key,
            no_way_back=back.why,
            previous_reader=back.reader,
        )
