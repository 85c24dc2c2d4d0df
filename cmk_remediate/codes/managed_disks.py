"""740 to 779: managed disks, their machines and their encryption sets."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

NOT_A_DISK = Code(
    "CMK740",
    title="target is neither a virtual machine nor a managed disk",
    meaning="The resource id is of another type than Microsoft.Compute/virtualMachines and Microsoft.Compute/disks.",
    next="Name the machine, whose disks then move together, or a disk that hangs on none.",
)
ABSENT = Code(
    "CMK741",
    title="machine or disk not found",
    meaning="The plan, or the machine it names, names something that does not exist, or that the caller may not see.",
    next="Correct the target's resource_id, or give the caller the role printed by `cmk-remediate permissions PLAN`.",
)
UNREADABLE = Code(
    "CMK742",
    title="machine or disk cannot be judged",
    meaning="Azure refused to show something that the judgement needs.",
    next="Give the caller the role printed by `cmk-remediate permissions PLAN`, then make a new dry run.",
)
MACHINE_IN_BETWEEN = Code(
    "CMK743",
    title="machine neither runs nor is deallocated",
    meaning="A machine that is only stopped keeps its disks attached, and one that is starting or stopping is not to be judged.",
    next="Start it or deallocate it, then make a new dry run.",
)
EPHEMERAL_OS_DISK = Code(
    "CMK744",
    title="machine has an ephemeral OS disk",
    meaning="storageProfile.osDisk.diffDiskSettings is set: the disk is no resource, and deallocation would lose it.",
    next="Make a new machine whose OS disk names the encryption set.",
)
UNMANAGED_DISK = Code(
    "CMK745",
    title="machine has an unmanaged disk",
    meaning="A disk of the machine is a blob in a storage account: only managed disks have encryption sets.",
    next="Convert the machine to managed disks first.",
)
SCALE_SET_INSTANCE = Code(
    "CMK746",
    title="machine belongs to a scale set",
    meaning="Azure has no way to change the encryption of a scale set instance's disks in place.",
    next="Make a new scale set whose model names the encryption set.",
)
MANAGED_BY = Code(
    "CMK747",
    title="machine or disk is managed by another resource",
    meaning="managedBy of its resource group names the service that owns it, such as a cluster.",
    next="Change it through the resource that manages it.",
)
DISK_ENCRYPTION_HISTORY = Code(
    "CMK748",
    title="disk is, or was, encrypted with Azure Disk Encryption",
    meaning="encryptionSettingsCollection stays on a disk for ever, and Azure refuses customer-managed keys on such a disk.",
    next="Copy the data to a new disk.",
)
CONFIDENTIAL = Code(
    "CMK749",
    title="disk of a confidential machine",
    meaning="securityProfile.securityType begins with Confidential: such a disk gets its encryption when it is made.",
    next="Make a new machine with an encryption set of the type ConfidentialVmEncryptedWithCustomerKey.",
)
DISK_STATE = Code(
    "CMK750",
    title="disk is in use in another way",
    meaning="diskState is neither Unattached nor Reserved: a shared access signature is out, or an upload goes on.",
    next="Revoke the access or end the upload, then make a new dry run.",
)
SHARED_DISK = Code(
    "CMK751",
    title="shared disk on a running machine",
    meaning="A disk of the machine hangs on several: all of them would have to stand still at once.",
    next="Deallocate every machine that shares the disk, then make a new dry run: no machine is then stopped by us.",
)
ATTACHED = Code(
    "CMK752",
    title="disk hangs on a machine that is not deallocated",
    meaning="Azure changes the encryption of a disk only while every machine it hangs on is deallocated.",
    next="Name the machine as the target, or deallocate it.",
)
NEEDS_SYSTEM_SET = Code(
    "CMK753",
    title="Ultra or Premium SSD v2 disk without a set that suits it",
    meaning="These disks take an encryption set with a system-assigned identity only, and the plan names none.",
    next="Name disk_encryption_set.system_assigned_resource_id.",
)
NO_DOUBLE_ENCRYPTION = Code(
    "CMK754",
    title="Ultra or Premium SSD v2 disk and double encryption",
    meaning="These disks do not take EncryptionAtRestWithPlatformAndCustomerKeys.",
    next="Move the machine with a plan of its own whose encryption_type is EncryptionAtRestWithCustomerKey.",
)
SET_ELSEWHERE = Code(
    "CMK755",
    title="encryption set in another subscription or region than its disk",
    meaning="Disks and their encryption set are in one subscription and region; a set that does not exist is made in its disk's.",
    next="Name a set in the disk's subscription and region: one plan a region, or overrides.",
)
VAULT_ELSEWHERE = Code(
    "CMK756",
    title="vault in another region than the disk",
    meaning="An encryption set and the vault of its key are in one region.",
    next="Name a key in a vault of the disk's region.",
)
SET_DIFFERS = Code(
    "CMK757",
    title="encryption set exists and is not as the plan says",
    meaning="Other disks may use the set, so its key, identity, type of encryption and rotation are left as they are.",
    next="Name another set, or make the plan say what the set is.",
)
SET_IN_ERROR = Code(
    "CMK758",
    title="encryption set is in error",
    meaning="autoKeyRotationError is set: the set does not follow its key until that is mended.",
    next="Mend what the error names, write the set once (`az disk-encryption-set update`), then make a new dry run.",
)
SET_UNREADABLE = Code(
    "CMK759",
    title="encryption set cannot be judged",
    meaning="Azure refused to show the encryption set that the plan names, or that a disk uses.",
    next="Give the caller Microsoft.Compute/diskEncryptionSets/read on it.",
)
DOWNTIME = Code(
    "CMK760",
    title="machine runs, and the plan permits no downtime",
    meaning="Disks change their encryption only while their machine is deallocated.",
    next="Say allow_downtime: true; the outage itself is accepted by name at apply.",
)
NOT_READY = Code(
    "CMK761",
    title="provisioningState is not Succeeded",
    meaning="Azure is at work on the machine or disk, or its last change failed.",
    next="Bring it back to Succeeded, then make a new dry run.",
)
IDENTITY_NOT_NAMED = Code(
    "CMK762",
    title="no identity named for an encryption set that needs one",
    meaning="The plan's set gets a user-assigned identity, and the plan names none.",
    next="Name customer_managed_key.user_assigned_identity.resource_id, or set identity: system-assigned.",
)
INCREMENTAL_SNAPSHOTS = Code(
    "CMK764",
    title="disk has incremental snapshots",
    meaning="Azure does not return a disk with incremental snapshots to the platform's key.",
    next="Accept the switch as one-way, or delete the snapshots if nobody needs them; copying to a new disk is the way round.",
)
PREVIOUS_SET_ONE_WAY = Code(
    "CMK765",
    title="the encryption set in use cannot be returned to",
    meaning="The disk uses another encryption set, which was not shown, is in error, or may not use its key: no way back is known.",
    next="Accept the switch as one-way, or let the caller read that set.",
)
SET_KEPT = Code(
    "CMK766",
    title="encryption set stays",
    meaning="A rollback deletes no encryption set: disks, snapshots and images may use it.",
    next="Delete it by hand once nothing is associated with it.",
)
STARTED_AGAIN = Code(
    "CMK767",
    title="machine is stopped and started again",
    meaning="The machine runs again at the end, whatever fails between: see the bracket in How it works.",
    next="Accept the outage by name; choose a window.",
    kind="note",
)
BACKUP_MAY_BLOCK = Code(
    "CMK768",
    title="backup and Site Recovery may block the rollback",
    meaning="Azure Backup makes incremental snapshots, and Site Recovery may hold on to a disk's encryption. Unconfirmed.",
    next="Pause them if you want to be able to roll back.",
    kind="note",
)
SNAPSHOTS_STAY = Code(
    "CMK769",
    title="snapshots keep the encryption they were made with",
    meaning="Snapshots on the platform's key do not move with their disk.",
    next="Move them by hand, or let them age out.",
    kind="state",
)
FOLLOWING = Code(
    "CMK770",
    title="encryption set is taking up a new version of its key",
    meaning="previousKeys is not empty: the set still re-wraps its disks, within about an hour.",
    next="Leave the old version enabled until it is empty.",
    kind="state",
)
NOT_COVERED = Code(
    "CMK771",
    title="temporary disks stay on the platform's key",
    meaning=(
        "A machine's temporary disk is not covered by its disks' encryption set; encryption at host does not change that."
    ),
    next="Say so to whoever counts on it.",
    kind="state",
)
ROLLBACK_DONE = Code(
    "CMK772",
    title="a disk that was restored stays restored",
    meaning="Undoing an undo would be a change nobody reviewed.",
    next="Make a new dry run of the plan.",
)
SET_WITHOUT_IDENTITY = Code(
    "CMK773",
    title="encryption set's identity does not exist any more",
    meaning="The set reads its key with an identity that was deleted. One made again under that name is another principal.",
    next="Attach an identity that may use the key (`az disk-encryption-set identity assign`), or name another set.",
)
CROSS_TENANT = Code(
    "CMK774",
    title="encryption set uses a key of another tenant",
    meaning="properties.federatedClientId is set: the key lives where nothing can be checked, so nothing on the set is written.",
    next="Move it by hand together with the owner of the other tenant's vault.",
)
MANAGED_HSM = Code(
    "CMK775",
    title="encryption set uses a key in a managed HSM",
    meaning="properties.activeKey.keyUrl is in a managed HSM, which is not supported yet.",
    next="Take the disk out of the plan, or name another set.",
)
POLICY_VERDICT = Code(
    "CMK776",
    title="what Azure Policy says of the machine and its disks",
    meaning="The built-in definition asks whether an encryption set is named: it knows neither the set nor its key.",
    next="Go by the state that stands beside it.",
    kind="state",
)
PREVIOUS_SET_LOST = Code(
    "CMK777",
    title="the encryption set to return to cannot be used any more",
    meaning="Since the run the set was deleted, is in error, has another key, or its identity may not use its key any more.",
    next="Bring the set back as it was, and its identity's access to its key; then review the rollback again.",
)
