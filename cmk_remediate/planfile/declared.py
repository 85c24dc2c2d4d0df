"""What each service takes, as far as the plan file alone can be judged by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Declared:
    """What a plan of one service may declare.

    Attributes:
        resource_type: the ARM type of its targets.
        key_types: the key types the service takes.
        key_sizes: their sizes, in bits.
        name_limit: how many characters the vault's and the key's name may have together; 0 for no limit.
        source: where this is documented.
        without: fields of a plan, of its keys or overrides that mean nothing to the service, and why.
        also: further types its targets may have.
        one_key: many targets share what names their key, so its name cannot hold theirs.
        pins: it takes a key with its version only, and follows no new one by itself.
    """

    resource_type: str
    key_types: tuple[str, ...]
    key_sizes: tuple[int, ...]
    name_limit: int
    source: str
    without: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    one_key: bool = False
    pins: bool = False


DECLARED: Mapping[str, Declared] = MappingProxyType(
    {
        # A server key is called <vault>_<key>_<version>, in a field of 128 characters.
        "sql": Declared(
            "Microsoft.Sql/servers",
            ("RSA", "RSA-HSM"),
            (2048, 3072),
            94,
            "learn.microsoft.com, Azure SQL transparent data encryption with customer-managed key, requirements",
            MappingProxyType(
                {
                    "disk_encryption_set": "it is of managed disks",
                    "new_cluster": "it is of AKS clusters",
                    "move_encryption_scopes": "it is of storage accounts",
                }
            ),
        ),
        "sql-managed-instance": Declared(
            "Microsoft.Sql/managedInstances",
            ("RSA", "RSA-HSM"),
            (2048, 3072),
            94,
            "learn.microsoft.com, Azure SQL transparent data encryption with customer-managed key, requirements",
            MappingProxyType(
                {
                    "disk_encryption_set": "it is of managed disks",
                    "versionless": "a managed instance takes keys with their version only, and follows new ones all the same",
                    "private_endpoint": "that an instance reaches a vault by private endpoint is not confirmed",
                }
            ),
        ),
        "sql-database": Declared(
            "Microsoft.Sql/servers/databases",
            ("RSA", "RSA-HSM"),
            (2048, 3072),
            94,
            "learn.microsoft.com, Transparent data encryption with customer-managed keys at the database level",
            MappingProxyType(
                {
                    "disk_encryption_set": "it is of managed disks",
                    "identity": "a database takes exactly one user-assigned identity, and no system-assigned one",
                    "versionless": "a database's key always names a version, and follows new ones all the same",
                }
            ),
        ),
        "managed-disks": Declared(
            "Microsoft.Compute/virtualMachines",
            ("RSA", "RSA-HSM"),
            (2048, 3072, 4096),
            0,
            "learn.microsoft.com, Restrictions of customer-managed keys for managed disks",
            MappingProxyType(
                {
                    "enable_tde": "it is of databases of Azure SQL",
                    "move_encryption_scopes": "it is of storage accounts",
                    "private_endpoint": "disks do not reach a vault by private endpoint",
                    "versionless": "a disk encryption set always names a version, and follows new ones all the same",
                    "new_cluster": "it is of AKS clusters",
                }
            ),
            also=("Microsoft.Compute/disks",),
            one_key=True,
        ),
        "redis-enterprise": Declared(
            "Microsoft.Cache/redisEnterprise",
            ("RSA",),
            (2048, 3072, 4096),
            0,
            "learn.microsoft.com, Configure disk encryption for Azure Managed Redis using customer managed keys",
            MappingProxyType(
                {
                    "enable_tde": "it is of databases of Azure SQL",
                    "move_encryption_scopes": "it is of storage accounts",
                    "private_endpoint": "clusters do not reach a vault by private endpoint",
                    "versionless": "a cluster takes a key with its version only",
                    "disk_encryption_set": "it is of managed disks",
                    "new_cluster": "it is of AKS clusters",
                    "identity": "a cluster reads its key with a user-assigned identity only",
                }
            ),
            pins=True,
        ),
        "aks": Declared(
            "Microsoft.ContainerService/managedClusters",
            ("RSA", "RSA-HSM"),
            (2048, 3072, 4096),
            0,
            "learn.microsoft.com, Bring your own keys (BYOK) with Azure managed disks in Azure Kubernetes Service (AKS)",
            MappingProxyType(
                {
                    "enable_tde": "it is of databases of Azure SQL",
                    "private_endpoint": "disks do not reach a vault by private endpoint",
                    "versionless": "a disk encryption set always names a version, and follows new ones all the same",
                    "move_encryption_scopes": "it is of storage accounts",
                    "allow_downtime": "nothing is stopped: the rebuild is done by hand",
                }
            ),
            one_key=True,
        ),
        "cosmosdb": Declared(
            "Microsoft.DocumentDB/databaseAccounts",
            ("RSA", "RSA-HSM"),
            (2048, 3072),
            0,
            "learn.microsoft.com, Configure customer-managed keys for Azure Cosmos DB",
            MappingProxyType(
                {
                    "enable_tde": "it is of databases of Azure SQL",
                    "move_encryption_scopes": "it is of storage accounts",
                    "private_endpoint": "Cosmos DB does not reach a vault by private endpoint",
                    "key_version": "an account follows its key's versions only where none is named",
                    "allow_expiring_pinned_key": "no version is pinned",
                    "versionless": "a key is always named without its version",
                    "disk_encryption_set": "it is of managed disks",
                    "new_cluster": "it is of AKS clusters",
                    "identity": "an account with a default identity of its own keeps it, others get user_assigned_identity",
                }
            ),
        ),
        "ai-services": Declared(
            "Microsoft.CognitiveServices/accounts",
            ("RSA", "RSA-HSM"),
            (2048,),
            0,
            "microsoft-foundry/foundry-samples; learn.microsoft.com, Azure OpenAI encryption of data at rest",
            MappingProxyType(
                {
                    "enable_tde": "it is of databases of Azure SQL",
                    "private_endpoint": "AI services do not reach a vault by private endpoint",
                    "move_encryption_scopes": "it is of storage accounts",
                    "versionless": "the kind of the account decides: Foundry resources follow new versions, others name one",
                    "disk_encryption_set": "it is of managed disks",
                }
            ),
        ),
        "storage": Declared(
            "Microsoft.Storage/storageAccounts",
            ("RSA", "RSA-HSM"),
            (2048, 3072, 4096),
            0,
            "learn.microsoft.com, Customer-managed keys for Azure Storage encryption",
            MappingProxyType(
                {
                    "enable_tde": "it is of databases of Azure SQL",
                    "private_endpoint": "storage accounts do not reach a vault by private endpoint",
                    "versionless": "a key is named without its version wherever key_version is left out",
                    "disk_encryption_set": "it is of managed disks",
                    "new_cluster": "it is of AKS clusters",
                }
            ),
        ),
    }
)
"""By the plan's `service`."""
