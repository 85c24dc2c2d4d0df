"""The open questions about Microsoft.DocumentDB."""

from __future__ import annotations

from cmk_remediate.simulator.declare import Doubt

COSMOS_KEY_MEANWHILE = Doubt(
    name="cosmos-key-meanwhile",
    sentence="What does a GET of an account show while it is being encrypted with its first customer-managed key?",
    source=(
        "recorded for identities: the former body, Updating (Azure/azure-cli, test_cosmosdb_managed_service_identity); for keys "
        "unconfirmed"
    ),
    readings={
        "old-updating": "no key yet, provisioningState Updating",
        "new-updating": "the key at once, provisioningState Updating",
        "new-succeeded": "the key at once, provisioningState Succeeded: only the operation shows that it runs",
    },
    default="old-updating",
)
COSMOS_REFUSAL_ARRIVES = Doubt(
    name="cosmos-key-refusal-arrives",
    sentence="When Cosmos DB cannot use a key, is the first answer the error, or does an accepted operation fail with it?",
    source="learn.microsoft.com: Azure Cosmos DB, troubleshooting guide for customer-managed keys, names the errors only",
    readings={"reply": "the first answer is the error", "operation": "200, then the operation fails"},
    default="reply",
)
COSMOS_NO_RIGHT = Doubt(
    name="cosmos-missing-right",
    sentence="What does Cosmos DB answer when its identity has no right to the key?",
    source="learn.microsoft.com: Azure Cosmos DB, troubleshooting guide for cross-tenant customer-managed keys, has both",
    readings={
        "forbidden": "403 Forbidden with the inner error ForbiddenByRbac",
        "unavailable": "503 ServiceUnavailable: Error contacting the Azure Key Vault resource",
    },
    default="forbidden",
)
COSMOS_KEY_CHANGE = Doubt(
    name="cosmos-key-change",
    sentence="How long does it take to give an account on a customer-managed key another key?",
    source="unconfirmed",
    readings={"seconds": "as long as any update", "hours": "as long as its first key"},
    default="seconds",
)
COSMOS_IDENTITY_RESETS = Doubt(
    name="cosmos-identity-resets-default-to",
    sentence="What is an account's default identity after its identities were changed?",
    source="github.com/hashicorp/terraform-provider-azurerm/issues/22466 and 28095",
    readings={"first-party": "FirstPartyIdentity", "undefined": "Undefined"},
    default="first-party",
)
COSMOS_FLAGS = Doubt(
    name="cosmos-feature-flags",
    sentence="Do preview api-versions show the flags of the full-fidelity change feed and of materialized views?",
    source="recorded with some accounts and not with others (Azure/azure-cli, api-versions 2023-03-01-preview to 2024-11-15)",
    readings={"shown": "yes, also where they are off", "absent": "no"},
    default="shown",
)

COSMOSDB = (
    COSMOS_KEY_MEANWHILE,
    COSMOS_REFUSAL_ARRIVES,
    COSMOS_NO_RIGHT,
    COSMOS_KEY_CHANGE,
    COSMOS_IDENTITY_RESETS,
    COSMOS_FLAGS,
)
"""The doubts of Microsoft.DocumentDB."""
