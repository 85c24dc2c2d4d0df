"""Encryption sets as an assessment sees them: each judged by itself, and what the plan that would leave it unchanged says. Pure.

Shared by the services that move disks.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.planfile.schema import CustomerManagedKey, DiskEncryptionSet, Overrides, UserAssignedIdentity
from cmk_remediate.services import states
from cmk_remediate.services.disk_sets.found import key_fault
from cmk_remediate.services.insight import Use, absent, of_key, shown
from cmk_remediate.steps import pinned_key
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.judging import WantedSet, judge_set, key_named
from cmk_remediate.steps.named_key import NamedKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cmk_remediate.model.findings import Evidence
    from cmk_remediate.services.disk_sets.found import Sets
    from cmk_remediate.steps.disks.facts import DiskFacts
    from cmk_remediate.steps.key_facts import KeyFacts

OF_DISK = ("properties.encryption.type", "properties.encryption.diskEncryptionSetId")
_OF_SET = (
    "properties.encryptionType",
    "properties.activeKey.keyUrl",
    "properties.rotationToLatestKeyVersionEnabled",
    "identity.type",
)
_RARELY = ("properties.autoKeyRotationError", "properties.previousKeys", "properties.federatedClientId")
_FOLLOWS = "properties.rotationToLatestKeyVersionEnabled"


def named_by(disks: Iterable[DiskFacts]) -> tuple[ResourceId, ...]:
    """Return the sets that *disks* are on, each once."""
    found = (bodies.encryption(disk.body)[1] for disk in disks)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def key_of(sets: Sets, wanted: KeyFacts, place: ResourceId) -> KeyFacts | None:
    """Return the key of the set *place* as found, *wanted* being the plan's; None where the set names none, or was not shown."""
    return sets.keys.get(place.key, wanted)


def state_on(sets: Sets, wanted: KeyFacts, chosen: WantedSet | None, disk: DiskFacts) -> str:
    """Return the state of *disk*, which is on a set, as a plan sees it that wants it on *chosen*."""
    kind, current = bodies.encryption(disk.body)
    body = None if current is None else sets.found.get(current.key)
    if current is None or body is None:
        return states.NOT_CHECKABLE
    on_chosen = chosen is not None and (kind, current) == (chosen.kind, chosen.id)
    return state_of(sets, wanted, chosen if on_chosen else None, current)


def state_of(sets: Sets, wanted: KeyFacts, chosen: WantedSet | None, current: ResourceId) -> str:
    """Return the state of what is on the set *current*, which was shown, as a plan sees it that wants *chosen*."""
    body, key = sets.found[current.key] or {}, key_of(sets, wanted, current)
    bound = sets.out_of_bounds(current)
    if bound is not None:
        return bound.state
    if key is not None and (key.key is None or key.refused):
        return states.NOT_CHECKABLE
    if chosen is None or chosen.id != current or key is None or judge_set(chosen, body) is not None:
        return states.WRONG
    if key_fault(key, chosen.key, sets.now) or not _has_identity(body) or sets.without_identity(current):
        return states.WRONG
    if chosen.version and pinned_key.expiry(key.body):
        return states.WRONG
    if at_path(body, "properties.previousKeys"):
        return states.IN_PROGRESS
    return states.HEALTHY if at_path(body, "identity.userAssignedIdentities") else states.SYSTEM_ASSIGNED


def state_alone(sets: Sets, wanted: KeyFacts, disk: DiskFacts) -> str:
    """Return the state of *disk* as the plan sees it that would leave it unchanged."""
    _, current = bodies.encryption(disk.body)
    return state_on(sets, wanted, None if current is None else _as_it_is(sets, wanted, current), disk)


def proofs(sets: Sets, wanted: KeyFacts, place: ResourceId) -> Iterator[Evidence]:
    """Yield what proves the state of the set *place*."""
    body = sets.found.get(place.key)
    yield from shown(place, body, _OF_SET)
    more = shown(place, body, _RARELY)
    yield from (one for one in more if one.value)
    yield from (absent(one) for one in bodies.attached(body) if one in sets.gone)
    if body is not None:
        yield from of_key(key_of(sets, wanted, place), sets.now, pinned=not at_path(body, _FOLLOWS))


def uses(sets: Sets, wanted: KeyFacts, place: ResourceId) -> Iterator[Use]:
    """Yield the key that the set *place* names, if it was shown and names one."""
    body = sets.found.get(place.key)
    named = NamedKey.of(at_path(body, "properties.activeKey.keyUrl"))
    key = key_of(sets, wanted, place)
    if named.uri and key is not None:
        yield Use(place, named.uri, key, "" if at_path(body, _FOLLOWS) else named.version)


def as_found(sets: Sets, wanted: KeyFacts, disks: Iterable[DiskFacts]) -> tuple[Overrides | None, bool]:
    """Return what a plan would say that wanted *disks* on the sets they are on, and whether one plan can say it of all of them.

    Where it cannot, of the set of most of them. None where no set's key was found.
    """
    on_sets = [(disk, place) for disk in disks if (place := bodies.encryption(disk.body)[1]) is not None]
    direct = {place for disk, place in on_sets if disk.is_direct_drive}
    rest = {place for disk, place in on_sets if not disk.is_direct_drive}
    found = {place: _as_it_is(sets, wanted, place) for _, place in on_sets}
    known = {place: one for place, one in found.items() if one is not None}
    if not known:
        return None, not on_sets
    if len(direct) <= 1 and len(rest) <= 1 and len(known) == len(found) and _agree(known, direct):
        first = known[next(iter(rest or direct))]
        return _overrides(first, known[next(iter(direct))] if direct and rest else None), True
    most = Counter(place for _, place in on_sets if place in known).most_common(1)[0][0]
    return _overrides(known[most], None), False


def _agree(known: Mapping[ResourceId, WantedSet], direct: set[ResourceId]) -> bool:
    """Say whether the sets *known* have one key and type, and those that *direct* names identities of their own."""
    alike = len({(one.key, one.kind) for one in known.values()}) == 1
    return alike and all(known[place].identity is None for place in direct)


def _overrides(ordinary: WantedSet, direct: WantedSet | None) -> Overrides:
    identity = ordinary.identity
    kind: Literal["EncryptionAtRestWithCustomerKey", "EncryptionAtRestWithPlatformAndCustomerKeys"]
    kind = "EncryptionAtRestWithCustomerKey"
    if ordinary.kind == bodies.DOUBLE:
        kind = "EncryptionAtRestWithPlatformAndCustomerKeys"
    return Overrides(
        customer_managed_key=CustomerManagedKey(
            key_vault_resource_id=ordinary.key.top_level.text,
            key_name=ordinary.key.name,
            user_assigned_identity=None if identity is None else UserAssignedIdentity(resource_id=identity.text),
        ),
        identity="system-assigned" if identity is None else "user-assigned",
        disk_encryption_set=DiskEncryptionSet(
            resource_id=ordinary.id.text,
            encryption_type=kind,
            system_assigned_resource_id=None if direct is None or direct.id == ordinary.id else direct.id.text,
        ),
    )


def _as_it_is(sets: Sets, wanted: KeyFacts, place: ResourceId) -> WantedSet | None:
    """Return the set *place* as the plan wants it that would leave it unchanged; None where that, or its key, was not found."""
    body = sets.found.get(place.key)
    key = _key_id(body, key_of(sets, wanted, place))
    if body is None or key is None:
        return None
    attached = [ResourceId.parse(str(one)) for one in at_path(body, "identity.userAssignedIdentities") or {}]
    return WantedSet(place, attached[0] if attached else None, key, str(at_path(body, "properties.encryptionType")))


def _key_id(body: Mapping[str, object] | None, facts: KeyFacts | None) -> ResourceId | None:
    """Return the id of the key that the set in *body* names: as in *facts*, if that is it, else as the set says where it lies."""
    vault, _, name = key_named(body)[0].partition("/")
    if facts is not None and facts.key is not None and [one.lower() for one in facts.key.names] == [vault, name]:
        return facts.key
    source = at_path(body, "properties.activeKey.sourceVault.id")
    return ResourceId.parse(str(source)).child("keys", name) if source and name else None


def _has_identity(body: Mapping[str, object]) -> bool:
    kinds = str(at_path(body, "identity.type") or "").lower()
    return bool(at_path(body, "identity.userAssignedIdentities")) or "systemassigned" in kinds
