"""Which roles let a principal do what an access policy lets it do.

Facts: learn.microsoft.com, "Migrate from vault access policy to an Azure role-based access control permission model"
(access policies to roles) and "Azure built-in roles for Security" (data actions). A role that permits more than the
entry counts: the question is only whether the principal loses anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps import roles

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId

Body = Mapping[str, Any]

_READ = frozenset({"get", "list"})
_USE = frozenset({"get", "list", "update", "backup", "encrypt", "decrypt", "wrapkey", "unwrapkey", "sign", "verify"})
_MANAGE = frozenset(
    {"create", "import", "delete", "recover", "restore", "rotate", "purge", "getrotationpolicy", "setrotationpolicy"}
)
_KEYS = _USE | _MANAGE | {"release"}
_SECRETS = frozenset({"get", "list", "set", "delete", "recover", "backup", "restore", "purge"})
_CERTIFICATES = frozenset({
    "get", "list", "delete", "create", "import", "update", "recover", "backup", "restore", "purge",
    "managecontacts", "getissuers", "listissuers", "setissuers", "deleteissuers", "manageissuers",
})  # fmt: skip

_COVERS: Mapping[str, Mapping[str, frozenset[str]]] = {
    # Key Vault Crypto Service Encryption User
    "e147488a-f6f5-4113-8e2d-b22465e65bf6": {"keys": _READ | {"wrapkey", "unwrapkey"}},
    # Key Vault Crypto User
    "12338af0-0e69-4776-bea7-57ae8d297424": {"keys": _USE},
    # Key Vault Crypto Officer: vaults/keys/*
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": {"keys": _KEYS},
    # Key Vault Crypto Service Release User
    "08bbd89e-9f13-488c-ac41-acfcb10c90ab": {"keys": frozenset({"release"})},
    # Key Vault Administrator: vaults/*
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": {"keys": _KEYS, "secrets": _SECRETS, "certificates": _CERTIFICATES},
    # Key Vault Reader: no values of secrets
    "21090545-7ca7-4776-b22c-e363652d74d2": {"keys": _READ, "secrets": frozenset({"list"}), "certificates": _READ},
}
"""Role GUID to what it lets a principal do, in access-policy words."""


def without_equivalent(entry: Body) -> str:
    """Return why no built-in role can replace *entry*, in words; empty if one can."""
    if at_path(entry, "applicationId"):
        return "it is for an application acting on behalf of a user"
    lost = sorted(_wanted(entry) - _covered(_COVERS))
    return f"no built-in role permits {', '.join(lost)}" if lost else ""


def lost_by(
    entry: Body, assignments: Iterable[Body], vault: ResourceId, now: datetime, timeout: int
) -> tuple[str, ...]:
    """Return what the principal of *entry* could no longer do under roles, sorted.

    Args:
        entry: the access policy.
        assignments: the role assignments listed for the vault.
        vault: its id; only assignments at it or above it count.
        now: Azure's clock.
        timeout: seconds that an assignment must be old to be believed to have arrived.
    """
    held = set()
    for item in roles.covering(assignments, vault):
        since = roles.since(item)
        settled = since is not None and since <= now - timedelta(seconds=timeout)
        if settled and roles.gives(item, roles.role_of(item), str(at_path(entry, "objectId"))):
            held.add(roles.role_of(item))
    return tuple(sorted(_wanted(entry) - _covered(held)))


def _wanted(entry: Body) -> set[str]:
    wanted: set[str] = set()
    whole = {"keys": _KEYS, "secrets": _SECRETS, "certificates": _CERTIFICATES}
    for sort, items in (at_path(entry, "permissions") or {}).items():
        names = {str(item).lower() for item in items or ()}
        if "all" in names:
            names = (names - {"all"}) | whole.get(sort, frozenset({"all"}))
        wanted |= {f"{sort}/{name}" for name in names}
    return wanted


def _covered(held: Iterable[str]) -> set[str]:
    return {f"{sort}/{name}" for role in held for sort, names in _COVERS.get(role, {}).items() for name in names}
