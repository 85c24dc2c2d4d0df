"""Estates of any size: servers on platform keys, one identity, a vault for every 400 of them."""

from __future__ import annotations

from typing import Any

TENANT = "11111111-1111-4111-8111-111111111111"
SUBSCRIPTION = "22222222-2222-4222-8222-222222222222"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-bench"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-bench"
PER_VAULT = 400
"""Servers with one database each; the documentation advises at most 500 General Purpose databases a vault."""


def vault_id(number: int) -> str:
    """Return the id of vault *number*."""
    return f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-bench-{number}"


def server_id(number: int) -> str:
    """Return the id of server *number*."""
    return f"{GROUP}/providers/Microsoft.Sql/servers/sql-bench-{number:04}"


def estate(servers: int) -> dict[str, Any]:
    """Return an estate of *servers* servers with one database each."""
    vaults = [_vault(number) for number in range(-(-servers // PER_VAULT))]
    return {
        "operator": {"role": "Owner"},
        "subscriptions": [{"subscriptionId": SUBSCRIPTION, "tenantId": TENANT}],
        "resources": [*vaults, *(part for number in range(servers) for part in _server(number))],
    }


def plan(servers: int) -> dict[str, Any]:
    """Return the plan that moves them all to one key a vault."""
    return {
        "service": "sql",
        "tenant": TENANT,
        "customer_managed_key": _key(0),
        "targets": [
            {"resource_id": server_id(number)}
            | ({"overrides": {"customer_managed_key": _key(number // PER_VAULT)}} if number >= PER_VAULT else {})
            for number in range(servers)
        ],
        "limits": {"max_targets": servers},
        "owner": "bench",
    }


def _key(vault: int) -> dict[str, Any]:
    return {
        "key_vault_resource_id": vault_id(vault),
        "key_name": "cmk-bench",
        "user_assigned_identity": {"resource_id": IDENTITY},
    }


def _vault(number: int) -> dict[str, Any]:
    return {
        "id": vault_id(number),
        "name": f"kv-bench-{number}",
        "type": "Microsoft.KeyVault/vaults",
        "location": "westeurope",
        "properties": {
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "standard"},
            "vaultUri": f"https://kv-bench-{number}.vault.azure.net/",
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90,
            "enablePurgeProtection": True,
            "enableRbacAuthorization": True,
            "accessPolicies": [],
            "publicNetworkAccess": "Enabled",
            "provisioningState": "Succeeded",
        },
    }


def _server(number: int) -> list[dict[str, Any]]:
    server = server_id(number)
    return [
        {
            "id": server,
            "name": f"sql-bench-{number:04}",
            "type": "Microsoft.Sql/servers",
            "location": "westeurope",
            "kind": "v12.0",
            "properties": {"version": "12.0", "state": "Ready", "publicNetworkAccess": "Enabled"},
        },
        {
            "id": f"{server}/databases/orders",
            "name": "orders",
            "type": "Microsoft.Sql/servers/databases",
            "location": "westeurope",
            "sku": {"name": "GP_Gen5", "tier": "GeneralPurpose"},
            "properties": {"status": "Online"},
        },
    ]
