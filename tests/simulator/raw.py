"""Raw requests to an embedded Azure, as any client would send them; nothing of the product's engine is used."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from cmk_remediate import simulator
from cmk_remediate.simulator.embedded import EmbeddedAzure
from cmk_remediate.simulator.monitor import Monitor, watch
from cmk_remediate.simulator.settings import Settings
from cmk_remediate.simulator.tokens import Claims, minted
from cmk_remediate.simulator.wire import Incoming, Outgoing

SUB = "77777777-7777-4777-8777-777777777701"
TENANT = "77777777-7777-4777-8777-77777777770f"
OPERATOR = "77777777-7777-4777-8777-7777777777aa"
APP = "77777777-7777-4777-8777-7777777777b1"
OFFICE = "77777777-7777-4777-8777-7777777777b2"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-main"
OLD_VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-policies"
KEY = f"{VAULT}/keys/cmk"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-cmk"
SERVER = f"{GROUP}/providers/Microsoft.Sql/servers/sql-one"
PARTNER = f"{GROUP}/providers/Microsoft.Sql/servers/sql-two"
DATABASE = f"{SERVER}/databases/db"
ACCOUNT = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/cosmos-one"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stone"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"

VERSIONS = {
    "microsoft.keyvault": "2026-05-15",
    "microsoft.sql": "2025-01-01",
    "microsoft.managedidentity": "2024-11-30",
    "microsoft.authorization": "2022-04-01",
    "microsoft.cache": "2025-07-01",
    "microsoft.documentdb": "2026-03-15",
    "microsoft.containerservice": "2026-08-01",
    "microsoft.cognitiveservices": "2025-09-01",
    "microsoft.storage": "2026-09-01",
}


def estate(**more: Any) -> dict[str, Any]:
    """One protected vault on roles, one on access policies, two servers, bystanders of every kind."""
    content: dict[str, Any] = {
        "operator": {"object_id": OPERATOR, "role": ["Owner", "Key Vault Administrator"]},
        "subscriptions": [{"subscriptionId": SUB, "tenantId": TENANT}],
        "principals": {APP: {"name": "app"}, OFFICE: {"kind": "User", "name": "office"}},
        "network": {
            APP: {"ip": "203.0.113.10"},
            OFFICE: {"ip": "198.51.100.20"},
            "microsoft.storage/storageaccounts": {"trusted": True},
        },
        "role_assignments": [
            {"principal": APP, "role": "Key Vault Crypto User", "scope": VAULT},
            {"principal": OFFICE, "role": "Key Vault Reader", "scope": VAULT},
            {"principal": IDENTITY, "role": "Key Vault Crypto Service Encryption User", "scope": KEY},
        ],
        "resources": [
            {
                "id": VAULT,
                "location": "westeurope",
                "tags": {"owner": "them"},
                "properties": {
                    "enableRbacAuthorization": True,
                    "enableSoftDelete": True,
                    "softDeleteRetentionInDays": 90,
                    "enablePurgeProtection": True,
                    "networkAcls": {
                        "bypass": "AzureServices",
                        "defaultAction": "Allow",
                        "ipRules": [{"value": "203.0.113.10/32"}],
                        "virtualNetworkRules": [],
                    },
                },
            },
            {"id": KEY, "properties": {"kty": "RSA", "keySize": 2048}},
            {
                "id": OLD_VAULT,
                "location": "westeurope",
                "properties": {
                    "enableSoftDelete": True,
                    "accessPolicies": [
                        {"tenantId": TENANT, "objectId": APP, "permissions": {"keys": ["get", "wrapKey"], "secrets": ["get"]}},
                        {"tenantId": TENANT, "objectId": OFFICE, "permissions": {"keys": ["get", "list"]}},
                    ],
                },
            },
            {"id": f"{OLD_VAULT}/keys/other", "properties": {"kty": "RSA", "keySize": 2048}},
            {"id": IDENTITY, "location": "westeurope"},
            {
                "id": STORAGE,
                "location": "westeurope",
                "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
                "properties": {},
            },
            {
                "id": SERVER,
                "location": "westeurope",
                "kind": "v12.0",
                "identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
                "properties": {"state": "Ready", "primaryUserAssignedIdentityId": IDENTITY, "minimalTlsVersion": "1.2"},
            },
            {"id": DATABASE, "location": "westeurope"},
            {"id": PARTNER, "location": "northeurope", "kind": "v12.0", "properties": {"state": "Ready"}},
        ],
    }  # fmt: skip
    return {**content, **more}


@dataclass
class Raw:
    """A client of an embedded Azure.

    Attributes:
        azure: the Azure.
        who: the object id whose token is sent.
        monitor: attached to it.
    """

    azure: EmbeddedAzure
    who: str = OPERATOR
    monitor: Monitor = field(init=False)

    def __post_init__(self) -> None:
        """Attach the monitor."""
        self.monitor = watch(self.azure, OPERATOR)

    def send(self, method: str, target: str, body: Any = None, *, api: str = "", who: str = "") -> Outgoing:
        """Send one request to a resource id, or to a URL, and let its latency pass."""
        world = self.azure.world
        data_plane = target.startswith("https://") and world.cloud.arm not in target
        audience = "https://vault.azure.net" if data_plane else world.cloud.arm_audiences[0]
        url = target if target.startswith("https://") else f"https://{world.cloud.arm}{target}"
        if "api-version=" not in url:
            namespace = target.rsplit("/providers/", maxsplit=1)[-1].split("/", maxsplit=1)[0].lower()
            url += (
                ("&" if "?" in url else "?")
                + "api-version="
                + (api or ("7.6" if data_plane else VERSIONS.get(namespace, "2025-04-01")))
            )
        token = minted(Claims(who or self.who, TENANT, audience, 0.0))
        content = b"" if body is None else json.dumps(body).encode()
        given = self.azure.answer(Incoming(method, url, {"authorization": f"Bearer {token}"}, content))
        self.azure.clock.catch_up(self.azure.clock.stamp() + max(world.settings.latency, 0.05))
        return given

    def done(self, method: str, target: str, body: Any = None, *, who: str = "") -> dict[str, Any]:
        """Send a write, wait for its operation, and return the poll's last body or the answer's."""
        given = self.send(method, target, body, who=who)
        assert given.status < 400, given.body
        status = given.headers.get("Azure-AsyncOperation")
        while status:
            self.wait(5)
            polled: dict[str, Any] = self.send("GET", status, who=who).body
            if polled["status"] not in ("InProgress", "Enqueued", "Dequeued", "Creating", "Updating"):
                return polled
        found: dict[str, Any] = given.body or {}
        return found

    def get(self, target: str) -> dict[str, Any]:
        """Return a body."""
        given = self.send("GET", target)
        assert given.status == 200, given.body
        body: dict[str, Any] = given.body
        return body

    def properties(self, target: str) -> dict[str, Any]:
        """Return a body's properties."""
        found: dict[str, Any] = self.get(target)["properties"]
        return found

    def wait(self, seconds: float) -> list[str]:
        """Let time pass and return what happened."""
        return self.azure.advance(seconds)

    def broken(self, law: int) -> list[str]:
        """Return the sentences of the violations of *law*."""
        return [one.sentence for one in self.monitor.violations if one.law == law]

    def grant(
        self,
        scope: str,
        principal: str,
        role: str = ENCRYPTION_USER,
        name: str = "10000000-0000-4000-8000-000000000001",
    ) -> Outgoing:
        """Assign a role."""
        body = {
            "properties": {
                "principalId": principal,
                "roleDefinitionId": f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                "principalType": "ServicePrincipal",
            }
        }
        return self.send("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", body)

    def key_uri(self, key: str = KEY) -> str:
        """Return the versioned URI of a key."""
        return str(self.properties(key)["keyUriWithVersion"])

    def register(self, server: str = SERVER, key: str = KEY) -> str:
        """Register a key's latest version with a server and return the server key's name."""
        uri = self.key_uri(key)
        vault, version = uri.split("//")[1].split(".")[0], uri.rsplit("/", 1)[1]
        name = f"{vault}_{key.rsplit('/', 1)[1]}_{version}"
        ended = self.done(
            "PUT", f"{server}/keys/{name}", {"properties": {"serverKeyType": "AzureKeyVault", "uri": uri}}
        )
        assert ended.get("status", "Succeeded") == "Succeeded", ended
        return name

    def protect(self, name: str, server: str = SERVER, *, rotates: bool = False) -> dict[str, Any]:
        """Set a server's protector: a server key's name, or ServiceManaged."""
        kind = "ServiceManaged" if name == "ServiceManaged" else "AzureKeyVault"
        body = {"properties": {"serverKeyType": kind, "serverKeyName": name, "autoRotationEnabled": rotates}}
        return self.done("PUT", f"{server}/encryptionProtector/current", body)

    def clone(self) -> Raw:
        """Return a client of a copy of the Azure."""
        return Raw(self.azure.clone(), self.who)

    def switched(self) -> str:
        """Move the server to its customer-managed key and return the server key's name."""
        name = self.register()
        assert self.protect(name)["status"] == "Succeeded"
        return name


def raw(
    content: dict[str, Any] | None = None,
    *,
    doubts: dict[str, str] | None = None,
    off: tuple[str, ...] = (),
    **settings: Any,
) -> Raw:
    """Open an Azure with everything in effect at once, the switches *off* turned off."""
    chosen = Settings.immediate(switches=dict.fromkeys(off, False), **settings)
    return Raw(simulator.azure(estate=content or estate(), doubts=doubts or {}, settings=chosen))
