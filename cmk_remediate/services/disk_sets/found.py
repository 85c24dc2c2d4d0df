"""The disk encryption sets of a plan's target, as found: which disk gets which, and what each is like; only reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.services.states import CROSS_TENANT, MANAGED_HSM
from cmk_remediate.steps import asking, key_in_use, key_state, previous_key, reads
from cmk_remediate.steps.disks import bodies, previous_set
from cmk_remediate.steps.disks.judging import WantedSet, judge_set, key_named
from cmk_remediate.steps.identities import Identities
from cmk_remediate.steps.key_facts import KeyFacts, read_named_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.wishes import Wishes
    from cmk_remediate.steps.disks.facts import DiskFacts

KEY_TYPES = ("RSA", "RSA-HSM")
KEY_SIZES = (2048, 3072, 4096)
"""What disk encryption sets take (learn.microsoft.com, "Restrictions of customer-managed keys for managed disks")."""


_KEY = "properties.activeKey.keyUrl"


@dataclass(frozen=True)
class Bound:
    """Why a set is none of ours: the state that this is, and the property that shows it."""

    state: str
    why: str


@dataclass(frozen=True)
class Access:
    """Who reads the key of a set, and whether that is permitted.

    Attributes:
        reader: the object id; empty where it is not shown, or where it was not shown what it was granted.
        lacking: why it may not use the key, in words; empty where it may, and where that is not known.
    """

    reader: str = ""
    lacking: str = ""


@dataclass(frozen=True)
class WayBack:
    """The other set that a disk is on: whether a rollback can return to it. Empty for a disk on the platform's key.

    Attributes:
        place: the set; None where a rollback cannot return to it.
        key: its key.
        reader: who reads the key, as in `Access`.
        why: why a rollback cannot return to it.
    """

    place: ResourceId | None = None
    key: ResourceId | None = None
    reader: str = ""
    why: str = ""


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
        gone: the user-assigned identities that sets have and that do not exist any more.
        access: who reads the key of each set that only a disk names, by lower-case id.
    """

    ordinary: WantedSet | None
    direct: WantedSet | None
    found: Mapping[str, JsonObject | None]
    hidden: Mapping[str, str]
    keys: Mapping[str, KeyFacts | None] = field(default_factory=dict)
    now: datetime = datetime.min  # noqa: DTZ901 - before anything
    gone: frozenset[ResourceId] = frozenset()
    access: Mapping[str, Access] = field(default_factory=dict)

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
        """Say whether a set exists, is as the plan says, and has an identity and a key that it can use here."""
        body = self.body_of(chosen)
        sound = body is not None and judge_set(chosen, body) is None
        return sound and not (self.out_of_bounds(chosen.id) or self.without_identity(chosen.id))

    def out_of_bounds(self, place: ResourceId) -> Bound | None:
        """Return why nothing on the set *place* is written; None where its key is in a vault of this tenant."""
        body, name = self.found.get(place.key), place.name
        client = bodies.federated_client(body)
        if client:
            return Bound(CROSS_TENANT, f"properties.federatedClientId of {name} is {client}")
        if bodies.in_managed_hsm(body):
            return Bound(MANAGED_HSM, f"{_KEY} of {name} is {at_path(body, _KEY)}, in a managed HSM")
        return None

    def without_identity(self, place: ResourceId) -> str:
        """Return which identity of the set *place* does not exist any more, in words; empty where all do."""
        lost = ", ".join(one.name for one in bodies.attached(self.found.get(place.key)) if one in self.gone)
        return f"identity.userAssignedIdentities of {place.name} has {lost}, which does not exist" if lost else ""

    def used_by(self, disk: DiskFacts) -> bool:
        """Say whether *disk* is on its set, and the set is as the plan says."""
        chosen = self.of(disk)
        if chosen is None or bodies.encryption(disk.body) != (chosen.kind, chosen.id):
            return False
        return self.as_planned(chosen)

    def way_back(self, disk: DiskFacts) -> WayBack:
        """Return the other set a disk is on with its key, or why a rollback cannot return to it."""
        kind, current = bodies.encryption(disk.body)
        body = self.found.get(current.key) if current is not None else None
        if current is None:
            return WayBack()
        if body is None:
            return WayBack(why=f"the present encryption set {current.name} was not shown")
        if fault := previous_set.fault(current, body, disk.id, kind, "present"):
            return WayBack(why=fault)
        found, access = self.keys.get(current.key), self.access.get(current.key, Access())
        if found is None:
            return WayBack(why=f"properties.activeKey.keyUrl of the present encryption set {current.name} is absent")
        key, why = previous_key.way_back(found, "disks", self.now, types=KEY_TYPES, reader=access.lacking)
        if key is None:
            return WayBack(why=why or f"the vault of the present encryption set {current.name} was not found")
        return WayBack(current, key, access.reader)


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
    access = {one: await _access(reader, found[one], key) for one, key in keys.items() if key is not None}
    return Sets(ordinary, direct, found, hidden, keys, reader.now(), await _gone(reader, found.values()), access)


async def _access(reader: Reader, body: JsonObject | None, key: KeyFacts) -> Access:
    """Return who reads *key* for the set in *body*; of several identities nothing is known."""
    has = Identities.of(body)
    shown = [one for one in (*has.principals.values(), has.system_principal) if one]
    if len(shown) != 1 or len(has.attached) + has.system != 1 or key.key is None or key.vault is None:
        return Access()
    (principal,), refused = shown, list[str]()
    listed = await asking.items_of(reader, reads.role_assignments(key.key, principal), refused)
    if refused or key.body is None:
        return Access()
    who = f"the identity of {at_path(body, 'name')}"
    return Access(principal, key_in_use.lacks_access(key.key, key.vault, listed, principal, who))


async def _gone(reader: Reader, sets: Iterable[JsonObject | None]) -> frozenset[ResourceId]:
    """Return which identities of *sets* do not exist; one that was not shown is taken to."""
    lost = set()
    for one in dict.fromkeys(identity for body in sets for identity in bodies.attached(body)):
        refused: list[str] = []
        if await asking.body_of(reader, one, refused) is None and not refused:
            lost.add(one)
    return frozenset(lost)


async def _key_of(reader: Reader, body: JsonObject | None, wanted: Wishes, target: ResourceId) -> KeyFacts | None:
    """Return the key that the set in *body* names, if any."""
    vault, _, key = key_named(body)[0].partition("/")
    source = at_path(body, "properties.activeKey.sourceVault.id")
    known = [ResourceId.parse(source)] if source else []
    if not key or bodies.in_managed_hsm(body):
        return None
    return await read_named_key(reader, vault, key, [*known, wanted.key_id(target).top_level], (target,))


def key_fault(facts: KeyFacts, key: ResourceId, now: datetime) -> str:
    """Return why the key of a set that is as planned cannot be used now; empty where it can, or was not shown."""
    if facts.refused:
        return ""
    if facts.body is None:
        return f"the key {key.name} does not exist"
    unusable = key_state.judge_key(key, facts.body, now)
    return "" if unusable is None else unusable.why
