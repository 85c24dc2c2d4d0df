"""Give a principal the use of a key: a role assignment, and its removal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
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
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import UNKNOWN, Grant, Output, PrincipalId, Ref, Unknown, known
from cmk_remediate.steps import ownership, reads, roles, vault_state

if TYPE_CHECKING:
    from collections.abc import Mapping

GRANTED = Reversibility(
    "reversible",
    "rollback removes it if nothing that stands on it was ever sent; once used it stays",
    codes.vault.GRANT_KEPT,
)
FOR_GOOD = Reversibility("kept", "what it is for stays and may serve others", codes.vault.GRANT_KEPT)
REMOVED = Reversibility("reversible", "a new dry run and apply assigns the role again")


@dataclass(frozen=True)
class AssignKeyRole(Step):
    """Assign the role to the principal, unless it has it already, here or from above.

    The assignment's name is computed from scope, role and principal, so a repeated request meets its own work. The
    principal's type is sent: with it Azure does not look a fresh principal up in a directory replica that may not
    know it yet.

    Attributes:
        scope: the key's id by default; the vault's only where the plan asks for it.
        principal_id: the object id of the identity's service principal.
        role: the role's GUID.
        ahead_of_switch: assign it although the vault uses access policies, because it is to be switched to roles later.
        for_good: the principal is that of a resource that stays and may serve others as soon as it has the key.
        owner: for the ownership marks in ``description``.
        review: the review's id, for the same.
    """

    kind: ClassVar[str] = "assign_key_role"
    grant = Output[Grant]()

    scope: ResourceId
    principal_id: PrincipalId | Ref[PrincipalId]
    role: str = roles.CRYPTO_SERVICE_ENCRYPTION_USER
    ahead_of_switch: bool = False
    for_good: bool = False
    owner: str = field(default="", compare=False)
    review: str = field(default="", compare=False)

    def address(self) -> ResourceId | Unknown:
        """Return the assignment's id; unknown as long as the principal is."""
        principal = known(self.principal_id)
        return UNKNOWN if isinstance(principal, Unknown) else roles.assignment_id(self.scope, self.role, principal)

    def also_reads(self) -> tuple[Read, ...]:
        """Return the vault (does it honour roles?) and what the principal was granted before."""
        vault = Read(self.scope.top_level)
        principal = known(self.principal_id)
        if isinstance(principal, Unknown):
            return (vault,)
        return (vault, reads.role_assignments(self.scope, principal))

    def owns(self) -> Mapping[str, Any]:
        """Return nothing: the assignment's name already says all it holds."""
        return {}

    def locks(self) -> frozenset[str]:
        """Return none: assignments are written to another provider than the vault, and one name is one node."""
        return frozenset()

    def decide(self, found: Found) -> Decision:
        """Judge the assignment, and those that make it unnecessary."""
        vault = found.reads.get(Read(self.scope.top_level))
        if vault is not None and not vault_state.uses_roles(vault) and not self.ahead_of_switch:
            return Blocked(
                codes.vault.VAULT_OTHER_MODEL,
                f"properties.enableRbacAuthorization of {self.scope.top_level.name} is not true: roles do nothing",
                resource=self.scope.top_level.text,
            )
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

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> RemoveRole | Keep:
        """Remove the assignment if we made it and nothing ever used it."""
        if before is not None:
            return Keep("the role assignment was there before this run")
        principal = at_path(after, "properties.principalId")
        if used or principal is None:
            return Keep("something that needs this role assignment was sent, so it stays", codes.vault.GRANT_KEPT)
        if self.for_good:
            return Keep(FOR_GOOD.why, codes.vault.GRANT_KEPT)
        return RemoveRole(self.scope, principal, self.role)

    def permissions(self) -> Permissions:
        """Return reading and writing role assignments at the scope, and reading the vault."""
        return (
            Permission("Microsoft.KeyVault/vaults/read", self.scope.top_level, "vault"),
            Permission("Microsoft.Authorization/roleAssignments/read", self.scope, "vault"),
            Permission("Microsoft.Authorization/roleAssignments/write", self.scope, "vault"),
        )

    def _change(self, principal: PrincipalId | Unknown) -> Change:
        definition = roles.definition_id(self.scope, self.role)
        properties: dict[str, Any] = {
            "roleDefinitionId": definition,
            "principalId": principal,
            "principalType": "ServicePrincipal",
        }
        sent = {**properties, "description": ownership.description(self.owner, self.review)}
        made = {"properties": {**sent, "scope": self.scope.text, "createdOn": UNKNOWN, "updatedOn": UNKNOWN}}
        address, back = self.address(), FOR_GOOD if self.for_good else GRANTED
        return Change(
            Request("PUT", address, {"properties": sent}),
            tuple(Line(f"properties.{name}", None, value, reversibility=back) for name, value in properties.items()),
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


@dataclass(frozen=True)
class RemoveRole(Step):
    """Remove a role assignment that this tool made and nothing ever used.

    Attributes:
        scope: where it was assigned.
        principal_id: whom it must still be for; unknown only while a dry run asks what undoing it would need.
        role: the GUID it must still give.
    """

    kind: ClassVar[str] = "remove_role"

    scope: ResourceId
    principal_id: PrincipalId | Unknown
    role: str

    def address(self) -> ResourceId | Unknown:
        """Return the assignment's id; unknown as long as the principal is."""
        if isinstance(self.principal_id, Unknown):
            return UNKNOWN
        return roles.assignment_id(self.scope, self.role, self.principal_id)

    def locks(self) -> frozenset[str]:
        """Return none, as for the step it undoes."""
        return frozenset()

    def decide(self, found: Found) -> Decision:
        """Judge the assignment found."""
        if found.body is None:
            return Done("the role assignment is gone")
        if isinstance(self.principal_id, Unknown) or not roles.gives(found.body, self.role, self.principal_id):
            return Blocked(
                codes.engine.OTHER_VALUE_NOW,
                f"the assignment now makes {roles.principal_of(found.body)} {roles.role_name(roles.role_of(found.body))}",
            )
        lines = tuple(
            Line(f"properties.{name}", at_path(found.body, f"properties.{name}"), None, reversibility=REMOVED)
            for name in ("roleDefinitionId", "principalId")
        )
        return Change(
            Request("DELETE", self.address(), None),
            lines,
            (Effect(self.address(), None),),
            Estimate(usual=5, worst=120),
            "delete",
            "nothing ever used the key through this assignment",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002
        """Leave it removed: a rollback is not rolled back; a new dry run assigns the role again."""
        return Keep("a removed role assignment is made again by a new dry run and apply")

    def permissions(self) -> Permissions:
        """Return reading and deleting the assignment."""
        return (
            Permission("Microsoft.Authorization/roleAssignments/read", self.scope, "vault"),
            Permission("Microsoft.Authorization/roleAssignments/delete", self.scope, "vault"),
        )
