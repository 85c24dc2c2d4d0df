"""When two states of Azure are the same: bodies as JSON, less what the service makes and less what a review says stays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cmk_remediate.model.review import Review
    from tests.e2e.stage import Stage

Bodies = dict[str, dict[str, Any]]

SERVER_MADE = (
    ("*", "systemData.*", "who wrote last and when: Azure's own record of our very requests"),
    ("*", "etag", "changes with every write"),
    ("microsoft.sql/*/keys", "properties.creationDate", "when it was registered"),
    ("microsoft.sql/servers/databases", "properties.keys.*.creationDate", "when it was registered"),
    ("microsoft.sql/*/encryptionprotector", "properties.thumbprint", "of the key version in use"),
    ("microsoft.sql/*/encryptionprotector", "properties.keyVersion", "of the key version in use"),
    (
        "microsoft.sql/*/encryptionprotector",
        "properties.uri",
        "follows serverKeyName; a rotation moves its version",
    ),
    ("microsoft.sql/*", "properties.keyId", "follows the protector; a rotation moves its version"),
    ("microsoft.sql/*", "identity.userAssignedIdentities.*.principalId", "looked up by Azure"),
    ("microsoft.sql/*", "identity.userAssignedIdentities.*.clientId", "looked up by Azure"),
    ("microsoft.sql/*", "identity.tenantId", "the subscription's; in recordings another one stands there"),
    ("microsoft.documentdb/databaseaccounts", "properties.keyVaultKeyUriVersion", "the version of the key in use"),
    ("microsoft.documentdb/databaseaccounts", "properties.customerManagedKeyStatus", "whether the key works"),
    (
        "microsoft.documentdb/databaseaccounts",
        "properties.provisioningState",
        "Updating while Azure encrypts by itself",
    ),
    ("microsoft.documentdb/databaseaccounts", "identity.userAssignedIdentities.*.principalId", "looked up by Azure"),
    ("microsoft.documentdb/databaseaccounts", "identity.userAssignedIdentities.*.clientId", "looked up by Azure"),
    (
        "microsoft.documentdb/databaseaccounts",
        "identity.tenantId",
        "the subscription's; in recordings another one stands there",
    ),
    ("microsoft.cache/redisenterprise", "identity.userAssignedIdentities.*.principalId", "looked up by Azure"),
    ("microsoft.cache/redisenterprise", "identity.userAssignedIdentities.*.clientId", "looked up by Azure"),
    ("microsoft.storage/storageaccounts", "identity.userAssignedIdentities.*.principalId", "looked up by Azure"),
    ("microsoft.storage/storageaccounts", "identity.userAssignedIdentities.*.clientId", "looked up by Azure"),
    ("microsoft.storage/storageaccounts", "identity.principalId", "of an identity that was turned on, and stays"),
    (
        "microsoft.storage/storageaccounts/encryptionscopes",
        "properties.keyVaultProperties.lastKeyRotationTimestamp",
        "when it took its key",
    ),
    (
        "microsoft.storage/storageaccounts",
        "identity.tenantId",
        "the subscription's; in recordings another one stands there",
    ),
    (
        "microsoft.storage/storageaccounts",
        "properties.encryption.keyvaultproperties.lastKeyRotationTimestamp",
        "when it took its key up last",
    ),
    (
        "microsoft.storage/storageaccounts",
        "properties.encryption.keyvaultproperties.current*",
        "the version of the key in use, and when that expires",
    ),
    ("microsoft.storage/storageaccounts/encryptionscopes", "properties.lastModifiedTime", "when it was written last"),
    ("microsoft.sql/servers/databases", "properties.earliestRestoreDate", "moves with time"),
    ("microsoft.sql/servers/databases/transparentdataencryption", "properties.scanState", "a scan comes and goes"),
    ("microsoft.keyvault/vaults/keys", "properties.keyUriWithVersion", "names the version its owner rotated to"),
    (
        "microsoft.keyvault/vaults/keys*",
        "properties.attributes.created",
        "when, not what; also of a version rotated to",
    ),
    (
        "microsoft.keyvault/vaults/keys*",
        "properties.attributes.updated",
        "when, not what; also of a version rotated to",
    ),
    ("microsoft.cognitiveservices/accounts", "identity.userAssignedIdentities.*.*", "ids looked up by Azure"),
    ("microsoft.cognitiveservices/accounts", "identity.principalId", "comes with identity.type"),
    (
        "microsoft.cognitiveservices/accounts",
        "identity.tenantId",
        "the subscription's; in recordings another one stands there",
    ),
    (
        "microsoft.compute/diskencryptionsets",
        "properties.activeKey.keyUrl",
        "a set that follows its key moves to the version its owner rotated to",
    ),
    ("microsoft.compute/diskencryptionsets", "properties.previousKeys*", "the versions before, while disks move"),
    ("microsoft.compute/diskencryptionsets", "properties.lastKeyRotationTimestamp", "when it followed its key last"),
    ("microsoft.authorization/roleassignments", "properties.createdOn", "when it was made"),
    ("microsoft.authorization/roleassignments", "properties.updatedOn", "when it was made"),
    ("microsoft.keyvault/vaults/keys*", "properties.attributes.recoveryLevel", "follows the vault's protection"),
)
"""(type, path, why it is not compared): members that the service makes or moves by itself; names in lower-case types."""

APPEARS = (
    ("microsoft.keyvault/vaults/keys/versions", "the version its owner rotated to"),
    ("microsoft.sql/servers/keys", "a protector that follows its key has the new version registered"),
    ("microsoft.sql/managedinstances/keys", "the same"),
)
"""(type, why): resources that a rotation makes; overlooked only where a key was rotated in between."""

VERSIONED = (
    ("microsoft.sql/servers/encryptionprotector", "properties.serverKeyName"),
    ("microsoft.sql/managedinstances/encryptionprotector", "properties.serverKeyName"),
    ("microsoft.sql/servers/databases", "properties.encryptionProtector"),
)
"""Members compared without the version at their end: an old key version cannot be selected again."""

LIKE_NOTHING: Mapping[tuple[str, str], tuple[Any, ...]] = {
    ("microsoft.cognitiveservices/accounts", "properties.encryption.keySource"): ("Microsoft.CognitiveServices",),
    ("microsoft.cache/redisenterprise", "properties.encryption"): ({}, None),
    ("microsoft.cache/redisenterprise", "properties.encryption.customerManagedKeyEncryption"): ({}, None),
}
"""(type, path): the values that say what its absence says, and that Azure shows only where one was once sent."""

_ABSENT = "absent"


@dataclass(frozen=True)
class Stays:
    """What a review says is not undone: a path of a resource, or, where the path is empty, the whole resource."""

    resource: str
    path: str = ""


def kept(stage: Stage, review: Review, undoing: Review) -> list[Stays]:
    """Return what the rollback review *undoing* of *review* calls kept or one-way.

    A step's resource is where its journal says it wrote: some addresses are known to the run only.
    """
    there = _where(stage, review)
    found = [
        Stays(there[step.id][1], line.path)
        for step in review.steps
        for line in step.lines
        if there.get(step.id, ("",))[0] == "PATCH" and line.reversibility and line.reversibility.kind != "reversible"
    ]
    lines = {step.id: step.lines for step in review.steps}
    where = {**there, **_where(stage, undoing)}
    for step in undoing.steps:
        back = [line.reversibility.kind for line in step.lines if line.role == "owned" and line.reversibility]
        if not back or not all(kind in ("kept", "one-way") for kind in back) or step.id not in where:
            continue
        method, resource = where[step.id]
        if step.kind == "add_access_policy":
            found.append(Stays(resource, "properties.accessPolicies"))
            continue
        whole = method == "PUT" and resource.rsplit("/", 1)[1] != "current"
        owned = [line.path for line in lines.get(step.id, ()) if line.role == "owned"]
        found += [Stays(resource)] if whole else [Stays(resource, one) for one in owned]
    return [*found, *_said_at_once(review, where)]


def _said_at_once(review: Review, where: Mapping[str, tuple[str, str]]) -> Iterator[Stays]:
    """Yield the lines that the review itself calls kept, also of a step whose other lines go back."""
    for step in review.steps:
        for line in step.lines:
            back = line.reversibility
            if line.role == "owned" and back is not None and back.kind == "kept" and step.id in where:
                yield Stays(where[step.id][1], line.path)


def _where(stage: Stage, review: Review) -> dict[str, tuple[str, str]]:
    file = stage.folder / review.digest / "journal.ndjson"
    records = [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []
    return {one["step"]: (one["method"], one["resource_id"].lower()) for one in records if one["type"] == "intent"}


def differences(before: Bodies, after: Bodies, stays: Iterable[Stays] = (), *, rotated: bool = False) -> list[str]:
    """Return each member that differs and is neither server-made nor in *stays*, in words.

    *rotated* says that keys got new versions in between.
    """
    known = list(stays)
    whole = {one.resource for one in known if not one.path}
    found = []
    for resource in sorted({*before, *after}):
        if any(resource == one or resource.startswith(f"{one}/") for one in whole):
            continue
        kind = _type_of(resource)
        if rotated and resource not in before and any(kind == one for one, _ in APPEARS):
            continue
        if before.get(resource) == after.get(resource):
            continue
        old, new = _flat(kind, before.get(resource)), _flat(kind, after.get(resource))
        paths = [one.path.lower() for one in known if one.resource == resource]
        for path in sorted({*old, *new}):
            if old.get(path, _ABSENT) == new.get(path, _ABSENT):
                continue
            if any(path.lower() == one or path.lower().startswith(f"{one}.") for one in paths):
                continue
            found.append(f"{resource}: {path}: {old.get(path, _ABSENT)!r} -> {new.get(path, _ABSENT)!r}")
    return found


def _flat(kind: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        path: _unversioned(kind, path, value)
        for path, value in _members({} if body is None else body)
        if path and not _server_made(kind, path) and value not in LIKE_NOTHING.get((kind, path), ())
    }


def _unversioned(kind: str, path: str, value: Any) -> Any:
    if (kind, path) in VERSIONED and str(value).count("_") == 2:
        return str(value).rsplit("_", 1)[0]
    if (kind, path) in VERSIONED and str(value).count("/") == 5:
        return str(value).rsplit("/", 1)[0]
    return value


@cache
def _server_made(kind: str, path: str) -> bool:
    return any(fnmatchcase(kind, types) and fnmatchcase(path, paths) for types, paths, _ in SERVER_MADE)


def _members(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _members(inner, f"{path}.{name}" if path else name)
    else:
        yield path, value


def _type_of(resource: str) -> str:
    tail = resource.rsplit("/providers/", 1)[-1].split("/")
    return "/".join([tail[0], *tail[1::2]])
