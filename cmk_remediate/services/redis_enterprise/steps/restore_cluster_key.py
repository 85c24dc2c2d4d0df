"""Undo of a cluster's key: back to platform keys by the explicit empty object, or to the key it was on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    REVERSIBLE,
    Blocked,
    Change,
    Decision,
    Done,
    Effect,
    Found,
    Keep,
    Line,
    Pending,
    Read,
    Request,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.services.redis_enterprise.cluster import USER_ASSIGNED, Cluster, absent
from cmk_remediate.services.redis_enterprise.steps.base import CAUTION, ESTIMATE, READS_WITH, URL, ClusterStep
from cmk_remediate.steps import previous_key
from cmk_remediate.steps.named_key import NamedKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions


@dataclass(frozen=True)
class RestoreClusterKey(ClusterStep):
    """Return to platform keys, or to a customer key in the version recorded, unless somebody has chosen another one since.

    An empty ``customerManagedKeyEncryption`` selects Microsoft-managed keys (azure-mgmt-redisenterprise
    `ClusterPropertiesEncryption`). That a PATCH takes it so is confirmed by nobody: it counts only once a read shows it. The
    identity stays attached. On the way back a partner that is changing is waited for; its health is not judged. Where the update of
    the run failed and left the cluster so, the key it has is sent once more: another update brings it back (unconfirmed).

    Attributes:
        wrote: the key that our own write named.
        read_with: the identity that our own write named.
        url: the recorded URL to return to; empty for platform keys.
        identity: the identity that one was read with; None for platform keys.
        previous: the key that it names; None for platform keys. Its version is looked at again: another outage for nothing is none.
    """

    kind: ClassVar[str] = "restore_cluster_key"
    sets_key: ClassVar[bool] = True

    wrote: ResourceId
    read_with: ResourceId
    url: str = ""
    identity: ResourceId | None = None
    previous: ResourceId | None = None

    def owns(self) -> Mapping[str, Any]:
        """Return the key."""
        return {URL: self.url.lower()}

    def also_reads(self) -> tuple[Read, ...]:
        """Return databases and partners; and the key to return to, its version and its vault."""
        return (*super().also_reads(), *previous_key.looked_at(self.previous, self._version))

    def decide(self, found: Found) -> Decision:
        """Judge the cluster found."""
        if found.body is None:
            return absent(self.cluster)
        have = Cluster.of(found.body)
        waits = self.waits(have, found)
        if waits is not None and self.cluster.key in found.written:
            return waits
        if waits is not None:
            # What it shows may be what it is about to leave: our own way there may not have ended.
            return Blocked(codes.redis_enterprise.NOT_AT_REST, waits.why, resource=self.cluster.text)
        there = have.key.uri.lower() == self.url.lower() and (not self.url or have.identity == self.identity)
        if there and not have.update_failed:
            now = self.url or "the platform's"
            return Done(f"the key of {self.cluster.name} is {now}; it has {have.states}")
        theirs = None if there else self._of_another(have)
        if theirs is not None:
            return theirs
        others = self.others(found)
        if isinstance(others, Pending):
            return others
        lost = previous_key.unusable(self.previous, found, self._version)
        if lost is not None:
            return lost
        wanted = self._wanted()
        was = have.identity.key if have.identity is not None else None
        after = self.identity.key if self.identity is not None else None
        return Change(
            Request("PATCH", self.cluster, {"properties": {"encryption": {"customerManagedKeyEncryption": wanted}}}),
            (
                Line(URL, have.key.uri or None, self.url or None, reversibility=REVERSIBLE, acceptance=self.outage),
                Line(READS_WITH, was, after, "carried" if was == after else "owned", REVERSIBLE),
                *self.risks(have, found),
            ),
            (Effect(self.cluster, {"properties": {"encryption": {"customerManagedKeyEncryption": wanted or None}}}),),
            ESTIMATE,
            "update",
            f"{self.cluster.name} has {have.states}"
            if there
            else f"the key of {self.cluster.name} is still {have.key.key}",
            self.downtime,
            CAUTION,
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Leave it restored."""
        return Keep(
            "a rollback is not rolled back: make a new dry run of the plan", codes.redis_enterprise.ROLLBACK_DONE
        )

    def permissions(self) -> Permissions:
        """Return what every step needs, and looking at the key to return to."""
        return (*super().permissions(), *previous_key.reading(self.previous, self._version))

    def _of_another(self, have: Cluster) -> Blocked | None:
        """Return that *have* shows what another has set since this run wrote."""
        if not have.key.is_of(self.wrote):
            path, shown, wrote = URL, have.key.uri or "absent", self.wrote.name
        elif have.identity != self.read_with:
            path, shown = READS_WITH, have.identity.name if have.identity is not None else "absent"
            wrote = self.read_with.name
        else:
            return None
        why = f"{path} of {self.cluster.name} is {shown}, this run wrote {wrote}"
        return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.cluster.text)

    @property
    def _version(self) -> str:
        return NamedKey.of(self.url).version

    def _wanted(self) -> dict[str, Any]:
        """Return the object sent: empty, and that is what is meant, for platform keys."""
        if self.identity is None:
            return {}
        identity = {"userAssignedIdentityResourceId": self.identity.text, "identityType": USER_ASSIGNED}
        return {"keyEncryptionKeyUrl": self.url, "keyEncryptionKeyIdentity": identity}
