"""What the steps of one account share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

READ = "Microsoft.CognitiveServices/accounts/read"
WRITE = "Microsoft.CognitiveServices/accounts/write"
POLLING = "Microsoft.CognitiveServices/locations/operationResults/read"
"""Status URLs lie under the subscription (recorded by Azure/azure-cli): the permissions API is asked below it only."""


@dataclass(frozen=True)
class AiStep(Step):
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
        yield from (Permission(action, self.account, "service") for action in (READ, WRITE))
        yield Permission(POLLING, self.account.subscription_id, "service", checkable=False)
