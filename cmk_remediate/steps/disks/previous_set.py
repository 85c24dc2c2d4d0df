"""The encryption set a disk was on before: whether a rollback can return to it; pure.

A machine is stopped for the way back: what Azure would refuse then is to be seen before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Found, Read
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.steps import key_in_use, previous_key, reads
from cmk_remediate.steps.disks.judging import key_named
from cmk_remediate.steps.disks.rights import on_disks
from cmk_remediate.steps.identities import Identities

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.steps.disks.bodies import Body


def fault(place: ResourceId, body: Body, disk: ResourceId, kind: str, which: str) -> str:
    """Return what about the set *place* itself keeps *disk*, of the type of encryption *kind*, from it; empty if nothing.

    *which* set it is stands in the sentence: the present one, or the previous one.
    """
    if at_path(body, "properties.autoKeyRotationError"):
        return f"properties.autoKeyRotationError of the {which} encryption set {place.name} is set"
    shown = at_path(body, "properties.encryptionType")
    return "" if shown == kind else f"properties.encryptionType of {place.name} is {shown}, of {disk.name} {kind}"


def looked_at(place: ResourceId | None, key: ResourceId | None, reader: str) -> tuple[Read, ...]:
    """Return what `lost` judges by, and the key's own state.

    Args:
        place: the set; None where the disk was on the platform's key.
        key: the key of the set, where the review found it.
        reader: the object id of who reads the key for the set, where the review could list what that one was granted.
    """
    if place is None:
        return ()
    granted = (reads.role_assignments(key, reader),) if key is not None and reader else ()
    return (Read(place), *previous_key.looked_at(key), *granted)


def lost(
    place: ResourceId | None, disk: ResourceId, kind: str, key: ResourceId | None, reader: str, found: Found
) -> Blocked | None:
    """Return why *disk* cannot return to the set *place* any more, or None: since the review it, its key or its grant changed."""
    if place is None:
        return None
    body = found.reads.get(Read(place))
    if body is None:
        return _gone(place, f"the previous encryption set {place.name} does not exist any more")
    why = fault(place, body, disk, kind, "previous")
    named = key_named(body)[0]
    if not why and key is not None and named != f"{key.top_level.name}/{key.name}".lower():
        why = f"properties.activeKey.keyUrl of {place.name} is {named}, in the review it was {key.top_level.name}/{key.name}"
    if why:
        return _gone(place, why)
    unusable = previous_key.unusable(key, found)
    vault = found.reads.get(Read(key.top_level)) if key is not None else None
    if unusable is not None or key is None or vault is None or reader not in _shown(body):
        return unusable
    listed = found.reads.get(reads.role_assignments(key, reader))
    lacking = key_in_use.lacks_access(key, vault, listed or (), reader, f"the identity of {place.name}")
    return _gone(place, lacking) if lacking else None


def reading(place: ResourceId | None, key: ResourceId | None, reader: str) -> Permissions:
    """Return the permissions to read what `lost` judges by."""
    if place is None:
        return ()
    granted = Permission("Microsoft.Authorization/roleAssignments/read", key, "vault") if key and reader else None
    own = on_disks(place, "diskEncryptionSets/read")[:1]
    return (*own, *previous_key.reading(key), *((granted,) if granted else ()))


def _shown(body: Body) -> set[str]:
    """Return the object ids of the identities that a set has now, as far as it shows them: another one has another grant."""
    has = Identities.of(body)
    return {one for one in (*has.principals.values(), has.system_principal) if one}


def _gone(place: ResourceId, why: str) -> Blocked:
    return Blocked(codes.managed_disks.PREVIOUS_SET_LOST, why, resource=place.text)
