"""The services this library can move, one package each; they know nothing of each other."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.services.service import Service

_WHERE: Mapping[str, tuple[str, str]] = {
    "sql": ("cmk_remediate.services.sql.service", "SqlService"),
    "sql-database": ("cmk_remediate.services.sql.databases.service", "SqlDatabaseService"),
    "sql-managed-instance": ("cmk_remediate.services.sql_managed_instance.service", "ManagedInstanceService"),
    "cosmosdb": ("cmk_remediate.services.cosmosdb.service", "CosmosService"),
    "redis-enterprise": ("cmk_remediate.services.redis_enterprise.service", "RedisEnterpriseService"),
    "aks": ("cmk_remediate.services.aks.service", "AksService"),
    "ai-services": ("cmk_remediate.services.ai_services.service", "AiService"),
    "managed-disks": ("cmk_remediate.services.managed_disks.service", "ManagedDisksService"),
    "storage": ("cmk_remediate.services.storage.service", "StorageService"),
}


def services() -> Mapping[str, Service]:
    """Return every service by its name in a plan file; each is imported now, not before."""
    found: dict[str, Service] = {}
    for name, (module, cls) in _WHERE.items():
        found[name] = getattr(import_module(module), cls)()
    return found
