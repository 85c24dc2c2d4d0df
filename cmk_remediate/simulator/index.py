"""What is looked up often about resources, derived from their records."""

from __future__ import annotations

from typing import Any

from cmk_remediate.model.ids import ResourceId

_GRANTS = "microsoft.authorization/roleassignments"


def owner(key: str) -> str:
    """Return the key of what the resource belongs to: its parent, its scope, its group or its subscription."""
    parts = key.split("/")
    outermost = 4  # providers, namespace, type, name
    tail = len(parts) - 1 - parts[::-1].index("providers") if "providers" in parts else -1
    return "/".join(parts[:tail] if tail > 0 and len(parts) - tail <= outermost else parts[:-2])


class Index:
    """Resources by type and by owner, grants by principal, running operations by resource.

    Keys are lower-case ids; all orders are those of insertion.

    Attributes:
        busy: resource -> the operation that runs on it.
        status_urls: path of a status URL -> its operation.
    """

    def __init__(self, resources: dict[str, Any], operations: dict[str, Any]) -> None:
        """Build the index."""
        self._types: dict[str, dict[str, None]] = {}
        self._children: dict[str, dict[str, dict[str, None]]] = {}
        self._grants: dict[str, dict[str, None]] = {}
        self._gone: dict[tuple[str, str], dict[str, None]] = {}
        self.busy: dict[str, str] = {}
        self.status_urls: dict[str, str] = {}
        for key, record in resources.items():
            self.add(key, ResourceId(record["id"]).type.lower(), record["body"])
        for key, operation in operations.items():
            if operation["status"] == "running":
                self.busy[operation["resource"].lower()] = key
            self.status_urls.update(dict.fromkeys(operation.get("paths", ()), key))

    def add(self, key: str, kind: str, body: dict[str, Any]) -> None:
        """Take a new resource in."""
        self._types.setdefault(kind, {})[key] = None
        self._children.setdefault(owner(key), {}).setdefault(kind, {})[key] = None
        if kind == _GRANTS:
            self._grants.setdefault(_principal(body), {})[key] = None

    def remove(self, key: str, kind: str, body: dict[str, Any]) -> None:
        """Let a resource go."""
        self._types.get(kind, {}).pop(key, None)
        self._children.get(owner(key), {}).get(kind, {}).pop(key, None)
        if kind == _GRANTS:
            self._grants.get(_principal(body), {}).pop(key, None)

    def note_gone(self, key: str, kind: str) -> None:
        """Remember that a resource was removed."""
        self._gone.setdefault((owner(key), kind), {})[key] = None

    def gone(self, parent: str, kind: str) -> list[str]:
        """Return the keys of what was removed from *parent* at some time; some may be there again."""
        return list(self._gone.get((parent, kind), ()))

    def of_type(self, kind: str) -> list[str]:
        """Return the keys of a whole type."""
        return list(self._types.get(kind, ()))

    def children(self, parent: str, kind: str) -> list[str]:
        """Return the keys of *parent*'s children or extensions of a whole type."""
        return list(self._children.get(parent, {}).get(kind, ()))

    def all_below(self, parent: str) -> list[str]:
        """Return the keys of everything that belongs to *parent* directly."""
        return [key for keys in self._children.get(parent, {}).values() for key in keys]

    def grants(self, principal: str) -> list[str]:
        """Return the keys of a principal's role assignments."""
        return list(self._grants.get(principal, ()))


def _principal(body: dict[str, Any]) -> str:
    return str(body.get("properties", {}).get("principalId", "")).lower()
