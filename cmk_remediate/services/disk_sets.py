"""The disk encryption sets of a plan's target: which disk gets which, what forbids them, and the steps that make them.

Shared by the services that move disks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import Grant, Ref
from cmk_remediate.services.declared import check_key, preparation, wanted_key
from cmk_remediate.services.service import F, OneByOne
from cmk_remediate.steps import asking, key_limits, key_state, pinned_key, previous_key
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.create_disk_encryption_set import CreateDiskEncryptionSet
from cmk_remediate.steps.disks.judging import WantedSet, judge_set, key_named
from cmk_remediate.steps.key_facts import KeyFacts, read_named_key
from cmk_remediate.steps.preparation import Principal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.model.values import KeyUri
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.planfile.wishes import Wishes
    from cmk_remediate.services.service import RecipeContext
    from cmk_remediate.steps.disks.facts import DiskFacts
    from cmk_remediate.steps.preparation import Preparation

KEY_TYPES = ("RSA", "RSA-HSM")
KEY_SIZES = (2048, 3072, 4096)
"""What disk encryption sets take (learn.microsoft.com, "Restrictions of customer-managed keys for managed disks")."""


class OnSets(OneByOne[F]):
    """A service whose keys are those of disk encryption sets."""

    def check(self, plan: PlanFile) -> None:
        """Refuse a plan that no encryption set could carry out.

        Raises:
            InputError: CMK107 when it declares a key that they do not take.
        """
        check_key(plan, "a disk encryption set", KEY_TYPES, KEY_SIZES)


@dataclass(frozen=True)
class Sets:
    """The encryption sets of a target.

    Attributes:
        ordinary: the set of most disks; None where the plan names no identity for it.
        direct: the set of Ultra and Premium SSD v2 disks; None where the plan names none.
        found: the sets that the plan or a disk names, by lower-case id; None for one that does not exist.
        hidden: why Azure did not show a set, by the same.
        keys: the key of each set that only a disk names, by the same; it is what a rollback returns to.
        now: Azure's clock.
    """

    ordinary: WantedSet | None
    direct: WantedSet | None
    found: Mapping[str, JsonObject | None]
    hidden: Mapping[str, str]
    keys: Mapping[str, KeyFacts | None] = field(default_factory=dict)
    now: datetime = datetime.min  # noqa: DTZ901 - before anything

    def of(self, disk: DiskFacts) -> WantedSet | None:
        """Return the set that *disk* gets; None where the plan has none for it."""
        return self.direct if disk.is_direct_drive else self.ordinary

    def chosen(self, disks: Iterable[DiskFacts]) -> tuple[WantedSet, ...]:
        """Return the sets that *disks* get, each once."""
        found = {one.id: one for one in map(self.of, disks) if one is not None}
        return tuple(found.values())

    def body_of(self, chosen: WantedSet) -> JsonObject | None:
        """Return the body of a set; None where it does not exist."""
        return self.found.get(chosen.id.key)

    def as_planned(self, chosen: WantedSet) -> bool:
        """Say whether a set exists and is as the plan says."""
        body = self.body_of(chosen)
        return body is not None and judge_set(chosen, body) is None

    def used_by(self, disk: DiskFacts) -> bool:
        """Say whether *disk* is on its set, and the set is as the plan says."""
        chosen = self.of(disk)
        if chosen is None or bodies.encryption(disk.body) != (chosen.kind, chosen.id):
            return False
        return self.as_planned(chosen)

    def way_back(self, disk: DiskFacts) -> tuple[ResourceId | None, ResourceId | None, str]:
        """Return the other set a disk is on with its key, or why a rollback cannot return to it; nothing on the platform's key."""
        kind, current = bodies.encryption(disk.body)
        body = self.found.get(current.key) if current is not None else None
        if current is None:
            return None, None, ""
        if body is None:
            return None, None, f"the present encryption set {current.name} was not shown"
        if at_path(body, "properties.autoKeyRotationError"):
            return None, None, f"properties.autoKeyRotationError of the present encryption set {current.name} is set"
        if at_path(body, "properties.encryptionType") != kind:
            shown = at_path(body, "properties.encryptionType")
            return None, None, f"properties.encryptionType of {current.name} is {shown}, of {disk.id.name} {kind}"
        found = self.keys.get(current.key)
        if found is None:
            return None, None, f"properties.activeKey.keyUrl of the present encryption set {current.name} is absent"
        key, why = previous_key.way_back(found, "disks", self.now, types=KEY_TYPES)
        if key is None:
            return None, None, why or f"the vault of the present encryption set {current.name} was not found"
        return current, key, ""


def sets_of(wanted: Wishes, target: ResourceId) -> tuple[WantedSet | None, WantedSet | None]:
    """Return the set of most disks, and that of Ultra and Premium SSD v2 disks."""
    declared = wanted.disk_encryption_set
    if declared is None:
        return None, None
    key, version = wanted.key_id(target), wanted.key.key_version or ""
    kind = declared.encryption_type

    def named(text: str | None, identity: ResourceId | None) -> WantedSet | None:
        return None if text is None else WantedSet(ResourceId.parse(text), identity, key, kind, version)

    if wanted.identity == "system-assigned":
        ours = named(declared.resource_id, None)
        return ours, named(declared.system_assigned_resource_id, None) or ours
    identity = wanted.identity_id(target)
    ours = None if identity is None else named(declared.resource_id, identity)
    return ours, named(declared.system_assigned_resource_id, None)


async def read_sets(reader: Reader, wanted: Wishes, target: ResourceId, used: Iterable[ResourceId | None]) -> Sets:
    """Return the sets that the plan wants for *target*, with the bodies of these and of those in *used*."""
    ordinary, direct = sets_of(wanted, target)
    named = [one.id for one in (ordinary, direct) if one is not None]
    found: dict[str, JsonObject | None] = {}
    hidden: dict[str, str] = {}
    for one in dict.fromkeys([*named, *(item for item in used if item is not None)]):
        refused: list[str] = []
        found[one.key] = await asking.body_of(reader, one, refused)
        if refused:
            hidden[one.key] = refused[0]
    keys = {
        one: await _key_of(reader, found[one], wanted, target) for one in found if one not in {o.key for o in named}
    }
    return Sets(ordinary, direct, found, hidden, keys, reader.now())


async def _key_of(reader: Reader, body: JsonObject | None, wanted: Wishes, target: ResourceId) -> KeyFacts | None:
    """Return the key that the set in *body* names, if any."""
    vault, _, key = key_named(body)[0].partition("/")
    source = at_path(body, "properties.activeKey.sourceVault.id")
    known = [ResourceId.parse(source)] if source else []
    if not key:
        return None
    return await read_named_key(reader, vault, key, [*known, wanted.key_id(target).top_level], (target,))


def key_is_usable(facts: KeyFacts, key: ResourceId, now: datetime) -> bool:
    """Say whether the key of a set that is as planned can be used now."""
    return facts.body is not None and key_state.judge_key(key, facts.body, now) is None


def set_refusals(sets: Sets, chosen: Iterable[WantedSet]) -> Iterator[Blocked]:
    """Yield what about the sets *chosen* themselves forbids naming them."""
    for one in chosen:
        hidden = sets.hidden.get(one.id.key)
        if hidden:
            yield _no(codes.managed_disks.SET_UNREADABLE, one.id, hidden)
        body = sets.body_of(one)
        if body is not None and at_path(body, "properties.provisioningState") != "Failed":
            differs = judge_set(one, body)
            if differs is not None:
                yield differs


def place_refusals(
    sets: Sets, chosen: WantedSet, resource: ResourceId, region: object, key: KeyFacts, vault: ResourceId
) -> Iterator[Blocked]:
    """Yield where the set *chosen*, or the *vault* of its *key*, is not where *resource*, which is to name it, is."""
    disks, name = codes.managed_disks, resource.name
    if chosen.id.subscription.lower() != resource.subscription.lower():
        why = f"{chosen.id.name} is in the subscription {chosen.id.subscription}, {name} in {resource.subscription}"
        yield _no(disks.SET_ELSEWHERE, chosen.id, why)
    body = sets.body_of(chosen)
    if body is not None and not bodies.same_place(body.get("location"), region):
        why = f"location of {chosen.id.name} is {body.get('location')}, of {name} {region}"
        yield _no(disks.SET_ELSEWHERE, chosen.id, why)
    found = key.vault
    if found is not None and not bodies.same_place(found.get("location"), region):
        why = f"location of {vault.name} is {found.get('location')}, of {name} {region}"
        yield _no(disks.VAULT_ELSEWHERE, vault, why)


def key_refusals(
    plan: PlanFile, wanted: Wishes, target: ResourceId, facts: KeyFacts, now: datetime
) -> Iterator[Blocked]:
    """Yield what about the vault and the key of *target* refuses a set."""
    key = wanted.key_id(target)
    yield from key_limits.judge(facts, key, wanted_key(plan, wanted, "disks", KEY_TYPES, KEY_SIZES), now)
    if not wanted.pinned:
        return
    if facts.body is None:
        why = f"the key {key.name} does not exist, and key_version pins a version of it"
        yield _no(codes.vault.KEY_ABSENT, key, why)
        return
    expires = pinned_key.refusal(key, facts.body)
    if expires is not None and not plan.allow_expiring_pinned_key:
        yield expires


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
        grant = self._untried.grant(self._key_id, self._facts, made.principal_id, for_good=True)
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


def _no(code: Code, resource: ResourceId, why: str) -> Blocked:
    return Blocked(code, why, resource=resource.text)
