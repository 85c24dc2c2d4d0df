"""Key vaults and their keys."""

from __future__ import annotations

from cmk_remediate.connection.rowsets.wording import REST, SUBSCRIPTION, path, sdk

_VAULT = ("azure.mgmt.keyvault.aio:KeyVaultManagementClient", "2026-05-15")
KEYS_API = "2025-07-01"
"""Of the keys data plane: the default of `azure.keyvault.keys.ApiVersion`."""

_KEY = "microsoft.keyvault/vaults/keys"

_IN_VAULT = "resource_group_name=group vault_name=names.0"

ROWS = (
    sdk(_VAULT, "microsoft.keyvault/vaults", "get", "vaults.get", _IN_VAULT),
    sdk(_VAULT, "microsoft.keyvault/vaults", "patch", "vaults.update", f"{_IN_VAULT} parameters=body"),
    sdk(
        _VAULT,
        "microsoft.keyvault/vaults",
        "access-policy-add",
        "vaults.update_access_policy",
        f"{_IN_VAULT} operation_kind==add parameters=body",
    ),
    sdk(_VAULT, "microsoft.keyvault/vaults", "list:keys", "keys.list", _IN_VAULT),
    sdk(
        _VAULT,
        "microsoft.keyvault/locations/deletedvaults",
        "get",
        "vaults.get_deleted",
        "vault_name=names.1 location=names.0",
    ),
    sdk(_VAULT, SUBSCRIPTION, "list:deletedVaults", "vaults.list_deleted", ""),
    sdk(_VAULT, SUBSCRIPTION, "list:vaults", "vaults.list_by_subscription", ""),
    sdk(_VAULT, _KEY, "get", "keys.get", f"{_IN_VAULT} key_name=names.1"),
    sdk(_VAULT, _KEY, "put", "keys.create_if_not_exist", f"{_IN_VAULT} key_name=names.1 parameters=body"),
    sdk(_VAULT, _KEY, "list:versions", "keys.list_versions", f"{_IN_VAULT} key_name=names.1"),
    sdk(
        _VAULT,
        "microsoft.keyvault/vaults/keys/versions",
        "get",
        "keys.get_version",
        f"{_IN_VAULT} key_name=names.1 key_version=names.2",
    ),
    path(_KEY, "list:data-versions", "/keys/{names.1}/versions", KEYS_API, f"{REST}Get Key Versions", vault=True),
    path(
        _KEY,
        "rotation-policy-get",
        "/keys/{names.1}/rotationpolicy",
        KEYS_API,
        f"{REST}Get Key Rotation Policy",
        vault=True,
    ),
    path(
        _KEY,
        "rotation-policy-put",
        "/keys/{names.1}/rotationpolicy",
        KEYS_API,
        f"{REST}Update Key Rotation Policy",
        vault=True,
    ),
    path(_KEY, "deleted-get", "/deletedkeys/{names.1}", KEYS_API, f"{REST}Get Deleted Key", vault=True),
)
