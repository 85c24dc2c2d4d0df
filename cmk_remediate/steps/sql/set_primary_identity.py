"""Set a former primary identity again, long after a rollback."""

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
    Estimate,
    Found,
    Line,
    Read,
    Request,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.steps.sql import server_state
from cmk_remediate.steps.sql.base import SqlStep
from cmk_remediate.steps.sql.names import Protector
from cmk_remediate.steps.sql.register_server_key import protector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.step import Undo

_PRIMARY = "properties.primaryUserAssignedIdentityId"


@dataclass(frozen=True)
class SetPrimaryIdentity(SqlStep):
    """Make an attached identity the primary one. No recipe adds it: a script does, once no backup needs ours any more.

    Refused while the protector is a customer key: the other identity may not be able to read it.

    Attributes:
        identity: a user-assigned identity that is attached already.
    """

    kind: ClassVar[str] = "set_primary_identity"

    identity: ResourceId

    def address(self) -> ResourceId:
        """Return the server's id."""
        return self.server

    def owns(self) -> Mapping[str, Any]:
        """Return the primary identity."""
        return {_PRIMARY: self.identity.key}

    def also_reads(self) -> tuple[Read, ...]:
        """Return the protector."""
        return (Read(protector(self.server)),)

    def decide(self, found: Found) -> Decision:
        """Judge whether the identity in use still serves a key."""
        blocked = server_state.judge(self.server, found.body)
        if found.body is None or blocked is not None:
            return blocked or server_state.absent(self.server)
        have = server_state.Identities.of(found.body)
        if have.primary == self.identity:
            return Done(f"{self.identity.name} is the primary identity of {self.server.name}")
        if Protector.of(found.reads.get(Read(protector(self.server))) or {}).is_customer:
            why = f"the protector of {self.server.name} is a customer key"
            return Blocked(codes.sql.IDENTITY_IN_USE, why, resource=self.server.text)
        patch = {
            "identity": have.with_attached(self.identity),
            "properties": {"primaryUserAssignedIdentityId": self.identity.text},
        }
        before = have.primary.key if have.primary else None
        return Change(
            Request("PATCH", self.server, patch),
            (Line(_PRIMARY, before, self.identity.key, reversibility=REVERSIBLE),),
            (Effect(self.server, patch),),
            Estimate(usual=30, worst=600),
            "update",
            f"the identity of {self.server.name} is {have.words}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:  # noqa: ARG002 - reversible either way
        """Set the primary identity recorded; without one there is nothing to name."""
        former = server_state.Identities.of(before or {}).primary
        if former is None:
            return server_state.stays(self.identity)
        return SetPrimaryIdentity(self.server, former, partner=self.partner, group=self.group)

    def permissions(self) -> Permissions:
        """Return writing the server and assigning the identity."""
        assign = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
        return (*self.needs("write"), Permission(assign, self.identity, "identity"))
