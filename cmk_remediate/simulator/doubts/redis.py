"""The open questions about Microsoft.Cache/redisEnterprise."""

from __future__ import annotations

from cmk_remediate.simulator.declare import Doubt

_SILENT = "unconfirmed: no answer of the service about a customer-managed key was recorded"

REDIS_REFUSAL_ARRIVES = Doubt(
    name="redis-key-refusal-arrives",
    sentence="When a cluster cannot use a key, is the first answer the error, or does an accepted operation fail with it?",
    source=f"{_SILENT}; azure-mgmt-redisenterprise OperationStatus.error allows the latter",
    readings={"operation": "202, then the operation fails", "reply": "the first answer is the error"},
    default="operation",
)
REDIS_OPERATION_TELLS = Doubt(
    name="redis-operation-tells",
    sentence="How does the status of a failed operation say why?",
    source=(
        "azure-resource-manager-rpc, async-api-reference: an error with code and message; redisenterprise.json of 2024-10-01: an "
        "envelope; github.com/Azure/azure-sdk-for-net/issues/30766: Failed, and no error at all"
    ),
    readings={
        "error": "error has the code and the message",
        "envelope": "error has a member error, which has them and no inner error",
        "nothing": "it does not",
    },
    default="error",
)
REDIS_AFTER_FAILURE = Doubt(
    name="redis-after-failure",
    sentence="How does a cluster stand once the operation that changes its key has failed?",
    source="azure-mgmt-redisenterprise ResourceState has UpdateFailed; when it is used is unconfirmed",
    readings={
        "update-failed": "provisioningState Failed and resourceState UpdateFailed, until it is updated again",
        "as-before": "as before",
    },
    default="as-before",
)
REDIS_KEY_MEANWHILE = Doubt(
    name="redis-key-meanwhile",
    sentence="Which key does a GET of a cluster show while it changes?",
    source=_SILENT,
    readings={"after": "the former one until the operation ends", "before": "the new one at once"},
    default="after",
)
REDIS_OPERATION_ENDS = Doubt(
    name="redis-operation-ends",
    sentence="Does the operation of an update end before resourceState is Running again?",
    source="hashicorp/terraform-provider-azurerm managedredis/custompollers/cluster_state_poller.go: it can",
    readings={"early": "yes, minutes before", "with-it": "no, both at once"},
    default="early",
)
REDIS_EMPTY_OBJECT = Doubt(
    name="redis-empty-object",
    sentence="What does a PATCH with an empty customerManagedKeyEncryption do?",
    source="azure-mgmt-redisenterprise ClusterPropertiesEncryption: it selects Microsoft-managed keys; nobody shows it done",
    readings={
        "platform": "it selects Microsoft-managed keys",
        "ignored": "nothing: merged into the object there is, it changes nothing",
    },
    default="platform",
)
REDIS_PLATFORM_SHAPE = Doubt(
    name="redis-platform-shape",
    sentence="What does a GET show of a cluster that went back to Microsoft-managed keys?",
    source=f"{_SILENT}; clusters that never had a key show no encryption at all",
    readings={
        "absent": "no encryption",
        "empty": "an empty customerManagedKeyEncryption",
        "null": "customerManagedKeyEncryption null",
    },
    default="absent",
)
REDIS_PASSES_FIREWALL = Doubt(
    name="redis-passes-firewall",
    sentence="Do clusters get through the firewall of a vault whose bypass is AzureServices?",
    source=(
        "learn.microsoft.com: Configure disk encryption for Azure Managed Redis says so; the table of trusted services of Key "
        "Vault does not name it"
    ),
    readings={"trusted": "yes", "untrusted": "no"},
    default="trusted",
)
REDIS_VERSION_CHANGE = Doubt(
    name="redis-version-change",
    sentence="Does a change of the key's version alone disrupt a cluster?",
    source=_SILENT,
    readings={"maintenance": "yes, as any change of the key", "online": "no"},
    default="maintenance",
)
REDIS_IDENTITY_PATCH = Doubt(
    name="redis-identity-patch",
    sentence="Does a PATCH of a cluster merge userAssignedIdentities, or replace the map?",
    source="learn.microsoft.com describes the merge for resource providers in general; for Microsoft.Cache unconfirmed",
    readings={"merge": "identities that are not named stay", "replace": "identities that are not named are detached"},
    default="merge",
)

REDIS = (
    REDIS_REFUSAL_ARRIVES,
    REDIS_OPERATION_TELLS,
    REDIS_AFTER_FAILURE,
    REDIS_KEY_MEANWHILE,
    REDIS_OPERATION_ENDS,
    REDIS_EMPTY_OBJECT,
    REDIS_PLATFORM_SHAPE,
    REDIS_PASSES_FIREWALL,
    REDIS_VERSION_CHANGE,
    REDIS_IDENTITY_PATCH,
)
"""The doubts of Microsoft.Cache/redisEnterprise."""
