"""The open questions about Microsoft.CognitiveServices."""

from __future__ import annotations

from cmk_remediate.simulator.declare import Doubt

AI_REFUSAL_ARRIVES = Doubt(
    name="ai-key-refusal-arrives",
    sentence="When AI services cannot use a key, is the first answer the error, or does an accepted operation fail with it?",
    source="learn.microsoft.com: Customer-managed keys for Microsoft Foundry says only that the call fails",
    readings={"reply": "the first answer is the error", "operation": "202, then the operation fails"},
    default="reply",
)
AI_NO_RIGHT = Doubt(
    name="ai-missing-right",
    sentence="With which code do AI services say that their identity has no right to the key?",
    source="github.com/hashicorp/terraform-provider-azurerm/issues/32855 shows both, beside storage accounts",
    readings={
        "authentication": "KeyVaultAuthenticationFailure",
        "policy": "AccessPolicyNotConfiguredForKeyVault, the identity is forbidden to wrap & unwrap",
    },
    default="authentication",
)
AI_ENCRYPTION_MEANWHILE = Doubt(
    name="ai-encryption-meanwhile",
    sentence="Which encryption does a GET of an account show while a change of it runs?",
    source=(
        "recorded for identities: the new body, Accepted (Azure/azure-cli, test_cognitiveservices_identity); for keys "
        "unconfirmed"
    ),
    readings={"after": "the old one until the operation ends", "before": "the new one at once"},
    default="before",
)
AI_ENCRYPTION_SHOWN = Doubt(
    name="ai-encryption-shown",
    sentence="When does a GET of an account show its new encryption once the operation has ended?",
    source="github.com/hashicorp/terraform-provider-azurerm/issues/23353: not right after it",
    readings={"at-once": "at once", "late": "up to five minutes later, the old one until then"},
    default="at-once",
)
AI_ENCRYPTION_PATCH = Doubt(
    name="ai-encryption-patch",
    sentence="Does a PATCH of an account merge keyVaultProperties, or replace them?",
    source="learn.microsoft.com describes the merge for resource providers in general; for Microsoft.CognitiveServices unconfirmed",
    readings={"merge": "members that are not named stay", "replace": "members that are not named go"},
    default="merge",
)
AI_PLATFORM_SHOWN = Doubt(
    name="ai-platform-encryption-shown",
    sentence="What does an account show that has gone back to platform keys?",
    source=(
        "recorded: keySource Microsoft.CognitiveServices where that was sent (Azure/azure-cli, "
        "test_cognitiveservices_encryption)"
    ),
    readings={
        "shown": "keySource Microsoft.CognitiveServices",
        "absent": "no encryption, as an account that never had a key",
    },
    default="shown",
)
AI_WAY_BACK = Doubt(
    name="ai-way-back-without-projects",
    sentence="Does an account of the kind AIServices without projects go back to platform keys?",
    source="hashicorp/terraform-provider-azurerm asks for it in place; no page of Azure speaks of it",
    readings={"accepted": "yes", "refused": "no, as with projects"},
    default="accepted",
)
AI_USER_ASSIGNED = Doubt(
    name="ai-user-assigned-reader",
    sentence="Do accounts of the single services read their key with a user-assigned identity?",
    source=(
        "learn.microsoft.com knows the system-assigned one only; acceptance tests of hashicorp/terraform-provider-azurerm use both "
        "for Face and SpeechServices"
    ),
    readings={"accepted": "yes", "refused": "no, but for Face and SpeechServices"},
    default="accepted",
)
AI_OPENAI_ROLES = Doubt(
    name="ai-openai-vault-on-roles",
    sentence="Does an account of the kind OpenAI take a key from a vault on role-based access?",
    source="learn.microsoft.com: Azure OpenAI encryption of data at rest asks for access policies; the page of Foundry for roles",
    readings={"accepted": "yes", "refused": "no, as if the identity had no right"},
    default="accepted",
)
AI_GRANT_SCOPE = Doubt(
    name="ai-grant-scope",
    sentence="Is a role at the key itself enough for AI services, or has it to be given at the vault?",
    source="unconfirmed: every sample gives it at the vault",
    readings={"key": "the key is enough", "vault": "only a role at the vault or above counts"},
    default="key",
)
AI_TRUSTED = Doubt(
    name="ai-trusted-service",
    sentence="Do AI services pass the firewall of a vault that lets trusted Azure services in?",
    source=(
        "learn.microsoft.com: Customer-managed keys for Microsoft Foundry says so; the table of trusted services of Key Vault does "
        "not name them"
    ),
    readings={"trusted": "yes", "untrusted": "no"},
    default="trusted",
)
AI_FREE_TIER = Doubt(
    name="ai-free-tier",
    sentence="Does an account in the free tier take a customer-managed key?",
    source="pages ask for a paid tier; a recorded account of sku F0 shows the capability CustomerManagedKey (Azure/azure-cli)",
    readings={"refused": "no", "accepted": "yes"},
    default="refused",
)
AI_TIER = Doubt(
    name="ai-enterprise-tier",
    sentence="Do accounts of the kinds Face, Custom Vision and Personalizer take a customer-managed key in another tier than E0?",
    source="learn.microsoft.com: the pages of these services ask for E0; recorded accounts of the kind Face are in E0",
    readings={"any": "in any but the free one", "only": "in E0 alone"},
    default="any",
)

AI_SERVICES = (
    AI_REFUSAL_ARRIVES,
    AI_NO_RIGHT,
    AI_ENCRYPTION_MEANWHILE,
    AI_ENCRYPTION_SHOWN,
    AI_ENCRYPTION_PATCH,
    AI_PLATFORM_SHOWN,
    AI_WAY_BACK,
    AI_USER_ASSIGNED,
    AI_OPENAI_ROLES,
    AI_GRANT_SCOPE,
    AI_TRUSTED,
    AI_FREE_TIER,
    AI_TIER,
)
"""The doubts of Microsoft.CognitiveServices."""
