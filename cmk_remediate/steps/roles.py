"""Role assignments: the role, the deterministic name, and what counts as an equal grant.

Facts: learn.microsoft.com, "Azure built-in roles for Security" (GUIDs and data actions), "Troubleshoot Azure RBAC"
(``RoleAssignmentUpdateNotPermitted``: a name may never be reused for another principal, so the principal is part of
it).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cmk_remediate.clock import parse_utc
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.values import Unknown

if TYPE_CHECKING:
    from datetime import datetime

    from cmk_remediate.model.ids import ResourceId

Body = Mapping[str, Any]

CRYPTO_SERVICE_ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""Key Vault Crypto Service Encryption User: read, wrap and unwrap with keys."""

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
"""Reader: read everything there is to see in Azure Resource Manager."""

_NAMES: Mapping[str, str] = {
    CRYPTO_SERVICE_ENCRYPTION_USER: "Key Vault Crypto Service Encryption User",
    READER: "Reader",
    "12338af0-0e69-4776-bea7-57ae8d297424": "Key Vault Crypto User",
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": "Key Vault Crypto Officer",
    "08bbd89e-9f13-488c-ac41-acfcb10c90ab": "Key Vault Crypto Service Release User",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
    "21090545-7ca7-4776-b22c-e363652d74d2": "Key Vault Reader",
}

WITHOUT_DATA_ACTIONS = frozenset(
    {
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",  # Owner
        "b24988ac-6180-42a0-ab88-20f7382dd24c",  # Contributor
        READER,
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",  # User Access Administrator
        "f25e0fa2-a7c8-4377-a976-54943a77a395",  # Key Vault Contributor
        "8b54135c-b56d-4d72-a534-26097cfdc8d8",  # Key Vault Data Access Administrator
    }
)
"""Roles that do not use keys, secrets or certificates: their holders lose nothing when a vault is restricted."""

_READS_ONLY = frozenset({"21090545-7ca7-4776-b22c-e363652d74d2"})  # Key Vault Reader
"""Roles in the data plane that use no key."""

ASSIGNMENT_TYPE = "Microsoft.Authorization/roleAssignments"


def role_name(role: str) -> str:
    """Return what Azure calls the role, or its GUID where that is not known here."""
    return _NAMES.get(role.lower(), role)


def assignment_id(scope: ResourceId, role: str, principal_id: str) -> ResourceId:
    """Return the id of the assignment that we make: the same in every run, another one for another principal."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{scope.key}|{role.lower()}|{principal_id.lower()}")
    return scope.extension(ASSIGNMENT_TYPE, str(name))


def definition_id(scope: ResourceId, role: str) -> str:
    """Return the role's definition id in the scope's subscription."""
    return f"{scope.subscription_id.text}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def role_of(assignment: Body) -> str:
    """Return the GUID of the role that *assignment* gives; the rest of the definition's id varies."""
    return str(at_path(assignment, "properties.roleDefinitionId") or "").rpartition("/")[2].lower()


def principal_of(assignment: Body) -> str:
    """Return the principal's object id in lower case; empty while it is unknown."""
    found = at_path(assignment, "properties.principalId")
    return "" if isinstance(found, Unknown) else str(found or "").lower()


def scope_of(assignment: Body) -> str:
    """Return the scope the assignment is made at, in lower case, without a trailing slash."""
    return str(at_path(assignment, "properties.scope") or "").rstrip("/").lower()


def has_condition(assignment: Body) -> bool:
    """Say whether the assignment holds only under a condition: then nothing is known of what it grants."""
    return bool(at_path(assignment, "properties.condition"))


def gives(assignment: Body, role: str, principal_id: str) -> bool:
    """Say whether *assignment* gives *role* to the principal, unconditionally."""
    return (
        role_of(assignment) == role.lower()
        and principal_of(assignment) == principal_id.lower()
        and not has_condition(assignment)
    )


def may_use_keys(assignment: Body, principal_id: str) -> bool:
    """Say whether *assignment* lets the principal use keys, or may: of other roles than these nothing is known here."""
    useless = WITHOUT_DATA_ACTIONS | _READS_ONLY
    return principal_of(assignment) == principal_id.lower() and role_of(assignment) not in useless


def covering(assignments: Iterable[Body], scope: ResourceId) -> tuple[Body, ...]:
    """Return those of *assignments* made at *scope* or above it; a list for a scope also holds what lies below.

    Management groups and the tenant are above every scope.
    """
    above = []
    for item in assignments:
        at = scope_of(item)
        if not at.startswith("/subscriptions/") or scope.key == at or scope.key.startswith(at + "/"):
            above.append(item)
    return tuple(above)


def since(assignment: Body) -> datetime | None:
    """Return when the assignment was last changed, by Azure's clock; None while it is not known."""
    for name in ("updatedOn", "createdOn"):
        found = at_path(assignment, f"properties.{name}")
        if isinstance(found, str) and found:
            return parse_utc(found)
    return None
