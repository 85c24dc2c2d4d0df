"""Which recorded operations are those that our plans use: the rows of the catalog, and polling what they start."""

from __future__ import annotations

from cmk_remediate.connection.rows import ROWS
from tests.conformance.recordings.naming import VAULT


def is_ours(operation: str) -> bool:
    """Say whether a row of the catalog words *operation*."""
    name = operation.lower()
    if name.startswith("poll of "):
        return name.split(" ")[3] in {row.type for row in ROWS.values() if row.kind == "write"}
    if name.endswith(" (list)"):
        parent, _, what = name.removesuffix(" (list)").removeprefix("get ").rpartition("/")
        return what in _lists() and any(row.type.startswith(parent) for row in ROWS.values())
    return name in _names()


def _names() -> frozenset[str]:
    whole = (row for row in ROWS.values() if row.plane == "arm" and row.name in ("get", "put", "patch", "delete"))
    found = {f"{row.method} {row.type}" for row in whole}
    in_vaults = (row for row in ROWS.values() if row.plane == "vault")
    found |= {f"{row.method} {VAULT} {row.path.strip('/').replace('names.1', 'name')}" for row in in_vaults}
    if any(row.name == "provider" for row in ROWS.values()):
        found.add("GET Microsoft.Resources/providers")
    return frozenset(name.lower() for name in found)


def _lists() -> frozenset[str]:
    """Return what is listed anywhere, by its last word: ``keys``, ``roleDefinitions``."""
    return frozenset(row.name.removeprefix("list:").lower() for row in ROWS.values() if row.name.startswith("list:"))
