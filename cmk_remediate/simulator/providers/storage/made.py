"""What an account has that nobody asked for: as recorded (Azure/azure-cli, api-version 2023-05-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator.bodies import below
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.storage.names import PLATFORM

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Json

_OF_KIND = {
    "storagev2": ("dfs", "web", "blob", "queue", "table", "file"),
    "storage": ("blob", "queue", "table", "file"),
    "blobstorage": ("dfs", "blob", "table"),
    "blockblobstorage": ("dfs", "web", "blob"),
    "filestorage": ("file",),
}
_NETWORK: Json = {
    "ipv6Rules": [],
    "bypass": "AzureServices",
    "virtualNetworkRules": [],
    "ipRules": [],
    "defaultAction": "Allow",
}


def whole(name: str, body: Json, when: str, suffix: str) -> Json:
    """Return the body of an account with all that it has; *when* it was made, *suffix* of its data plane's hosts."""
    sku = dict(body.get("sku") or {"name": "Standard_RAGRS"})
    sku.setdefault("tier", "Premium" if str(sku.get("name")).lower().startswith("premium") else "Standard")
    kind = str(body.get("kind") or "StorageV2")
    there = _OF_KIND.get(kind.lower(), _OF_KIND["storagev2"]) if sku["tier"] == "Standard" else ("blob",)
    if kind.lower() == "filestorage":
        there = ("file",)
    region = str(body.get("location") or "").replace(" ", "").lower()
    defaults: Json = {
        "keyCreationTime": {"key1": when, "key2": when},
        "privateEndpointConnections": [],
        "minimumTlsVersion": "TLS1_2",
        "allowBlobPublicAccess": False,
        "allowCrossTenantReplication": False,
        "networkAcls": _NETWORK,
        "supportsHttpsTrafficOnly": True,
        "encryption": {"services": _services(when), "keySource": PLATFORM},
        "provisioningState": "Succeeded",
        "creationTime": when,
        "primaryEndpoints": {one: _endpoint(name, one, suffix) for one in there},
        "primaryLocation": region,
        "statusOfPrimary": "available",
    }
    return {**body, "sku": sku, "kind": kind, "properties": below(defaults, properties_of(body))}


def _services(when: str) -> dict[str, Any]:
    one = {"keyType": "Account", "enabled": True, "lastEnabledTime": when}
    return {"file": dict(one), "blob": dict(one)}


def _endpoint(name: str, service: str, suffix: str) -> str:
    host = f"{name}.z3.web.{suffix}" if service == "web" else f"{name}.{service}.{suffix}"
    return f"https://{host}/"
