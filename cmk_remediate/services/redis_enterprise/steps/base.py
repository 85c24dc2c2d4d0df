"""What the steps of one cluster share: what disrupts it once, and is waited for by two states."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.decisions import (
    Acceptance,
    Blocked,
    Caution,
    Estimate,
    Found,
    Line,
    Pending,
    Read,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.services.redis_enterprise import geo
from cmk_remediate.services.redis_enterprise.cluster import (
    KEY_PATH,
    Cluster,
    any_busy,
    databases,
    is_persistent,
    links,
    unready,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

READ = "Microsoft.Cache/redisEnterprise/read"
WRITE = "Microsoft.Cache/redisEnterprise/write"
DATABASES_READ = "Microsoft.Cache/redisEnterprise/databases/read"
POLLING = "Microsoft.Cache/locations/operationsStatus/read"
"""Status URLs lie under the subscription (recorded by Azure/azure-cli-extensions): the permissions API is asked below it only."""
URL = f"{KEY_PATH}.keyEncryptionKeyUrl"
READS_WITH = f"{KEY_PATH}.keyEncryptionKeyIdentity.userAssignedIdentityResourceId"
WAIT = 30
"""Seconds between two looks at a cluster that is changing; the Terraform provider looks every 15."""
ESTIMATE = Estimate(usual=600, worst=3600)
"""Seconds. Azure gives no figure; creating clusters took 5 to 8 minutes (recorded by Azure/azure-cli-extensions), the Terraform
provider waits 30 for an update. Twice that is our choice."""
CAUTION = Caution(tries=3, pause=300, shows=300, once=True)
"""Each try may disrupt (our choice of figures)."""


@dataclass(frozen=True)
class ClusterStep(Step):
    """A step on one cluster.

    Attributes:
        cluster: the cluster's id.
        partners: the clusters that its databases are linked with.
    """

    cluster: ResourceId
    partners: tuple[ResourceId, ...] = field(default=(), kw_only=True)

    def address(self) -> ResourceId:
        """Return the cluster's id."""
        return self.cluster

    def locks(self) -> frozenset[str]:
        """Return the cluster; and of geo-replicated ones the group: one at a time."""
        shared = {geo.lock(self.cluster, self.partners)} if self.partners else set()
        return frozenset({self.cluster.key, *shared})

    def also_reads(self) -> tuple[Read, ...]:
        """Return the databases, and the partners."""
        return (databases(self.cluster), *(Read(one) for one in self.partners))

    def held(self, found: Found) -> Sequence[Mapping[str, Any]]:
        """Return the databases found."""
        return found.reads.get(databases(self.cluster)) or ()

    def waits(self, have: Cluster, found: Found) -> Pending | None:
        """Return what to wait for: the operation of a change ends before the cluster is ready."""
        if have.busy:
            return Pending(f"{self.cluster.name} has {have.states}", WAIT)
        if any_busy(self.held(found)):
            return Pending(f"a database of {self.cluster.name} is changing", WAIT)
        return None

    def unready(self, have: Cluster, found: Found) -> Blocked | None:
        """Return why the cluster, or a database of it, is not ready."""
        return unready(self.cluster, have, self.held(found), updated=self.cluster.key in found.written)

    def others(self, found: Found) -> Blocked | Pending | None:
        """Return what the rest of the group forbids, or makes wait."""
        linked = tuple(links(self.cluster, self.held(found)))
        return geo.judge_now(linked, {one: found.reads.get(Read(one)) for one in self.partners}, self.cluster)

    @property
    def outage(self) -> Acceptance:
        """What is accepted for the maintenance, on the way there and back."""
        return Acceptance("outage", self.cluster, "outage")

    def risks(self, have: Cluster, found: Found) -> Iterator[Line]:
        """Yield what may be lost, each accepted by name; and who holds copies."""
        accept = Acceptance("data-loss", self.cluster, "data-loss")
        shown = have.replicated or None
        if self.held(found):
            risky = shown != "Enabled"
            yield Line("properties.highAvailability", shown, shown, "relied_on", acceptance=accept if risky else None)
        for database in self.held(found):
            kept = is_persistent(database)
            path, words = f"databases[{database.get('name')}].properties.persistence", "on" if kept else "off"
            yield Line(path, words, words, "relied_on", acceptance=None if kept else accept)
        linked = sorted(one.top_level.name for one, _ in links(self.cluster, self.held(found)))
        if linked or self.partners:
            yield Line("geoReplication.linkedDatabases", linked, linked, "relied_on")

    @property
    def downtime(self) -> str:
        """What stops working meanwhile, in words."""
        return f"{self.cluster.name} is disrupted by a long-running maintenance"

    def permissions(self) -> Permissions:
        """Return reading and writing the cluster, reading its databases and partners, and polling its operations."""
        return (
            Permission(READ, self.cluster, "service"),
            Permission(WRITE, self.cluster, "service"),
            Permission(DATABASES_READ, self.cluster, "service"),
            Permission(POLLING, self.cluster.subscription_id, "service", checkable=False),
            *(Permission(READ, one, "partner") for one in self.partners),
        )
