"""Small estates with bystanders, and the plans that move their servers.

In each: an application and a person with roles of their own on the vault, a second consumer of our identity, and another service
that already is on a customer-managed key from the same vault. Whatever they could do before, they can do afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TENANT = "77777777-7777-4777-8777-77777777770f"
SUB = "77777777-7777-4777-8777-777777777701"
OTHER_SUB = "77777777-7777-4777-8777-777777777702"
OPERATOR = "77777777-7777-4777-8777-7777777777aa"
APP = "77777777-7777-4777-8777-7777777777b1"
OFFICE = "77777777-7777-4777-8777-7777777777b2"

KEYS = f"/subscriptions/{SUB}/resourceGroups/rg-keys"
IDENTITIES = f"/subscriptions/{SUB}/resourceGroups/rg-identities"
DATA = f"/subscriptions/{SUB}/resourceGroups/rg-data"
REMOTE = f"/subscriptions/{OTHER_SUB}/resourceGroups/rg-remote"

VAULT = f"{KEYS}/providers/Microsoft.KeyVault/vaults/kv-cmk"
KEY = f"{VAULT}/keys/cmk"
OLD_VAULT = f"{KEYS}/providers/Microsoft.KeyVault/vaults/kv-old"
OLD_KEY = f"{OLD_VAULT}/keys/tde"
OLD_VERSION = "0f3b8c6d2e7a4915b0c4d8e1f2a36b57"
IDENTITY = f"{IDENTITIES}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-cmk"
OLD_IDENTITY = f"{IDENTITIES}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-old"
SERVER = f"{DATA}/providers/Microsoft.Sql/servers/sql-one"
PARTNER = f"{REMOTE}/providers/Microsoft.Sql/servers/sql-two"
NEIGHBOUR = f"{DATA}/providers/Microsoft.Sql/servers/sql-neighbour"
NEIGHBOUR_IDENTITY = f"{IDENTITIES}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-neighbour"
NEIGHBOUR_KEY = f"{VAULT}/keys/neighbour"
NEIGHBOUR_VERSION = "5d0c7a3e9b1f4c2a8e6d3b7f1a9c5e20"
STORAGE = f"{DATA}/providers/Microsoft.Storage/storageAccounts/stsecond"
ENCRYPTION_USER = "Key Vault Crypto Service Encryption User"

Json = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """An estate, the plan for it, and the servers the plan moves."""

    estate: Json
    plan: Json
    servers: tuple[str, ...] = (SERVER,)
    keys: tuple[str, ...] = (KEY,)


def one_server(*, present: bool = True) -> Scene:
    """One server without an identity and two databases; vault, key, identity and grant are there, unless told otherwise."""
    parts = [*_vault(protected=present), *server(SERVER, "orders", "customers"), *_bystanders()]
    grants = []
    if present:
        parts += [
            {"id": KEY, "properties": {"kty": "RSA", "keySize": 3072}},
            {"id": IDENTITY, "location": "westeurope"},
        ]
        parts.append(_second_consumer(IDENTITY))
        grants.append({"principal": IDENTITY, "role": ENCRYPTION_USER, "scope": KEY})
    return Scene(_estate(parts, grants), plan(SERVER))


def bare(count: int) -> Scene:
    """*count* servers that share a vault; no key, no identity, no grant, no purge protection."""
    ids = tuple(f"{DATA}/providers/Microsoft.Sql/servers/sql-{number}" for number in range(count))
    servers = [part for one in ids for part in server(one, "db")]
    return Scene(_estate([*_vault(protected=False), *servers, *_bystanders()]), plan(*ids), ids)


def geo() -> Scene:
    """A failover group whose secondary is in another subscription; vault, key, identity and grant are there."""
    scene = one_server()
    parts = [*scene.estate["resources"], *server(PARTNER, region="northeurope"), failover_group()]
    return Scene({**scene.estate, "resources": parts}, scene.plan, (SERVER, PARTNER))


def previous_cmk() -> Scene:
    """One server on a key in another vault, through an identity it keeps; that vault is on access policies."""
    old_principal = "55555555-5555-4555-8555-555555555504"
    scene = one_server()
    uri = f"https://kv-old.vault.azure.net/keys/tde/{OLD_VERSION}"
    old = [
        {
            "id": OLD_VAULT,
            "location": "westeurope",
            "properties": {
                "sku": {"family": "A", "name": "standard"},
                "tenantId": TENANT,
                "enableRbacAuthorization": False,
                "enableSoftDelete": True,
                "softDeleteRetentionInDays": 90,
                "enablePurgeProtection": True,
                "accessPolicies": [
                    _entry(old_principal, "get", "wrapKey", "unwrapKey"),
                    _entry(APP, "get", "list", "backup"),
                ],
            },
        },
        {"id": OLD_KEY, "properties": {"kty": "RSA", "keySize": 2048, "keyUriWithVersion": uri}},
        {"id": OLD_IDENTITY, "location": "westeurope", "properties": {"principalId": old_principal}},
    ]
    kept = [one for one in scene.estate["resources"] if one["id"] != SERVER]
    moved = server(SERVER)[0]
    moved["identity"] = {
        "type": "UserAssigned",
        "userAssignedIdentities": {OLD_IDENTITY: {"principalId": old_principal}},
    }
    moved["properties"] |= {"primaryUserAssignedIdentityId": OLD_IDENTITY, "keyId": uri}
    protector = {
        "id": f"{SERVER}/encryptionProtector/current",
        "kind": "azurekeyvault",
        "properties": {
            "serverKeyName": f"kv-old_tde_{OLD_VERSION}",
            "serverKeyType": "AzureKeyVault",
            "uri": uri,
            "autoRotationEnabled": True,
        },
    }
    estate = {**scene.estate, "resources": [*old, moved, *kept, protector]}
    return Scene(estate, scene.plan, (SERVER,), (KEY, OLD_KEY))


def with_other_identities() -> Scene:
    """One server that has a system-assigned and a user-assigned identity of its owner's, neither of them primary."""
    scene = one_server()
    first = next(one for one in scene.estate["resources"] if one["id"] == SERVER)
    first["identity"] = {
        "type": "SystemAssigned, UserAssigned",
        "principalId": "55555555-5555-4555-8555-555555555505",
        "tenantId": TENANT,
        "userAssignedIdentities": {OLD_IDENTITY: _ids("55555555-5555-4555-8555-555555555504")},
    }
    return scene


def geo_on_previous_cmk() -> Scene:
    """A failover group whose servers share a key in another vault and the identity they use it through."""
    scene = previous_cmk()
    first = next(one for one in scene.estate["resources"] if one["id"] == SERVER)
    current = next(one for one in scene.estate["resources"] if one["id"] == f"{SERVER}/encryptionProtector/current")
    parts = [
        *scene.estate["resources"],
        *server(SERVER, "orders")[1:],
        {**first, "id": PARTNER, "location": "northeurope"},
        {**current, "id": f"{PARTNER}/encryptionProtector/current"},
        failover_group(),
    ]
    return Scene({**scene.estate, "resources": parts}, scene.plan, (SERVER, PARTNER), scene.keys)


def failover_group() -> Json:
    """Return the failover group of the pair."""
    properties = {"partnerServers": [{"id": PARTNER}], "databases": [f"{SERVER}/databases/orders"]}
    return {"id": f"{SERVER}/failoverGroups/fg", "properties": properties}


def plan(*targets: str, **more: Any) -> Json:
    """Return the plan that moves *targets* to the one key."""
    values = {
        "service": "sql",
        "tenant": TENANT,
        "customer_managed_key": {
            "key_vault_resource_id": VAULT,
            "key_name": "cmk",
            "user_assigned_identity": {"resource_id": IDENTITY},
        },
        "targets": [{"resource_id": target} for target in targets],
        "owner": "tests",
    }
    return {**values, **more}


def server(name: str, *databases: str, region: str = "westeurope") -> list[Json]:
    """Return a server without an identity, on platform keys, and its databases."""
    sku = {"name": "GP_Gen5", "tier": "GeneralPurpose"}
    children = [{"id": f"{name}/databases/{one}", "location": region, "sku": sku} for one in databases]
    properties = {"version": "12.0", "state": "Ready", "publicNetworkAccess": "Enabled", "minimalTlsVersion": "1.2"}
    return [
        {"id": name, "location": region, "kind": "v12.0", "tags": {"team": "theirs"}, "properties": properties},
        *children,
    ]


def _estate(resources: list[Json], grants: list[Json] | None = None) -> Json:
    neighbour = [{"principal": NEIGHBOUR_IDENTITY, "role": ENCRYPTION_USER, "scope": NEIGHBOUR_KEY}]
    return {
        "operator": {"object_id": OPERATOR, "role": "Owner"},
        "subscriptions": [{"subscriptionId": one, "tenantId": TENANT} for one in (SUB, OTHER_SUB)],
        "principals": {APP: {"name": "app"}, OFFICE: {"kind": "User", "name": "office"}},
        "network": {
            APP: {"ip": "203.0.113.10"},
            OFFICE: {"ip": "198.51.100.20"},
            "microsoft.storage/storageaccounts": {"trusted": True},
        },
        "role_assignments": [
            {"principal": APP, "role": "Key Vault Crypto User", "scope": VAULT},
            {"principal": OFFICE, "role": "Key Vault Administrator", "scope": KEYS},
            *neighbour,
            *(grants or []),
        ],
        "resources": resources,
    }


def _vault(*, protected: bool) -> list[Json]:
    properties: Json = {
        "sku": {"family": "A", "name": "standard"},
        "tenantId": TENANT,
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "networkAcls": {
            "bypass": "AzureServices",
            "defaultAction": "Allow",
            "ipRules": [{"value": "203.0.113.10/32"}],
            "virtualNetworkRules": [],
        },
    }
    if protected:
        properties["enablePurgeProtection"] = True
    uri = f"https://kv-cmk.vault.azure.net/keys/neighbour/{NEIGHBOUR_VERSION}"
    return [
        {"id": VAULT, "location": "westeurope", "tags": {"owner": "them"}, "properties": properties},
        {"id": NEIGHBOUR_KEY, "properties": {"kty": "RSA", "keySize": 3072, "keyUriWithVersion": uri}},
    ]


def _bystanders() -> list[Json]:
    uri = f"https://kv-cmk.vault.azure.net/keys/neighbour/{NEIGHBOUR_VERSION}"
    neighbour = server(NEIGHBOUR, "theirs")
    neighbour[0]["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {NEIGHBOUR_IDENTITY: {}}}
    neighbour[0]["properties"] |= {"primaryUserAssignedIdentityId": NEIGHBOUR_IDENTITY, "keyId": uri}
    return [{"id": NEIGHBOUR_IDENTITY, "location": "westeurope"}, *neighbour]


def _second_consumer(identity: str) -> Json:
    attached = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    return {"id": STORAGE, "location": "westeurope", "kind": "StorageV2", "identity": attached, "properties": {}}


def _ids(principal: str) -> Json:
    return {"principalId": principal, "clientId": f"66666666{principal[8:]}"}


def _entry(object_id: str, *permissions: str) -> Json:
    return {"tenantId": TENANT, "objectId": object_id, "permissions": {"keys": list(permissions)}}
