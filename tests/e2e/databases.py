"""Databases in the estate of the other end-to-end tests, bystanders and all; and the plans that give them keys of their own."""

from __future__ import annotations

import copy
from typing import Any

from tests.e2e.estates import (
    IDENTITY,
    KEY,
    OLD_IDENTITY,
    OLD_KEY,
    OLD_VERSION,
    PARTNER,
    SERVER,
    Json,
    Scene,
    geo,
    one_server,
    plan,
    previous_cmk,
)

ORDERS = f"{SERVER}/databases/orders"
CUSTOMERS = f"{SERVER}/databases/customers"
REPLICA = f"{PARTNER}/databases/orders"
PROTECTOR = f"{SERVER}/encryptionProtector/current"
OLD_URI = f"https://kv-old.vault.azure.net/keys/tde/{OLD_VERSION}"
OLD_PRINCIPAL = "55555555-5555-4555-8555-555555555504"


def _of(scene: Scene, *targets: str, keys: tuple[str, ...] = (KEY,)) -> Scene:
    return Scene(scene.estate, plan(*targets, service="sql-database"), targets, keys)


def one_database(*, present: bool = True) -> Scene:
    """A database on a server with a service-managed key; another one beside it."""
    return _of(one_server(present=present), ORDERS)


def changed(scene: Scene, resource: str = ORDERS, **body: Any) -> Scene:
    """Return the scene with a resource changed; ``properties`` are merged."""
    estate = copy.deepcopy(scene.estate)
    found = next(one for one in estate["resources"] if one["id"] == resource)
    properties = {**found.get("properties", {}), **body.pop("properties", {})}
    found.update(body, **({"properties": properties} if properties else {}))
    return Scene(estate, scene.plan, scene.servers, scene.keys)


def beside(scene: Scene, *resources: Json) -> Scene:
    """Return the scene with more in it."""
    estate = {**scene.estate, "resources": [*scene.estate["resources"], *resources]}
    return Scene(estate, scene.plan, scene.servers, scene.keys)


def replicated() -> Scene:
    """A database with a geo replica on a server in another subscription."""
    return _of(geo(), ORDERS)


def on_a_customers_server() -> Scene:
    """A database on a server with a customer key, in a vault on access policies."""
    return _of(previous_cmk(), ORDERS, keys=(KEY, OLD_KEY))


def on_its_previous_key() -> Scene:
    """A database with another key of its own, in a vault on access policies; its server has a service-managed key."""
    scene = previous_cmk()
    resources = [one for one in scene.estate["resources"] if one["id"] != PROTECTOR]
    server = next(one for one in resources if one["id"] == SERVER)
    properties = {
        name: value
        for name, value in server["properties"].items()
        if name not in ("keyId", "primaryUserAssignedIdentityId")
    }
    plain = {name: value for name, value in server.items() if name != "identity"} | {"properties": properties}
    resources[resources.index(server)] = plain
    found = _of(Scene({**scene.estate, "resources": resources}, scene.plan), ORDERS, keys=(KEY, OLD_KEY))
    return changed(
        found,
        identity={
            "type": "UserAssigned",
            "userAssignedIdentities": {OLD_IDENTITY: {"principalId": OLD_PRINCIPAL}},
        },
        properties={"encryptionProtector": OLD_URI, "encryptionProtectorAutoRotation": True},
    )


def retained() -> Scene:
    """A database with long-term retention."""
    policy = {"id": f"{ORDERS}/backupLongTermRetentionPolicies/default", "properties": {"weeklyRetention": "P4W"}}
    return beside(one_database(), policy)


def hyperscale() -> Scene:
    """A Hyperscale database."""
    return changed(one_database(), sku={"name": "HS_Gen5", "tier": "Hyperscale"})


__all__ = [
    "CUSTOMERS", "IDENTITY", "OLD_URI", "ORDERS", "REPLICA", "beside", "changed", "hyperscale", "on_a_customers_server",
    "on_its_previous_key", "one_database", "replicated", "retained",
]  # fmt: skip
