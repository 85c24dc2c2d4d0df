"""What the rollbacks of earlier versions did with grants that nothing of their run had used: they removed them.

The steps are read where such a rollback was reviewed or begun, so that it can be shown, and gone on with to its end. They remove
nothing any more (see `grants`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.decisions import Done, Found, Keep
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import UNKNOWN, PrincipalId, Unknown
from cmk_remediate.steps import grants, policies, roles

if TYPE_CHECKING:
    from cmk_remediate.model.json_types import JsonObject


@dataclass(frozen=True)
class RemoveRole(Step):
    """Leave a role assignment that was to be removed.

    Attributes:
        scope: where it was assigned.
        principal_id: whom it is for; unknown where the principal never came to be.
        role: the GUID of the role it gives.
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
        """Return none, as for the step it was to undo."""
        return frozenset()

    def decide(self, found: Found) -> Done:
        """Say whether it is there; whatever it gives by now, it is left."""
        if found.body is None:
            return Done("the role assignment is gone")
        return Done(grants.left_alone("role assignment"))

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002
        """Leave it removed, where an earlier version had done so: a rollback is not rolled back."""
        return Keep("a removed role assignment is made again by a new dry run and apply")

    def permissions(self) -> Permissions:
        """Return reading the assignment."""
        return (Permission("Microsoft.Authorization/roleAssignments/read", self.scope, "vault"),)


@dataclass(frozen=True)
class RemoveAccessPolicy(Step):
    """Leave permissions that were to be taken back from a principal's access policy.

    Attributes:
        vault: the vault's id.
        tenant: the tenant of the principal.
        object_id: the principal's object id.
        added: the permissions on keys that the run had added.
        entry_was_there: whether the principal had an entry before.
    """

    kind: ClassVar[str] = "remove_access_policy"

    vault: ResourceId
    tenant: str
    object_id: PrincipalId
    added: tuple[str, ...]
    entry_was_there: bool

    def address(self) -> ResourceId:
        """Return the vault's id."""
        return self.vault

    def decide(self, found: Found) -> Done:
        """Say whether any of them is there; they are left."""
        mine = next(
            (item for item in policies.entries(found.body) if policies.is_for(item, self.object_id, self.tenant)), None
        )
        added = {one.lower() for one in self.added}
        if not any(item.lower() in added for item in policies.keys_of(mine)):
            return Done(f"the access policy of {self.object_id} has none of {', '.join(self.added)}")
        return Done(grants.left_alone("access policy"))

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002
        """Leave them removed, where an earlier version had done so: a rollback is not rolled back."""
        return Keep("an access policy taken back is added again by a new dry run and apply")

    def permissions(self) -> Permissions:
        """Return reading the vault."""
        return (Permission("Microsoft.KeyVault/vaults/read", self.vault, "vault"),)
