"""The built-in roles of Microsoft.KeyVault, and those that administer vaults."""

from __future__ import annotations

from cmk_remediate.simulator.declare import RoleDefinition
from cmk_remediate.simulator.providers.common import VAULT

_SECURITY = "learn.microsoft.com: Azure built-in roles for Security"
_READS = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.KeyVault/checkNameAvailability/read",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.KeyVault/locations/*/read",
    "Microsoft.KeyVault/vaults/*/read",
    "Microsoft.KeyVault/operations/read",
)
_EVENT_GRID = tuple(f"Microsoft.EventGrid/eventSubscriptions/{verb}" for verb in ("read", "write", "delete"))

CRYPTO_SERVICE_ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"

# The roles that Key Vault Data Access Administrator may grant, by its condition on the page named in _SECURITY.
_GRANTABLE = (
    "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "a4417e6f-fecd-4de8-b567-7b0420556985",
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
    CRYPTO_SERVICE_ENCRYPTION_USER,
    "12338af0-0e69-4776-bea7-57ae8d297424",
    "21090545-7ca7-4776-b22c-e363652d74d2",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "4633458b-17de-408a-b874-0445c86b69e6",
)


def _keys(*verbs: str) -> tuple[str, ...]:
    return tuple(f"{VAULT}/keys/{verb}" for verb in verbs)


ROLES = (
    RoleDefinition(
        CRYPTO_SERVICE_ENCRYPTION_USER,
        "Key Vault Crypto Service Encryption User",
        _SECURITY,
        actions=_EVENT_GRID,
        data_actions=_keys("read", "wrap/action", "unwrap/action"),
    ),
    RoleDefinition(
        "12338af0-0e69-4776-bea7-57ae8d297424",
        "Key Vault Crypto User",
        _SECURITY,
        data_actions=_keys(
            "read",
            "update/action",
            "backup/action",
            "encrypt/action",
            "decrypt/action",
            "wrap/action",
            "unwrap/action",
            "sign/action",
            "verify/action",
        ),
    ),
    RoleDefinition(
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        "Key Vault Crypto Officer",
        _SECURITY,
        actions=_READS,
        data_actions=(f"{VAULT}/keys/*", f"{VAULT}/keyrotationpolicies/*"),
    ),
    RoleDefinition(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        _SECURITY,
        actions=_READS,
        data_actions=(f"{VAULT}/*",),
    ),
    RoleDefinition(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        _SECURITY,
        actions=_READS,
        data_actions=(f"{VAULT}/*/read", f"{VAULT}/secrets/readMetadata/action"),
    ),
    RoleDefinition(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        _SECURITY,
        data_actions=(f"{VAULT}/secrets/getSecret/action", f"{VAULT}/secrets/readMetadata/action"),
    ),
    RoleDefinition(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        _SECURITY,
        actions=_READS,
        data_actions=(f"{VAULT}/secrets/*",),
    ),
    RoleDefinition(
        "08bbd89e-9f13-488c-ac41-acfcb10c90ab",
        "Key Vault Crypto Service Release User",
        _SECURITY,
        data_actions=_keys("release/action"),
    ),
    RoleDefinition(
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Key Vault Contributor",
        _SECURITY,
        actions=(
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.KeyVault/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
        not_actions=(
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            "Microsoft.KeyVault/hsmPools/*",
            "Microsoft.KeyVault/managedHsms/*",
        ),
    ),
    RoleDefinition(
        "8b54135c-b56d-4d72-a534-26097cfdc8d8",
        "Key Vault Data Access Administrator",
        _SECURITY,
        actions=(
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Resources/subscriptions/read",
            "Microsoft.Management/managementGroups/read",
            "Microsoft.KeyVault/vaults/*/read",
        ),
        condition="only-these-roles:" + ",".join(_GRANTABLE),
    ),
    RoleDefinition(
        "a68e7c17-0ab2-4c09-9a58-125dae29748c",
        "Key Vault Purge Operator",
        "learn.microsoft.com: Azure RBAC guide for Key Vault",
        actions=(
            "Microsoft.KeyVault/locations/deletedVaults/read",
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            "Microsoft.KeyVault/deletedVaults/read",
        ),
    ),
)
