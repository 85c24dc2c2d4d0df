"""Give the account its system-assigned identity; nothing uses it yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate.model.decisions import Change, Decision, Done, Effect, Found, Keep, Request
from cmk_remediate.model.values import UNKNOWN, Output, PrincipalId
from cmk_remediate.services.storage.account import Account
from cmk_remediate.services.storage.steps.base import ESTIMATE, KEPT, StorageStep, identity_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions


@dataclass(frozen=True)
class EnableIdentity(StorageStep):
    """Turn the system-assigned identity on, and carry the others along."""

    kind: ClassVar[str] = "enable_account_identity"
    principal_id = Output[PrincipalId]("identity", "principalId")

    def owns(self) -> Mapping[str, Any]:
        """Return that the identity is there."""
        return {"identity.principalId": "there"}

    def decide(self, found: Found) -> Decision:
        """Judge the account's identities."""
        waits = self.not_ready(found.body)
        if waits is not None:
            return waits
        have = Account.of(found.body)
        if have.identities.system:
            return Done(f"{self.account.name} has a system-assigned identity")
        sent = have.with_identity(None)
        shown = {**sent, "principalId": UNKNOWN}
        return Change(
            Request("PATCH", self.account, {"identity": sent}),
            tuple(identity_lines(have, sent, None)),
            (Effect(self.account, {"identity": shown}),),
            ESTIMATE,
            "update",
            f"{self.account.name} has no system-assigned identity",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep it: turned on again it would be another principal."""
        return Keep(f"{self.account.name} keeps its system-assigned identity: turned on again it is another", KEPT.code)

    def permissions(self) -> Permissions:
        """Return writing the account."""
        return self.needs()
