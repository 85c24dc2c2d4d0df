"""What the steps of one account share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

READ = "Microsoft.DocumentDB/databaseAccounts/read"
WRITE = "Microsoft.DocumentDB/databaseAccounts/write"
POLLING = "Microsoft.DocumentDB/locations/operationsStatus/read"
"""Status URLs lie under the subscription (recorded by Azure/azure-cli): the permissions API is asked below it only."""


@dataclass(frozen=True)
class CosmosStep(Step):
    """A step on one account.

    Attributes:
        account: the account's id.
    """

    account: ResourceId

    def address(self) -> ResourceId:
        """Return the account's id."""
        return self.account

    def needs(self) -> Permissions:
        """Return reading and writing the account, and polling its operations."""
        return tuple(self._needs())

    def _needs(self) -> Iterator[Permission]:
        yield Permission(READ, self.account, "service")
        yield Permission(WRITE, self.account, "service")
        yield Permission(POLLING, self.account.subscription_id, "service", checkable=False)
