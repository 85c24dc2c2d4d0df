"""Give a principal a role on something other than a key."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
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
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import UNKNOWN, PrincipalId, Ref, Unknown, known
from cmk_remediate.steps import ownership, reads, roles

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class RoleStep(Step):
    """Assign the role to the principal, unless it has it already, here or from above.

    The assignment's name is computed from scope, role and principal, so a repeated request meets its own work. The
    principal's type is sent: with it Azure does not look a fresh principal up in a directory replica that may not
    know it yet.

    Attributes:
        scope: what the role is on.
        principal_id: the object id of the identity's service principal.
        role: the role's GUID.
        owner: for the ownership marks in ``description``.
        review: the review's id, for the same.
    """

    scope: ResourceId
    principal_id: PrincipalId | Ref[PrincipalId]
    role: str = roles.CRYPTO_SERVICE_ENCRYPTION_USER
    owner: str = field(default="", compare=False)
    review: str = field(default="", compare=False)

    @property
    @abstractmethod
    def kept(self) -> Reversibility:
        """How a rollback treats the assignment."""

    def address(self) -> ResourceId | Unknown:
        """Return the assignment's id; unknown as long as the principal is."""
        principal = known(self.principal_id)
        return UNKNOWN if isinstance(principal, Unknown) else roles.assignment_id(self.scope, self.role, principal)

    def also_reads(self) -> tuple[Read, ...]:
        """Return what the principal was granted before."""
        principal = known(self.principal_id)
        return () if isinstance(principal, Unknown) else (reads.role_assignments(self.scope, principal),)

    def owns(self) -> Mapping[str, Any]:
        """Return nothing: the assignment's name already says all it holds."""
        return {}

    def locks(self) -> frozenset[str]:
        """Return none: assignments are written to another provider than their scope, and one name is one node."""
        return frozenset()

    def decide(self, found: Found) -> Decision:
        """Judge the assignment, and those that make it unnecessary."""
        principal = known(self.principal_id)
        if isinstance(principal, Unknown):
            return self._change(principal)
        if found.body is not None:
            return self._judge_existing(found.body, principal)
        listed = found.reads.get(reads.role_assignments(self.scope, principal)) or ()
        for item in roles.covering(listed, self.scope):
            if roles.gives(item, self.role, principal):
                return Done(f"already granted by {at_path(item, 'id')} at {at_path(item, 'properties.scope')}")
        return self._change(principal)

    def _change(self, principal: PrincipalId | Unknown) -> Change:
        definition = roles.definition_id(self.scope, self.role)
        properties: dict[str, Any] = {
            "roleDefinitionId": definition,
            "principalId": principal,
            "principalType": "ServicePrincipal",
        }
        sent = {**properties, "description": ownership.description(self.owner, self.review)}
        made = {"properties": {**sent, "scope": self.scope.text, "createdOn": UNKNOWN, "updatedOn": UNKNOWN}}
        address = self.address()
        return Change(
            Request("PUT", address, {"properties": sent}),
            tuple(
                Line(f"properties.{name}", None, value, reversibility=self.kept) for name, value in properties.items()
            ),
            (Effect(address, made),),
            Estimate(usual=5, worst=120),
            "create",
            f"the principal is not {roles.role_name(self.role)} at {self.scope.name} or above",
        )

    def _judge_existing(self, body: JsonObject, principal: PrincipalId) -> Decision:
        if roles.gives(body, self.role, principal):
            return Done("the role assignment exists")
        return Blocked(
            codes.access.GRANT_CONFLICT,
            f"properties.principalId of the assignment {at_path(body, 'name')} is {roles.principal_of(body)}, its role is "
            f"{roles.role_name(roles.role_of(body))}{' under a condition' if roles.has_condition(body) else ''}",
        )
