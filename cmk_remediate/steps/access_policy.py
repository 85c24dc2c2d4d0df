"""Give a principal the use of the keys of an access-policy vault: an access policy, which stays (see `grants`)."""

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
from cmk_remediate.steps import grants, policies, vault_state

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        back = grants.after_rollback(for_good=self.for_good)
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

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep what was added, and say what is known of its users."""
        if isinstance(known(self.object_id), Unknown):
            return Keep("the principal never came to be, so no access policy was added")
        return grants.keep("access policy", used=used, for_good=self.for_good)

    def permissions(self) -> Permissions:
        """Return reading the vault and writing its access policies."""
        return (
            Permission("Microsoft.KeyVault/vaults/read", self.vault, "vault"),
            Permission("Microsoft.KeyVault/vaults/accessPolicies/write", self.vault, "vault"),
        )


def _lines(
    before: PrincipalId | Unknown | None,
    after: PrincipalId | Unknown,
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
        Line(f"{path}.permissions.keys", keys, permissions["keys"], "owned", reversibility),
        *carried,
    )
