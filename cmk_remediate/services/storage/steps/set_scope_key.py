"""Move one encryption scope to the customer's key, or back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    REVERSIBLE,
    Blocked,
    Change,
    Decision,
    Done,
    Effect,
    Found,
    Line,
    Request,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import Grant, Ref, promised
from cmk_remediate.services.storage.scopes import CUSTOMER, PLATFORM, Scope
from cmk_remediate.services.storage.steps.base import ESTIMATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject

_SOURCE, _URI = "properties.source", "properties.keyVaultProperties.keyUri"


@dataclass(frozen=True)
class SetScopeKey(Step):
    """Point a scope at a key, or at the platform's.

    A scope reads its key with the account's identity (learn.microsoft.com, "Encryption scopes for Blob storage"), so the account
    comes first on the way there, and last on the way back.

    Attributes:
        scope: the scope's id.
        uri: the key's URI, with a version only where one is pinned; empty for platform keys.
        access: the wait for the grant.
        wrote: on the way back, the URI that our own write set; empty on the way there.
    """

    kind: ClassVar[str] = "set_encryption_scope_key"
    sets_key: ClassVar[bool] = True

    scope: ResourceId
    uri: str = ""
    access: Grant | Ref[Grant] | None = None
    wrote: str = ""

    def address(self) -> ResourceId:
        """Return the scope's id."""
        return self.scope

    def owns(self) -> Mapping[str, Any]:
        """Return the key."""
        return {_URI: self.uri.lower()}

    def probes(self) -> Ref[Grant] | None:
        """Return the grant: a late one refuses this, and nothing has changed."""
        return promised(self.access)

    def decide(self, found: Found) -> Decision:
        """Judge the scope found."""
        if found.body is None:
            why = f"the encryption scope {self.scope.name} of {self.scope.names[0]} does not exist"
            return Blocked(codes.storage.ABSENT, why, resource=self.scope.text)
        have = Scope.of(found.body)
        if have.uri.lower() == self.uri.lower():
            return Done(f"the encryption scope {self.scope.name} is on {have.words}")
        if have.uri.lower() != self.wrote.lower():
            why = f"{_URI} of {self.scope.name} is {have.words}, this run expected {self.wrote or 'a platform key'}"
            return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.scope.text)
        source = CUSTOMER if self.uri else PLATFORM
        properties: dict[str, Any] = {"source": source}
        if self.uri:
            properties["keyVaultProperties"] = {"keyUri": self.uri}
        carried: tuple[Line, ...] = ()
        if have.infrastructure is not None:
            properties["requireInfrastructureEncryption"] = have.infrastructure
            path = "properties.requireInfrastructureEncryption"
            carried = (Line(path, have.infrastructure, have.infrastructure, "carried"),)
        shown = properties if self.uri else {**properties, "keyVaultProperties": None}
        return Change(
            Request("PATCH", self.scope, {"properties": properties}),
            (
                Line(_SOURCE, at_path(found.body, _SOURCE) or PLATFORM, source, reversibility=REVERSIBLE),
                Line(_URI, have.uri or None, self.uri or None, reversibility=REVERSIBLE),
                *carried,
            ),
            (Effect(self.scope, {"properties": shown}),),
            ESTIMATE,
            "update",
            f"the encryption scope {self.scope.name} is on {have.words}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> SetScopeKey:  # noqa: ARG002 - it was on the platform's
        """Return to the platform's key."""
        return SetScopeKey(self.scope, wrote=self.uri)

    def permissions(self) -> Permissions:
        """Return reading and writing the scope."""
        kind = "Microsoft.Storage/storageAccounts/encryptionScopes"
        return tuple(Permission(f"{kind}/{verb}", self.scope, "service") for verb in ("read", "write"))
