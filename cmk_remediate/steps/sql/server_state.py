"""What a server's body says, and what in it forbids every change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Keep, Pending
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps.sql import instance_state, sorts

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Identities:
    """The identities of a server.

    Attributes:
        type: as the body shows it; None without an identity.
        system: whether it has a system-assigned one.
        attached: the user-assigned ones, as spelled in the body.
        primary: the primary user-assigned one, or None: then the system-assigned one looks up Entra users.
        principals: the principals of the user-assigned ones, by lower-case id.
        system_principal: the system-assigned one's; empty if there is none or it is not shown.
        entra: the body shows an Entra administrator.
    """

    type: str | None
    system: bool
    attached: tuple[ResourceId, ...]
    primary: ResourceId | None
    principals: Mapping[str, str]
    system_principal: str
    entra: bool

    @classmethod
    def of(cls, body: Body) -> Identities:
        """Return the identities in a server's *body*; ``SystemAssigned, UserAssigned`` is spelled with and without the space."""
        kind = at_path(body, "identity.type")
        kinds = {part.strip().lower() for part in str(kind or "").split(",")}
        named = at_path(body, "identity.userAssignedIdentities") or {}
        primary = at_path(body, "properties.primaryUserAssignedIdentityId")
        return cls(
            type=kind,
            system="systemassigned" in kinds,
            attached=tuple(ResourceId.parse(item) for item in named),
            primary=ResourceId.parse(primary) if primary else None,
            principals={str(key).lower(): str(at_path(value, "principalId") or "") for key, value in named.items()},
            system_principal=str(at_path(body, "identity.principalId") or ""),
            entra=bool(at_path(body, "properties.administrators")),
        )

    @property
    def any(self) -> bool:
        """Whether the server has any identity."""
        return self.system or bool(self.attached)

    @property
    def works(self) -> bool:
        """Whether the server has the identity that SQL works with."""
        return self.system if self.primary is None else self.primary in self.attached

    @property
    def words(self) -> str:
        """The identity SQL works with, for a sentence."""
        if self.primary is not None:
            return f"{self.primary.name}, primary"
        return "system-assigned" if self.system else "none"

    def with_attached(self, identity: ResourceId) -> dict[str, Any]:
        """Return ``identity`` as a PATCH sends it: everything there is, and *identity*."""
        named: dict[str, Any] = {item.text: {} for item in self.attached}
        if identity not in self.attached:
            named[identity.text] = {}
        return {
            "type": "SystemAssigned,UserAssigned" if self.system else "UserAssigned",
            "userAssignedIdentities": named,
        }

    def with_system(self) -> dict[str, Any]:
        """Return ``identity`` as a PATCH sends it: everything there is, and the system-assigned one."""
        if not self.attached:
            return {"type": "SystemAssigned"}
        named: dict[str, Any] = {item.text: {} for item in self.attached}
        return {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": named}


def absent(server: ResourceId) -> Blocked:
    """Return that *server* does not exist."""
    why = f"the {sorts.noun(server)} {server.name} does not exist"
    return Blocked(codes.sql.SERVER_ABSENT, why, resource=server.text)


def judge(server: ResourceId, body: Body | None) -> Blocked | Pending | None:
    """Return what in *body* forbids every change of *server*'s protector, now or for good, or None."""
    if body is None:
        return absent(server)
    if sorts.is_instance(server):
        return instance_state.judge(server, body) or _cross_tenant(server, body)
    kind = str(body.get("kind") or "")
    if "analytics" in kind.lower():
        return Blocked(codes.sql.SERVER_OF_SYNAPSE, f"kind of {server.name} is {kind}", resource=server.text)
    state = at_path(body, "properties.state")
    if state not in (None, "Ready"):
        return Blocked(
            codes.sql.SERVER_NOT_READY, f"properties.state of {server.name} is {state}", resource=server.text
        )
    return _cross_tenant(server, body)


def _cross_tenant(server: ResourceId, body: Body) -> Blocked | None:
    client = at_path(body, "properties.federatedClientId")
    if not client:
        return None
    why = f"properties.federatedClientId of {server.name} is {client}"
    return Blocked(codes.sql.CROSS_TENANT, why, resource=server.text)


def stays(identity: ResourceId) -> Keep:
    """Return that *identity* stays the primary one: there was none before that could be named."""
    return Keep(f"there was no primary identity before; {identity.name} stays", codes.sql.SERVER_IDENTITY_KEPT)
