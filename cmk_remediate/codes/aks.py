"""780 to 799: clusters of Azure Kubernetes Service, and what is built by hand."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

NOT_A_CLUSTER = Code(
    "CMK780",
    title="target is no cluster",
    meaning="The resource id is of another type than Microsoft.ContainerService/managedClusters.",
    next="Name the cluster.",
)
ABSENT = Code(
    "CMK781",
    title="cluster not found",
    meaning="The plan names a cluster that does not exist, or that the caller may not see, and the new one does not exist either.",
    next="Correct the target's resource_id, or give the caller the role printed by `cmk-remediate permissions PLAN`.",
)
UNREADABLE = Code(
    "CMK782",
    title="cluster cannot be judged",
    meaning="Azure refused to show something that the judgement needs, or showed something that cannot be.",
    next="Give the caller the role printed by `cmk-remediate permissions PLAN`, then make a new dry run.",
)
NOT_READY = Code(
    "CMK783",
    title="cluster is at work, or its last change failed",
    meaning="properties.provisioningState of the cluster is not Succeeded: what it is like now may not be what it is to be.",
    next="Bring it back to Succeeded, then make a new dry run.",
)
MANAGED_BY = Code(
    "CMK784",
    title="cluster is managed by another resource",
    meaning="managedBy of its resource group names the service that owns it.",
    next="Change it through the resource that manages it.",
)
OTHER_SET = Code(
    "CMK785",
    title="cluster is on another encryption set",
    meaning="properties.diskEncryptionSetID is set when a cluster is made, and Azure changes it never after.",
    next="Name this set in disk_encryption_set.resource_id and give it another key (`az disk-encryption-set update`), or rebuild.",
)
VIRTUAL_NODES = Code(
    "CMK786",
    title="cluster has virtual nodes",
    meaning="Virtual nodes (addonProfiles.aciConnectorLinux) are not supported together with a disk encryption set.",
    next="Disable the add-on, or leave the cluster on the platform's key.",
)
NEW_NAME = Code(
    "CMK787",
    title="new cluster's name cannot be used",
    meaning="A cluster's name has 1 to 63 letters, digits, hyphens and underscores, and a letter or digit at either end.",
    next="Say new_cluster.name.",
)
REBUILD = Code(
    "CMK788",
    title="cluster has to be rebuilt by hand",
    meaning="Azure sets the encryption of a cluster's node disks when the cluster is made: there is no way in place.",
    next="Work through checklist.md of the rebuild pack (`dry-run PLAN --artefacts DIR`), then `cmk-remediate verify PLAN`.",
)
NOT_RIGHT = Code(
    "CMK789",
    title="new cluster is not right yet",
    meaning="A property of the new cluster, of its scale sets or volumes, or the grant of its identity is not as it has to be.",
    next="Mend what is named, then `cmk-remediate verify PLAN`.",
)
READER_KEPT = Code(
    "CMK790",
    title="cluster's right to read the encryption set stays",
    meaning="Without it no volume on the set can be attached, and clusters use it that this tool does not know of.",
    next="Remove the role assignment by hand once no cluster of that identity uses the set.",
)
VOLUME_LEFT = Code(
    "CMK791",
    title="volume is not moved",
    meaning="Its encryption changes only while it hangs on no node; and some disks cannot change it at all.",
    next="Scale its workload to nothing, wait until diskState is Unattached, then make a new dry run.",
    kind="state",
)
POLICY_VERDICT = Code(
    "CMK792",
    title="what Azure Policy says of the cluster",
    meaning="The built-in definition goes by properties.diskEncryptionSetID alone: it knows neither key nor volumes.",
    next="Go by the state that stands beside it.",
    kind="state",
)
OLD_CLUSTER = Code(
    "CMK793",
    title="old cluster is still there",
    meaning="The new cluster is right. The old one, its node disks and its volumes are still on the platform's key.",
    next="Delete it by hand when you no longer want the way back; its node resource group and every volume in it go with it.",
    kind="state",
)
SERVICE_PRINCIPAL = Code(
    "CMK794",
    title="cluster runs as a service principal",
    meaning="Azure Resource Manager does not show the object id of a service principal, so nothing can be granted to it here.",
    next="Grant it Reader on the encryption set by hand if its volumes are to move; the new cluster gets a managed identity.",
    kind="state",
)
LEFT_OUT = Code(
    "CMK795",
    title="template leaves out what cannot be said again",
    meaning="Previews, secrets, and what lies in the old node resource group cannot be carried over into the new cluster.",
    next="Read the list in checklist.md and decide for each.",
    kind="note",
)
EPHEMERAL = Code(
    "CMK796",
    title="ephemeral node disks take a new key late",
    meaning="Nodes with ephemeral OS disks take up a new version of the key only when they are made anew.",
    next="After a rotation upgrade the node image, or scale; leave the old version enabled until then.",
    kind="note",
)
NEW_EXISTS = Code(
    "CMK798",
    title="a cluster of the new name is there already",
    meaning="Deploying the template again would change it; and its encryption set, if it has none, cannot be changed.",
    next="Delete it first if it was built without the set, or say another new_cluster.name.",
    kind="note",
)
STATIC_VOLUMES = Code(
    "CMK797",
    title="volumes outside the node resource group are not seen",
    meaning="A PersistentVolume can name any disk: only those of the node resource group are found through Azure.",
    next="List them with kubectl and give each to a managed-disks plan.",
    kind="note",
)
