"""Create the disk encryption set, or find it as the plan says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    Pending,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import Grant, KeyUri, Output, PrincipalId, Ref, known, promised
from cmk_remediate.steps.disks.judging import WantedSet, judge_set, words
from cmk_remediate.steps.disks.rights import on_disks
from cmk_remediate.steps.ownership import tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject

KEPT = Reversibility("kept", "disks, snapshots and images may use the set", codes.managed_disks.SET_KEPT)
ESTIMATE = Estimate(usual=10, worst=1800)
"""Seconds; recorded: below one. At worst what the Terraform provider waits for a disk (30 minutes)."""
_AT_WORK = ("creating", "updating")
SETTLES = 120
"""Seconds that services may take to see a vault's protection (our choice); a set that waits for a grant has waited longer."""


@dataclass(frozen=True)
class CreateDiskEncryptionSet(Step):
    """Make the set that disks name, one a region, subscription and type of encryption.

    With a user-assigned identity Azure judges the access to the key when the set is made (ansible-collections/azure#1676): it is
    the probe, and harmless, for no disk names the set yet. With a system-assigned one the set is made first and granted after.
    A set that exists is never changed: others may use it.

    Attributes:
        encryption_set: the set's id.
        location: the region it is made in.
        key: the key's ARM id.
        uri: the key's URI with its version: Azure takes no other, also where new versions are followed.
        encryption_type: as its disks will name it.
        identity: its user-assigned identity; None for a system-assigned one.
        version: the version that is pinned; empty where new ones are followed.
        access: the wait for the grant; None for a system-assigned identity.
        owner: who asked for it; stays out of the node's id.
        review: the review's id; stays out of the node's id.
    """

    kind: ClassVar[str] = "create_disk_encryption_set"
    made: ClassVar[Output[str]] = Output()
    principal_id: ClassVar[Output[PrincipalId]] = Output("identity", "principalId")

    encryption_set: ResourceId
    location: str
    key: ResourceId
    uri: KeyUri | Ref[KeyUri]
    encryption_type: str
    identity: ResourceId | None = None
    version: str = ""
    access: Grant | Ref[Grant] | None = None
    owner: str = field(default="", compare=False)
    review: str = field(default="", compare=False)

    def address(self) -> ResourceId:
        """Return the set's id."""
        return self.encryption_set

    def owns(self) -> Mapping[str, Any]:
        """Return the key and the type of encryption."""
        return {"properties.activeKey": self.key.key, "properties.encryptionType": self.encryption_type}

    def probes(self) -> Ref[Grant] | None:
        """Return the grant that this request tries out."""
        return promised(self.access)

    def decide(self, found: Found) -> Decision:
        """Judge the set found."""
        state = str(at_path(found.body, "properties.provisioningState") or "").lower()
        if found.body is not None and state != "failed":
            wanted = WantedSet(self.encryption_set, self.identity, self.key, self.encryption_type, self.version)
            differs = judge_set(wanted, found.body)
            if differs is None and state in _AT_WORK:
                return Pending(f"the disk encryption set {self.encryption_set.name} is being made", 10)
            return differs or Done(f"the disk encryption set {self.encryption_set.name} is as planned")
        protected = found.written.get(self.key.top_level.key) if self.identity is None else None
        if protected is not None:
            left = SETTLES - (found.now - protected).total_seconds()
            if left > 0:
                return Pending(f"the vault {self.key.top_level.name} has just been changed", int(left) + 1)
        body = self._body()
        shown = {**body["properties"], "provisioningState": "Succeeded"}
        why = "has failed to be made" if found.body is not None else "does not exist"
        return Change(
            Request("PUT", self.encryption_set, body),
            self._lines(),
            (Effect(self.encryption_set, {**body, "name": self.encryption_set.name, "properties": shown}),),
            ESTIMATE,
            "create",
            f"the disk encryption set {self.encryption_set.name} {why}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep it."""
        why = f"the disk encryption set {self.encryption_set.name} stays: {KEPT.why}"
        return Keep(why, codes.managed_disks.SET_KEPT)

    def permissions(self) -> Permissions:
        """Return reading and writing the set, and attaching its identity."""
        own = on_disks(self.encryption_set, "diskEncryptionSets/read", "diskEncryptionSets/write")
        if self.identity is None:
            return own
        attach = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
        return (*own, Permission(attach, self.identity, "identity"))

    def _body(self) -> dict[str, Any]:
        identity: dict[str, Any] = {"type": "SystemAssigned"}
        if self.identity is not None:
            identity = {"type": "UserAssigned", "userAssignedIdentities": {self.identity.text: {}}}
        return {
            "location": self.location,
            "tags": tags(self.owner, self.review),
            "identity": identity,
            "properties": {
                "encryptionType": self.encryption_type,
                "activeKey": {"keyUrl": known(self.uri)},
                "rotationToLatestKeyVersionEnabled": not self.version,
            },
        }

    def _lines(self) -> tuple[Line, ...]:
        values = (
            ("identity", words(self.identity)),
            ("properties.encryptionType", self.encryption_type),
            ("properties.activeKey.keyUrl", f"{self.key.top_level.name}/{self.key.name}"),
            ("properties.rotationToLatestKeyVersionEnabled", not self.version),
        )
        return tuple(Line(path, None, value, reversibility=KEPT) for path, value in values)
