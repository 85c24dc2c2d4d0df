"""The rows of the catalog. tests/connection/test_catalog.py asks the installed SDKs whether each is right."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from cmk_remediate.connection.rowsets import (
    access,
    aiservices,
    around,
    compute,
    containerservice,
    cosmosdb,
    keyvault,
    redis,
    sql,
    storage,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.connection.catalog import Row

ROWS: Mapping[tuple[str, str], Row] = MappingProxyType(
    {
        (row.type, row.name): row
        for row in (
            *keyvault.ROWS,
            *access.ROWS,
            *around.ROWS,
            *sql.ROWS,
            *compute.ROWS,
            *containerservice.ROWS,
            *cosmosdb.ROWS,
            *redis.ROWS,
            *aiservices.ROWS,
            *storage.ROWS,
        )
    }
)
"""Every row, by lower-case type and name."""
