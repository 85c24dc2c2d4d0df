"""Put the disks of a cluster on the customer's key: one PATCH for the identity and the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Acceptance,
    Blocked,
    Change,
    Decision,
    Done,
    Effect,
    Found,
    Line,
    OneWay,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.values import UNKNOWN, Grant, KeyUri, Ref, Unknown, promised
from cmk_remediate.services.redis_enterprise.cluster import USER_ASSIGNED, Cluster, absent
from cmk_remediate.services.redis_enterprise.limits import PINNED_BY
from cmk_remediate.services.redis_enterprise.steps.base import CAUTION, ESTIMATE, READS_WITH, URL, ClusterStep
from cmk_remediate.services.redis_enterprise.steps.restore_cluster_key import RestoreClusterKey
from cmk_remediate.steps import network, pinned_key
from cmk_remediate.steps.named_key import NamedKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.step import Undo

TO_PLATFORM = Reversibility("reversible", "rollback returns to platform keys by an empty object: a second outage")
TO_PREVIOUS = Reversibility(
    "reversible", "rollback returns to the previous version of the previous key: a second outage"
)
_LOOK = "Microsoft.ManagedIdentity/userAssignedIdentities/read"
KEPT = Reversibility("kept", "nothing is lost by it, and a key in use needs it", codes.redis_enterprise.IDENTITY_KEPT)


@dataclass(frozen=True)
class SetClusterKey(ClusterStep):
    """Attach the identity and set the key, together; Azure names no other order and each PATCH may be a maintenance.

    learn.microsoft.com, "Configure disk encryption for Azure Managed Redis using customer managed keys": changing between
    Microsoft-managed and customer-managed keys is a long-running maintenance with service disruption. The URL has a version always.

    Attributes:
        key: the key's ARM id.
        uri: its latest versioned URI, or the pinned one.
        identity: the user-assigned identity the cluster reads it with.
        pinned: the plan names the version; else any that works is left alone.
        leaves: the version in use, where it cannot be used any more: it is not left alone.
        previous: the customer key in use; None on platform keys.
        no_way_back: why rollback cannot return to the key in use; empty where it can.
        access: the wait for the grant.
        unconfirmed: the vault, where nobody has confirmed that its firewall lets a cluster pass; else None.
        may_expire: the plan asks for a key that expires: then it is accepted by name.
        gone: attached identities that do not exist any more: they are taken off, else Azure would refuse the body.
        beside: attached identities that the body names again: Azure may want the right to assign those too.
    """

    kind: ClassVar[str] = "set_cluster_key"
    sets_key: ClassVar[bool] = True

    key: ResourceId
    uri: KeyUri | Ref[KeyUri]
    identity: ResourceId
    pinned: bool = False
    leaves: str = ""
    previous: ResourceId | None = None
    no_way_back: str = ""
    access: Grant | Ref[Grant] | None = None
    unconfirmed: ResourceId | None = None
    may_expire: bool = False
    gone: tuple[ResourceId, ...] = ()
    beside: tuple[ResourceId, ...] = ()

    def owns(self) -> Mapping[str, Any]:
        """Return the key and the identity it is read with."""
        return {URL: self._words(), READS_WITH: self.identity.key}

    def also_reads(self) -> tuple[Read, ...]:
        """Return databases and partners; and the key, whose expiry nothing follows."""
        return (*super().also_reads(), *pinned_key.reads(self.key, pinned=True))

    def probes(self) -> Ref[Grant] | None:
        """Return the grant: a late one refuses this."""
        return promised(self.access)

    def decide(self, found: Found) -> Decision:
        """Judge the cluster found."""
        if found.body is None:
            return absent(self.cluster)
        have = Cluster.of(found.body)
        not_now = self.waits(have, found) or self.unready(have, found)
        if not_now is not None:
            return not_now
        if self._is_set(have) and have.at_rest:
            used = f"version {have.key.version} of {self.key.name} in {self.key.top_level.name}"
            return Done(f"{self.cluster.name} uses {used}")
        others = self.others(found)
        if others is not None:
            return others
        expiring = pinned_key.judge(
            self.cluster, self.key, found, pinned=True, may_expire=self.may_expire, by=PINNED_BY
        )
        if isinstance(expiring, Blocked):
            return expiring
        body = self._body(have)
        shown = f"{have.key.key} in {have.key.vault}" if have.is_customer else "the platform's"
        return Change(
            Request("PATCH", self.cluster, body),
            (*self._lines(have), *self.risks(have, found), *expiring, *network.relied_on(self.unconfirmed)),
            (Effect(self.cluster, body),),
            ESTIMATE,
            "update",
            f"the key of {self.cluster.name} is {shown}" if have.at_rest else f"{self.cluster.name} has {have.states}",
            self.downtime,
            CAUTION,
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:  # noqa: ARG002 - used or not
        """Return to platform keys, or to the previous version of the previous key."""
        was = Cluster.of(before)
        if not was.is_customer:
            return RestoreClusterKey(self.cluster, self.key, self.identity, partners=self.partners)
        if self.previous is None or self.no_way_back or was.identity is None:
            why = self.no_way_back or f"the previous key {was.key.key} was not checked in the review"
            return OneWay(why, codes.redis_enterprise.PREVIOUS_KEY_ONE_WAY)
        there = (was.key.uri, was.identity, self.previous)
        return RestoreClusterKey(self.cluster, self.key, self.identity, *there, partners=self.partners)

    def permissions(self) -> Permissions:
        """Return what every step needs, assigning the identity; and finding the key in use, whose vault only a list tells."""
        assign = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
        versions = "Microsoft.KeyVault/vaults/keys/versions/read"  # who looks next judges the version in use
        needed = (
            *super().permissions(),
            *(Permission(assign, one, "identity") for one in (self.identity, *self.beside)),
            *(Permission(_LOOK, one, "identity") for one in (self.identity, *self.beside, *self.gone)),
            Permission(versions, self.key.top_level, "vault"),
        )
        if self.previous is None:
            return needed
        read, vault = "Microsoft.KeyVault/vaults/read", self.previous.top_level
        return (
            *needed,
            Permission(read, self.cluster.subscription_id, "vault", checkable=False),
            Permission(read, vault, "vault"),
            Permission("Microsoft.KeyVault/vaults/keys/read", vault, "vault"),
            Permission(versions, vault, "vault"),
            Permission("Microsoft.Authorization/roleAssignments/read", self.previous, "vault"),
        )

    def _is_set(self, have: Cluster) -> bool:
        """Say whether the cluster is on the key: in which version counts only where the plan pins one, or it does not work."""
        if not have.key.is_of(self.key) or have.identity != self.identity or not have.has_its_identity:
            return False
        if self.pinned:
            return isinstance(self.uri, str) and have.key.version == NamedKey.of(self.uri).version
        return have.key.version != self.leaves

    def _words(self) -> str:
        """Return the key as a review compares it: its version only where the plan pins it."""
        if self.pinned and isinstance(self.uri, str):
            return str(self._sent())
        return f"{self.key.name} in {self.key.top_level.name}, latest version".lower()

    def _sent(self) -> str | Unknown:
        """Return the URL as the cluster is to name it: without a port, which some answers of Key Vault have."""
        if isinstance(self.uri, Ref):
            return UNKNOWN
        named = NamedKey.of(self.uri)
        return f"https://{named.host}/keys/{named.key}/{named.version}"

    def _body(self, have: Cluster) -> dict[str, Any]:
        identity = {"userAssignedIdentityResourceId": self.identity.text, "identityType": USER_ASSIGNED}
        wanted = {"keyEncryptionKeyUrl": self._sent(), "keyEncryptionKeyIdentity": identity}
        body: dict[str, Any] = {"properties": {"encryption": {"customerManagedKeyEncryption": wanted}}}
        if self._attaches(have):
            body["identity"] = have.with_attached(self.identity, self.gone)
        return body

    def _attaches(self, have: Cluster) -> bool:
        """Say whether the identities change: ours is not there, or one that is gone still is."""
        return self.identity not in have.identities.attached or any(
            one in have.identities.attached for one in self.gone
        )

    def _lines(self, have: Cluster) -> Iterator[Line]:
        reversibility = TO_PREVIOUS if have.is_customer else TO_PLATFORM
        if self.no_way_back:
            lost = Acceptance("previous-key", self.cluster, "one-way")
            reversibility = Reversibility("one-way", self.no_way_back, codes.redis_enterprise.PREVIOUS_KEY_ONE_WAY)
            yield Line("the way back", self.no_way_back, self.no_way_back, "relied_on", acceptance=lost)
        yield Line(URL, have.key.uri or None, self._words(), reversibility=reversibility, acceptance=self.outage)
        was = have.identity.key if have.identity is not None else None
        after = self.identity.key
        yield Line(READS_WITH, was, after, "carried" if was == after else "owned", reversibility)
        path = "identity.userAssignedIdentities"
        if not self._attaches(have):
            yield Line("identity.type", have.identities.type, have.identities.type, "relied_on")
            yield Line(f"{path}.{self.identity.key}", "attached", "attached", "relied_on")
            return
        kind = have.with_attached(self.identity)["type"]
        yield Line(
            "identity.type", have.identities.type, kind, "carried" if have.identities.type == kind else "owned", KEPT
        )
        if self.identity not in have.identities.attached:
            yield Line(f"{path}.{self.identity.key}", None, "attached", reversibility=KEPT)
        for one in have.identities.attached:
            if one in self.gone:
                yield Line(f"{path}.{one.key}", "attached", None, reversibility=KEPT)
            else:
                yield Line(f"{path}.{one.key}", "attached", "attached", "carried")
