"""Law 5: what a write takes from, or changes in, a body without having named it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Json

_COLLECTIONS = frozenset({"accessPolicies", "ipRules", "virtualNetworkRules", "userAssignedIdentities", "tags"})
"""Members whose entries belong to different people: naming the member is not naming each entry."""

_ENVELOPE = frozenset({"id", "name", "type", "kind", "etag", "systemData"})
"""Members of the body itself, not of what is in it, that the service makes."""
_SERVER_MADE = frozenset({
    "provisioningState", "resourceState", "principalId", "clientId", "tenantId", "uri", "thumbprint", "keyVersion", "keyUri",
    "keyUriWithVersion",
    "updated", "created", "recoveryLevel", "updatedOn", "updatedBy", "createdOn", "createdBy", "scanState", "creationDate",
    "privateEndpointConnections", "keyId", "status", "vaultUri",
    "keyVaultKeyUriVersion", "customerManagedKeyStatus", "diskState", "currentVersionedKeyIdentifier",
    "currentVersionedKeyExpirationTimestamp", "lastKeyRotationTimestamp", "lastModifiedTime",
})  # fmt: skip
"""Members the service makes: learn.microsoft.com's references mark them read-only, or derive them from others."""

_NOTHING: tuple[Any, ...] = (None, "", [], {})
_ABSENT = object()


def atoms(name: str, value: Any) -> Iterator[str]:
    """Go through the parts of a collection that can be lost one by one."""
    if name == "accessPolicies":
        for entry in value or ():
            who = str(entry.get("objectId", "")).lower()
            for kind, names in (entry.get("permissions") or {}).items():
                yield from (f"{who} {kind} {str(one).lower()}" for one in names or ())
    elif name == "userAssignedIdentities":
        yield from (one.lower() for one, kept in (value or {}).items() if kept is not None)
    elif isinstance(value, dict):
        yield from (f"{key}={json.dumps(one, sort_keys=True)}" for key, one in value.items())
    else:
        yield from (json.dumps(_lowered(one), sort_keys=True) for one in value or ())


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lowered(one) for key, one in value.items() if key != "ignoreMissingVnetServiceEndpoint"}
    text = value.lower() if isinstance(value, str) else value
    return text.removesuffix("/32") if isinstance(text, str) else text


def written(sent: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Go through what a request's body sets, as (path, value): afterwards it is the writer's own."""
    if not isinstance(sent, dict):
        return
    for name, value in sent.items():
        here = f"{path}.{name}" if path else name
        if name in _COLLECTIONS:
            yield from ((here, atom) for atom in atoms(name, value))
        elif isinstance(value, dict):
            yield from written(value, here)
        else:
            yield here, json.dumps(value, sort_keys=True)


def _taken_by_name(given: Any) -> Iterator[str]:
    """Go through the entries of a collection that a request names with null, as detaching one identity does."""
    if isinstance(given, dict):
        yield from (name.lower() for name, value in given.items() if value is None)


def lost(old: Json, new: Json, sent: Any, mine: set[tuple[str, str]], path: str = "") -> Iterator[str]:
    """Go through what is lost or changed between *old* and *new* that *sent* does not name and is not *mine*."""
    for name, value in old.items():
        if name in _SERVER_MADE or (not path and name in _ENVELOPE) or value in _NOTHING:
            continue
        here = f"{path}.{name}" if path else name
        given = sent.get(name, _ABSENT) if isinstance(sent, dict) else _ABSENT
        after = new.get(name, _ABSENT)
        if name in _COLLECTIONS:
            kept = set(atoms(name, None if after is _ABSENT else after)) | set(_taken_by_name(given))
            yield from (
                f"{here}: {atom}" for atom in atoms(name, value) if atom not in kept and (here, atom) not in mine
            )
        elif isinstance(value, dict):
            yield from lost(value, after if isinstance(after, dict) else {}, given, mine, here)
        elif here == "identity.type":
            gone = _kinds(value) - _kinds(None if after is _ABSENT else after)
            yield from (
                f"{here}: {kind}" for kind in sorted(gone) if (here, json.dumps(value, sort_keys=True)) not in mine
            )
        elif (
            value != after
            and (given is _ABSENT or after is _ABSENT)
            and (here, json.dumps(value, sort_keys=True)) not in mine
        ):
            yield here


def _kinds(text: Any) -> set[str]:
    return {part.strip().lower() for part in str(text or "").split(",")} - {"", "none"}


class Owned:
    """What the operator wrote itself, and may therefore take back."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._mine: dict[str, set[tuple[str, str]]] = {}

    def remember(self, other: Owned) -> None:
        """Know what *other* knew."""
        self._mine = {key: set(one) for key, one in other._mine.items()}

    def forget(self) -> None:
        """Take all that is there for the owner's."""
        self._mine = {}

    def lost(self, key: str, old: Json | None, new: Json | None, sent: Any) -> list[str]:
        """Return what a write of *sent* to the resource *key* lost, and note what it set."""
        mine = self._mine.setdefault(key, set())
        found = list(lost(old, new, sent, mine)) if old is not None and new is not None else []
        before = set(written(old or {}))
        mine.update(one for one in written(sent) if one not in before)
        return found
