"""Give a principal the use of a key: a role assignment, and its removal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

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
from cmk_remediate.model.values import UNKNOWN, Grant, Output, PrincipalId, Unknown
from cmk_remediate.steps import roles, vault_state
from cmk_remediate.steps.assign_role import RoleStep

GRANTED = Reversibility(
    "reversible",
    "rollback removes it if nothing that stands on it was ever sent; once used it stays",
    codes.vault.GRANT_KEPT,
)
FOR_GOOD = Reversibility("kept", "what it is for stays and may serve others", codes.vault.GRANT_KEPT)
REMOVED = Reversibility("reversible", "a new dry run and apply assigns the role again")


@dataclass(frozen=True)
class AssignKeyRole(RoleStep):
    """Assign the role on a key to the principal, unless it has it already, here or from above.

    Attributes:
        scope: the key's id by default; the vault's only where the plan asks for it.
        ahead_of_switch: assign it although the vault uses access policies, because it is to be switched to roles later.
        for_good: the principal is that of a resource that stays and may serve others as soon as it has the key.
    """

    kind: ClassVar[str] = "assign_key_role"
    grant = Output[Grant]()

    ahead_of_switch: bool = False
    for_good: bool = False

    @property
    def kept(self) -> Reversibility:
        """How a rollback treats the assignment."""
        return FOR_GOOD if self.for_good else GRANTED

    def also_reads(self) -> tuple[Read, ...]:
        """Return the vault (does it honour roles?) and what the principal was granted before."""
        return (Read(self.scope.top_level), *super().also_reads())

    def decide(self, found: Found) -> Decision:
        """Judge the assignment, and those that make it unnecessary."""
        vault = found.reads.get(Read(self.scope.top_level))
        if vault is not None and not vault_state.uses_roles(vault) and not self.ahead_of_switch:
            return Blocked(
                codes.vault.VAULT_OTHER_MODEL,
                f"properties.enableRbacAuthorization of {self.scope.top_level.name} is not true: roles do nothing",
                resource=self.scope.top_level.text,
            )
        return super().decide(found)

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
