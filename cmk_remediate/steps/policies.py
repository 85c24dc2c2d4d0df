"""Access policies: a vault's older permission model, entry by entry.

Facts: azure-mgmt-keyvault `AccessPolicyEntry` and `AccessPolicyUpdateKind`; learn.microsoft.com, "Assign a Key Vault
access policy". Spellings vary in casing (``Get``, ``WrapKey``), and ``all`` stands for every permission of its sort.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.values import Unknown

Body = Mapping[str, Any]

MOST = 1024
"""How many access policies a vault holds."""


def entries(vault: Body | None) -> tuple[Body, ...]:
    """Return the vault's access policies, in its order."""
    return tuple(at_path(vault, "properties.accessPolicies") or ())


def is_for(entry: Body, object_id: str, tenant: str) -> bool:
    """Say whether *entry* is the principal's own, not that of an application acting for it."""
    theirs = at_path(entry, "objectId")
    return (
        not isinstance(theirs, Unknown)
        and str(theirs).lower() == object_id.lower()
        and str(at_path(entry, "tenantId")).lower() == tenant.lower()
        and not at_path(entry, "applicationId")
    )


def keys_of(entry: Body | None) -> tuple[str, ...]:
    """Return the permissions on keys in *entry*, as spelled."""
    return tuple(at_path(entry, "permissions.keys") or ())


def lacking(entry: Body | None, wanted: Iterable[str]) -> tuple[str, ...]:
    """Return those of the permissions on keys *wanted* that *entry* does not have."""
    has = {item.lower() for item in keys_of(entry)}
    return () if "all" in has else tuple(item for item in wanted if item.lower() not in has)


def with_entry(vault: Body | None, entry: Body) -> list[Body]:
    """Return the vault's entries with *entry* in the place of that principal's own, or at the end."""
    object_id, tenant = at_path(entry, "objectId"), str(at_path(entry, "tenantId"))
    if isinstance(object_id, Unknown):
        return [*entries(vault), entry]
    others = [item for item in entries(vault) if not is_for(item, object_id, tenant)]
    return [*others, entry]
