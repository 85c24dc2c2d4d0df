"""The steps of one target and their order; pure.

Key, identity, grant; protect the vault; wait for access; make the encryption set, whose making tries the access; then deallocate
the machine, change every disk, start it again: a bracket. A machine that does not run is left as it is. Restrict the vault last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.declared import preparation
from cmk_remediate.services.managed_disks.choice import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.managed_disks.steps.power import DeallocateMachine, StartMachine
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.create_disk_encryption_set import CreateDiskEncryptionSet
from cmk_remediate.steps.disks.encrypt_disk import EncryptDisk

if TYPE_CHECKING:
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.step import Step
    from cmk_remediate.model.values import Grant, KeyUri, Ref
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.managed_disks.choice import Wish
    from cmk_remediate.services.managed_disks.facts import DiskFacts
    from cmk_remediate.services.service import RecipeContext
    from cmk_remediate.steps import WaitForAccess
    from cmk_remediate.steps.disks.judging import WantedSet
    from cmk_remediate.steps.preparation import Principal


class Recipe:
    """Adds the steps of one target to a graph."""

    def __init__(self, wish: Wish, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Prepare; `add` does it."""
        self._wish = wish
        self._plan = plan
        self._graph = graph
        self._review = context.review_id
        probes = preparation(plan, graph, wish.id, context, KEY_TYPES, KEY_SIZES)
        self._untried = preparation(plan, graph, wish.id, context, KEY_TYPES, KEY_SIZES, probe=False)
        self._prepare = probes
        self._principals: list[Principal] = []
        self._granted: dict[ResourceId, Ref[Grant]] = {}
        self._ready: dict[ResourceId, Step] = {}

    def add(self) -> None:
        """Add every step."""
        wish = self._wish
        key = self._prepare.key(wish.key, pinned=wish.wishes.pinned)
        uri = self._prepare.uri(key, wish.key, wish.facts.wanted, wish.wishes.key.key_version)
        chosen = {one.id: one for one in (wish.set_for(disk) for disk in wish.facts.disks) if one is not None}
        for one in chosen.values():
            if one.identity is None:
                self._with_own_identity(one, key, uri)
            else:
                self._with_ours(one, one.identity, key, uri)
        moved = self._move()
        ahead = [self._prepare.role_ahead(wish.key, one) for one in self._principals] if self._switches else []
        for step in ahead:
            self._prepare.put(step, key)
        self._prepare.restrict(
            wish.vault, self._principals, list(chosen), [*moved, *ahead], private_endpoint=wish.wishes.private_endpoint
        )

    @property
    def _switches(self) -> bool:
        return self._prepare.switches_to_roles(self._wish.facts.wanted)

    def _with_ours(self, wanted: WantedSet, identity: ResourceId, key: Step, uri: KeyUri | Ref[KeyUri]) -> None:
        """Add a set whose identity is granted first: making it tries the access."""
        principal = self._prepare.identity(identity, self._location).principal_id
        grant = self._prepare.grant(self._wish.key, self._wish.facts.wanted, principal)
        self._prepare.put(grant, key)
        protect = self._prepare.protect(self._wish.vault, key, [grant])
        wait = self._prepare.wait(grant, self._wish.key, principal, identity, protect, key)
        self._kept(wanted, principal, wait, self._prepare.put(self._set(wanted, uri, wait.granted), wait))

    def _with_own_identity(self, wanted: WantedSet, key: Step, uri: KeyUri | Ref[KeyUri]) -> None:
        """Add a set that makes its own identity, which is granted after; the vault is protected before the set names its key."""
        protect = self._prepare.protect(self._wish.vault, key, [])
        made = self._set(wanted, uri, None)
        self._prepare.put(made, key, protect)
        grant = self._untried.grant(self._wish.key, self._wish.facts.wanted, made.principal_id)
        self._untried.put(grant, key)
        wait = self._untried.wait(grant, self._wish.key, made.principal_id, None, protect, key)
        self._kept(wanted, made.principal_id, wait, wait)

    def _kept(self, wanted: WantedSet, principal: Principal, wait: WaitForAccess, ready: Step) -> None:
        self._principals.append(principal)
        self._granted[wanted.id] = wait.granted
        self._ready[wanted.id] = ready

    def _set(self, wanted: WantedSet, uri: KeyUri | Ref[KeyUri], access: Ref[Grant] | None) -> CreateDiskEncryptionSet:
        return CreateDiskEncryptionSet(
            wanted.id,
            self._location,
            wanted.key,
            uri,
            wanted.kind,
            wanted.identity,
            wanted.version,
            access,
            owner=self._plan.owner,
            review=self._review,
        )

    @property
    def _location(self) -> str:
        """The region of the vault, which is that of the disks."""
        return str(at_path(self._wish.facts.wanted.vault, "location"))

    def _move(self) -> list[Step]:
        """Add the change of every disk; around them, for a running machine, the bracket."""
        machine = self._wish.facts.machine
        runs = machine is not None and machine.runs
        disks = tuple(disk.id for disk in self._wish.facts.disks)
        body = machine.body if machine is not None else None
        stop: Step | None = None
        start: Step | None = None
        if machine is not None and runs:
            risks = (bodies.has_reservation(body), bodies.has_temporary_disk(body), machine.addresses)
            stop = self._prepare.put(DeallocateMachine(machine.id, disks, *risks), *self._ready.values())
            start = StartMachine(machine.id, disks, *risks)
        chosen = [(disk, self._wish.set_for(disk)) for disk in self._wish.facts.disks]
        moved = [
            self._prepare.put(self._change(disk, wanted), stop, self._ready[wanted.id])
            for disk, wanted in chosen
            if wanted is not None
        ]
        if start is not None:
            self._graph.add(start, target=self._wish.id.text, after=moved, closes=stop)
            return [*moved, start]
        return moved

    def _change(self, disk: DiskFacts, wanted: WantedSet) -> EncryptDisk:
        machine = self._wish.facts.machine
        return EncryptDisk(
            disk.id,
            wanted.id,
            wanted.kind,
            machine.id if machine is not None else None,
            self._wish.previous(disk),
            self._granted[wanted.id],
            one_way=bool(disk.incremental),
            untried=wanted.identity is None,
        )
