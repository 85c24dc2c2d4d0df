"""Give the account the identity it is to read its key with; nothing uses it yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.services.cosmosdb.account import FIRST_PARTY, Account, absent
from cmk_remediate.services.cosmosdb.steps.base import CosmosStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject

KEPT = Reversibility(
    "kept", "a change of identities resets the default identity; ours stays attached", codes.cosmosdb.IDENTITY_KEPT
)


@dataclass(frozen=True)
class AttachIdentity(CosmosStep):
    """Attach an identity, and nothing else: together with a default identity Azure drops the latter without a word.

    hashicorp/terraform-provider-azurerm, pull request 21780. It carries everything the account has already.

    Attributes:
        identity: the user-assigned identity.
    """

    kind: ClassVar[str] = "attach_account_identity"

    identity: ResourceId

    def owns(self) -> Mapping[str, Any]:
        """Return that the identity is attached."""
        return {f"identity.userAssignedIdentities.{self.identity.key}": "attached"}

    def decide(self, found: Found) -> Decision:
        """Judge the account's identities."""
        if found.body is None:
            return absent(self.account)
        have = Account.of(found.body)
        if self.identity in have.identities.attached:
            return Done(f"{self.identity.name} is attached to {self.account.name}")
        patch = {"identity": have.with_attached(self.identity)}
        carried = [
            Line(f"identity.userAssignedIdentities.{one.key}", "attached", "attached", "carried")
            for one in have.identities.attached
        ]
        path, kind = f"identity.userAssignedIdentities.{self.identity.key}", patch["identity"]["type"]
        return Change(
            Request("PATCH", self.account, patch),
            (
                Line("identity.type", have.identities.type, kind, reversibility=KEPT),
                Line(path, None, "attached", reversibility=KEPT),
                *carried,
                # Azure may reset it with this very request: whoever has chosen another one since is asked again.
                Line("properties.defaultIdentity", have.stands_for, have.stands_for, "relied_on"),
            ),
            # Azure may reset the default identity with it, to whatever stands for none: the next step sets it in any case.
            (Effect(self.account, {**patch, "properties": {"defaultIdentity": FIRST_PARTY}}),),
            Estimate(usual=30, worst=600),
            "update",
            f"{self.account.name} does not have {self.identity.name}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep it: the PATCH that detaches it would reset the default identity."""
        return Keep(f"{self.identity.name} stays attached to {self.account.name}: {KEPT.why}", KEPT.code)

    def permissions(self) -> Permissions:
        """Return writing the account and assigning the identity."""
        assign = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
        return (*self.needs(), Permission(assign, self.identity, "identity"))
