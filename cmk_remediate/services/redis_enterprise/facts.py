"""What is read about a target, and what follows from it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.values import PrincipalId
from cmk_remediate.services.redis_enterprise.cluster import Cluster, is_persistent, links
from cmk_remediate.services.single import SingleFacts
from cmk_remediate.steps import pinned_key, previous_key
from cmk_remediate.steps.named_key import NamedKey

KEY_TYPES = ("RSA",)
KEY_SIZES = (2048, 3072, 4096)
"""learn.microsoft.com, "Configure disk encryption for Azure Managed Redis using customer managed keys": RSA; no sizes are named.
That keys in hardware (RSA-HSM) are taken is unconfirmed."""


@dataclass(frozen=True)
class Choice:
    """How a cluster gets, or keeps, the identity it reads its key with.

    Attributes:
        how: ``keeps``: the one it reads a key with now; ``ours``: the plan's; ``unnamed``: it needs one and the plan names none, or
            one that it has and that is gone.
        identity: the identity.
        principal: the principal that gets the grant, where the body shows it.
    """

    how: Literal["keeps", "ours", "unnamed"]
    identity: ResourceId | None = None
    principal: PrincipalId | None = None


@dataclass(frozen=True)
class ClusterFacts(SingleFacts):
    """One cluster.

    Attributes:
        databases: its databases.
        partners: the bodies of the clusters its databases are linked with; None for one that was not shown.
    """

    databases: tuple[JsonObject, ...]
    partners: Mapping[ResourceId, JsonObject | None]

    @property
    def cluster(self) -> Cluster:
        """What its body says."""
        return Cluster.of(self.body)

    @property
    def reader_works(self) -> bool:
        """Whether the identity that it reads its key with is one it has, and exists."""
        return self.cluster.has_its_identity and self.cluster.identity not in self.gone

    @property
    def compliant(self) -> bool:
        """Whether it uses the plan's key, in the version that the plan pins if it pins one, and can use it."""
        have = self.cluster
        if not have.key.is_of(self.key) or not self.reader_works or self.version_unusable:
            return False
        pinned = self.wishes.key.key_version
        return pinned is None or have.key.version == pinned

    @property
    def version_unusable(self) -> str:
        """Why the version of the key in use cannot be used; empty where it can, or none is known to be in use."""
        current = self.current
        if current is None or current.key is None or current.refused:
            return ""
        if not self.cluster.key.version:
            return f"keyEncryptionKeyUrl names no version of {current.key.name}"
        return self.unusable

    @property
    def deadline(self) -> str:
        """In a sentence, by when somebody must move it to another version; empty if nobody need."""
        return "" if self.current is None else pinned_key.deadline_in_use(self.id, self.current)

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
        if have.is_customer and have.identity is not None and self.reader_works:
            return Choice("keeps", have.identity, _principal(have.identities.principals[have.identity.key]))
        ours = self.wishes.identity_id(self.id)
        if ours is None or ours in self.gone:
            return Choice("unnamed")
        return Choice("ours", ours, _principal(have.identities.principals.get(ours.key)))

    @property
    def no_way_back(self) -> str:
        """Why a rollback cannot return to the customer key in use; empty where it can, and on platform keys."""
        key, why = previous_key.way_back(self.current, "redis", self.now, types=KEY_TYPES, reader=self.not_permitted)
        if key is None and not why:
            return ""
        if not self.reader_works:
            return f"properties.encryption of {self.id.name} names no user-assigned identity that the cluster has"
        return self.version_unusable or why


def _principal(text: str | None) -> PrincipalId | None:
    return PrincipalId(text) if text else None
