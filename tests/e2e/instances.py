"""Managed instances in the estate of the other end-to-end tests, bystanders and all; and the plans that move them."""

from __future__ import annotations

from typing import Any

from tests.e2e.estates import (
    DATA,
    KEY,
    OLD_IDENTITY,
    OLD_KEY,
    OLD_VERSION,
    PARTNER,
    REMOTE,
    SERVER,
    Json,
    Scene,
    one_server,
    plan,
    previous_cmk,
)

INSTANCE = f"{DATA}/providers/Microsoft.Sql/managedInstances/mi-one"
SECOND = f"{REMOTE}/providers/Microsoft.Sql/managedInstances/mi-two"
GROUP = f"{DATA}/providers/Microsoft.Sql/locations/westeurope/instanceFailoverGroups/fg"


def instance(name: str, *databases: str, region: str = "westeurope", **properties: Any) -> list[Json]:
    """Return an instance without an identity, on platform keys, and its databases."""
    sku = {"name": "GP_Gen5", "tier": "GeneralPurpose", "family": "Gen5", "capacity": 4}
    body = {"id": name, "location": region, "sku": sku, "tags": {"team": "theirs"}}
    children = [{"id": f"{name}/databases/{one}", "location": region} for one in databases]
    return [{**body, "properties": {"state": "Ready", **properties}}, *children]


def one_instance(*, present: bool = True, **properties: Any) -> Scene:
    """One instance with two databases; vault, key, identity and grant are there, unless told otherwise."""
    return _with(one_server(present=present), *instance(INSTANCE, "orders", "customers", **properties))


def absent() -> Scene:
    """One instance; neither key nor identity nor grant is there."""
    return one_instance(present=False)


def pair() -> Scene:
    """A failover group whose secondary is in another subscription."""
    parts = [*instance(INSTANCE, "orders"), *instance(SECOND, region="northeurope"), failover_group()]
    scene = _with(one_server(), *parts)
    return Scene(scene.estate, scene.plan, (INSTANCE, SECOND))


def failover_group() -> Json:
    """Return the failover group of the pair."""
    both = {"primaryManagedInstanceId": INSTANCE, "partnerManagedInstanceId": SECOND}
    return {"id": GROUP, "properties": {"managedInstancePairs": [both]}}


def on_previous_key() -> Scene:
    """One instance on a key in another vault, through an identity it keeps; that vault is on access policies."""
    scene = previous_cmk()
    uri = f"https://kv-old.vault.azure.net/keys/tde/{OLD_VERSION}"
    moved = instance(INSTANCE, "orders", primaryUserAssignedIdentityId=OLD_IDENTITY, keyId=uri)
    server = next(one for one in scene.estate["resources"] if one["id"] == SERVER)
    current = next(one for one in scene.estate["resources"] if one["id"] == f"{SERVER}/encryptionProtector/current")
    moved[0]["identity"] = server["identity"]
    found = _with(scene, *moved, {**current, "id": f"{INSTANCE}/encryptionProtector/current"})
    return Scene(found.estate, found.plan, (INSTANCE,), (KEY, OLD_KEY))


def _with(scene: Scene, *parts: Json) -> Scene:
    """Return *scene* with *parts* in the place of its server, and a plan for the first instance."""
    kept = [one for one in scene.estate["resources"] if not one["id"].startswith((SERVER, PARTNER))]
    estate = {**scene.estate, "resources": [*kept, *parts]}
    return Scene(estate, plan(INSTANCE, service="sql-managed-instance"), (INSTANCE,))
