"""Create the user-assigned identity."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    Pending,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import UNKNOWN, ClientId, Output, PrincipalId
from cmk_remediate.steps import ownership, vault_state

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = Reversibility(
    "kept", "an identity is never deleted: made again it is another principal", codes.vault.IDENTITY_KEPT
)


@dataclass(frozen=True)
class CreateIdentity(Step):
    """Make the identity if there is none of that name; never change one that exists.

    Its region cannot be changed, and its tags are its owner's.

    Attributes:
        identity: its id.
        location: the region a new one is made in; an identity serves resources of every region.
        owner: for the ownership tags.
        review: the review's id, for the ownership tags.
    """

    kind: ClassVar[str] = "create_identity"
    principal_id = Output[PrincipalId]("properties", "principalId")
    client_id = Output[ClientId]("properties", "clientId")

    identity: ResourceId
    location: str
    owner: str = field(default="", compare=False)
    review: str = field(default="", compare=False)

    def address(self) -> ResourceId:
        """Return the identity's id."""
        return self.identity

    def owns(self) -> Mapping[str, Any]:
        """Return the region a new identity is made in."""
        return {"location": self.location}

    def decide(self, found: Found) -> Decision:
        """Judge the identity found."""
        if found.body is not None:
            if at_path(found.body, "properties.principalId") is None:
                return Pending(f"the identity {self.identity.name} has no principal yet", 5)
            where = vault_state.region(found.body)
            line = Line("location", where, where, "relied_on")
            return Done(f"the identity {self.identity.name} exists in {where}", (line,))
        body = {"location": self.location, "tags": ownership.tags(self.owner, self.review)}
        made = {
            "id": self.identity.text,
            "name": self.identity.name,
            "location": self.location,
            "properties": {"principalId": UNKNOWN, "clientId": UNKNOWN},
            "systemData": {"createdAt": UNKNOWN},
        }
        return Change(
            Request("PUT", self.identity, body),
            (Line("location", None, self.location, reversibility=KEPT),),
            (Effect(self.identity, made),),
            Estimate(usual=3, worst=60),
            "create",
            f"there is no identity {self.identity.name}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002
        """Keep the identity, whatever happened."""
        return Keep(f"the identity {self.identity.name} stays: {KEPT.why}", codes.vault.IDENTITY_KEPT)

    def permissions(self) -> Permissions:
        """Return reading and writing the identity."""
        return (
            Permission("Microsoft.ManagedIdentity/userAssignedIdentities/read", self.identity, "identity"),
            Permission("Microsoft.ManagedIdentity/userAssignedIdentities/write", self.identity, "identity"),
        )
