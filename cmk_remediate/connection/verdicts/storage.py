"""Errors of storage accounts."""

from __future__ import annotations

from cmk_remediate import codes
from cmk_remediate.connection.verdicts.kinds import Later, Never, Table

_TF = "hashicorp/terraform-provider-azurerm"
_KEY_ACCESS = Later("access", f"{_TF}#32855: one code for rights and for more", network_possible=True)
_UNPROTECTED = Never(
    codes.access.ACCESS_NEVER, "Azure/azure-cli#12346", "Turn on soft delete and purge protection of the vault."
)
_KEY_LOST = Never(
    codes.access.ACCESS_NEVER, "public support notes", "Give the account's identity access to its key again."
)
_YOUNG_IDENTITY = Later("replication", "MicrosoftDocs/azure-docs#46952: an identity that was just created")

TABLE = Table(
    namespace="microsoft.storage",
    codes={
        "keyvaultauthenticationfailure": _KEY_ACCESS,
        "accesspolicynotconfiguredforkeyvault": Later("access", f"{_TF}#32855"),
        "keyvaultpolicyerror": _UNPROTECTED,
        "httpresourcenotfound": Never(
            codes.access.ACCESS_NEVER,
            "Azure/azure-cli#27644: a key that the account is on, or is to go on, does not exist",
            "Recover the key the account is on, or name a key that exists.",
        ),
        "invalidvaluesforrequestparameters": Never(codes.access.REFUSED_BY_AZURE, "Azure/azure-service-operator#4325"),
        "managedserviceidentitynotfound": _YOUNG_IDENTITY,
        "keyvaultaccesstokencannotbeacquired": _KEY_LOST,
        "keyvaultencryptionkeynotfound": _KEY_LOST,
        "encryptionscopenotavailable": _KEY_LOST,
    },
    texts=(
        ("authentication issue on the keyvault", _KEY_ACCESS),
        ("to wrap & unwrap", Later("access", f"{_TF}#32855")),
        ("keyvault policy recoverable is not set", _UNPROTECTED),
        (
            "missing pre-requisites to enable encryptionatrest",
            Never(codes.access.REFUSED_BY_AZURE, "Azure/azure-sdk-for-java#38854"),
        ),
        ("too many user-assigned identities", Never(codes.access.REFUSED_BY_AZURE, f"{_TF}#19717")),
        (
            "cannot be updated in a single operation",
            Never(codes.access.REFUSED_BY_AZURE, "Azure/bicep-registry-modules#4467"),
        ),
        ("managed service identity (msi) is not set", Never(codes.access.REFUSED_BY_AZURE, f"{_TF}#6111")),
        ("failure in aad client credentials grant flow", _YOUNG_IDENTITY),
    ),
)
