"""Let a cluster's identity read its encryption set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import Keep, Reversibility
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.steps import roles
from cmk_remediate.steps.assign_role import RoleStep

if TYPE_CHECKING:
    from cmk_remediate.model.json_types import JsonObject


KEPT = Reversibility("kept", "volumes on the set cannot be attached without it", codes.aks.READER_KEPT)


@dataclass(frozen=True)
class AssignReader(RoleStep):
    """Make the identity of a control plane Reader on the set.

    Without it no volume on the set can be attached (kubernetes-sigs/azuredisk-csi-driver#2609, MicrosoftDocs/azure-docs#85998); so
    it comes before the first volume names the set, and stays: what a cluster attaches is not seen here.
    """

    kind: ClassVar[str] = "assign_reader"
    role: str = roles.READER

    @property
    def kept(self) -> Reversibility:
        """How a rollback treats the assignment."""
        return KEPT

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep it."""
        return Keep(f"Reader on {self.scope.name} stays: {KEPT.why}", codes.aks.READER_KEPT)

    def permissions(self) -> Permissions:
        """Return reading and writing role assignments at the set."""
        return (
            Permission("Microsoft.Authorization/roleAssignments/read", self.scope, "service"),
            Permission("Microsoft.Authorization/roleAssignments/write", self.scope, "service"),
        )
