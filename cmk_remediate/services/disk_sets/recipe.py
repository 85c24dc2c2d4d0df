"""The steps that make the disk encryption sets of a target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import Grant, Ref
from cmk_remediate.services.declared import preparation
from cmk_remediate.services.disk_sets.found import KEY_SIZES, KEY_TYPES
from cmk_remediate.steps.disks.create_disk_encryption_set import CreateDiskEncryptionSet
from cmk_remediate.steps.preparation import Principal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.values import KeyUri
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.planfile.wishes import Wishes
    from cmk_remediate.services.service import RecipeContext
    from cmk_remediate.steps.disks.judging import WantedSet
    from cmk_remediate.steps.key_facts import KeyFacts
    from cmk_remediate.steps.preparation import Preparation


@dataclass(frozen=True)
class Ready:
    """A set in a graph.

    Attributes:
        step: what must have succeeded before anything names the set.
        granted: the wait for its identity's grant.
        principal: its identity's principal.
    """

    step: Step
    granted: Ref[Grant]
    principal: Principal


class SetRecipe:
    """Adds the steps that make the sets of one target: key, identity, grant; protect the vault; wait for access; make the set."""

    def __init__(
        self,
        graph: GraphBuilder,
        target: ResourceId,
        plan: PlanFile,
        context: RecipeContext,
        wanted: Wishes,
        facts: KeyFacts,
    ) -> None:
        """Prepare; `add` does it."""
        self.prepare: Preparation = preparation(plan, graph, target, context, KEY_TYPES, KEY_SIZES)
        self._untried = preparation(plan, graph, target, context, KEY_TYPES, KEY_SIZES, probe=False)
        self._owner, self._review = plan.owner, context.review_id
        self._wishes, self._facts = wanted, facts
        self._key_id = wanted.key_id(target)

    def add(self, chosen: Iterable[WantedSet]) -> Mapping[ResourceId, Ready]:
        """Add the sets *chosen* and what they stand on; return each by its id."""
        wishes = self._wishes
        key = self.prepare.key(self._key_id, pinned=wishes.pinned)
        uri = self.prepare.uri(key, self._key_id, self._facts, wishes.key.key_version)
        return {
            one.id: self._with_own_identity(one, key, uri)
            if one.identity is None
            else self._with_ours(one, one.identity, key, uri)
            for one in chosen
        }

    def restrict(self, ready: Mapping[ResourceId, Ready], done: Sequence[Step]) -> None:
        """Restrict the vault, if asked, once *done* has succeeded."""
        principals = [one.principal for one in ready.values()]
        switches = self.prepare.switches_to_roles(self._facts)
        ahead = [self.prepare.role_ahead(self._key_id, one) for one in principals] if switches else []
        key = self.prepare.key(self._key_id, pinned=self._wishes.pinned)
        for step in ahead:
            self.prepare.put(step, key)
        vault, endpoint = self._key_id.top_level, self._wishes.private_endpoint
        self.prepare.restrict(vault, principals, list(ready), [*done, *ahead], private_endpoint=endpoint)

    @property
    def location(self) -> str:
        """The region of the vault, which is that of the disks."""
        return str(at_path(self._facts.vault, "location"))

    def _with_ours(self, wanted: WantedSet, identity: ResourceId, key: Step, uri: KeyUri | Ref[KeyUri]) -> Ready:
        """Add a set whose identity is granted first: making it tries the access."""
        principal = self.prepare.identity(identity, self.location).principal_id
        grant = self.prepare.grant(self._key_id, self._facts, principal)
        self.prepare.put(grant, key)
        protect = self.prepare.protect(self._key_id.top_level, key, [grant])
        wait = self.prepare.wait(grant, self._key_id, principal, identity, protect, key)
        made = self.prepare.put(self._set(wanted, uri, wait.granted), wait)
        return Ready(made, wait.granted, principal)

    def _with_own_identity(self, wanted: WantedSet, key: Step, uri: KeyUri | Ref[KeyUri]) -> Ready:
        """Add a set that makes its own identity, which is granted after; the vault is protected before the set names its key."""
        protect = self.prepare.protect(self._key_id.top_level, key, [])
        made = self._set(wanted, uri, None)
        self.prepare.put(made, key, protect)
        # Whoever names the set needs its grant, and the set stays: nobody can tell who has named it meanwhile.
        grant = replace(self._untried.grant(self._key_id, self._facts, made.principal_id), for_good=True)
        self._untried.put(grant, key)
        wait = self._untried.wait(grant, self._key_id, made.principal_id, None, protect, key)
        return Ready(wait, wait.granted, made.principal_id)

    def _set(self, wanted: WantedSet, uri: KeyUri | Ref[KeyUri], access: Ref[Grant] | None) -> CreateDiskEncryptionSet:
        return CreateDiskEncryptionSet(
            wanted.id,
            self.location,
            wanted.key,
            uri,
            wanted.kind,
            wanted.identity,
            wanted.version,
            access,
            owner=self._owner,
            review=self._review,
        )
