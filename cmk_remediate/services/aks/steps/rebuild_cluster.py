"""What only somebody's hands can do, judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import Decision, Done, Found, Keep, Manual, Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.services.aks import cluster
from cmk_remediate.services.aks.judging import ungranted, wrong
from cmk_remediate.steps import reads

if TYPE_CHECKING:
    from cmk_remediate.model.json_types import JsonObject

_SHOWN = 3


@dataclass(frozen=True)
class RebuildCluster(Step):
    """Look whether the cluster that has to be right is; it writes nothing.

    Azure takes ``diskEncryptionSetID`` only when a cluster is made (learn.microsoft.com, "Bring your own keys (BYOK) with Azure
    managed disks in AKS"; terraform-provider-azurerm: ForceNew), and a new node pool inherits the cluster's.

    Attributes:
        target: the cluster that the plan names.
        cluster: the one that has to be right: the target itself if it was made with the set, else what replaces it.
        encryption_set: its set.
        nodes: its node resource group, as it is or as the rebuild pack names it.
        others: sets that volumes may be on beside it.
    """

    kind: ClassVar[str] = "rebuild_cluster"

    target: ResourceId
    cluster: ResourceId
    encryption_set: ResourceId
    nodes: ResourceId
    others: tuple[ResourceId, ...] = ()

    def address(self) -> ResourceId:
        """Return the id of the cluster that has to be right."""
        return self.cluster

    def locks(self) -> frozenset[str]:
        """Return none: it only looks."""
        return frozenset()

    def also_reads(self) -> tuple[Read, ...]:
        """Return the scale sets and disks of its nodes, and who may read its set."""
        return (
            cluster.scale_sets_in(self.nodes),
            cluster.disks_in(self.nodes),
            reads.role_assignments(self.encryption_set),
        )

    def decide(self, found: Found) -> Decision:
        """Judge the cluster found."""
        if found.body is None:
            text = f"the node disks of {self.target.name} cannot change in place: build {self.cluster.name} from the rebuild pack"
            moving = f"each workload with state, from being scaled to nothing until it answers in {self.cluster.name}"
            return Manual(text, codes.aks.REBUILD, moving)
        nodes = cluster.node_group(self.cluster, found.body)
        if nodes != self.nodes:
            text = f"the nodes of {self.cluster.name} are in {nodes.name if nodes else 'no group'}, not in {self.nodes.name}"
            return Manual(f"{text}: verify the plan, not the run", codes.aks.NOT_RIGHT)
        scale_sets, disks, assignments = (found.reads.get(one) or () for one in self.also_reads())
        sets = (self.encryption_set, *self.others)
        faults = (
            *wrong(self.cluster, found.body, scale_sets, disks, sets),
            *ungranted(self.cluster, found.body, assignments, self.encryption_set),
        )
        if faults:
            more = f", and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
            anew = "nodes and volumes that have to be made anew stop what runs on them"
            return Manual("; ".join(faults[:_SHOWN]) + more, codes.aks.NOT_RIGHT, anew)
        seen = f"{len(scale_sets)} scale sets and {len(cluster.volumes(disks))} volumes"
        return Done(f"{self.cluster.name}, its {seen} are on {self.encryption_set.name}")

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Nothing was written."""
        return Keep("nothing was written")

    def permissions(self) -> Permissions:
        """Return reading the cluster, its nodes' group and the grants on its set."""
        return (
            Permission("Microsoft.ContainerService/managedClusters/read", self.cluster, "service"),
            Permission("Microsoft.ContainerService/managedClusters/read", self.target, "service"),
            Permission("Microsoft.Compute/virtualMachineScaleSets/read", self.nodes, "service"),
            Permission("Microsoft.Compute/disks/read", self.nodes, "service"),
            Permission("Microsoft.Authorization/roleAssignments/read", self.encryption_set, "service"),
        )
