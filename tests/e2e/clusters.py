"""Redis clusters in the estate of the other end-to-end tests, bystanders and all; and the plans that move them."""

from __future__ import annotations

from typing import Any

from tests.e2e.estates import (
    DATA,
    IDENTITY,
    KEY,
    OLD_IDENTITY,
    OLD_KEY,
    OLD_VERSION,
    Json,
    Scene,
    one_server,
    plan,
    previous_cmk,
)

CLUSTER = f"{DATA}/providers/Microsoft.Cache/redisEnterprise/redis-one"
PARTNER = f"{DATA}/providers/Microsoft.Cache/redisEnterprise/redis-two"
OLD_URL = f"https://kv-old.vault.azure.net/keys/tde/{OLD_VERSION}"
RDB = {"aofEnabled": False, "rdbEnabled": True, "rdbFrequency": "1h"}


def cluster(name: str = CLUSTER, **properties: Any) -> Json:
    """Return a cluster on platform keys without an identity."""
    return {
        "id": name,
        "location": "West Europe",
        "kind": "v2",
        "sku": {"name": "Balanced_B10"},
        "tags": {"team": "theirs"},
        "identity": {"type": "None"},
        "properties": {"highAvailability": "Enabled", "redundancyMode": "ZR", **properties},
    }


def database(name: str = CLUSTER, **properties: Any) -> Json:
    """Return the database of a cluster: on disk, unless told otherwise."""
    return {"id": f"{name}/databases/default", "properties": {"port": 10000, "persistence": RDB, **properties}}


def one_cluster(*, present: bool = True, **properties: Any) -> Scene:
    """One cluster; vault, key, identity and grant are there, unless told otherwise."""
    return _with(one_server(present=present), cluster(**properties), database())


def with_identities() -> Scene:
    """One cluster with a system-assigned identity, and one of its owner's."""
    named = cluster()
    named["identity"] = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {OLD_IDENTITY: {}}}
    return _with(one_server(), {"id": OLD_IDENTITY, "location": "westeurope"}, named, database())


def geo() -> Scene:
    """Two clusters whose databases replicate to each other."""
    linked = [{"id": f"{one}/databases/default", "state": "Linked"} for one in (CLUSTER, PARTNER)]
    link = {"geoReplication": {"groupNickname": "both", "linkedDatabases": linked}}
    both = [item for one in (CLUSTER, PARTNER) for item in (cluster(one), database(one, **link))]
    scene = _with(one_server(), *both)
    return Scene(scene.estate, {**scene.plan, "limits": {"max_disrupted": 2}}, scene.servers, scene.keys)


def two() -> Scene:
    """Two clusters that have nothing to do with each other."""
    return _with(one_server(), *(item for one in (CLUSTER, PARTNER) for item in (cluster(one), database(one))))


def on_previous_key() -> Scene:
    """One cluster on a key in another vault, through an identity it keeps; that vault is on access policies."""
    scene = previous_cmk()
    identity = {"identityType": "userAssignedIdentity", "userAssignedIdentityResourceId": OLD_IDENTITY}
    named = {"keyEncryptionKeyUrl": OLD_URL, "keyEncryptionKeyIdentity": identity}
    moved = cluster(encryption={"customerManagedKeyEncryption": named})
    ids = next(one for one in scene.estate["resources"] if one["id"] == OLD_IDENTITY)["properties"]
    moved["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {OLD_IDENTITY: dict(ids)}}
    found = _with(scene, moved, database())
    return Scene(found.estate, found.plan, (CLUSTER,), (KEY, OLD_KEY))


def _with(scene: Scene, *more: Json) -> Scene:
    ids = tuple(one["id"] for one in more if one["id"] in (CLUSTER, PARTNER))
    estate = {**scene.estate, "resources": [*scene.estate["resources"], *more]}
    return Scene(estate, plan(*ids, service="redis-enterprise", allow_downtime=True), ids, scene.keys)


__all__ = [
    "CLUSTER",
    "IDENTITY",
    "OLD_URL",
    "PARTNER",
    "geo",
    "on_previous_key",
    "one_cluster",
    "two",
    "with_identities",
]
