"""Give a principal the use of the keys of an access-policy vault, and take it back."""

from __future__ import annotations

from dataclasses import dataclass
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
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import UNKNOWN, Grant, Output, PrincipalId, Ref, Unknown, known
from cmk_remediate.steps import policies, vault_state

if TYPE_CHECKING:
    from collections.abc import Mapping

GRANTED = Reversibility(
    "reversible",
    "rollback takes back the permissions added if nothing that stands on them was ever sent; once used they stay",
    codes.vault.GRANT_KEPT,
)
FOR_GOOD = Reversibility("kept", "what it is for stays and may serve others", codes.vault.GRANT_KEPT)
TAKEN_BACK = Reversibility("reversible", "a new dry run and apply permits it again")
NEEDED = ("get", "wrapKey", "unwrapKey")


@dataclass(frozen=True)
class AddAccessPolicy(Step):
    """Let the principal get, wrap and unwrap with the vault's keys; every other entry, and its other permissions, stay.

    Sent to ``accessPolicies/add``, never as a PATCH of the vault, which would replace the whole list. The principal's
    entry is sent whole, so that it is right whether Azure merges the entry or replaces it.

    Attributes:
        vault: the vault's id.
        tenant: the tenant of the principal.
        object_id: the object id of the identity's service principal.
        permissions_on_keys: what it is to be permitted.
        for_good: as `AssignKeyRole.for_good`.
    """

    kind: ClassVar[str] = "add_access_policy"
    grant = Output[Grant]()

    vault: ResourceId
    tenant: str
    object_id: PrincipalId | Ref[PrincipalId]
    permissions_on_keys: tuple[str, ...] = NEEDED
    for_good: bool = False

    def address(self) -> ResourceId:
        """Return the vault's id: the entry is part of its body."""
        return self.vault

    def decide(self, found: Found) -> Decision:
        """Judge the vault's list of entries."""
        if found.body is None:
            return vault_state.absent(self.vault)
        forbidden = vault_state.judge_vault(self.vault, found.body)
        if forbidden is not None:
            return forbidden
        if vault_state.uses_roles(found.body):
            return Blocked(
                codes.vault.VAULT_OTHER_MODEL,
                "properties.enableRbacAuthorization is true: an access policy would have no effect",
            )
        object_id = known(self.object_id)
        mine = None
        if not isinstance(object_id, Unknown):
            mine = next(
                (item for item in policies.entries(found.body) if policies.is_for(item, object_id, self.tenant)), None
            )
        missing = policies.lacking(mine, self.permissions_on_keys)
        if not missing:
            return Done(f"the access policy of {object_id} permits {', '.join(self.permissions_on_keys)}")
        if mine is None and len(policies.entries(found.body)) >= policies.MOST:
            return Blocked(
                codes.vault.ACCESS_POLICIES_FULL, f"properties.accessPolicies has {policies.MOST} entries already"
            )
        before = list(policies.keys_of(mine))
        permissions = {**(at_path(mine, "permissions") or {}), "keys": [*before, *missing]}
        entry = {"tenantId": self.tenant, "objectId": object_id, "permissions": permissions}
        back = FOR_GOOD if self.for_good else GRANTED
        return Change(
            Request("PUT", self.vault, {"properties": {"accessPolicies": [entry]}}, verb="access-policy-add"),
            _lines(None if mine is None else object_id, object_id, before, permissions, back),
            (
                Effect(
                    self.vault,
                    {
                        "properties": {"accessPolicies": policies.with_entry(found.body, entry)},
                        "systemData": {"lastModifiedAt": UNKNOWN},
                    },
                ),
            ),
            Estimate(usual=5, worst=60),
            "update",
            f"the principal's access policy lacks {', '.join(missing)}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> RemoveAccessPolicy | Keep:  # noqa: ARG002
        """Take back the permissions we added, if nothing ever used them."""
        object_id = known(self.object_id)
        if isinstance(object_id, Unknown):
            return Keep("the principal never came to be, so no access policy was added")
        if used:
            return Keep("something that needs this access policy was sent, so it stays", codes.vault.GRANT_KEPT)
        if self.for_good:
            return Keep(FOR_GOOD.why, codes.vault.GRANT_KEPT)
        mine = next((item for item in policies.entries(before) if policies.is_for(item, object_id, self.tenant)), None)
        added = policies.lacking(mine, self.permissions_on_keys)
        return RemoveAccessPolicy(self.vault, self.tenant, object_id, added, entry_was_there=mine is not None)

    def permissions(self) -> Permissions:
        """Return reading the vault and writing its access policies."""
        return (
            Permission("Microsoft.KeyVault/vaults/read", self.vault, "vault"),
            Permission("Microsoft.KeyVault/vaults/accessPolicies/write", self.vault, "vault"),
        )


@dataclass(frozen=True)
class RemoveAccessPolicy(Step):
    """Take back permissions that this tool added to a principal's access policy and nothing ever used.

    An entry that was there before is sent with what is left of it (``accessPolicies/replace``, which replaces that
    principal's entry only); one that we made goes away whole (``accessPolicies/remove``). So HashiCorp's provider for
    Azure does too (`azurerm_key_vault_access_policy`), and no reading of ``remove`` can cost the principal more than
    we gave it.

    Attributes:
        vault: the vault's id.
        tenant: the tenant of the principal.
        object_id: the principal's object id.
        added: the permissions on keys that were added.
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

    def decide(self, found: Found) -> Decision:
        """Judge the vault's list of entries."""
        mine = next(
            (item for item in policies.entries(found.body) if policies.is_for(item, self.object_id, self.tenant)), None
        )
        still = [item for item in policies.keys_of(mine) if item.lower() in {one.lower() for one in self.added}]
        if mine is None or not still:
            return Done(f"the access policy of {self.object_id} has none of {', '.join(self.added)}")
        before = list(policies.keys_of(mine))
        left = [item for item in before if item not in still]
        others = {name: value for name, value in at_path(mine, "permissions").items() if name != "keys" and value}
        permissions = {**others, "keys": left}
        whole = not self.entry_was_there and not left and not others
        operation = "remove" if whole else "replace"
        entry = {"tenantId": self.tenant, "objectId": self.object_id, "permissions": permissions}
        sent = {**entry, "permissions": {"keys": before}} if whole else entry
        remaining = policies.with_entry(found.body, entry)
        return Change(
            Request("PUT", self.vault, {"properties": {"accessPolicies": [sent]}}, verb=f"access-policy-{operation}"),
            _lines(self.object_id, None if whole else self.object_id, before, permissions, TAKEN_BACK),
            (
                Effect(
                    self.vault,
                    {
                        "properties": {"accessPolicies": remaining[:-1] if whole else remaining},
                        "systemData": {"lastModifiedAt": UNKNOWN},
                    },
                ),
            ),
            Estimate(usual=5, worst=60),
            "delete" if whole else "update",
            "nothing ever used the key through these permissions",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002
        """Leave them removed: a rollback is not rolled back."""
        return Keep("an access policy taken back is added again by a new dry run and apply")

    def permissions(self) -> Permissions:
        """Return reading the vault and writing its access policies."""
        return (
            Permission("Microsoft.KeyVault/vaults/read", self.vault, "vault"),
            Permission("Microsoft.KeyVault/vaults/accessPolicies/write", self.vault, "vault"),
        )


def _lines(
    before: PrincipalId | Unknown | None,
    after: PrincipalId | Unknown | None,
    keys: list[str],
    permissions: Mapping[str, Any],
    reversibility: Reversibility,
) -> tuple[Line, ...]:
    """Return the lines of one entry; its path names no principal, which may not be known yet."""
    path = "properties.accessPolicies[]"
    carried = tuple(
        Line(f"{path}.permissions.{name}", value, value, "carried")
        for name, value in permissions.items()
        if name != "keys" and value
    )
    return (
        Line(f"{path}.objectId", before, after, "owned" if before != after else "carried", reversibility),
        Line(f"{path}.permissions.keys", keys, permissions["keys"] if after else None, "owned", reversibility),
        *carried,
    )
