"""Give a principal the use of a key: a role assignment, which stays (see `grants`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Decision, Found, Keep, Read, Reversibility
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.values import Grant, Output
from cmk_remediate.steps import grants, vault_state
from cmk_remediate.steps.assign_role import RoleStep

if TYPE_CHECKING:
    from cmk_remediate.model.json_types import JsonObject


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
        return grants.after_rollback(for_good=self.for_good)

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

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep it, and say what is known of its users."""
        if before is not None:
            return Keep("the role assignment was there before this run")
        return grants.keep("role assignment", used=used, for_good=self.for_good)

    def permissions(self) -> Permissions:
        """Return reading and writing role assignments at the scope, and reading the vault."""
        return (
            Permission("Microsoft.KeyVault/vaults/read", self.scope.top_level, "vault"),
            Permission("Microsoft.Authorization/roleAssignments/read", self.scope, "vault"),
            Permission("Microsoft.Authorization/roleAssignments/write", self.scope, "vault"),
        )
