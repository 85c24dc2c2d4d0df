"""Azure Cosmos DB."""

from __future__ import annotations

from cmk_remediate.connection.rowsets.wording import GROUP, REST, SUBSCRIPTION, path, sdk

_COSMOS = ("azure.mgmt.cosmosdb.aio:CosmosDBManagementClient", "2026-03-15")

_ACCOUNT = "microsoft.documentdb/databaseaccounts"
_OF_ACCOUNT = "resource_group_name=group account_name=name"

ROWS = (
    sdk(_COSMOS, _ACCOUNT, "get", "database_accounts.get", _OF_ACCOUNT),
    sdk(_COSMOS, _ACCOUNT, "patch", "database_accounts.begin_update", f"{_OF_ACCOUNT} update_parameters=body"),
    sdk(
        _COSMOS,
        GROUP,
        "list:databaseAccounts",
        "database_accounts.list_by_resource_group",
        "resource_group_name=group",
    ),
    sdk(_COSMOS, SUBSCRIPTION, "list:databaseAccounts", "database_accounts.list", ""),
    # What excludes a customer-managed key is not on the models of stable versions: recorded answers of this preview have it.
    path(_ACCOUNT, "features", "/{id}", "2024-09-01-preview", f"{REST}Database Accounts - Get"),
)
