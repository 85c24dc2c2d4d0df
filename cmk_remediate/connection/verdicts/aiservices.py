"""Errors of Azure AI services (Microsoft.CognitiveServices).

DOC: learn.microsoft.com, "Customer-managed keys for Microsoft Foundry". SMP: microsoft-foundry/foundry-samples, the template
with customer-managed keys and a user-assigned identity.
"""

from __future__ import annotations

from cmk_remediate import codes
from cmk_remediate.connection.verdicts import storage
from cmk_remediate.connection.verdicts.kinds import Later, Never, Table

TABLE = Table(
    namespace="microsoft.cognitiveservices",
    codes={
        name: storage.TABLE.codes[name]
        for name in ("keyvaultauthenticationfailure", "accesspolicynotconfiguredforkeyvault")
    },
    texts=(
        ("to wrap & unwrap", storage.TABLE.codes["accesspolicynotconfiguredforkeyvault"]),
        (
            "the encryption key must be recoverable and not purgeable",
            Never(codes.access.ACCESS_NEVER, "SMP", "Turn on soft delete and purge protection of the vault."),
        ),
        ("keyvaultproperties is invalid", Never(codes.access.ACCESS_NEVER, "SMP", "Correct the key's address.")),
        (
            "key store not found",
            Never(codes.access.ACCESS_NEVER, "DOC", "The vault has to be in the account's region."),
        ),
        ("key version not supported", Never(codes.access.ACCESS_NEVER, "DOC", "The key has to be RSA, 2048 bits.")),
    ),
    vague={"requestconflict": Later("busy", "hashicorp/terraform-provider-azurerm#22939")},
)
"""Which of the two providers answers the two codes it shares with storage is not certain: hashicorp/...-azurerm#32855."""
