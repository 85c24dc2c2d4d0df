"""Errors of Microsoft.Compute: disk encryption sets, disks, snapshots, virtual machines."""

from __future__ import annotations

from cmk_remediate import codes
from cmk_remediate.connection.verdicts.kinds import Later, Never, Table

_TF = "hashicorp/terraform-provider-azurerm"
_KEY_ACCESS = Later("access", "ansible-collections/azure#1676; MicrosoftDocs/azure-docs#96319", network_possible=True)
_KEY_WRONG = Never(codes.access.ACCESS_NEVER, "public support notes", "Enable the key, or give it another expiry.")

TABLE = Table(
    namespace="microsoft.compute",
    codes={
        "keyvaultaccessforbidden": _KEY_ACCESS,
        "keyvaultkeynotenabled": _KEY_WRONG,
        "propertychangenotallowed": Never(codes.access.REFUSED_BY_AZURE, f"{_TF}#6230"),
        "invalidparameter": Never(codes.access.REFUSED_BY_AZURE, "Azure/azure-cli#22484"),
        "directdrivedisknotsupportuserassignedidentitydes": Never(
            codes.access.REFUSED_BY_AZURE,
            "public support notes",
            "Ultra and Premium SSD v2 disks take a disk encryption set with a system-assigned identity.",
        ),
    },
    said=(
        (
            "linkedauthorizationfailed",
            "microsoft.compute/diskencryptionsets/read",
            Later("access", "kubernetes-sigs/azuredisk-csi-driver#2609: a role that has just been given"),
        ),
    ),
    texts=(
        ("key is expired", _KEY_WRONG),
        ("unable to access key vault resource", _KEY_ACCESS),
        (
            "was previously encrypted with azure disk encryption",
            Never(codes.access.REFUSED_BY_AZURE, "public support notes", "Copy the data to a new disk."),
        ),
    ),
)
