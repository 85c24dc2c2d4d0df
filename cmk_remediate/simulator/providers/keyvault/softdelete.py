"""Deleted keys of the data plane: learn.microsoft.com, "Azure Key Vault soft-delete overview"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator.declare import ArmError, Change, DataRequest, Json, RemoveResource, Reply, SetResource
from cmk_remediate.simulator.providers.common import access_changed, latest_version, properties_of
from cmk_remediate.simulator.providers.keyvault import bundles
from cmk_remediate.simulator.providers.keyvault.rotation import completed, version_changes

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

_CODES = "learn.microsoft.com: Azure Key Vault REST API error codes"


def not_found(key: str, *, deleted: bool = False) -> ArmError:
    """Return the 404 of a key."""
    kind = "Deleted Key" if deleted else "A key with (name/id)"
    text = (
        f"{kind} {key} was not found in this key vault. If you recently deleted this key you may be able to "
        "recover it using the correct recovery command."
    )
    return ArmError(404, "KeyNotFound", text, _CODES)


def soft_deleted(world: World, key: ResourceId, body: Json) -> Reply:
    """Delete a key, recoverably where the vault has soft delete."""
    vault = world.get(key.top_level)
    gone = {**body, "properties": {**properties_of(body), "deletedDate": int(world.stamp)}, "versions": [
        [one.name, kept] for one, kept in world.children(key, "versions")
    ]}  # fmt: skip
    changes: list[Change] = [RemoveResource(key), *access_changed(world, key.top_level)]
    if properties_of(vault).get("enableSoftDelete"):
        changes.append(SetResource(key.top_level.child("deletedKeys", key.name), {**gone, "id": None, "type": None}))
    return Reply(body=bundles.deleted_bundle(world, key.top_level, key.name, gone), changes=tuple(changes))


def on_deleted(request: DataRequest, vault: ResourceId, path: tuple[str, ...]) -> Reply | ArmError:
    """Answer a request below ``deletedkeys``: list, read, recover, purge."""
    world = request.world
    if len(path) == 1:
        found = [
            bundles.deleted_item(world, vault, one.name, body) for one, body in world.children(vault, "deletedKeys")
        ]
        return Reply(body={"value": found, "nextLink": None})
    entry = vault.child("deletedKeys", path[1])
    body = world.get(entry)
    if body is None:
        return not_found(path[1], deleted=True)
    if request.method == "DELETE":
        if properties_of(world.get(vault)).get("enablePurgeProtection"):
            text = 'Operation "purge" is not allowed because purge protection is enabled for this vault.'
            return ArmError(403, "Forbidden", text, "learn.microsoft.com: Azure Key Vault soft-delete overview")
        return Reply(status=204, changes=(RemoveResource(entry),))
    if path[2:] == ("recover",):
        return _recovered(world, vault, entry, body)
    return Reply(body=bundles.deleted_bundle(world, vault, path[1], body))


def _recovered(world: World, vault: ResourceId, entry: ResourceId, body: Json) -> Reply:
    key = vault.child("keys", entry.name)
    kept: dict[str, Any] = {
        name: value for name, value in body.items() if name not in ("id", "name", "type", "versions")
    }
    kept["properties"] = {name: value for name, value in properties_of(body).items() if name != "deletedDate"}
    version = latest_version(kept)
    whole = completed(world, key, kept, version)
    changes: list[Change] = [RemoveResource(entry), SetResource(key, whole)]
    changes += [SetResource(key.child("versions", name), one) for name, one in body.get("versions") or ()]
    if not body.get("versions"):
        changes += version_changes(key, whole, version)
    return Reply(body=bundles.bundle(world, key, whole, version), changes=tuple(changes))
