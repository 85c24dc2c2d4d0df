"""What the steps of one account share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Estimate, Line, Pending, Reversibility, Role
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.services.storage.account import Account

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ESTIMATE = Estimate(usual=5, worst=120)
"""Seconds: the answer comes when it is done, without downtime (learn.microsoft.com, "Customer-managed keys for Azure Storage")."""
SETTLING = 15
"""Seconds after which an account that is being made is looked at again."""
KEPT = Reversibility("kept", "an identity stays with the account", codes.storage.IDENTITY_KEPT)
READS_AS = "properties.encryption.identity.userAssignedIdentity"
_ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"


@dataclass(frozen=True)
class StorageStep(Step):
    """A step on one account.

    Attributes:
        account: the account's id.
    """

    account: ResourceId

    def address(self) -> ResourceId:
        """Return the account's id."""
        return self.account

    def needs(self, identity: ResourceId | None = None) -> Permissions:
        """Return reading and writing the account, listing its encryption scopes, and attaching *identity*."""
        verbs = ("read", "write", "encryptionScopes/read")
        own = tuple(Permission(f"Microsoft.Storage/storageAccounts/{verb}", self.account, "service") for verb in verbs)
        return own if identity is None else (*own, Permission(_ASSIGN, identity, "identity"))

    def not_ready(self, body: Mapping[str, Any] | None) -> Blocked | Pending | None:
        """Return why the account in *body* cannot be written now, or None."""
        if body is None:
            why = f"the storage account {self.account.name} does not exist"
            return Blocked(codes.storage.ABSENT, why, resource=self.account.text)
        state = Account.of(body).state
        if state.lower() in ("creating", "resolvingdns"):
            return Pending(f"properties.provisioningState of {self.account.name} is {state}", SETTLING)
        return None


def identity_lines(have: Account, sent: Mapping[str, Any] | None, identity: ResourceId | None) -> Iterator[Line]:
    """Yield the lines of the ``identity`` that a request sends; what it changes stays after a rollback.

    Where it sends none (*sent* is None), those that *identity*, which reads the key, is there by.
    """
    kind: str | None = have.identities.type
    named: Mapping[str, Any] = {} if identity is None else {identity.text: {}}
    if sent is not None:
        kind, named = sent["type"], sent.get("userAssignedIdentities") or {}
    role: Role = "carried" if sent is not None else "relied_on"
    values = [("identity.type", have.identities.type, kind)]
    for text, value in named.items():
        one = ResourceId.parse(text)
        path = f"identity.userAssignedIdentities.{one.key}"
        before = "attached" if one in have.identities.attached else None
        values.append((path, before, None if value is None else "attached"))
    for path, before, after in values:
        if before == after:
            yield Line(path, before, after, role)
        else:
            yield Line(path, before, after, reversibility=KEPT)


def carried_lines(have: Account) -> Iterator[Line]:
    """Yield what every request on the encryption carries along."""
    yield Line("properties.encryption.services", dict(have.services), dict(have.services), "carried")
    if have.infrastructure is not None:
        path = "properties.encryption.requireInfrastructureEncryption"
        yield Line(path, have.infrastructure, have.infrastructure, "carried")
