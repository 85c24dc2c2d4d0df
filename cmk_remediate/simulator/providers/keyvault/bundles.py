"""How the keys data plane writes keys, versions, rotation policies and deleted keys: azure-keyvault-keys' generated models."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator.providers.common import latest_version, properties_of
from cmk_remediate.simulator.providers.keyvault.rotation import attributes_of, recovery_level

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World


def bundle(world: World, key: ResourceId, body: Json, version: str) -> Json:
    """Return a key version as the data plane shows it: azure-keyvault-keys KeyBundle."""
    properties = properties_of(body)
    digest = hashlib.sha512(f"{key.key}/{version}".encode()).digest()
    attributes = {**attributes_of(body), **recovery_level(world.get(key.top_level))}
    days = properties_of(world.get(key.top_level)).get("softDeleteRetentionInDays", 90)
    material = base64.urlsafe_b64encode(digest * 4).rstrip(b"=").decode()
    shown: Json = {
        "key": {
            "kid": f"https://{key.top_level.name.lower()}.{world.cloud.suffixes['vault']}/keys/{key.name}/{version}",
            "kty": properties.get("kty", "RSA"),
            "key_ops": properties.get("keyOps", []),
            "n": material,
            "e": "AQAB",
        },
        "attributes": {**attributes, "recoverableDays": days, "exportable": False, "hsmPlatform": "0"},
    }
    if body.get("tags"):
        shown["tags"] = body["tags"]
    return shown


_SINCE = {"exportable": "7.4", "hsmPlatform": "7.5"}
"""The data plane's api-version from which on keys show an attribute: recorded by Azure/azure-cli's tests. Later ones are dates."""


def as_of(body: Any, api_version: str) -> Any:
    """Return an answer as *api_version* of the data plane shows it."""
    hidden = [
        name
        for name, first in _SINCE.items()
        if api_version and not api_version.startswith("20") and api_version < first
    ]
    if not hidden or not isinstance(body, dict):
        return body
    shown: Json = {
        name: [as_of(one, api_version) for one in value] if name == "value" else value for name, value in body.items()
    }
    if isinstance(shown.get("attributes"), dict):
        shown["attributes"] = {name: value for name, value in shown["attributes"].items() if name not in hidden}
    return shown


def policy(world: World, key: ResourceId, body: Json) -> Json:
    """Return a rotation policy as the data plane shows it; a key without one has a notification 30 days before expiry."""
    stored = properties_of(body).get("rotationPolicy") or {}
    head = f"https://{key.top_level.name.lower()}.{world.cloud.suffixes['vault']}/keys/{key.name}/rotationpolicy"
    actions = [
        {
            "trigger": dict(one.get("trigger") or {}),
            "action": {"type": str((one.get("action") or {}).get("type", "")).capitalize()},
        }
        for one in stored.get("lifetimeActions")
        or ({"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}},)
    ]
    return {"id": head, "lifetimeActions": actions, "attributes": dict(stored.get("attributes") or {})}


def recovery(world: World, key: ResourceId) -> str:
    """Return where a deleted key is recovered."""
    return f"https://{key.top_level.name.lower()}.{world.cloud.suffixes['vault']}/deletedkeys/{key.name}"


def deleted_bundle(world: World, vault: ResourceId, name: str, body: Json) -> Json:
    """Return a deleted key: azure-keyvault-keys DeletedKeyBundle."""
    key = vault.child("keys", name)
    return {**bundle(world, key, body, latest_version(body)), **deletion(world, key, body)}


def deleted_item(world: World, vault: ResourceId, name: str, body: Json) -> Json:
    """Return a deleted key as a list shows it: azure-keyvault-keys DeletedKeyItem."""
    key = vault.child("keys", name)
    return {**item(world, key, body), **deletion(world, key, body)}


def deletion(world: World, key: ResourceId, body: Json) -> Json:
    """Return what a deleted key shows beside the key itself."""
    when = properties_of(body).get("deletedDate", int(world.stamp))
    days = properties_of(world.get(key.top_level)).get("softDeleteRetentionInDays", 90)
    return {"recoveryId": recovery(world, key), "deletedDate": when, "scheduledPurgeDate": when + days * 86400}


def item(world: World, key: ResourceId, body: Json) -> Json:
    """Return a key or version as a list shows it."""
    whole = bundle(world, key.parent if key.type.lower().endswith("/versions") and key.parent else key, body, "")
    is_version = key.type.lower().endswith("/versions")
    kid = whole["key"]["kid"].rstrip("/") + (f"/{key.name}" if is_version else "")
    return {"kid": kid, "attributes": whole["attributes"]}
