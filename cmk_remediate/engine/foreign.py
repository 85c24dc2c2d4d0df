"""Changes that somebody else made between our read and our write.

Vaults and SQL servers have no ETag, so such a change cannot be kept out; what the resource shows afterwards tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmk_remediate.model.json_types import JsonObject, leaves, merge_patch

SERVER_MADE = frozenset(
    {
        "etag",
        "systemData",
        "provisioningState",
        "createdOn",
        "updatedOn",
        "principalId",
        "tenantId",
        "clientId",
        "keyId",
        "keyVaultKeyUriVersion",
        "customerManagedKeyStatus",
        "currentVersionedKeyIdentifier",
        "currentVersionedKeyExpirationTimestamp",
        "lastKeyRotationTimestamp",
        "lastModifiedTime",
    }
)
"""Members that Azure writes by itself."""


def changed_meanwhile(before: JsonObject, sent: JsonObject, after: JsonObject) -> tuple[str, ...]:
    """Return the properties of *after* that neither stood so in *before* nor are part of what was *sent*, dotted and sorted.

    Args:
        before: the body read immediately before the write.
        sent: the merge patch that was written.
        after: the body read after it.
    """
    expected = dict(leaves(merge_patch(before, sent)))
    shown = dict(leaves(after))
    ours = {path for path, _ in leaves(sent)}
    return tuple(
        sorted(
            ".".join(path)
            for path in {*expected, *shown}
            if _differs(expected.get(path), shown.get(path))
            and not SERVER_MADE & set(path)
            and not any(path[: len(own)] == own for own in ours)
        )
    )


def _differs(one: Any, other: Any) -> bool:
    """Say whether two values are not the same; nothing, null and an empty object or list are."""
    empty: tuple[Any, ...] = (None, "", {}, [])
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return dict(one) != dict(other)
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() != other.lower()
    return not (one in empty and other in empty) and one != other
