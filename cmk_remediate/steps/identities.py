"""The managed identities that a resource's body shows under ``identity``; every service spells them alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.values import PrincipalId


@dataclass(frozen=True)
class Identities:
    """The identities of one resource.

    Attributes:
        type: ``identity.type`` as shown; None where there is none.
        system: whether it has a system-assigned one.
        attached: its user-assigned ones, as spelled in the body.
        principals: their principals, by lower-case id.
        system_principal: the system-assigned one's; empty if there is none or it is not shown.
    """

    type: str | None
    system: bool
    attached: tuple[ResourceId, ...]
    principals: Mapping[str, str]
    system_principal: str

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> Identities:
        """Return what *body* says; ``SystemAssigned, UserAssigned`` is spelled with and without the space."""
        kind = at_path(body, "identity.type")
        named = at_path(body, "identity.userAssignedIdentities") or {}
        return cls(
            type=kind,
            system="systemassigned" in {part.strip().lower() for part in str(kind or "").split(",")},
            attached=tuple(ResourceId.parse(one) for one in named),
            principals={str(one).lower(): str(at_path(value, "principalId") or "") for one, value in named.items()},
            system_principal=str(at_path(body, "identity.principalId") or ""),
        )

    def principal_of(self, identity: ResourceId | None) -> PrincipalId | None:
        """Return the principal of *identity* (None: the system-assigned one); None where the body does not show it."""
        found = self.system_principal if identity is None else self.principals.get(identity.key, "")
        return PrincipalId(found) if found else None
