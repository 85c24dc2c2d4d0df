"""The tables by which errors are judged, one a provider. Each row has its source.

Sources that several tables name: SPEC: Azure/azure-rest-api-specs. RBAC: learn.microsoft.com "Troubleshoot Azure RBAC". KV:
learn.microsoft.com "Azure Key Vault REST API error codes" and "Common error codes". ARM: learn.microsoft.com "Troubleshoot
common Azure deployment errors". LOCK: learn.microsoft.com "Lock your resources". THR: learn.microsoft.com "Understand how Azure
Resource Manager throttles requests". Issues are named ``owner/repository#number``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.connection.verdicts import (
    access,
    aiservices,
    arm,
    compute,
    containerservice,
    cosmosdb,
    keyvault,
    redis,
    sql,
    storage,
)

if TYPE_CHECKING:
    from cmk_remediate.connection.verdicts.kinds import Table

TABLES: tuple[Table, ...] = (
    access.TABLE,
    arm.TABLE,
    keyvault.PASSED_ON,
    keyvault.TABLE,
    sql.TABLE,
    cosmosdb.TABLE,
    redis.TABLE,
    compute.TABLE,
    containerservice.TABLE,
    storage.TABLE,
    aiservices.TABLE,
)
"""Every table; those without a namespace first."""


def tables_for(namespace: str) -> tuple[Table, ...]:
    """Return the tables to ask about an answer of *namespace*: its own, what every provider may answer, all others.

    The others too: providers pass each other's errors on.
    """
    own = tuple(table for table in TABLES if table.namespace and table.namespace == namespace.lower())
    return (*own, *(table for table in TABLES if table not in own))
