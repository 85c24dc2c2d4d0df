"""What forbids a change of a disk, whenever it is asked, and whether an encryption set is as the plan says; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps.disks import bodies

if TYPE_CHECKING:
    from cmk_remediate.steps.disks.bodies import Body

_IN_USE = (bodies.UNATTACHED, bodies.RESERVED, bodies.HELD)


def judge_disk(disk: ResourceId, body: Body | None) -> Blocked | None:
    """Return what about the disk itself forbids every change of its encryption, or None; how it is held is not asked."""
    if body is None:
        return Blocked(codes.managed_disks.ABSENT, f"the disk {disk.name} does not exist", resource=disk.text)
    if at_path(body, "properties.encryptionSettingsCollection") is not None:
        why = f"properties.encryptionSettingsCollection of {disk.name} is set"
        return Blocked(codes.managed_disks.DISK_ENCRYPTION_HISTORY, why, resource=disk.text)
    security = str(at_path(body, "properties.securityProfile.securityType") or "")
    if security.lower().startswith("confidential"):
        why = f"properties.securityProfile.securityType of {disk.name} is {security}"
        return Blocked(codes.managed_disks.CONFIDENTIAL, why, resource=disk.text)
    if bodies.disk_state(body) not in _IN_USE:
        why = f"properties.diskState of {disk.name} is {bodies.disk_state(body)}"
        return Blocked(codes.managed_disks.DISK_STATE, why, resource=disk.text)
    return None


@dataclass(frozen=True)
class WantedSet:
    """What the plan wants of an encryption set.

    Attributes:
        id: the set.
        identity: its user-assigned identity; None for a system-assigned one.
        key: the key's ARM id.
        kind: the type of encryption.
        version: the version that is pinned; empty where new versions are followed.
    """

    id: ResourceId
    identity: ResourceId | None
    key: ResourceId
    kind: str
    version: str = ""


def judge_set(wanted: WantedSet, body: Body) -> Blocked | None:
    """Return in what an encryption set that exists is not as the plan says, or None; it is never corrected."""
    for path, found, asked in _differences(wanted, body):
        if found != asked:
            why = f"{path} of {wanted.id.name} is {found}, the plan says {asked}"
            return Blocked(codes.managed_disks.SET_DIFFERS, why, resource=wanted.id.text)
    error = at_path(body, "properties.autoKeyRotationError")
    if error:
        why = f"properties.autoKeyRotationError of {wanted.id.name} is {at_path(error, 'code')}"
        return Blocked(codes.managed_disks.SET_IN_ERROR, why, resource=wanted.id.text)
    return None


def _differences(wanted: WantedSet, body: Body) -> tuple[tuple[str, object, object], ...]:
    """Return what is compared: path, as found, as wanted."""
    attached = {str(name).lower() for name in at_path(body, "identity.userAssignedIdentities") or {}}
    chosen = wanted.identity
    mine = bool(attached) if chosen is None else chosen.key in attached
    named, version = key_named(body)
    return (
        ("properties.encryptionType", at_path(body, "properties.encryptionType"), wanted.kind),
        ("properties.activeKey.keyUrl", named, f"{wanted.key.top_level.name}/{wanted.key.name}".lower()),
        (
            "properties.rotationToLatestKeyVersionEnabled",
            bool(at_path(body, "properties.rotationToLatestKeyVersionEnabled")),
            not wanted.version,
        ),
        ("the version in properties.activeKey.keyUrl", version if wanted.version else "", wanted.version),
        (
            "identity",
            "as planned" if mine is (chosen is not None) else at_path(body, "identity.type"),
            "as planned" if mine is (chosen is not None) else words(chosen),
        ),
    )


def words(identity: ResourceId | None) -> str:
    """Return the identity of a set, in words."""
    return "system-assigned" if identity is None else f"user-assigned {identity.name}"


def key_named(body: Body | None) -> tuple[str, str]:
    """Return the key of a set as ``vault/key`` and its version, in lower case."""
    parts = str(at_path(body, "properties.activeKey.keyUrl") or "").lower().split("/")
    host, key, version = (*parts[2:3], *parts[4:], "", "", "")[:3]
    return f"{host.split('.')[0]}/{key}", version
