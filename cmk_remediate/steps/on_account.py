"""What steps on an account have in common: reading it, writing it, and polling what that starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class AccountStep(Step):
    """A step on one account, a top-level resource.

    Attributes:
        account: the account's id.
    """

    actions: ClassVar[tuple[str, ...]]
    """Reading and writing it."""
    polling: ClassVar[str]
    """Reading its operations, whose URLs lie under the subscription: the permissions API is asked below it only."""

    account: ResourceId

    def address(self) -> ResourceId:
        """Return the account's id."""
        return self.account

    def needs(self) -> Permissions:
        """Return reading and writing the account, and polling its operations."""
        return tuple(self._needs())

    def _needs(self) -> Iterator[Permission]:
        yield from (Permission(action, self.account, "service") for action in self.actions)
        yield Permission(self.polling, self.account.subscription_id, "service", checkable=False)
