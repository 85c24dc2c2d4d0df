"""Give an account on a customer's key another identity to read that key with; its own one is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Change, Decision, Done, Effect, Found, Keep, Line, Request
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.values import Grant, Ref, promised
from cmk_remediate.services.storage.account import CUSTOMER, Account
from cmk_remediate.services.storage.steps.base import (
    ESTIMATE,
    KEPT,
    READS_AS,
    StorageStep,
    carried_lines,
    identity_lines,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions


@dataclass(frozen=True)
class ReplaceIdentity(StorageStep):
    """Change the identity and leave the key as it is: Azure changes one of the two in a request.

    Azure/bicep-registry-modules issue 4467 has the refusal of both.

    Attributes:
        identity: the identity that reads the key from now on; None for the system-assigned one.
        replaces: the attached identity that is gone and makes room.
        access: the wait for its grant on the key in use.
    """

    kind: ClassVar[str] = "replace_account_identity"

    identity: ResourceId | None = None
    replaces: ResourceId | None = None
    access: Grant | Ref[Grant] | None = None

    def owns(self) -> Mapping[str, Any]:
        """Return the identity that reads the key."""
        return {READS_AS: self.identity.key if self.identity else "system-assigned"}

    def probes(self) -> Ref[Grant] | None:
        """Return the grant: a late one refuses this, and nothing has changed."""
        return promised(self.access)

    def decide(self, found: Found) -> Decision:
        """Judge the account found."""
        waits = self.not_ready(found.body)
        if waits is not None:
            return waits
        have = Account.of(found.body)
        who = self.identity.name if self.identity else "its system-assigned identity"
        there = have.identities.system if self.identity is None else self.identity in have.identities.attached
        if have.reads_as == self.identity and there:
            return Done(f"{self.account.name} reads its key as {who}")
        if not have.is_customer:
            why = f"properties.encryption.keySource of {self.account.name} is not {CUSTOMER} any more"
            return Blocked(codes.storage.BOTH_AT_ONCE, why, resource=self.account.text)
        named = self.identity.text if self.identity else ""
        key = {
            name: at_path(found.body, f"properties.encryption.keyvaultproperties.{name}") or ""
            for name in ("keyvaulturi", "keyname", "keyversion")
        }
        sent = have.with_identity(self.identity, self.replaces)
        encryption = have.encryption(
            keySource=CUSTOMER, keyvaultproperties=key, identity={"userAssignedIdentity": named}
        )
        patch = {"identity": sent, "properties": {"encryption": encryption}}
        before = have.reads_as.text if have.reads_as else ""
        return Change(
            Request("PATCH", self.account, patch),
            (
                *identity_lines(have, sent, self.identity),
                Line(READS_AS, before, named, reversibility=KEPT),
                *(
                    Line(f"properties.encryption.keyvaultproperties.{name}", value, value, "carried")
                    for name, value in key.items()
                ),
                *carried_lines(have),
            ),
            (Effect(self.account, patch),),
            ESTIMATE,
            "update",
            f"{self.account.name} reads its key as {have.reads_as.name if have.reads_as else 'nobody'}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep it: the identity before it is gone."""
        return Keep(f"{self.account.name} goes on reading its key with the new identity: the former is gone", KEPT.code)

    def permissions(self) -> Permissions:
        """Return writing the account, and attaching the identity."""
        return self.needs(self.identity)
