"""Give the server an identity to read its key with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Acceptance,
    Blocked,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.values import UNKNOWN, Grant, Output, PrincipalId, Ref, promised
from cmk_remediate.steps.sql import server_state
from cmk_remediate.steps.sql.base import SqlStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject

KEPT = Reversibility(
    "kept", "backups made on the customer key are restored through this identity", codes.sql.SERVER_IDENTITY_KEPT
)
_PRIMARY = "properties.primaryUserAssignedIdentityId"


@dataclass(frozen=True)
class AttachIdentity(SqlStep):
    """Attach the identity and make it the primary one; or, with none named, switch the system-assigned one on.

    One PATCH with everything the server has already: SQL may replace the map of identities instead of merging it. The primary
    identity is also what SQL looks up Entra users with (learn.microsoft.com, "Managed identities in Microsoft Entra for Azure
    SQL"): a server with a primary user-assigned identity keeps it, and displacing a system-assigned one on a server with an
    Entra administrator is accepted by name.

    Attributes:
        identity: the user-assigned identity; None for the system-assigned one.
        beside: user-assigned identities the server has already: Azure wants the right to assign those too.
        entra: the server has an Entra administrator, or may have one.
        access: the wait for our identity's grant on the customer key the server uses now; None on platform keys.
    """

    kind: ClassVar[str] = "attach_identity"
    principal_id = Output[PrincipalId]("identity", "principalId")
    attached: ClassVar[Output[str]] = Output()

    identity: ResourceId | None = None
    beside: tuple[ResourceId, ...] = ()
    entra: bool = False
    access: Grant | Ref[Grant] | None = None

    def address(self) -> ResourceId:
        """Return the server's id."""
        return self.server

    def owns(self) -> Mapping[str, Any]:
        """Return the primary identity, or that there is a system-assigned one."""
        return {"identity": "SystemAssigned"} if self.identity is None else {_PRIMARY: self.identity.key}

    def also_reads(self) -> tuple[Read, ...]:
        """Return roles and partners of a geo pair."""
        return self.geo_reads()

    def probes(self) -> Ref[Grant] | None:
        """Return the grant on the key in use: a late one refuses the change of identity."""
        return promised(self.access)

    def decide(self, found: Found) -> Decision:
        """Judge the server's identities."""
        blocked = server_state.judge(self.server, found.body)
        unhealthy, relied_on = self.geo_judged(found)
        if found.body is None or blocked is not None or unhealthy is not None:
            return blocked or unhealthy or server_state.absent(self.server)
        have = server_state.Identities.of(found.body)
        if self.has_it(have):
            return Done(f"{self.server.name} uses {self.words} already")
        if self.identity is not None and have.primary is not None:
            why = f"{_PRIMARY} of {self.server.name} is {have.primary}"
            return Blocked(codes.sql.PRIMARY_IDENTITY_TAKEN, why, resource=self.server.text)
        patch = self.patch(have)
        return Change(
            Request("PATCH", self.server, patch),
            (*self.lines(have), *relied_on),
            (Effect(self.server, self.effect(have, patch)),),
            Estimate(usual=30, worst=600),
            "update",
            f"{self.server.name} does not use {self.words}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep the identity: what was encrypted meanwhile is restored through it."""
        former = server_state.Identities.of(before or {}).words
        return Keep(
            f"{self.words} stays on {self.server.name}: {KEPT.why}; before it was: {former}",
            codes.sql.SERVER_IDENTITY_KEPT,
        )

    def permissions(self) -> Permissions:
        """Return writing the server, and assigning every identity the body names."""
        named = (*([self.identity] if self.identity else []), *self.beside)
        assign = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
        return (
            *self.needs("write"),
            *(Permission(assign, identity, "identity") for identity in named),
        )

    @property
    def words(self) -> str:
        """The identity, for a sentence."""
        return f"the identity {self.identity.name}" if self.identity else "its system-assigned identity"

    def has_it(self, have: server_state.Identities) -> bool:
        """Say whether the server uses the identity already."""
        if self.identity is None:
            return have.system
        return self.identity in have.attached and have.primary == self.identity

    def patch(self, have: server_state.Identities) -> dict[str, Any]:
        """Return the PATCH: all identities it has, and ours."""
        if self.identity is None:
            return {"identity": have.with_system()}
        return {
            "identity": have.with_attached(self.identity),
            "properties": {"primaryUserAssignedIdentityId": self.identity.text},
        }

    def effect(self, have: server_state.Identities, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the server shows afterwards: Azure fills in the principals."""
        identity = dict(patch["identity"])
        if not have.system and "SystemAssigned" in identity["type"]:
            identity["principalId"] = UNKNOWN
        return {**patch, "identity": identity}

    def lines(self, have: server_state.Identities) -> tuple[Line, ...]:
        """Return what changes, and what the body carries along."""
        after = self.patch(have)["identity"]
        owned = [Line("identity.type", have.type, after["type"], reversibility=KEPT)]
        carried = [
            Line(f"identity.userAssignedIdentities.{item.key}", "attached", "attached", "carried")
            for item in have.attached
        ]
        if self.identity is not None:
            path = f"identity.userAssignedIdentities.{self.identity.key}"
            carried = [line for line in carried if line.path != path]
            was = "attached" if self.identity in have.attached else None
            owned.append(Line(path, was, "attached", reversibility=KEPT))
            accept = Acceptance("server-identity", self.server, "bystander") if self._displaces(have) else None
            primary = self.identity.key
            owned.append(Line(_PRIMARY, None, primary, reversibility=KEPT, acceptance=accept))
        return (*owned, *carried)

    def _displaces(self, have: server_state.Identities) -> bool:
        return have.any and (self.entra or have.entra)
