"""What the steps of one account share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cmk_remediate.steps.on_account import AccountStep


@dataclass(frozen=True)
class CosmosStep(AccountStep):
    """A step on one account of Microsoft.DocumentDB; status URLs as recorded by Azure/azure-cli."""

    actions: ClassVar[tuple[str, ...]] = (
        "Microsoft.DocumentDB/databaseAccounts/read",
        "Microsoft.DocumentDB/databaseAccounts/write",
    )
    polling: ClassVar[str] = "Microsoft.DocumentDB/locations/operationsStatus/read"
