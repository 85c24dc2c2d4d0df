"""Every code this project can show, with what it means and what to do next.

A code is stable: it is never reused for another meaning. The first digit says where it comes from: 1 input, 2 access,
3 vault and key, 4 Azure SQL, 5 engine, 6 what a review says beside its steps, 7 and 8 the other services, 9 assessments.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from cmk_remediate.codes import (
    access,
    ai_services,
    aks,
    assess,
    cosmosdb,
    engine,
    input_,
    managed_disks,
    notes,
    redis_enterprise,
    sql,
    sql_databases,
    sql_managed_instance,
    storage,
    vault,
)
from cmk_remediate.codes.code import Code

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

FAMILIES: Mapping[str, ModuleType] = MappingProxyType(
    {
        "Input: plan file, estate file, command line, review": input_,
        "Access: who may do what, and when Azure knows it": access,
        "Vault and key": vault,
        "Azure SQL": sql,
        "Azure SQL databases with a key of their own": sql_databases,
        "Azure SQL managed instances": sql_managed_instance,
        "Azure Cosmos DB": cosmosdb,
        "Redis Enterprise and Managed Redis": redis_enterprise,
        "Managed disks": managed_disks,
        "Azure AI services": ai_services,
        "Azure Kubernetes Service": aks,
        "Storage accounts": storage,
        "Engine: what a run decides": engine,
        "Notes a review carries": notes,
        "What an assessment says": assess,
    }
)
"""The modules of codes, by what their codes are about."""


def codes_of(module: ModuleType) -> tuple[Code, ...]:
    """Return the codes that *module* defines, sorted."""
    return tuple(sorted(value for value in vars(module).values() if isinstance(value, Code)))


def _table() -> Mapping[str, Code]:
    table: dict[str, Code] = {}
    for code in (code for module in FAMILIES.values() for code in codes_of(module)):
        if code in table and table[code] is not code:
            message = f"{code} is defined twice"
            raise ValueError(message)
        table[code] = code
    return MappingProxyType(dict(sorted(table.items())))


CODES: Mapping[str, Code] = _table()
"""Every code by its id, sorted."""

__all__ = [
    "CODES",
    "FAMILIES",
    "Code",
    "access",
    "ai_services",
    "aks",
    "assess",
    "codes_of",
    "cosmosdb",
    "engine",
    "input_",
    "managed_disks",
    "notes",
    "redis_enterprise",
    "sql",
    "sql_databases",
    "sql_managed_instance",
    "storage",
    "vault",
]
