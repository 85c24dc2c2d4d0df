"""The open questions about Microsoft.Compute."""

from __future__ import annotations

from cmk_remediate.simulator.declare import Doubt

SET_REFUSAL_ARRIVES = Doubt(
    name="disk-set-refusal-arrives",
    sentence="When a disk encryption set may not use its key, is the first answer the error, or does an accepted operation fail?",
    source="github.com/ansible-collections/azure/issues/1676 shows the code, not how it came",
    readings={"operation": "202, then the operation fails", "reply": "the first answer is the error"},
    default="operation",
)
DISK_TO_PLATFORM_KEY = Doubt(
    name="disk-to-platform-key",
    sentence="Must the PATCH that returns a disk to the platform's key name diskEncryptionSetId as null?",
    source="github.com/Azure/azure-cli/pull/22484 saw InvalidParameter while the id was still there",
    readings={
        "needs-null": "yes: left out it stays, and Azure refuses both together",
        "either": "no: left out it goes as well",
    },
    default="needs-null",
)
DISK_ACTIVE_SAS = Doubt(
    name="disk-active-sas",
    sentence="Can a disk's encryption change while a shared access signature of it is out (ActiveSAS)?",
    source="unconfirmed",
    readings={"refused": "no, OperationNotAllowed", "accepted": "yes"},
    default="refused",
)
DIRECT_DRIVE_IDENTITY = Doubt(
    name="direct-drive-user-assigned",
    sentence="Do Ultra and Premium SSD v2 disks take a disk encryption set with a user-assigned identity?",
    source="learn.microsoft.com: Restrictions of customer-managed keys for managed disks calls it a preview",
    readings={"refused": "no, DirectDriveDiskNotSupportUserAssignedIdentityDes", "accepted": "yes"},
    default="refused",
)
INCREMENTAL_SNAPSHOTS = Doubt(
    name="disk-incremental-snapshots",
    sentence="Can a disk with incremental snapshots on the platform's key move to a customer's key?",
    source=(
        "learn.microsoft.com: Restrictions of customer-managed keys for managed disks: a disk and its incremental snapshots must "
        "have one set"
    ),
    readings={"accepted": "yes, new snapshots then have the set", "refused": "no, OperationNotAllowed"},
    default="accepted",
)

COMPUTE = (
    SET_REFUSAL_ARRIVES,
    DISK_TO_PLATFORM_KEY,
    DISK_ACTIVE_SAS,
    DIRECT_DRIVE_IDENTITY,
    INCREMENTAL_SNAPSHOTS,
)
"""The doubts of Microsoft.Compute."""
