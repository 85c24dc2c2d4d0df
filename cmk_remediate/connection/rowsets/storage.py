"""Rows of Microsoft.Storage: accounts and their encryption scopes. A PATCH of either is answered when it is done."""

from __future__ import annotations

from cmk_remediate.connection.rowsets.wording import sdk

_STORAGE = ("azure.mgmt.storage.aio:StorageManagementClient", "2026-09-01")
_ACCOUNT = "microsoft.storage/storageaccounts"
_SCOPE = "microsoft.storage/storageaccounts/encryptionscopes"
_ONE_ACCOUNT = "resource_group_name=group account_name=name"
_ONE_SCOPE = "resource_group_name=group account_name=names.0 encryption_scope_name=names.1"

ROWS = (
    sdk(_STORAGE, _ACCOUNT, "get", "storage_accounts.get_properties", _ONE_ACCOUNT),
    sdk(_STORAGE, _ACCOUNT, "patch", "storage_accounts.update", f"{_ONE_ACCOUNT} parameters=body"),
    sdk(_STORAGE, _ACCOUNT, "list:encryptionScopes", "encryption_scopes.list", _ONE_ACCOUNT),
    sdk(_STORAGE, _SCOPE, "get", "encryption_scopes.get", _ONE_SCOPE),
    sdk(_STORAGE, _SCOPE, "patch", "encryption_scopes.patch", f"{_ONE_SCOPE} encryption_scope=body"),
)
"""All of them."""
