"""What is read about a target, and what follows from it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path, merge_patch
from cmk_remediate.model.values import PrincipalId
from cmk_remediate.planfile.wishes import Wishes
from cmk_remediate.services.redis_enterprise.cluster import Cluster, is_persistent, links
from cmk_remediate.steps import key_state, pinned_key, previous_key
from cmk_remediate.steps.key_facts import KeyFacts
from cmk_remediate.steps.named_key import NamedKey

KEY_TYPES = ("RSA",)
KEY_SIZES = (2048, 3072, 4096)
"""learn.microsoft.com, "Configure disk encryption for Azure Managed Redis using customer managed keys": RSA; no sizes are named.
That keys in hardware (RSA-HSM) are taken is unconfirmed."""


@dataclass(frozen=True)
class Choice:
    """How a cluster gets, or keeps, the identity it reads its key with.

    Attributes:
        how: ``keeps``: the one it reads a key with now; ``ours``: the plan's; ``unnamed``: it needs one and the plan names none.
        identity: the identity.
        principal: the principal that gets the grant, where the body shows it.
    """

    how: Literal["keeps", "ours", "unnamed"]
    identity: ResourceId | None = None
    principal: PrincipalId | None = None


@dataclass(frozen=True)
class ClusterFacts:
    """One cluster.

    Attributes:
        id: its id.
        body: as shown; None when it does not exist.
        refused: why it, or its databases, were not shown; empty when nothing was refused.
        group: its resource group's body; None if not shown.
        databases: its databases.
        partners: the bodies of the clusters its databases are linked with; None for one that was not shown.
        current: the customer key it uses; None on platform keys.
        version: the version of that key in use; None where it does not exist.
        wanted: the plan's key and its vault.
        identity: the body of the plan's identity; None if it does not exist.
        wishes: what the plan wants for it.
        now: Azure's clock.
        identity_absent: the plan names an identity that is known not to exist.
    """

    id: ResourceId
    body: JsonObject | None
    refused: str
    group: JsonObject | None
    databases: tuple[JsonObject, ...]
    partners: Mapping[ResourceId, JsonObject | None]
    current: KeyFacts | None
    version: JsonObject | None
    wanted: KeyFacts
    identity: JsonObject | None
    wishes: Wishes
    now: datetime
    identity_absent: bool = False

    @property
    def cluster(self) -> Cluster:
        """What its body says."""
        return Cluster.of(self.body)

    @property
    def key(self) -> ResourceId:
        """The plan's key."""
        return self.wishes.key_id(self.id)

    @property
    def vault(self) -> ResourceId:
        """The plan's vault."""
        return self.key.top_level

    @property
    def compliant(self) -> bool:
        """Whether it uses the plan's key, in the version that the plan pins if it pins one, and can use it."""
        have = self.cluster
        if not have.key.is_of(self.key) or not have.has_its_identity or self.version_unusable:
            return False
        pinned = self.wishes.key.key_version
        return pinned is None or have.key.version == pinned

    @property
    def version_unusable(self) -> str:
        """Why the version of the key in use cannot be used; empty where it can, or none is known to be in use."""
        current = self.current
        if current is None or current.key is None or current.refused:
            return ""
        if self.version is None:
            shown = self.cluster.key.version or "(none)"
            return f"the key {current.key.name} has no version {shown}"
        unusable = key_state.judge_key(current.key, self.version, self.now)
        return unusable.why if unusable is not None else ""

    @property
    def reader_gone(self) -> bool:
        """Whether the identity it reads its key with, which was found, is known not to exist any more."""
        named, current = self.cluster.identity, self.current
        if named is None or current is None or current.key is None:
            return False
        return self.identity_absent and named == self.wishes.identity_id(self.id)

    @property
    def deadline(self) -> str:
        """In a sentence, by when somebody must move it to another version; empty if nobody need."""
        current, have = self.current, self.cluster.key
        if current is None or current.key is None or self.version is None:
            return ""
        policy = at_path(current.body, "properties.rotationPolicy")
        in_use = {"keyUriWithVersion": have.uri, **({"rotationPolicy": policy} if policy else {})}
        return pinned_key.deadline(
            self.id, current.key, merge_patch(self.version, {"properties": in_use}), have.version
        )

    @property
    def next_deadline(self) -> str:
        """The same of the version that the plan would give it; empty also while the key does not exist."""
        latest = NamedKey.of(at_path(self.wanted.body, "properties.keyUriWithVersion")).version
        version = self.wishes.key.key_version or latest
        return pinned_key.deadline(self.id, self.key, self.wanted.body, version)

    @property
    def links(self) -> tuple[tuple[ResourceId, str], ...]:
        """The databases elsewhere that its own are linked with, and the states of the links."""
        return tuple(links(self.id, self.databases))

    @property
    def may_lose_data(self) -> bool:
        """Whether what it holds is not replicated, or not on disk; a cluster without databases holds nothing."""
        kept = self.cluster.replicated == "Enabled" and all(is_persistent(one) for one in self.databases)
        return bool(self.databases) and not kept

    @property
    def choice(self) -> Choice:
        """Which identity it uses: a cluster that reads a key with an identity it has keeps that."""
        have = self.cluster
        if have.is_customer and have.identity is not None and have.has_its_identity:
            return Choice("keeps", have.identity, _principal(have.principals[have.identity.key]))
        ours = self.wishes.identity_id(self.id)
        return Choice("unnamed") if ours is None else Choice("ours", ours, _principal(have.principals.get(ours.key)))

    @property
    def no_way_back(self) -> str:
        """Why a rollback cannot return to the customer key in use; empty where it can, and on platform keys."""
        key, why = previous_key.way_back(self.current, "redis", self.now, types=KEY_TYPES)
        if key is None and not why:
            return ""
        if not self.cluster.has_its_identity:
            return f"properties.encryption of {self.id.name} names no user-assigned identity that the cluster has"
        return self.version_unusable or why


def _principal(text: str | None) -> PrincipalId | None:
    return PrincipalId(text) if text else None
